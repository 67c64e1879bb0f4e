from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.judging.party import UNHEARD
from probes.model import Finished, Observation, Queued, Reason, Result, Started, State, Status
from tests.tui.unmeasured import a_check, a_job, a_result
from tui.models.columns import host_key, natural_key
from tui.models.filter import Filter
from tui.models.rows import SEVERITY, Rows


def hosts(rows: Rows) -> list[str]:
    return [rows.row_data(row).host for row in rows.view]


def test_rows_stand_in_the_order_they_were_added() -> None:
    rows = Rows([a_job("b"), a_job("a")])
    rows.add([a_job("c")])
    assert hosts(rows) == ["b", "a", "c"]


def test_a_key_that_is_there_already_keeps_its_row() -> None:
    rows = Rows([a_job("a")])
    rows.apply([a_result(a_job("a"))])
    rows.add([a_job("a"), a_job("b"), a_job("b")])
    assert hosts(rows) == ["a", "b"]
    assert rows.status(0) is Status.OK


def test_only_the_rows_that_events_name_are_changed() -> None:
    jobs = [a_job(host) for host in "abc"]
    rows = Rows(jobs)
    versions = [rows.version(row) for row in range(3)]
    changed = rows.apply([Started((jobs[1].key, "no such row")), Finished(True)])
    assert changed == {1}
    assert [rows.version(row) != versions[row] for row in range(3)] == [False, True, False]
    assert rows.status(1) is Status.RUNNING


def test_what_is_asked_at_the_moment_stays_so_when_other_rows_go() -> None:
    jobs = [a_job(host) for host in "abcde"]
    rows = Rows(jobs)
    rows.apply([a_result(jobs[2]), a_result(jobs[3], Status.BLOCKED), Started((jobs[1].key,))])
    rows.apply([Queued((jobs[2].key, jobs[3].key)), Started((jobs[3].key,))])
    before = {job.key: rows.status_of(job.key) for job in jobs[1:]}
    rows.replace(rows.results[1:])
    assert {job.key: rows.status_of(job.key) for job in jobs[1:]} == before
    assert before[jobs[1].key] is before[jobs[3].key] is Status.RUNNING
    assert rows.counts[Status.RUNNING] == 2
    rows.replace([(jobs[3], a_result(jobs[3]))])
    assert rows.status(0) is Status.OK


def test_a_result_without_a_row_gets_one() -> None:
    rows = Rows()
    job = a_job("a")
    assert rows.apply([a_result(job, Status.BLOCKED)]) == {0}
    assert rows.key(0) == job.key
    assert rows.counts[Status.BLOCKED] == 1


def test_a_row_measured_again_shows_no_old_note_but_keeps_its_result() -> None:
    job = a_job("a")
    rows = Rows([job])
    result = a_result(job, Status.BLOCKED, "refused", 1.5)
    rows.apply([result, Queued((job.key,))])
    assert rows.row_data(0).note == ""
    assert rows.row_data(0).latency is None
    assert rows.status(0) is Status.QUEUED
    assert rows.result(job.key) is result


def test_a_row_shows_the_port_that_is_asked_not_the_profiles() -> None:
    job = replace(a_job("a", a_check("unix.ssh", "SSH", 22)), port=2222)
    ranged = replace(a_check("enable.rpc_dynamic", "RPC"), ports="49152-65535")
    rows = Rows([job, a_job("a", ranged), a_job("a", a_check("x.ping", "Ping", None))])
    assert [rows.row_data(row).port for row in range(3)] == ["TCP 2222", "TCP 49152-65535", "ICMP"]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(list(Status)))))
def test_the_counts_are_those_of_the_rows_after_any_history(
    history: list[tuple[int, Status]],
) -> None:
    jobs = [a_job(str(number)) for number in range(6)]
    rows = Rows(jobs)
    for number, status in history:
        rows.apply([a_result(jobs[number], status)])
    expected = dict.fromkeys(SEVERITY, 0)
    for row in range(6):
        expected[rows.status(row)] += 1
    assert rows.counts == expected


def test_the_state_of_a_host_follows_the_latest_results() -> None:
    web, ssh = a_job("pc1"), a_job("pc1", a_check("unix.ssh", "SSH", 22))
    silent = Observation(State.FILTERED, Reason.NO_RESPONSE, address="192.0.2.7")
    lost = Result(web, Status.BLOCKED, "", silent)
    rows = Rows([web, ssh])
    rows.apply([lost])
    assert not rows.host_of(lost).heard
    rows.apply([a_result(ssh)])
    assert rows.host_of(lost).heard
    rows.apply([Result(ssh, Status.BLOCKED, "", silent)])
    assert not rows.host_of(lost).heard
    rows.replace([(web, lost), (ssh, a_result(ssh))])
    assert rows.host_of(lost).heard
    assert rows.host_of(a_result(ssh)) == rows.host_of(None) == UNHEARD


def test_severity_names_every_status_once() -> None:
    assert sorted(SEVERITY) == sorted(Status)


def test_hosts_sort_naturally_and_addresses_by_value() -> None:
    rows = Rows(
        a_job(host)
        for host in ("web10", "10.0.0.10", "Web9", "2001:db8::a", "10.0.0.9", "9.1.1.1", "::2")
    )
    rows.sort("host")
    ordered = ["9.1.1.1", "10.0.0.9", "10.0.0.10", "::2", "2001:db8::a", "Web9", "web10"]
    assert hosts(rows) == ordered
    rows.sort("host", reverse=True)
    assert hosts(rows) == ordered[::-1]


