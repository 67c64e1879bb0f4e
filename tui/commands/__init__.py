"""COMMANDS: everything a key or the command palette can do on a session's screen, in the order
of the last line. The code of each is in the module its entry names.
"""

from __future__ import annotations

from tui.commands.model import Command

COMMANDS: tuple[Command, ...] = (
    Command(
        "hosts",
        "i",
        "Hosts",
        "goes to the host line; type ROLE=HOST, then Enter measures",
        "hosts",
        "measuring:hosts",
        bar=True,
    ),
    Command(
        "again", "r", "Rerun", "measures the selected row again", "run", "measuring:again", bar=True
    ),
    Command(
        "again-failures",
        "R",
        "Failures again",
        "measures everything again that is not ok",
        "run",
        "measuring:again_failures",
    ),
    Command(
        "again-all",
        "g",
        "All again",
        "measures everything again",
        "run",
        "measuring:again_all",
        bar=True,
    ),
    Command(
        "stop",
        "x",
        "Stop",
        "stops; rows measured so far keep their result",
        "run",
        "measuring:stop",
        bar=True,
    ),
    Command(
        "failures",
        "f",
        "Failed only",
        "shows failures only, and everything again",
        "table",
        "looking:failures",
        bar=True,
    ),
    Command(
        "filter",
        "slash",
        "Filter",
        "shows rows with all these words, or by field: status:blocked host:dc* port:5985 !note:x",
        "table",
        "looking:filter_rows",
        bar=True,
        show="/",
    ),
    Command(
        "save",
        "s",
        "Save",
        "saves a copy of the session log",
        "session",
        "keeping:save",
        bar=True,
        outside=True,
    ),
    Command(
        "verdicts",
        "v",
        "Verdicts",
        "lists the verdicts, the worst target first; Enter there shows the rows of one, "
        "Escape all again",
        "table",
        "looking:verdicts",
        bar=True,
    ),
    Command(
        "diagnosis",
        "d",
        "Diagnosis",
        "says what is behind the failures, cause by cause; Enter there shows the rows of one, "
        "Escape all again",
        "table",
        "looking:diagnosis",
        bar=True,
    ),
    Command(
        "watch",
        "w",
        "Watch",
        "measures again every so many seconds, and tells what changes",
        "run",
        "watching:watch",
        bar=True,
    ),
    Command(
        "freeze",
        "p",
        "Pause the display",
        "holds the display still while measuring and the log go on",
        "run",
        "watching:freeze",
    ),
    Command(
        "changes",
        "H",
        "Changes",
        "lists what changed since a row was first measured, the latest first",
        "run",
        "watching:changes",
    ),
    Command(
        "copy-command",
        "y",
        "Copy command",
        "copies a command that confirms the row, again the next one",
        "table",
        "keeping:copy_command",
    ),
    Command(
        "copy-change",
        "Y",
        "Copy change",
        "copies what to paste for its change, again the next one",
        "table",
        "keeping:copy_change",
    ),
    Command(
        "answers",
        "a",
        "Answers",
        "answers the questions only you can answer",
        "hosts",
        "measuring:answers",
    ),
    Command(
        "credentials",
        "c",
        "Credentials",
        "takes credentials for SNMP and SSH, kept in memory only",
        "hosts",
        "measuring:credentials",
    ),
    Command(
        "tree",
        "t",
        "Tree",
        "goes to the tree; the node under the cursor filters",
        "tree",
        "looking:tree",
    ),
    Command(
        "sort",
        "o",
        "Sort",
        "sorts by the next column (a click on a column's head does the same)",
        "table",
        "looking:sort",
    ),
    Command(
        "reverse", "O", "Reverse the order", "sorts the other way round", "table", "looking:reverse"
    ),
    Command("redraw", "ctrl+l", "Redraw", "draws the screen again", "program", "program:redraw"),
    Command(
        "help",
        "question_mark,f1",
        "Help",
        "shows this help",
        "program",
        "program:help_with",
        bar=True,
        show="?",
    ),
    Command(
        "quit", "q,ctrl+c,ctrl+q", "Quit", "quits", "program", "program:leave", bar=True, show="q"
    ),
    Command(
        "back",
        "escape",
        "Back",
        "leaves a line or pane for the table; there it shows every row again",
        "program",
        "looking:back",
    ),
)
"""Every command; ids and keys are unique."""

BY_ID = {command.id: command for command in COMMANDS}
