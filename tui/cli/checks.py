"""`auditreach checks`: the profile as a table."""

from __future__ import annotations

from collections.abc import Sequence

from probes.model import Ruling
from profiles.model import Check
from profiles.recognition import AUTO
from tui.cli.exit_codes import Exit
from tui.cli.options import Options
from tui.cli.prepare import load

_HEADINGS = ("check", "role", "port", "asked by", "without", "purpose")


def checks(options: Options) -> int:
    """Print every check with its id, role, port, probe and what its loss means."""
    profile = load(options)
    print(f"{profile.name} {profile.version}: {profile.source}, {profile.url}")
    rows = [_row(check) for check in profile.checks]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    print(f"\n  {_line(_HEADINGS, widths)}")
    for category in profile.categories:
        print(f"\n{category.title}")
        for check, row in zip(profile.checks, rows, strict=True):
            if check.category == category.id:
                print(f"  {_line(row, widths)}")
    print("\nQuestions (--answer NAME=VALUE)")
    for question in profile.questions:
        answers = "/".join(question.answers)
        print(f"  {question.id}={answers} (default {question.default}): {question.text}")
    return Exit.READY


def _row(check: Check) -> tuple[str, ...]:
    # A host whose role is not known is not blocked: nothing was checked.
    loss = Ruling.UNKNOWN if check.role == AUTO else check.loss
    return check.id, check.role, check.port_text, check.probe, loss, check.purpose


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(map(str.ljust, row, widths)).rstrip()
