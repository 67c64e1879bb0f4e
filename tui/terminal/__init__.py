"""Terminal: output, input, capabilities and lifetime of the application in it.

Only this package uses names that are no public interface of Textual or Rich, and only these.
"""

from collections.abc import Mapping

PRIVATE_NAMES: Mapping[str, Mapping[str, str]] = {
    "textual.app.App": {
        "_display": "every frame passes here before it is drawn; the screen diff takes its place",
        "_handle_exception": "every error that nobody handled passes here before the end",
        "_print_error_renderables": "prints tracebacks with local variables; nothing does here",
        "_exit_renderables": "those tracebacks",
    },
    "textual._compositor": {
        "LayoutUpdate": "a frame of whole lines, of which the screen diff reads the cells",
        "ChopsUpdate": "a frame of parts of lines, likewise",
    },
    "textual._compositor.LayoutUpdate": {
        "strips": "the lines",
        "region": "where they are",
    },
    "textual._compositor.ChopsUpdate": {
        "spans": "which parts of which lines are drawn",
        "chops": "the strips of every line by their columns",
        "chop_ends": "the columns where they end",
    },
    "textual._xterm_parser": {
        "XTermParser": "the keys, reports and pastes of what a terminal sends",
    },
    "textual._parser.Parser": {
        "_timeout_time": "set while a sequence goes on; else a character is text",
    },
}
"""Why each is used, by its module or class; tests/tui/terminal/test_private_names.py tells which
one another version of Textual has not.
"""
