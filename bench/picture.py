"""The pictures in README and docs: the real screen over a recorded session.

`python -m bench.picture` draws all of them into docs/pictures, the same from the same
docs/example.jsonl. `--record` first measures the twelve hosts of `bench.site`, as root in network
namespaces, and keeps the log as that example.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench import command, site
from bench.settled import settled
from tui.app import AuditReach
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.models.loaded_session import load_session

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "docs" / "example.jsonl"
FOLDER = ROOT / "docs" / "pictures"
_LONGEST = 20


class Scene(NamedTuple):
    """Columns and lines of the terminal, and the keys that lead there."""

    size: tuple[int, int]
    keys: tuple[str, ...]


SCENES: Mapping[str, Scene] = {
    "screen": Scene((120, 30), ("o", "home")),
    "80x24": Scene((80, 24), ("f", "o", "home")),
    "verdicts": Scene((120, 24), ("v",)),
    "diagnosis": Scene((120, 24), ("d",)),
    "40x12": Scene((40, 12), ("f", "o", "home")),
    "200x50": Scene((200, 50), ("o", "home")),
}


async def drawn(app: AuditReach) -> None:
    """Wait until the screen is what it will stay."""
    if not await settled(app, _LONGEST):
        raise TimeoutError(f"the screen still changes after {_LONGEST} s")


async def picture(scene: Scene) -> str:
    """The screen of a scene as SVG."""
    profile = load(Options("open"))
    # The profile may have grown since; the reader of a picture need not hear of it.
    recorded = replace(load_session(EXAMPLE, profile), messages=())
    app = AuditReach(profile, None, recorded=recorded)
    async with app.run_test(size=scene.size) as pilot:
        # What opens over the main screen has its styles only when that one has been drawn.
        await drawn(app)
        for key in scene.keys:
            await pilot.press(key)
            await drawn(app)
        svg = app.export_screenshot(title="auditreach")
    # A fresh id in every name would make every picture another one.
    return re.sub(r"terminal-\d+-", "screen-", svg) + "\n"


def draw(folder: Path) -> None:
    """Every scene into its file."""
    os.environ.pop("NO_COLOR", None)
    folder.mkdir(exist_ok=True)
    print(f"{'picture':<12} {'columns':>7} {'lines':>5} {'bytes':>7}")
    for name, scene in SCENES.items():
        svg = asyncio.run(picture(scene))
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
        print(f"{name:<12} {scene.size[0]:>7} {scene.size[1]:>5} {len(svg.encode()):>7}")


def record() -> None:
    """Measure the site and keep its session log as the example."""
    with site.up() as at:
        log = at.folder / "example.jsonl"
        program = (sys.executable, "-m", "tui", "run")
        words = at.command(*program, "--log", log, *at.arguments())
        subprocess.run(words, stdout=subprocess.DEVNULL, cwd=ROOT, check=False)
        EXAMPLE.write_bytes(log.read_bytes())


def main() -> None:
    parser = command.parser("bench.picture")
    parser.add_argument("--record", action="store_true", help="measure docs/example.jsonl anew")
    given = parser.parse_args()
    if given.smoke:
        with tempfile.TemporaryDirectory() as folder:
            draw(Path(folder))
        return
    if given.record:
        record()
    draw(FOLDER)


if __name__ == "__main__":
    main()
