"""The picture in the README: the real screen over a recorded session.

`python -m bench.picture` writes docs/screen.svg. docs/example.jsonl is a real run over the twelve
hosts of `bench.site`, in network namespaces.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

from tui.app import AuditReach
from tui.options import Options
from tui.prepare import load
from tui.recorded import open_recorded

DOCS = Path(__file__).parent.parent / "docs"
SIZE = (120, 30)


async def picture() -> str:
    profile = load(Options("open"))
    # The profile may have grown since; the reader of a picture need not hear of it.
    recorded = replace(open_recorded(DOCS / "example.jsonl", profile), messages=())
    app = AuditReach(profile, None, recorded=recorded)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("o", "home")
        await pilot.pause()
        svg = app.export_screenshot(title="auditreach")
    # A fresh id in every name would make every picture another one.
    return re.sub(r"terminal-\d+-", "screen-", svg)


if __name__ == "__main__":
    (DOCS / "screen.svg").write_text(asyncio.run(picture()) + "\n", encoding="utf-8")
