"""Completions that the host line offers."""

from hypothesis import given
from hypothesis import strategies as st

from tests.probes.targets.parsing import PROFILE
from tui.widgets.host_input import completions


def test_completion_offers_roles_for_the_last_word_and_then_the_history():
    history = ["unix.target=a", "nas=b", "unix.target=a"]
    assert completions("un", PROFILE, history) == ["unix.target=", "unix.target=a"]
    assert completions("nas=b win", PROFILE, history) == [
        "nas=b windows.target=",
        "nas=b windows.dc=",
    ]
    assert completions("unix.target=", PROFILE, history) == ["unix.target=a"]
    assert completions("clo", PROFILE, []) == ["cloud.aws=", "cloud.aws"]
    assert completions("unix.target=a, win", PROFILE, history) == []
    assert completions("nas=b", PROFILE, history) == []


def test_completion_of_nothing_offers_everything():
    assert {f"{role.id}=" for role in PROFILE.roles} < set(completions("", PROFILE, ["old"]))
    assert completions("", PROFILE, ["old"])[-1] == "old"


@given(st.text(max_size=30), st.lists(st.text(max_size=30)))
def test_every_completion_is_longer_and_begins_with_the_text(text, history):
    for offered in completions(text, PROFILE, history):
        assert offered.startswith(text)
        assert offered != text
