"""Retest of an old session on the screen: one question, then a new session with its rows."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from probes.session import SessionError, read_session
from tui.screens.dialogs import ConfirmDialog

if TYPE_CHECKING:
    from tui.screens.context import Context

_WITH_LOGIN = ("snmp", "ssh")
"""Probes that use credentials, which no log has."""


class RetestDialog(ConfirmDialog):
    """Asks before an old session is measured again; Enter means yes too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes", show=False),
    ]
    KEYS: ClassVar[str] = "y or Enter yes   n no"


async def measure_recorded(context: Context, keys: Collection[str]) -> str:
    """Ask, then begin a session with the old one's rows, of which those with `keys` are measured.

    Returns what to say where nothing begins.
    """
    recorded, measurer = context.recorded, context.measurer
    if recorded is None or measurer is None:
        return ""
    if recorded.simulated:
        return (
            "This is a session of the demo; its hosts exist only there, so it cannot be retested. "
            "`auditreach demo` tests them."
        )
    if measurer.is_demo:
        return (
            "The demo tests its own simulated hosts only; "
            f"`auditreach open {recorded.path.name}` retests this session."
        )
    if not await context.push(RetestDialog(_question(context, keys))):
        return "Nothing was tested."
    try:
        session = await asyncio.to_thread(read_session, recorded.path, context.profile)
    except SessionError as error:
        return str(error)
    context.begin_session(session, keys)
    return ""


def _question(context: Context, keys: Collection[str]) -> str:
    assert context.measurer is not None
    jobs = [job for key in keys if (job := context.panes.table.rows.job_of(key)) is not None]
    rows = "1 row" if len(jobs) == 1 else f"{len(jobs):,} rows"
    others = "the other rows come along with their earlier results"
    if not jobs:
        first = f"Go on with this session from this machine? Nothing is tested yet: {others}"
    else:
        first = f"Retest {rows} of this session from this machine? "
        first += f"What they depend on is tested too; {others}"
    parts = [
        f"{first}. It becomes a new session with the same targets and answers, in its own log."
    ]
    if context.measurer.has_session:
        parts.append(
            "The session below this one ends; its log keeps every result and stays in the list."
        )
    options = context.measurer.options
    if any(job.check.probe in _WITH_LOGIN for job in jobs) and not (
        options and (options.snmp or options.ssh)
    ):
        parts.append(
            "No log has credentials: SNMP and SSH are tested without yours. To give them, answer "
            "n and press c, or start with --credentials."
        )
    return " ".join(parts)
