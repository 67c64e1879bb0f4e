"""A session log in a few words, for a list of many: read once, row by row left aside."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from probes.model import Target
from probes.session.header import targets_of
from probes.session.json_line import MOST_HEADER, MOST_LINE, BadLine, decoded, text
from probes.session.paths import because, shown
from probes.session.reader import SessionError, header_line
from probes.session.records import verdict_of

_RESULT = b'{"type":"result"'
_TOLD = tuple(
    b'{"type":"%s"' % kind
    for kind in (b"verdict", b"remark", b"end", b"targets", b"removed", b"restored")
)
"""How the lines begin that are looked into, as this program writes them."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list of sessions says of one. Text is as it stands in the file."""

    path: Path
    started: str
    """RFC 3339 with the offset."""
    host: str
    """Where it was measured from."""
    kind: str
    """The kind of that vantage."""
    targets: tuple[str, ...]
    """The first targets as they were named; those that were removed do not count."""
    target_count: int
    results: int
    """Result lines, reruns included."""
    verdicts: Mapping[str, int]
    """Targets by verdict."""
    remark: str
    """The last one."""
    complete: bool
    ended: bool


def summary(path: str | os.PathLike[str]) -> Summary:
    """The summary of a session log; raises SessionError with one sentence."""
    place = Path(path)
    try:
        # A FIFO would block until somebody writes to it.
        if not place.is_file():
            raise SessionError(f"{shown(path)} is not a regular file.")
        with place.open("rb", buffering=1024 * 1024) as file:
            header = header_line(file.readline(MOST_HEADER), path)
            remark, complete, ended = header.remark, False, False
            verdicts: dict[tuple[Target, str], str] = {}
            results = 0
            targets = dict.fromkeys(header.targets, True)
            while line := file.readline(MOST_LINE):
                if line.startswith(_RESULT):
                    results += 1
                    complete = False
                elif line.startswith(_TOLD):
                    try:
                        record = decoded(line)
                        kind = record["type"]
                        if kind == "verdict":
                            one = verdict_of(record)
                            target = Target(one.role, one.host, one.port)
                            verdicts[target, one.capability] = one.verdict
                        elif kind == "remark":
                            remark = text(record, "text")
                        elif kind != "end":
                            targets.update(dict.fromkeys(targets_of(record), kind != "removed"))
                        else:
                            ended, complete = True, record.get("complete") is True
                    except BadLine:
                        continue
    except OSError as error:
        raise SessionError(f"Cannot read {shown(path)}: {because(error)}.") from None
    there = [target for target, is_there in targets.items() if is_there]
    return Summary(
        place,
        header.started,
        header.vantage.host,
        header.vantage.kind,
        tuple(target.label for target in there[:8]),
        len(there),
        results,
        Counter(verdict for (about, _), verdict in verdicts.items() if targets.get(about, True)),
        remark,
        complete,
        ended,
    )
