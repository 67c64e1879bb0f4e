"""The keys of the main screen, in the order the last line shows them."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: tuple[BindingType, ...] = (
    Binding("i", "hosts", "Hosts"),
    Binding("r", "rerun_row", "Rerun"),
    Binding("R", "rerun_failures", "Failures again", show=False),
    Binding("g", "rerun_all", "All again"),
    Binding("x", "stop", "Stop"),
    Binding("f", "failures", "Failed only"),
    Binding("slash", "filter", "Filter", key_display="/"),
    Binding("s", "save", "Save"),
    Binding("v", "verdicts", "Verdicts"),
    Binding("d", "diagnosis", "Diagnosis"),
    Binding("y", "copy_command", "Copy command", show=False),
    Binding("Y", "copy_change", "Copy change", show=False),
    Binding("a", "answers", "Answers", show=False),
    Binding("c", "credentials", "Credentials", show=False),
    Binding("t", "tree", "Tree", show=False),
    Binding("o", "sort", "Sort", show=False),
    Binding("O", "reverse", "Reverse the order", show=False),
    Binding("ctrl+l", "redraw", "Redraw", show=False),
    Binding("question_mark,f1", "help", "Help", key_display="?"),
    Binding("q,ctrl+c,ctrl+q", "leave", "Quit", key_display="q"),
    Binding("escape", "step_back", "Back", show=False),
)
