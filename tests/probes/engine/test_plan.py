"""Plan of a run: its rows with their keys and ports, in their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.engine.plan import CONFIRM_ABOVE, endpoint_count, plan
from probes.model import Target
from profiles.model import Check, Profile, Role


def check(id: str, role: str, port: int | None, **more: object) -> Check:
    return Check(
        id=id,
        category="c",
        role=role,
        title=id,
        probe="tcp",
        transport="icmp" if port is None else "tcp",
        purpose="",
        consequence="",
        fix="",
        port=port,
        **more,
    )


@pytest.fixture
def profile() -> Profile:
    return Profile(
        id="p",
        name="P",
        version="1",
        source="",
        url="",
        roles=tuple(Role(id, id, "c") for id in ("win", "printer", "host", "idle")),
        checks=(
            check("win.winrm", "win", 5985),
            check("win.rpc", "win", 135),
            check("printer.raw", "printer", 9100, custom_port=True),
            check("win.smb", "win", 445),
            check("printer.snmp", "printer", 161),
            check("host.ping", "host", None),
        ),
    )


def test_every_host_is_asked_its_first_check_before_any_is_asked_its_second(profile):
    jobs = plan(profile, [Target("win", "a"), Target("printer", "p"), Target("win", "b")])
    assert [job.key for job in jobs] == [
        "win.winrm|a",
        "printer.raw|p",
        "win.winrm|b",
        "win.rpc|a",
        "printer.snmp|p",
        "win.rpc|b",
        "win.smb|a",
        "win.smb|b",
    ]


def test_only_the_wanted_checks_become_rows_and_the_first_of_them_comes_first(profile):
    targets = [Target("win", "a"), Target("printer", "p")]
    jobs = plan(profile, targets, only=frozenset({"win.smb", "printer.raw", "unknown"}))
    assert [job.key for job in jobs] == ["win.smb|a", "printer.raw|p"]
    assert plan(profile, targets, only=frozenset()) == ()


def test_a_custom_port_replaces_the_port_of_its_check_and_of_no_other(profile):
    raw, snmp = plan(profile, [Target("printer", "p", 9101)])
    assert (raw.key, raw.port) == ("printer.raw|p:9101", 9101)
    assert (snmp.key, snmp.port) == ("printer.snmp|p", 161)


def test_a_port_no_check_of_the_role_takes_changes_nothing(profile):
    assert [(job.key, job.port) for job in plan(profile, [Target("host", "h", 9)])] == [
        ("host.ping|h", None)
    ]


def test_an_ipv6_host_with_a_port_is_keyed_in_brackets(profile):
    raw, snmp = plan(profile, [Target("printer", "2001:db8::1", 9101)])
    assert raw.key == "printer.raw|[2001:db8::1]:9101"
    assert snmp.key == "printer.snmp|2001:db8::1"


def test_rows_with_the_same_key_are_one(profile):
    jobs = plan(profile, [Target("printer", "p"), Target("printer", "p", 9101)])
    assert [job.key for job in jobs] == [
        "printer.raw|p",
        "printer.raw|p:9101",
        "printer.snmp|p",
    ]


def test_a_role_without_checks_and_a_role_that_is_unknown_give_no_rows(profile):
    assert plan(profile, [Target("idle", "a"), Target("gone", "a")]) == ()
    assert plan(profile, []) == ()


def test_endpoints_counts_a_port_of_a_host_once_whoever_asks(profile):
    jobs = plan(profile, [Target("win", "a"), Target("win", "A"), Target("host", "a")])
    assert len(jobs) == 7
    assert endpoint_count(profile, jobs) == 4
    assert endpoint_count(profile, ()) == 0


def test_a_hundred_thousand_rows_are_all_there_and_different(profile):
    targets = [Target("win", f"host{number}") for number in range(34_000)]
    jobs = plan(profile, targets)
    assert len(jobs) == len({job.key for job in jobs}) == 102_000
    assert endpoint_count(profile, jobs) > CONFIRM_ABOVE


@given(
    st.lists(
        st.builds(
            Target,
            st.sampled_from(["win", "printer", "host", "idle", "gone"]),
            st.sampled_from(["a", "b", "10.0.0.1", "::1"]),
            st.sampled_from([None, 22]),
        )
    )
)
def test_every_check_of_every_target_is_planned_and_nothing_else(targets):
    profile = Profile(
        "p",
        "P",
        "1",
        "",
        "",
        checks=(check("x.a", "win", 1), check("x.b", "win", 2), check("y.a", "printer", 3)),
    )
    wanted = {
        (check.id, target.host) for target in targets for check in profile.checks_of(target.role)
    }
    jobs = plan(profile, targets)
    assert {(job.check.id, job.target.host) for job in jobs} == wanted
    assert len(jobs) == len(wanted)
