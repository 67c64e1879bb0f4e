from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probes.judging.findings import FindingKind, diagnose
from probes.model import Status

ANSWERS = {"domain_credentials": "yes"}
HOSTS = ["10.2.0.1", "10.2.0.2", "10.2.0.3", "10.3.0.1", "pc1", "pc2", "2001:db8::1"]
LOST = {Status.BLOCKED, Status.DEGRADED, Status.ERROR}
ABOUT_LOSS = {
    FindingKind.NAME,
    FindingKind.NETWORK,
    FindingKind.HOST,
    FindingKind.FILTER,
    FindingKind.SERVICE,
    FindingKind.LOCAL,
    FindingKind.PROXY,
}

what = st.sampled_from(
    ["open", "refused", "silent", "rejected", "down", "no route", "loop", "unresolved", "waits"]
)
facts = st.fixed_dictionaries(
    {},
    optional={
        "accepts_everything": st.booleans(),
        "clock_skew_s": st.sampled_from([0.0, 400.0, "x"]),
        "computer": st.sampled_from(["PC1", "PC2", ""]),
        "host_key_fingerprint": st.sampled_from(["k1", "k2"]),
        "proxy": st.just("p:1"),
        "certificate": st.sampled_from([{"names": ["pc2"]}, {"names": 3}, "x"]),
        "resolved": st.sampled_from([{"addresses": ["10.2.0.1", "10.2.0.2"]}, {}, "x"]),
        "problem": st.sampled_from(["p1", "p2"]),
    },
)
seen = st.tuples(
    st.sampled_from(HOSTS),
    st.sampled_from([22, 135, 445]),
    what,
    st.sampled_from(["", "10.1.1.1", "10.0.0.9", "10.2.0.1"]),
    st.sampled_from(["10.2.0.1", "10.2.0.9"]),
    facts,
)
many = st.lists(seen, max_size=25, unique_by=lambda one: one[:2])


def made(row, drawn):
    rows = []
    for host, port, kind, by, address, known in drawn:
        named = host.startswith("pc") and kind not in ("unresolved", "waits")
        rows.append(
            row(host, port, kind, by=by, needs="r.tcp22", **known, address=address if named else "")
        )
    return rows


@given(drawn=many, data=st.data())
def test_any_order_of_arrival_gives_the_same_findings(row, drawn, data):
    rows = made(row, drawn)
    again = data.draw(st.permutations(rows))
    assert diagnose(rows, ANSWERS) == diagnose(again, ANSWERS)


@given(drawn=many)
def test_every_key_is_a_row_and_no_lost_row_is_behind_two_findings(row, drawn):
    rows = {result.job.key: result for result in made(row, drawn)}
    findings = diagnose(rows.values(), ANSWERS)
    named = [key for finding in findings for key in finding.keys]
    assert set(named) <= set(rows)
    lost = [key for key in named if rows[key].status in LOST]
    assert len(lost) == len(set(lost))
    assert all(finding.keys and finding.text and finding.why for finding in findings)


@given(drawn=many)
def test_a_row_that_is_ok_is_never_called_lost(row, drawn):
    rows = {result.job.key: result for result in made(row, drawn)}
    for finding in diagnose(rows.values(), ANSWERS):
        if finding.kind in ABOUT_LOSS:
            assert {rows[key].status for key in finding.keys} <= LOST


def test_nothing_measured_is_nothing_found():
    assert diagnose((), ANSWERS) == ()
