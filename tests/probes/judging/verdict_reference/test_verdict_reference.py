"""Every condition and consequence the reference states, beside the verdicts that follow from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.judging.verdict import judge_capability
from probes.model import Ruling
from probes.registry import PROBES
from profiles.loader import load_profile
from profiles.recognition import AUTO
from tests.probes.judging.verdict_reference.others import OTHERS
from tests.probes.judging.verdict_reference.windows import WINDOWS

REFERENCE = Path(__file__).parents[5] / "shared" / "required-ports-reference.md"


CASES = [*WINDOWS, *OTHERS]


@pytest.fixture(scope="module")
def catalog():
    return load_profile(None, {name: probe.transport for name, probe in PROBES.items()})


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.role}: {case.says[:50]}")
def test_what_the_reference_says_decides_the_verdict(catalog, case):
    (capability,) = (one for one in catalog.capabilities if one.role == case.role)
    answers = {**catalog.default_answers, **case.answers}
    found = judge_capability(catalog, capability, answers, case.own, case.elsewhere, case.port)
    assert (found.ruling, found.text) == (case.ruling, case.text)
    assert found.fix == case.fix
    if case.because is not None:
        assert found.because == case.because


NOT_ABOUT_A_VERDICT = {
    "This reference lists the network paths used by an Audit Service.",
    # That it does is what the case of its only port says; these only lead there or elsewhere.
    "Windows audit uses PowerShell Remoting over WinRM.",
    "For Windows domain constraints, see Supported Targets.",
}


STATING = {"Purpose", "Required when"}
"""Columns of the tables that say what a port is for and when it is needed."""


def statements(text: str) -> Iterator[str]:
    """Every sentence of the prose, every cell that states something, and every port with words."""
    columns: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            columns = []
            # Headings have no full stop.
            yield from re.split(r"(?<=\.) (?=[A-Z])", line) if line.endswith(".") else ()
        elif not columns:
            columns = cells
        elif not set(line) <= set("|-"):
            named = dict(zip(columns, cells, strict=True))
            yield from (cell for name, cell in named.items() if name in STATING)
            if re.search("[a-z]", named["Port"]) and named["Port"] != "Not applicable":
                yield named["Port"]


def test_every_statement_of_the_reference_has_a_case_that_quotes_it():
    if not REFERENCE.exists():
        pytest.skip(f"the reference is not beside the checkout: {REFERENCE}")
    text = REFERENCE.read_text(encoding="utf-8")
    stated = set(statements(text))
    assert len(stated) > 30
    assert stated >= NOT_ABOUT_A_VERDICT
    # Some cases quote two sentences that only together say something.
    quoted = {case.says for case in CASES}
    quoted |= {part for says in quoted for part in re.split(r"(?<=\.) (?=[A-Z])", says)}
    assert stated - quoted == NOT_ABOUT_A_VERDICT
    assert [says for says in quoted if says not in text] == []


def test_every_role_of_the_catalog_has_a_case_that_blocks_it(catalog):
    blocked = {case.role for case in CASES if case.ruling is Ruling.BLOCKED}
    # A host without a role is never blocked: nothing that a role requires was checked.
    assert blocked == {role.id for role in catalog.roles} - {AUTO}
