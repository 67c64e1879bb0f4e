"""A session of the list in one line, and the changes between two in words."""

from __future__ import annotations

from datetime import datetime

from probes.engine.model import SIMULATED, Ruling
from probes.engine.session import SIMULATED_REMARK, Summary
from probes.wire.text import printable

_WIDEST_HOST = 16


def summary_lines(one: Summary) -> tuple[str, str]:
    """When, where from and the verdicts; below it the targets, or the last remark before them."""
    when = _when(one.started)
    # A demo was measured nowhere, whatever the machine is called.
    host = "demo" if one.kind == SIMULATED else printable(one.host, _WIDEST_HOST)
    told = [f"{one.verdicts[ruling]} {ruling}" for ruling in Ruling if one.verdicts.get(ruling)]
    found = ", ".join(told) or f"{one.results} results"
    if not one.complete:
        found += " (not complete)"
    # A host with two roles is two targets.
    names = ", ".join(dict.fromkeys(printable(name, 40) for name in one.targets))
    more = one.target_count - len(one.targets)
    targets = f"{names} and {more:,} more" if more > 0 else names
    said = "" if one.remark == SIMULATED_REMARK else one.remark
    remark = f"“{printable(said, 80)}” " if said else ""
    return f"{when}  {host}  {found}", f"{remark}{targets}"


def _when(started: str) -> str:
    try:
        return f"{datetime.fromisoformat(started):%Y-%m-%d %H:%M}"
    except ValueError:
        return printable(started, 16)
