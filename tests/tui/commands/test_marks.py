"""Marked rows: seen, counted, and what r, y, Y, ctrl+y and X are for."""

from __future__ import annotations

import json

from tui.widgets.table import ResultTable


def line_of(seat, part: str) -> str:
    return next(line for line in seat.text(ResultTable).splitlines() if part in line)


def test_space_marks_the_row_with_a_sign_and_goes_on(opened):
    @opened()
    async def _(seat):
        await seat.press("home", "space")
        assert "✗●pc-015" in line_of(seat, "pc-015")
        assert seat.table.cursor_key == seat.seen[1]
        assert "1 marked" in seat.head
        await seat.press("up", "space")
        assert "●" not in seat.text(ResultTable)
        assert "marked" not in seat.head


def test_a_mark_is_an_asterisk_in_ascii(opened):
    @opened(argv=("--ascii",))
    async def _(seat):
        await seat.press("home", "space")
        assert "x*pc-015" in line_of(seat, "pc-015")


def test_marks_stay_on_their_rows_when_these_are_sorted_and_hidden(opened):
    @opened()
    async def _(seat):
        await seat.press("slash", *"dc1", "enter", "asterisk")
        assert "2 rows are marked" in seat.notice
        await seat.press("escape", "o")
        assert set(seat.table.marks) == {
            "windows.kerberos|dc1.corp.example",
            "windows.ldap|dc1.corp.example",
        }
        await seat.press("slash", *"sw1", "enter")
        assert "2 marked (2 hidden), 1 of 33 shown" in seat.head


def test_the_star_marks_all_visible_rows_and_then_none_and_capital_u_none(opened):
    @opened()
    async def _(seat):
        await seat.press("asterisk")
        assert len(seat.table.marks) == 33
        await seat.press("asterisk")
        assert len(seat.table.marks) == 0
        await seat.press("space", "space", "U")
        assert len(seat.table.marks) == 0
        assert seat.notice == "No row is marked any more."


def test_r_measures_the_marked_rows_again_and_no_other(measured, closed):
    hosts = [f"127.0.0.{number}:{closed}" for number in (1, 2, 3)]

    @measured(f"unix.target={','.join(hosts)}")
    async def _(seat):
        rows = seat.table.rows

        def started() -> dict[str, str]:
            keys = [rows.job(row).key for row in range(len(rows))]
            return {key: rows.result(key).observation.started for key in keys}

        before = started()
        await seat.press("home", "space", "space", "r")
        assert seat.notice == "Retesting 2 marked rows."
        marked = set(seat.table.marks)
        await seat.until(
            lambda: {key for key, value in started().items() if value != before[key]} == marked
        )
        await seat.until(lambda: not seat.app.main.measuring)


def test_y_copies_every_command_of_the_marked_rows_under_their_names(opened):
    @opened(size=(120, 40))
    async def _(seat):
        await seat.press("slash", *"snmp sw", "enter", "asterisk", "y")
        await seat.until(lambda: "commands for the marked rows" in seat.notice)
        copied = seat.app.clipboard
        for part in (
            "# SNMP UDP 161 to sw1.corp.example: ok",
            "# SNMP UDP 161 to sw2.corp.example: blocked",
            "snmpget",
        ):
            assert part in copied


def test_capital_y_copies_each_change_once_under_its_place(opened):
    @opened(size=(120, 40))
    async def _(seat):
        await seat.press("slash", *"pc-015 winrm", "enter", "asterisk", "Y")
        await seat.until(lambda: "for the marked rows" in seat.notice)
        blocks = [line for line in seat.app.clipboard.splitlines() if line.startswith("# ")]
        assert blocks
        assert len(set(blocks)) == len(blocks)


def test_marked_rows_without_anything_to_copy_say_so(opened):
    @opened()
    async def _(seat):
        await seat.press("slash", *"pc-014 unneeded", "enter")
        await seat.press("escape", "slash", *"kerberos", "enter", "asterisk", "Y")
        await seat.until(lambda: "None of the marked rows has a block" in seat.notice)


