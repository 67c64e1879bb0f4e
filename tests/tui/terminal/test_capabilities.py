"""Capabilities of a terminal by its locale."""

from __future__ import annotations

import pytest

from tui.terminal.capabilities import ascii_only, normalize_environment


@pytest.mark.parametrize(
    ("environ", "coerced", "plain"),
    [
        ({}, True, True),
        ({"LANG": "C"}, True, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False, False),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, True, True),
        ({"LANG": "de_DE.ISO-8859-1"}, False, True),
        ({"LANG": "de_DE.utf8"}, False, False),
        ({"LANG": "not_INSTALLED.UTF-8", "LC_CTYPE": "C.UTF-8"}, True, False),
        ({"LANG": "", "LC_ALL": "", "LC_CTYPE": "UTF-8"}, False, False),
    ],
)
def test_the_locale_that_was_given_decides_not_the_one_python_makes_of_it(
    environ: dict[str, str], coerced: bool, plain: bool
) -> None:
    assert ascii_only(environ, started_in_c=coerced) is plain


@pytest.mark.parametrize("terminal", ["linux", "vt100", "vt220"])
def test_a_console_whose_font_lacks_the_signs_gets_ascii(terminal):
    assert ascii_only({"TERM": terminal, "LANG": "C.UTF-8"})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"TERM": "xterm", "COLUMNS": "40", "LINES": "10"}, {"TERM": "xterm"}),
        ({"TERM": "vt100"}, {"TERM": "vt100", "NO_COLOR": "1"}),
        ({"TERM": "xterm-mono"}, {"TERM": "xterm-mono", "NO_COLOR": "1"}),
        ({"TERM": "linux"}, {"TERM": "linux"}),
        ({"TERM": "screen", "NO_COLOR": ""}, {"TERM": "screen"}),
        ({"TERM": "screen", "NO_COLOR": "x"}, {"TERM": "screen", "NO_COLOR": "x"}),
    ],
)
def test_what_the_screen_believes_of_the_environment(before, after):
    normalize_environment(before)
    assert before == after


def test_a_kiosk_forgets_the_variables_by_which_a_library_writes_files_or_types_keys():
    theirs = {"TEXTUAL_PRESS": "q", "TEXTUAL_LOG": "/tmp/x", "SSLKEYLOGFILE": "/tmp/y"}
    ours = {"TERM": "xterm", "AUDITREACH_SNMP_COMMUNITY": "z"}
    environ = {**theirs, **ours}
    normalize_environment(environ, kiosk=True)
    assert environ == ours
    environ = {**theirs, **ours}
    normalize_environment(environ)
    assert environ == {**theirs, **ours}
