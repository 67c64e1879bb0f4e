"""Texts of a run in which HOST:PORT replaced a port: none names the one that was replaced."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.engine.plan import plan
from probes.engine.session_state import ResultRecorder
from probes.model import Event, Observation, Reason, Service, State, Target
from probes.remediation import commands
from profiles.model import Check, Profile
from tests.tui.reports.test_one_party import ADDRESSES, ENDINGS, HERE, HOST
from tui.models.tree import RollUp, nodes
from tui.reports import FORMATS
from tui.reports.model import load_report
from tui.text.detail import detail_lines

ASKED = 47813
HOST_NAME = "pc1.corp.example"
ADDRESS = ADDRESSES[HOST_NAME]


def with_custom_port(profile: Profile, custom: Check) -> Profile:
    """The profile where HOST:PORT replaces the port of this check, and every text names that.

    Others of the role that ask the same number are left out: their port stays what it is.
    """
    transport, port = custom.transport, custom.port
    named = f"{transport.upper()} {port}, {port}/{transport}, port {port} and ports 7 and {port}"
    checks = []
    for check in profile.checks:
        if check.role == custom.role:
            if check.id != custom.id and check.port == custom.port:
                continue
            check = replace(
                check,
                custom_port=check.id == custom.id,
                purpose=f"{check.purpose} It is {named}.",
                required_when=f"{named} is used",
                consequence=f"{check.consequence} It needs {named}.",
                fix=f"{check.fix} Allow {named}.",
                needs=check.needs if profile_has(profile, check.needs, custom) else "",
            )
        checks.append(check)
    kept = {check.id for check in checks}
    capabilities = tuple(
        replace(
            one,
            can=f"{one.can} over {named}",
            cannot=f"{one.cannot} over {named}",
            requires=tuple(id for id in one.requires if id in kept),
            instead=tuple(
                replace(each, requires=tuple(id for id in each.requires if id in kept))
                for each in one.instead
            ),
        )
        if one.role == custom.role
        else one
        for one in profile.capabilities
    )
    return replace(profile, checks=tuple(checks), capabilities=capabilities)


def profile_has(profile: Profile, id: str, custom: Check) -> bool:
    return bool(id) and (id == custom.id or profile.check(id).port != custom.port)


def observation(check: Check, ending: str) -> Observation:
    (state, reason), more = ENDINGS[ending]
    untested = state in (State.ERROR, State.NOT_RUN)
    seen = Observation(state, reason, Service.NOT_ASKED, None if untested else ADDRESS, HERE)
    seen = replace(seen, started="2026-01-31T12:00:00.000+01:00", **more)
    if seen.icmp is not None and seen.icmp.offender == HOST:
        seen = replace(seen, icmp=replace(seen.icmp, offender=ADDRESS))
    if check.transport == "udp" and (state, reason) == (State.FILTERED, Reason.NO_RESPONSE):
        seen = replace(seen, state=State.OPEN_FILTERED)
    return seen


def texts(value: object) -> Iterator[str]:
    """Every text in an event."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from texts(one)
    elif hasattr(value, "__dataclass_fields__") and not isinstance(value, (Check, Observation)):
        for name in value.__dataclass_fields__:
            yield from texts(getattr(value, name))


def named_ports(text: str, port: int) -> list[str]:
    """Places of a text that name a port; parts of addresses, times and colours are none."""
    return re.findall(rf".{{0,30}}(?<![\d.:\w%#-]){port}(?![\d\w%.-]).{{0,20}}", text)


CUSTOM = [
    "alloyscan.https", "cloud.aws", "windows.winrm", "windows.kerberos", "windows.ldap",
    "enable.rpc", "enable.smb", "enable.netbios", "enable.udp139", "unix.ssh", "hyperv.winrm",
    "esxi.https", "esxi.authd", "esxi.http", "snmp.snmp", "printer.snmp", "printer.raw",
    "nas.netbios", "discovery.dns", "discovery.nbns", "discovery.nbdgm",
]  # fmt: skip


@pytest.mark.parametrize("id", CUSTOM)
def test_no_text_of_a_run_names_a_port_that_host_port_replaced(
    id: str, profile: Profile, write_session: Callable[..., Path]
) -> None:
    custom = profile.check(id)
    own = with_custom_port(profile, custom)
    assert custom.port is not None
    port = custom.port
    # Where no name server answers, a text names its port, whatever port the row asks.
    endings = sorted(name for name in ENDINGS if port != 53 or name != "no dns")

    @settings(max_examples=15)
    @given(st.data())
    def one_run(data: st.DataObject) -> None:
        events: list[Event] = []
        enable = data.draw(st.sampled_from(["auto", "yes"]))
        answers = {**own.default_answers, "enable_remoting": enable}
        recorder = ResultRecorder(own, answers, 4.0, events.append, ())
        jobs = plan(own, [Target(custom.role, HOST_NAME, ASKED)])
        recorder.add(jobs)
        for job in jobs:
            recorder.verdicts.row_opened(job)
        for job in jobs:
            seen = observation(job.check, data.draw(st.sampled_from(endings)))
            if recorder.state.why_not_needed(job):
                seen = Observation(State.NOT_RUN, Reason.NOT_NEEDED)
            recorder.record(job, seen)
            recorder.emit_verdicts(recorder.verdicts.row_closed(job))
        results = list(recorder.state.results.values())
        said = [*texts(events), *texts(list(recorder.state.findings()))]
        for result in results:
            said += [line.text for line in detail_lines(result.job, result, own)]
            said += [one.text for one in commands(result)]
            said += [result.job.check_text, result.job.name]
        rows = RollUp()
        rows.add(jobs)
        said += [rows.titled(node, own).title for node in nodes(own) if custom.id in node.checks]
        path = write_session(*results)
        report = load_report(path, own)
        path.unlink()
        said += ["".join(one.render(report)).rpartition("</style>")[2] for one in FORMATS.values()]
        wrong = [place for text in said for place in named_ports(text, port)]
        assert not wrong, wrong
        assert any(named_ports(text, ASKED) for text in said)

    one_run()
