"""Summary of a session log for a list of many: read once, without parsing its rows."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from probes.model import Target
from probes.session.header import parse_targets
from probes.session.integrity import verify_log
from probes.session.json_line import MAX_HEADER, MAX_LINE, BadLine, decode_record, get_text
from probes.session.log_encoding import open_log
from probes.session.reader import read_header
from probes.session.records import parse_verdict
from profiles.recognition import AUTO

_RESULT_STARTS = (b'{"type":"result"', b'{"type":"unchanged"')
_PARSED = tuple(
    b'{"type":"%s"' % kind
    for kind in (b"verdict", b"remark", b"end", b"targets", b"removed", b"restored")
)
"""Beginnings of the lines that are parsed, as this program writes them."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Entry for a list of sessions. Text is as it stands in the file."""

    path: Path
    started: str
    """RFC 3339 with the offset."""
    host: str
    """Host that measured."""
    kind: str
    """Kind of the vantage."""
    targets: tuple[str, ...]
    """First targets as they were named, without removed ones."""
    target_count: int
    results: int
    """Number of result lines, reruns included."""
    verdicts: Mapping[str, int]
    """Number of targets by verdict."""
    remark: str
    """Last remark."""
    complete: bool
    ended: bool
    altered: bool = False
    """It is not as it was written."""


def summarize(path: str | os.PathLike[str]) -> Summary:
    """Summarize a session log; raises SessionError with one sentence."""
    with open_log(path) as log:
        file = log.file
        altered = verify_log(log).altered
        header = read_header(file.readline(MAX_HEADER), path)
        remark, complete, ended = header.remark, False, False
        verdicts: dict[tuple[Target, str], str] = {}
        results = 0
        targets = dict.fromkeys(header.targets, True)
        while line := file.readline(MAX_LINE):
            if line.startswith(_RESULT_STARTS):
                results += 1
                complete = False
            elif line.startswith(_PARSED):
                try:
                    record = decode_record(line)
                    kind = record["type"]
                    if kind == "verdict":
                        one = parse_verdict(record)
                        target = Target(one.role, one.host, one.port)
                        verdicts[target, one.capability] = one.verdict
                    elif kind == "remark":
                        remark = get_text(record, "text")
                    elif kind != "end":
                        targets.update(dict.fromkeys(parse_targets(record), kind != "removed"))
                    else:
                        ended, complete = True, record.get("complete") is True
                except BadLine:
                    continue
    remaining = [target for target, is_present in targets.items() if is_present]
    known = {target.host for target in remaining if target.role != AUTO}
    # A host whose role was found is in the log with that role as well.
    remaining = [target for target in remaining if target.role != AUTO or target.host not in known]
    return Summary(
        Path(path),
        header.started,
        header.vantage.host,
        header.vantage.kind,
        tuple(target.label for target in remaining[:8]),
        len(remaining),
        results,
        Counter(
            verdict
            for (about, _), verdict in verdicts.items()
            if targets.get(about, True) and (about.role != AUTO or about.host not in known)
        ),
        remark,
        complete,
        ended,
        altered,
    )
