"""The documentation as the tests read it: pages, fences, code spans, links and command lines."""

from __future__ import annotations

import functools
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from probes.judging.findings import diagnose
from probes.judging.host_states import HostStates
from probes.judging.status import judge
from probes.model import Result, Ruling, Status
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.models.loaded_session import LoadedSession, load_session
from tui.models.verdicts import Verdicts, verdict_lines
from tui.text.detail import detail_lines
from tui.text.findings import findings_lines
from tui.text.result_line import ResultFormatter, summary

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "docs" / "nmap-side-by-side.md"
PAGES = tuple(
    path
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    )
    if path != GENERATED
)
_SESSIONS = ROOT / "tests" / "sessions"
RECORDED = (ROOT / "docs" / "example.jsonl", _SESSIONS / "site.jsonl", _SESSIONS / "network.jsonl")
STATUS_PAGES = tuple(path for path in PAGES if path.parent.name == "status")

_FENCE = re.compile(r"^```.*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_STATUS = "|".join(sorted(Status, key=len, reverse=True))
_ROW = re.compile(rf"^({_STATUS})  (\S+) +(.+? (?:(?:TCP|UDP) [\d-]+|ICMP)) +(\S.*)$")
_RULING = "|".join(sorted(Ruling, key=len, reverse=True))
_VERDICT = re.compile(rf"^({_RULING}) +(\S+\.example) +(\S.*)$")
_OUTPUT = re.compile(
    rf"(?:certain|likely|seen|means|change|same|state|error from|{_STATUS}|{_RULING}) +"
    r"|[\d,]+ rows? in "
)
_SECONDS = re.compile(r"in [\d.]+ s\b")


class Quoted(NamedTuple):
    """A row as a page quotes it; seconds of patience are left open."""

    status: str
    host: str
    check: str
    note: str


def quoted(status: str, host: str, check: str, note: str) -> Quoted:
    return Quoted(status, host, check, _SECONDS.sub("in N s", note))


def of_result(result: Result) -> Quoted:
    job = result.job
    return quoted(result.status, job.target.label, job.check_text, result.note)


def recorded() -> set[Quoted]:
    """The rows of the recorded sessions, in the words that the program has for them now."""
    found = [one for session in _recorded_sessions() for one in session.results]
    return {
        of_result(judge(one.job, one.observation, absent=one.status is Status.NO_HOST))
        for one in found
    }


@functools.cache
def _recorded_sessions() -> tuple[LoadedSession, ...]:
    profile = load(Options("open"))
    return tuple(load_session(path, profile) for path in RECORDED)


@functools.cache
def recorded_lines() -> set[str]:
    """The program's output about the recorded sessions, as `output_line` has it.

    Rows, summaries, findings and verdicts of a run, and the details of each row.
    """
    profile, lines = load(Options("open")), set[str]()
    for session in _recorded_sessions():
        states = HostStates(session.results)
        verdicts = Verdicts()
        verdicts.add(session.jobs)
        verdicts.apply(session.verdicts)
        lines.add(summary(Counter(one.status for one in session.results), 0))
        lines.update(findings_lines(diagnose(session.results, session.answers)))
        lines.update(verdict_lines(verdicts.lines()))
        rows = ResultFormatter(session.jobs, colour=False)
        for one in session.results:
            lines.add(rows.format(one))
            details = detail_lines(one.job, one, profile, states.of(one))
            lines.update(
                f"{line.label} {', '.join((line.text, *line.extra))}"
                for line in details
                if line.label
            )
    return {output_line(line) for line in lines}


def output_line(line: str) -> str:
    """A line without its alignment, its end where `[…]` leaves that out, and the time it took."""
    return " ".join(_SECONDS.sub("in N s", line).partition("[…]")[0].split())


def output_lines(text: str) -> Iterator[str]:
    """The lines of a page's code blocks that are output of a run or details of a row.

    Without those that `rows` and `verdicts` yield.
    """
    for line in fences(text):
        if _OUTPUT.match(line) and not _ROW.match(line) and not _VERDICT.match(line):
            yield output_line(line)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def fences(text: str) -> list[str]:
    """The lines of every code block."""
    return [line for block in _FENCE.findall(text) for line in block.splitlines()]


def fenceless(text: str) -> str:
    """A page without its code blocks."""
    return _FENCE.sub("", text)


def spans(text: str) -> list[str]:
    """Words between backticks in the text."""
    return [span.replace("\\|", "|") for span in _SPAN.findall(_FENCE.sub("", text))]


def first_cells(text: str) -> set[str]:
    """The first cell of every row of the tables, without link and backticks."""
    cells = re.findall(r"^\| (.*?)(?<!\\) \|", fenceless(text), re.MULTILINE)
    return {re.sub(r"^\[(.*)\]\(.*\)$", r"\1", cell).strip("`") for cell in cells}


def links(text: str) -> list[str]:
    return _LINK.findall(_FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of the headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in _HEADING.findall(_FENCE.sub("", text))
    }


def rows(text: str) -> Iterator[Quoted]:
    """The rows that a page quotes."""
    for line in fences(text):
        if found := _ROW.match(line):
            yield quoted(*found.groups())


def verdicts(text: str) -> Iterator[tuple[str, str, str]]:
    """The verdicts that a page quotes: ruling, host, sentence."""
    for line in fences(text):
        if found := _VERDICT.match(line):
            yield found[1], found[2], found[3]


def command_lines(text: str) -> Iterator[list[str]]:
    """The arguments of every `auditreach ...` in a page, placeholders made what they stand for."""
    for line in (*fences(text), *spans(text)):
        for part in re.split(r"&&|\|\||;| \| ", line):
            words = shlex.split(part, comments=True) if "auditreach" in part else []
            while words and (words[0] in ("$", "ForceCommand", "ssh", "-t", "jump")):
                words = words[1:]
            if words and Path(words[0]).name == "auditreach":
                yield _filled(words[1:])


def _filled(words: list[str]) -> list[str]:
    text = " ".join(words).partition(">")[0].replace("[", " ").replace("]", " ")
    text = text.replace("FORMAT", "markdown").replace("STATUS,…", "blocked").replace("…", "")
    return text.split()
