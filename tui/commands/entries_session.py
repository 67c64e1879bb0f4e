"""Commands about the session as a whole and the program."""

from __future__ import annotations

from tui.commands.model import Command

ENTRIES = (
    Command(
        "save",
        "s",
        "Save",
        "saves a copy of the session log",
        "session",
        "keeping:save",
        bar=70,
        outside=True,
    ),
    Command(
        "export",
        "X",
        "Export",
        "writes a report of all, the visible or the marked rows",
        "session",
        "keeping:export",
        outside=True,
    ),
    Command(
        "sessions",
        "S",
        "Sessions",
        "lists earlier sessions: opens, replays, compares with the present one, deletes",
        "session",
        "sessions:sessions",
    ),
    Command(
        "replay",
        "P",
        "Replay",
        "plays the old session on the screen again, as it came or faster; p holds it",
        "session",
        "sessions:play",
    ),
    Command(
        "remark", "N", "Remark", "adds a sentence to the session log", "session", "sessions:remark"
    ),
    Command(
        "information",
        "I",
        "Information",
        "shows the two lines at the top in full, where the log is, what was said so far, and which "
        "versions of program and profile these are",
        "session",
        "keeping:information",
    ),
    Command("redraw", "ctrl+l", "Redraw", "draws the screen again", "program", "program:redraw"),
    Command(
        "suspend",
        "ctrl+z",
        "Suspend",
        "gives the terminal back to the shell until `fg`, where there is a shell",
        "program",
        "program:suspend",
        outside=True,
    ),
    Command(
        "help",
        "question_mark,f1",
        "Help",
        "shows this help",
        "program",
        "program:help_with",
        bar=2,
        show="?",
    ),
    Command(
        "quit", "q,ctrl+c,ctrl+q", "Quit", "quits", "program", "program:leave", bar=1, show="q"
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
