from __future__ import annotations

import pytest

from probes.judging.findings import Confidence, FindingKind


def clocks(row, host, **skews):
    return [
        row(host, 1000 + n, title=title, clock_skew_s=skew)
        for n, (title, skew) in enumerate(skews.items())
    ]


def test_clocks_that_agree_make_the_skew_certain(row, only):
    rows = clocks(row, "10.2.0.10", Kerberos=372.1, LDAP=372, SMB=371.9)
    finding = only([*rows, *clocks(row, "10.2.0.11", SMB=0.2)])
    assert finding.text == "10.2.0.10 is 6 min 12 s ahead (Kerberos, LDAP and SMB agree)"
    assert finding.kind is FindingKind.TIME and finding.confidence is Confidence.CERTAIN
    assert len(finding.keys) == 3


def test_one_clock_alone_is_only_likely(row, only):
    finding = only(clocks(row, "10.2.0.10", SMB=-120.0))
    assert finding.text == "10.2.0.10 is 2 min 0 s behind (SMB says so)"
    assert finding.confidence is Confidence.LIKELY


def test_clocks_of_one_host_that_disagree_are_told(row, only):
    finding = only(clocks(row, "10.2.0.10", Kerberos=372.0, SMB=0.1))
    assert finding.text == (
        "10.2.0.10 tells more than one time: it is by SMB right and by Kerberos 6 min 12 s ahead"
    )


def test_where_everybody_agrees_the_clock_here_is_wrong(row, only):
    rows = [*clocks(row, "10.2.0.10", Kerberos=400.0), *clocks(row, "10.2.0.11", Kerberos=402.0)]
    finding = only(rows)
    assert finding.text.startswith("This machine's clock is 6 min 42 s behind: 2 hosts agree on it")


def test_clocks_that_are_right_are_no_finding(row, found):
    assert found(clocks(row, "10.2.0.10", Kerberos=1.0, SMB=-3.0)) == ()


def test_an_http_date_is_a_clock_too(row, only):
    started = "2026-11-23T12:00:00.000+02:00"
    rows = [
        row("10.2.0.1", 443, title="HTTPS", started=started, http_date=date)
        for date in ["Mon, 23 Nov 2026 10:10:00 GMT"]
    ]
    assert only(rows).text == "10.2.0.1 is 10 min 0 s ahead (HTTPS says so)"


@pytest.mark.parametrize("skew", ["400", True, None, float("nan"), float("inf"), 1e300, [400]])
def test_a_skew_that_is_no_number_of_seconds_is_none(row, found, skew):
    assert found(clocks(row, "10.2.0.10", SMB=skew)) == ()


@pytest.mark.parametrize(
    "date", ["", "Mon, 99 Nov 2026 10:10:00 GMT", "Mon, 23 Nox 2026 10:10:00 GMT", "x" * 500]
)
def test_a_date_that_is_none_is_ignored(row, found, date):
    assert found([row("10.2.0.1", 443, http_date=date)]) == ()
