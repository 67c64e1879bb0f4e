"""Replay of a session log: its events in the order of the log, with their times."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime

from probes.model import Event, Result
from probes.session.json_line import BadLine, get_text
from probes.session.log_encoding import open_log
from probes.session.reader import read_records
from probes.session.records import RowParser, parse_unchanged, parse_verdict
from profiles.model import Profile

TimedEvent = tuple[float, Event]
"""Seconds since the start of the session, and the event."""


def timeline(path: str | os.PathLike[str], profile: Profile) -> Iterator[TimedEvent]:
    """Results and verdicts in the order of the log, reruns included; raises SessionError.

    A result is written when its row is finished: at its start plus the time that it took.
    The log has the order in which things happened, so time never runs backwards.
    """
    with open_log(path) as log:
        header, lines = read_records(log.file, path)
        rows = RowParser(profile, header.targets)
        began = _unix_time(header.started)
        at = 0.0
        latest: dict[str, Result] = {}
        for record in lines:
            try:
                if record.get("type") in ("result", "unchanged"):
                    result = _row(record, rows, latest)
                    at = max(at, finish_time(result) - began)
                    yield at, result
                elif record.get("type") == "verdict":
                    event = parse_verdict(record).event
                    if event is not None:
                        yield at, event
            except BadLine:
                continue


def _row(record: Mapping[str, object], rows: RowParser, latest: dict[str, Result]) -> Result:
    """Result of a `result` or `unchanged` record, which is the latest of its row from now on."""
    if record["type"] == "result":
        result = rows.parse(record)
    else:
        before = latest.get(get_text(record, "key"))
        if before is None:
            raise BadLine("no result of this row precedes it")
        result = parse_unchanged(record, before)
    latest[result.job.key] = result
    return result


def finish_time(result: Result) -> float:
    """Time at which the end of a row was known, in seconds since 1970; 0 if it is unknown.

    Logs of older versions have only the time of its last exchange.
    """
    seen = result.observation
    took = seen.took_ms
    if took is None:
        # Of an old log: its last exchange ended no earlier than it began.
        began = (one.at_ms for one in seen.evidence if one.at_ms is not None)
        took = max(began, default=seen.latency_ms or 0.0)
    return _unix_time(seen.started) + took / 1000


def _unix_time(stamp: str) -> float:
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
