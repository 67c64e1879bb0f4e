"""`auditreach checks`: the profile as a table."""

from __future__ import annotations

from tui.exit import Exit
from tui.options import Options
from tui.prepare import load


def checks(options: Options) -> int:
    """Print every check with its id, role, port, condition and what its loss means."""
    profile = load(options)
    ids = max(len(check.id) for check in profile.checks)
    roles = max(len(role.id) for role in profile.roles)
    ports = max(len(check.port_text) for check in profile.checks)
    print(f"{profile.name} {profile.version}: {profile.source}, {profile.url}")
    for category in profile.categories:
        print(f"\n{category.title}")
        for check in profile.checks:
            if check.category == category.id:
                print(
                    f"  {check.id:<{ids}}  {check.role:<{roles}}  {check.port_text:<{ports}}  "
                    f"{check.loss:<8}  {check.purpose}"
                )
    print("\nQuestions (--answer NAME=VALUE)")
    for question in profile.questions:
        answers = "/".join(question.answers)
        print(f"  {question.id}={answers} (default {question.default}): {question.text}")
    return Exit.READY
