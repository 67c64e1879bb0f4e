"""The heading of a target's rows says why its ruling is so, and not again what that means."""

import pytest

from probes.model import Event, Ruling, Target, Verdict
from profiles.loader import load_profile
from tests.docs.pages import ROOT
from tui.models.loaded_session import load_session
from tui.models.verdicts import Verdicts
from tui.text.status import RULING

TARGET = Target("windows.target", "pc1")


def summary(*events: Event) -> str:
    verdicts = Verdicts()
    verdicts.apply(events)
    line = verdicts.worst_line(TARGET)
    return "" if line is None else line.summary


@pytest.mark.parametrize(
    ("ruling", "text", "expected"),
    [
        (Ruling.BLOCKED, "It cannot: SSH is shut; DNS: too.", "blocked: SSH is shut; DNS: too."),
        (Ruling.UNKNOWN, "It is not known whether it can: no name.", "unknown: no name."),
        (Ruling.UNKNOWN, "SSH answers, but slowly.", "unknown: SSH answers, but slowly."),
        (Ruling.DEGRADED, "It can, but LDAP is shut.", "degraded: LDAP is shut."),
        (Ruling.READY, "It can; SSH has a warning: old.", "ready: SSH has a warning: old."),
        (Ruling.READY, "It can.", "ready"),
        (Ruling.BLOCKED, "In other words.", "blocked: In other words."),
    ],
)
def test_a_summary_is_the_ruling_and_what_is_behind_it(ruling, text, expected) -> None:
    assert summary(Verdict(TARGET, "a", ruling, (), (), text)) == expected


def test_the_worst_of_several_verdicts_is_summed_up_and_none_before_there_is_one() -> None:
    worst = Verdict(TARGET, "b", Ruling.BLOCKED, (), (), "It cannot: SSH is shut.")
    best = Verdict(TARGET, "a", Ruling.READY, (), (), "It can.")
    assert summary() == ""
    for events in ((worst, best), (best, worst)):
        assert summary(*events) == "blocked: SSH is shut."


@pytest.mark.parametrize("path", ["docs/example.jsonl", "tests/sessions/site.jsonl"])
def test_no_summary_of_a_recorded_verdict_says_what_can_be_done(path: str) -> None:
    profile = load_profile(None, {})
    abilities = [
        text.casefold() for one in profile.capabilities for text in (one.can, one.cannot) if text
    ]
    verdicts = Verdicts()
    verdicts.apply(load_session(ROOT / path, profile).verdicts)
    lines = verdicts.lines()
    assert len(lines) > 5
    for line in lines:
        assert line.summary.startswith(RULING[line.ruling].word)
        assert [text for text in abilities if text in line.summary.casefold()] == []
