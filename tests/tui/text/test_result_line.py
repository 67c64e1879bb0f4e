"""A result as a line of text."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from probes.model import Job, Observation, Reason, Result, State, Status, Target
from profiles.model import Check
from tui.models.columns import latency_text
from tui.text.result_line import ResultFormatter, failures, summary

MakeResult = Callable[..., Result]


@pytest.fixture
def make() -> MakeResult:
    """A result of one host and check; the rest is what a row usually has."""

    def result(
        host: str = "pc1",
        title: str = "SSH",
        status: Status = Status.OK,
        note: str = "Answers.",
        latency: float | None = 0.42,
        port: int | None = 22,
    ) -> Result:
        check = Check(f"t.{title}", "t", "r", title, "tcp", "tcp", "", "", "", port=22)
        job = Job(f"{check.id}|{host}", check, Target("r", host), port)
        seen = Observation(State.OPEN, Reason.SYN_ACK, latency_ms=latency)
        return Result(job, status, note, seen)

    return result


def test_the_columns_of_all_lines_begin_at_the_same_place(make: MakeResult) -> None:
    results = [
        make("pc1", "SSH", Status.OK, latency=0.004),
        make("fileserver.corp.example", "SNMP", Status.UNVERIFIABLE, latency=None),
        make("10.0.0.1", "RPC dynamic", Status.NOT_NEEDED, latency=12345.6),
        make("2001:db8::1", "RPC dynamic", Status.BLOCKED, latency=99.94),
    ]
    lines = ResultFormatter([result.job for result in results], colour=False)
    shown = [lines.format(result) for result in results]
    for result, line in zip(results, shown, strict=True):
        check = f"{result.job.check.title} TCP 22"
        assert line.index(result.job.target.host) == shown[0].index("pc1")
        assert line.index(check) == shown[0].index("SSH TCP 22")
        assert line.index("Answers.") == shown[0].index("Answers.")
        assert line.startswith(result.status)


@pytest.mark.parametrize(
    ("encoding", "sign"), [("utf-8", "≤"), ("UTF-8", "≤"), ("ascii", "<="), ("ISO-8859-1", "<=")]
)
def test_a_bound_is_told_in_the_signs_of_the_stream(
    make: MakeResult, encoding: str, sign: str
) -> None:
    result = make(latency=17.2, note="Refused…")
    seen = replace(result.observation, latency_at_most=True)
    lines = ResultFormatter([result.job], colour=False, encoding=encoding)
    line = lines.format(replace(result, observation=seen))
    assert f"{sign} 18 ms" in line
    assert line.encode(encoding)
    assert "?" not in line


def test_a_line_holds_the_whole_note(make: MakeResult) -> None:
    note = "A long sentence. " * 60 + "The end."
    result = make(note=note)
    assert ResultFormatter([result.job], colour=False).format(result).endswith(note)


@pytest.mark.parametrize("status", list(Status))
def test_without_colours_a_line_is_plain(make: MakeResult, status: Status) -> None:
    result = make(status=status)
    line = ResultFormatter([result.job], colour=False).format(result)
    assert line.isprintable()


@pytest.mark.parametrize(
    "status", [Status.OK, Status.DEGRADED, Status.WARNING, Status.BLOCKED, Status.ERROR]
)
def test_a_colour_is_taken_back_and_moves_nothing(make: MakeResult, status: Status) -> None:
    result = make(status=status)
    plain = ResultFormatter([result.job], colour=False).format(result)
    coloured = ResultFormatter([result.job], colour=True).format(result)
    word, end, rest = coloured.partition("\x1b[0m")
    assert end
    assert word.startswith("\x1b[")
    assert word.partition("m")[2] + rest == plain


@pytest.mark.parametrize("colour", [False, True])
def test_nothing_from_the_network_acts_on_the_terminal(make: MakeResult, colour: bool) -> None:
    result = make(note="SSH-2.0-\x1b]0;owned\x07\r\nok  all fine\u202e\x9b2J")
    line = ResultFormatter([result.job], colour=colour).format(result)
    assert line.replace("\x1b[32m", "").replace("\x1b[0m", "").isprintable()
    assert "\n" not in line


def test_a_port_that_was_named_is_the_one_that_is_shown(make: MakeResult) -> None:
    result = make(port=2222)
    assert "SSH TCP 2222" in ResultFormatter([result.job], colour=False).format(result)


def test_the_summary_counts_every_row() -> None:
    counts = {Status.BLOCKED: 2, Status.OK: 3, Status.NOT_NEEDED: 1}
    assert summary(counts, 1.25) == "6 rows in 1.2 s: 3 ok, 2 blocked, 1 not needed"
    assert summary({Status.OK: 1}, 0.01) == "1 row in 0.0 s: 1 ok"
    assert summary({}, 0) == "0 rows in 0.0 s: nothing tested"


@pytest.mark.parametrize("status", [one for one in Status if one not in ("queued", "running")])
def test_every_status_a_row_can_end_with_is_in_the_summary(status: Status) -> None:
    assert summary({status: 7}, 1).endswith(f": 7 {status}")


def test_failures_come_worst_first_and_keep_their_order(make: MakeResult) -> None:
    results = [
        make("a", status=Status.DEGRADED),
        make("b", status=Status.OK),
        make("c", status=Status.BLOCKED),
        make("d", status=Status.ERROR),
        make("e", status=Status.UNVERIFIABLE),
        make("f", status=Status.BLOCKED),
    ]
    assert [result.job.target.host for result in failures(results)] == ["c", "f", "d", "a"]


@pytest.mark.parametrize("ms", [None, 0.0, 0.0099, 0.01, 9.994, 9.996, 99.96, 999.4, 999.6, 299999])
def test_a_latency_fits_its_column(ms: float | None) -> None:
    assert len(latency_text(ms)) <= 8
