"""Reports: a recorded session in several formats; one format a file and a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tui.reports.model import Report


class Format(NamedTuple):
    """One format. Its module is loaded when it is used: the command line only wants the names."""

    module: str
    letter: str
    """Chooses it on the screen."""
    rank: int
    """Its place on the screen, counted in tens."""
    about: str
    """Its name, a comma, and its purpose."""
    ending: str
    """Of a file's name."""
    function: str = "render"

    def render(self, report: Report) -> Iterator[str]:
        """The report in this format, in pieces."""
        made: Callable[[Report], Iterator[str]] = getattr(
            import_module(f"{__name__}.{self.module}"), self.function
        )
        return made(report)


FORMATS: Mapping[str, Format] = {
    "markdown": Format("markdown", "m", 10, "Markdown, for a ticket or a wiki", ".md"),
    "html": Format("html", "h", 20, "HTML, one file for a browser", ".html"),
    "csv": Format("csv", "c", 30, "CSV, a row a line", ".csv"),
    "junit": Format("junit", "u", 50, "JUnit XML, for a build server", ".xml"),
    "json": Format("json", "j", 40, "JSON, one document", ".json"),
    "firewall": Format("firewall", "f", 60, "Firewall request, text", ".txt"),
    "firewall-csv": Format("firewall", "w", 70, "Firewall request, CSV", ".csv", "render_csv"),
}
"""Every format by its name for `export`; one with a hyphen is another form of the one before."""
