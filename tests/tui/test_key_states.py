"""Every key of a command in every state does something or says why it cannot."""

from __future__ import annotations

from tests.tui.key_states import KEYS, SILENT, columns, table


def test_no_key_is_silent_and_only_quit_ends_the_program():
    found = columns()
    wrong = [
        (state, id, key, done)
        for state, column in found.items()
        for (id, key), done in column.items()
        if done == SILENT or (done == "ends" and (id != "quit" or state == "measuring"))
    ]
    assert wrong == []
    assert table(found).splitlines() == KEYS.read_text(encoding="utf-8").splitlines()
