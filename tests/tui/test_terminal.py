"""What the locale says about a terminal."""

from __future__ import annotations

import pytest

from tui.terminal import ascii_only


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
