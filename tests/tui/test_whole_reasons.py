"""At 80x24 the table shows every reason of the demo and of the example of the docs whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.driving import drive, rows, seen, until
from tui.widgets.table import ResultTable

pytestmark = pytest.mark.usefixtures("state")
EXAMPLE = Path(__file__).parents[2] / "docs" / "example.jsonl"


@pytest.mark.parametrize(("words", "least"), [(("demo",), 91), (("open", str(EXAMPLE)), 50)])
def test_every_reason_is_whole_in_the_table_at_80x24(words: tuple[str, ...], least: int):
    @drive(*words)
    async def _(pilot, app):
        await until(pilot, lambda: len(rows(app)) >= least and not app.main.measuring)
        table = app.main.query_one(ResultTable)
        assert app.size == table.size.with_height(24) == (80, 24)
        for order in ("status", "host"):
            table.sort(order)
            keys = seen(app)
            assert len(keys) >= least
            for key in keys:
                assert table.select(key)
                await pilot.pause()
                result = table.rows.result(key)
                assert result is not None and result.why
                line = table.render_line(table._line - table.scroll_offset.y + table._head).text
                assert line.rstrip().endswith(f" {result.why}"), (order, key)
                assert not result.why.endswith("…"), "it was cut before"
