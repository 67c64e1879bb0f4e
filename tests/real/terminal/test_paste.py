"""Pastes in a real terminal, with brackets and without: tmux."""

from __future__ import annotations

LIST = "web1\nwatch1\nquery1\n"
HOSTS = "Hosts web1 watch1 query1"
SAID = "3 lines were pasted; Enter tests them."


def test_three_lines_pasted_in_tmux_are_three_hosts_in_the_line(
    terminal, program, tmp_path
) -> None:
    (tmp_path / "list").write_text(LIST)
    terminal.start(program)
    terminal.until(lambda text: "Hosts > type ROLE=HOST" in text)
    terminal.tmux("load-buffer", str(tmp_path / "list"))
    places = {"": "Esc Leave", "2": "Table >", "1": "Tree >", "3": "Details >", "?": "You are in"}
    for option, key in (*(((), one) for one in places), (("-r",), "2"), (("-p",), "2")):
        if key:
            terminal.press("Escape")
            # There it is the table.
            terminal.until(lambda text: "Table >" in text)
            if key != "2":
                terminal.press(key)
        terminal.until(lambda text, seen=places[key]: seen in text)
        terminal.tmux("paste-buffer", *option, "-t", "screen")
        if key == "?":
            terminal.press("Escape")
            terminal.until(lambda text: HOSTS in text)
            terminal.press("i")
        terminal.until(lambda text: all(one in text for one in (HOSTS, SAID, "Esc Leave")))
        terminal.press("C-u")
        terminal.until(lambda text: "web1" not in text)
    terminal.press("C-q")
    terminal.until(lambda text: "ended with 0" in text)
    assert terminal.logs() == []
