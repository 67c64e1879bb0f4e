"""Sentences on a session that was tested with another profile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from probes.session import read_session
from profiles.loader import load_profile
from profiles.model import Profile
from tui.models.loaded_session import load_session
from tui.reports.model import load_report, notices

SITE = Path(__file__).parents[2] / "sessions" / "site.jsonl"


def of_screen(profile: Profile) -> tuple[str, ...]:
    return load_session(SITE, profile).messages


def of_report(profile: Profile) -> tuple[str, ...]:
    return tuple(notices(load_report(SITE, profile)))


@pytest.mark.parametrize("sentences", [of_screen, of_report])
def test_a_changed_file_of_the_same_profile_is_not_told_as_another_profile(sentences) -> None:
    used = read_session(SITE).header.profile
    now = replace(load_profile(None, {}), version=used.version)
    said = sentences(replace(now, file=now.file + b"\n"))
    assert "The profile's file has changed since this session; texts may differ." in said
    assert not any("It was tested with profile" in one for one in said)
    other = sentences(replace(now, version="1999.1"))
    assert any("It was tested with profile alloyscan" in one for one in other)
    assert not any("file has changed" in one for one in other)
