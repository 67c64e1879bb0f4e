"""`auditreach checks`: the profile as a table."""

import pytest

from profiles.model import Profile
from profiles.recognition import AUTO
from tui.cli.main import main
from tui.cli.options import Options
from tui.cli.prepare import load


@pytest.fixture
def profile() -> Profile:
    return load(Options("checks"))


@pytest.fixture
def listing(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["checks"]) == 0
    return capsys.readouterr().out


def test_every_check_stands_there_once_with_what_a_script_needs(
    listing: str, profile: Profile
) -> None:
    lines = listing.splitlines()
    for check in profile.checks:
        (line,) = (line for line in lines if line.split()[:1] == [check.id])
        assert line.split()[1] == check.role
        assert check.port_text in line
        assert line.endswith(check.purpose)


def test_the_columns_stand_below_their_headings(listing: str, profile: Profile) -> None:
    lines = listing.splitlines()
    heading = lines[2]
    for check in profile.checks:
        (line,) = (line for line in lines if line.split()[:1] == [check.id])
        assert line[heading.index("asked by") :].split()[0] == check.probe
        assert line[heading.index("without") :].split()[0] == (
            "unknown" if check.role == AUTO else check.loss
        )


def test_every_question_is_listed_with_its_answers(listing: str, profile: Profile) -> None:
    for question in profile.questions:
        assert f"{question.id}={'/'.join(question.answers)}" in listing


def test_the_list_says_which_document_it_is_from(listing: str, profile: Profile) -> None:
    first = listing.splitlines()[0]
    assert profile.version in first
    assert profile.url in first