def test_ctrl_y_copies_the_row_with_its_evidence_as_one_line(opened):
    @opened(size=(120, 40))
    async def _(seat):
        seat.table.select("unix.ssh|web2.corp.example")
        await seat.press("ctrl+y")
        await seat.until(lambda: "Copied" in seat.notice)
        text = seat.app.clipboard
        assert "\n" not in text
        for part in ("blocked | SSH TCP 22 to web2.corp.example", "closed, conn-refused",
                     "exchange 1: at", "from 10."):  # fmt: skip
            assert part in text, text
        await seat.press("asterisk", "ctrl+y")
        await seat.until(lambda: "33 rows, a line each" in seat.notice)
        assert len(seat.app.clipboard.splitlines()) == 33


def title(seat) -> str:
    return str(seat.app.screen.query("Static").first().content)


def test_without_a_clipboard_the_rows_are_in_a_file_that_is_named(opened, monkeypatch, state):
    monkeypatch.setenv("TERM", "vt100")

    @opened(size=(120, 40))
    async def _(seat):
        await seat.press("asterisk", "ctrl+y")
        await seat.until(lambda: "copied.txt" in seat.notice)
        assert seat.app.clipboard == ""

    assert len((state / "copied.txt").read_text().splitlines()) == 33


async def export(seat, rows: str, format: str, name: str) -> None:
    await seat.press("X")
    await seat.dialog()
    if rows:
        await seat.press(rows)
        await seat.until(
            lambda: "Export as" in str(seat.app.screen.query("Static").first().content)
        )
        await seat.pilot.pause()
    await seat.press(format)
    await seat.until(lambda: seat.app.screen.query("Input"))
    await seat.pilot.pause()
    seat.app.screen.query_one("Input").value = name
    await seat.press("enter")


def test_capital_x_writes_a_report_of_all_rows(opened, tmp_path):
    @opened()
    async def _(seat):
        await export(seat, "", "j", "all.json")
        await seat.until(lambda: "Wrote all rows to all.json (JSON)." in seat.notice)

    report = json.loads((tmp_path / "all.json").read_text())
    assert len(report["results"]) == 33
    assert (tmp_path / "all.json").stat().st_mode & 0o777 == 0o600


def test_a_report_of_the_marked_rows_says_that_it_is_a_part(opened, tmp_path):
    @opened()
    async def _(seat):
        await seat.press("slash", *"dc1", "enter", "asterisk", "escape")
        await export(seat, "m", "j", "part.json")
        await seat.until(lambda: "Wrote 2 rows, the marked ones" in seat.notice)

    report = json.loads((tmp_path / "part.json").read_text())
    assert {one["host"] for one in report["results"]} == {"dc1.corp.example"}
    assert {one["host"] for one in report["verdicts"]} == {"dc1.corp.example"}
    assert "holds 2 of the session's 33 rows, the marked ones" in report["notices"][0]


def test_a_report_of_the_visible_rows(opened, tmp_path):
    @opened()
    async def _(seat):
        await seat.press("slash", *"status:blocked", "enter")
        await export(seat, "v", "c", "visible.csv")
        await seat.until(lambda: "those that a filter showed" in seat.notice)

    lines = (tmp_path / "visible.csv").read_text().splitlines()
    assert len(lines) == 15
    assert all("blocked" in line for line in lines[1:])


def test_an_existing_file_is_asked_about_and_the_log_itself_refused(opened, tmp_path):
    (tmp_path / "mine.md").write_text("mine")

    @opened()
    async def _(seat):
        await export(seat, "", "m", "mine.md")
        await seat.until(lambda: "Overwrite it?" in title(seat))
        await seat.press("n")
        await seat.until(lambda: seat.notice == "Nothing was written.")
        assert (tmp_path / "mine.md").read_text() == "mine"
        await export(seat, "", "m", "mine.md")
        await seat.until(lambda: "Overwrite it?" in title(seat))
        await seat.press("y")
        await seat.until(lambda: "Wrote all rows" in seat.notice)
        assert (tmp_path / "mine.md").read_text().startswith("# ")
        await export(seat, "", "m", "site.jsonl")
        await seat.until(lambda: "is the session log itself" in seat.notice)
