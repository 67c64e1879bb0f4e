"""Screens over the main one, and parts of that one that its first frame does without.

`from tui import screens` loads none of them: each is imported when it is first named, as in
`screens.HelpDialog(text)`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tui.controller import IMPORT_LOCK

if TYPE_CHECKING:
    from probes.targets.pasted import pasted_line as pasted_line
    from tui.models.loaded_session import earlier_row as earlier_row
    from tui.models.removed_hosts import RemovedHosts as RemovedHosts
    from tui.models.same_cause import SameCause as SameCause
    from tui.screens.changes import list_changes as list_changes
    from tui.screens.changes import recall_history as recall_history
    from tui.screens.credentials import ask_for_credentials as ask_for_credentials
    from tui.screens.diagnosis import show_diagnosis as show_diagnosis
    from tui.screens.dialogs import HelpDialog as HelpDialog
    from tui.screens.export import write_report as write_report
    from tui.screens.go_to_host import ask_for_host as ask_for_host
    from tui.screens.grid import show_grid as show_grid
    from tui.screens.help import show_help as show_help
    from tui.screens.help import show_status as show_status
    from tui.screens.host_entry import measure_line as measure_line
    from tui.screens.prompts import add_remark as add_remark
    from tui.screens.prompts import ask_to_leave as ask_to_leave
    from tui.screens.prompts import change_answers as change_answers
    from tui.screens.prompts import confirmed as confirmed
    from tui.screens.prompts import save_copy as save_copy
    from tui.screens.prompts import set_watch as set_watch
    from tui.screens.prompts import sort_by_choice as sort_by_choice
    from tui.screens.retest import measure_recorded as measure_recorded
    from tui.screens.session_browser import browse_sessions as browse_sessions
    from tui.screens.session_browser import replay_session as replay_session
    from tui.screens.target_sets import choose_target_set as choose_target_set
    from tui.screens.verdicts import show_verdicts as show_verdicts
    from tui.sessions.replay import Replay as Replay
    from tui.terminal.clipboard import Clipboard as Clipboard
    from tui.text.clipboard_text import changes_text as changes_text
    from tui.text.clipboard_text import commands_text as commands_text
    from tui.text.clipboard_text import rows_text as rows_text
    from tui.text.detail import detail_lines as detail_lines
    from tui.watch.text import history_lines as history_lines
    from tui.watch.watcher import Watcher as Watcher
    from tui.widgets.filter_input import FilterLine as FilterLine
else:
    # Not for a type checker, which would take every name for one of these.
    def __getattr__(name: str) -> Any:
        """Import what has this name from its module."""
        module = MODULE_OF.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if module not in sys.modules:
            with IMPORT_LOCK:
                import_module(module)
        return getattr(import_module(module), name)


MODULE_OF: Mapping[str, str] = {
    "earlier_row": "tui.models.loaded_session",
    "RemovedHosts": "tui.models.removed_hosts",
    "SameCause": "tui.models.same_cause",
    "pasted_line": "probes.targets.pasted",
    "list_changes": "tui.screens.changes",
    "recall_history": "tui.screens.changes",
    "ask_for_credentials": "tui.screens.credentials",
    "show_diagnosis": "tui.screens.diagnosis",
    "HelpDialog": "tui.screens.dialogs",
    "write_report": "tui.screens.export",
    "ask_for_host": "tui.screens.go_to_host",
    "show_grid": "tui.screens.grid",
    "show_help": "tui.screens.help",
    "show_status": "tui.screens.help",
    "measure_line": "tui.screens.host_entry",
    "add_remark": "tui.screens.prompts",
    "ask_to_leave": "tui.screens.prompts",
    "change_answers": "tui.screens.prompts",
    "confirmed": "tui.screens.prompts",
    "save_copy": "tui.screens.prompts",
    "set_watch": "tui.screens.prompts",
    "sort_by_choice": "tui.screens.prompts",
    "measure_recorded": "tui.screens.retest",
    "browse_sessions": "tui.screens.session_browser",
    "replay_session": "tui.screens.session_browser",
    "choose_target_set": "tui.screens.target_sets",
    "show_verdicts": "tui.screens.verdicts",
    "Replay": "tui.sessions.replay",
    "Clipboard": "tui.terminal.clipboard",
    "changes_text": "tui.text.clipboard_text",
    "commands_text": "tui.text.clipboard_text",
    "rows_text": "tui.text.clipboard_text",
    "detail_lines": "tui.text.detail",
    "history_lines": "tui.watch.text",
    "Watcher": "tui.watch.watcher",
    "FilterLine": "tui.widgets.filter_input",
}
"""Module of each of them; a test holds it against the imports above."""