def test_hosts_added_after_a_sort_are_sorted_in_too() -> None:
    rows = Rows([a_job("b"), a_job("d")])
    rows.sort("host")
    rows.add([a_job("a"), a_job("c")])
    assert rows.stale
    rows.resort()
    assert hosts(rows) == ["a", "b", "c", "d"]


@given(st.lists(st.text(), max_size=6))
def test_any_text_can_be_ordered_as_a_host(names: list[str]) -> None:
    ordered = sorted(names, key=lambda name: host_key((name, 0)))
    assert sorted(ordered) == sorted(names)


def test_digits_too_long_for_a_number_are_ordered() -> None:
    assert natural_key("a" + "9" * 5000) < natural_key("a1" + "0" * 5000)


def test_what_needs_attention_sorts_first_and_equals_stay_as_added() -> None:
    jobs = [a_job(host) for host in "abcd"]
    rows = Rows(jobs)
    for job, status in zip(
        jobs, (Status.OK, Status.BLOCKED, Status.WARNING, Status.BLOCKED), strict=True
    ):
        rows.apply([a_result(job, status)])
    rows.sort("status")
    assert hosts(rows) == ["b", "d", "c", "a"]


@pytest.mark.parametrize("reverse", [False, True])
def test_rows_without_a_latency_come_last_in_both_directions(reverse: bool) -> None:
    jobs = [a_job(host) for host in "abcd"]
    rows = Rows(jobs)
    rows.apply([a_result(jobs[1], latency=20.0), a_result(jobs[3], latency=3.0)])
    rows.sort("latency", reverse)
    assert hosts(rows) == [*(("b", "d") if reverse else ("d", "b")), "a", "c"]


def test_checks_sort_by_title_then_port() -> None:
    rows = Rows(
        a_job("a", a_check(id, title, port))
        for id, title, port in (("a.1", "SMB", 445), ("a.2", "RPC", 593), ("a.3", "RPC", 135))
    )
    rows.sort("check")
    assert [rows.row_data(row).port for row in rows.view] == ["TCP 135", "TCP 593", "TCP 445"]


def test_results_never_move_rows_until_asked() -> None:
    jobs = [a_job(host) for host in "abc"]
    rows = Rows(jobs)
    rows.sort("status")
    rows.apply([a_result(jobs[2], Status.BLOCKED)])
    assert hosts(rows) == ["a", "b", "c"]
    assert rows.stale
    rows.resort()
    assert hosts(rows) == ["c", "a", "b"]
    assert not rows.stale


def test_a_view_that_results_cannot_change_is_not_stale() -> None:
    jobs = [a_job(host) for host in "abc"]
    rows = Rows(jobs)
    rows.sort("host")
    rows.apply([a_result(jobs[2], Status.BLOCKED)])
    assert not rows.stale


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (Filter(), ["a", "b", "dc1"]),
        (Filter(category="unix"), ["b"]),
        (Filter(check="windows.winrm"), ["a", "dc1"]),
        (Filter(role="windows.dc"), ["dc1"]),
        (Filter(host="a"), ["a"]),
        (Filter(failures=True), ["b"]),
        (Filter(text="REFUSED 22"), ["b"]),
        (Filter(text="winrm dc"), ["dc1"]),
        (Filter(text="192.0.2.7"), ["b"]),
        (Filter(text="queued"), ["a", "dc1"]),
        (Filter(category="unix", host="a"), []),
    ],
)
def test_a_filter_leaves_what_meets_all_its_conditions(filter: Filter, expected: list[str]) -> None:
    refused = a_job("b", a_check("unix.ssh", "SSH", 22))
    rows = Rows([a_job("a"), refused, a_job("dc1", role="windows.dc")])
    rows.apply([a_result(refused, Status.BLOCKED, "Refused by the host")])
    rows.show(filter)
    assert hosts(rows) == expected


def test_a_new_failure_appears_at_the_end_and_a_healed_one_stays_until_asked() -> None:
    jobs = [a_job(host) for host in "abc"]
    rows = Rows(jobs)
    rows.apply([a_result(jobs[1], Status.BLOCKED)])
    rows.show(Filter(failures=True))
    rows.apply([a_result(jobs[0], Status.ERROR), a_result(jobs[1], Status.OK)])
    assert hosts(rows) == ["b", "a"]
    assert rows.stale
    rows.resort()
    assert hosts(rows) == ["a"]


def test_a_key_is_found_where_it_stands_and_not_when_hidden() -> None:
    jobs = [a_job(host) for host in "abc"]
    rows = Rows(jobs)
    rows.sort("host", reverse=True)
    assert rows.line(jobs[0].key) == 2
    rows.show(Filter(host="b"))
    assert rows.line(jobs[0].key) is None
    assert rows.line("no such row") is None
    assert rows.key(0) == jobs[1].key


def test_clearing_forgets_rows_and_keeps_filter_and_sort() -> None:
    rows = Rows([a_job("a"), a_job("b")])
    rows.sort("host", reverse=True)
    rows.clear()
    assert len(rows) == 0
    assert not any(rows.counts.values())
    rows.add([a_job("c"), a_job("d")])
    rows.resort()
    assert hosts(rows) == ["d", "c"]
