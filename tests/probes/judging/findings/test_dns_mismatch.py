"""Forward, reverse and SRV records that name different hosts."""

from __future__ import annotations

import pytest


def resolved(address: str, *names: tuple[str, str], controllers: tuple[str, ...] = ()) -> dict:
    """The fact of a row: its address, where it leads back to, and the domain's controllers."""
    known: dict[str, object] = {"addresses": [address], "server": "10.0.0.53"}
    if names:
        back = [{"name": name, "addresses": [to] if to else []} for name, to in names]
        known["reverse"] = {"address": address, "names": back}
    if controllers:
        known["controllers"] = {"domain": "corp.example", "names": list(controllers)}
    return known


@pytest.fixture
def named(row):
    """A row of a host that was named, with what DNS says of it."""

    def make(host: str, address: str, *names: tuple[str, str], **more):
        return row(host, 22, address=address, resolved=resolved(address, *names, **more))

    return make


def test_another_name_with_the_same_address_is_an_alias_or_stale(named, only) -> None:
    finding = only([named("pc7.corp", "10.2.0.7", ("pc9.corp", "10.2.0.7"))])
    assert finding.text == (
        "pc7.corp has the address 10.2.0.7, which leads back to pc9.corp, "
        "and that name leads to the same address"
    )
    assert finding.confidence == "likely"
    assert "an alias looks the same" in finding.why
    assert finding.fix == "If it is no alias, correct the DNS entry of pc7.corp."


def test_another_name_with_another_address_is_a_stale_entry(named, only) -> None:
    finding = only([named("pc7.corp", "10.2.0.7", ("pc9.corp", "10.2.0.9"))])
    assert finding.text.endswith("leads back to pc9.corp, but that name leads to 10.2.0.9")
    assert "10.2.0.7" in finding.fix


def test_another_name_that_does_not_resolve_claims_no_more(named, only) -> None:
    finding = only([named("pc7.corp", "10.2.0.7", ("pc9.corp", ""))])
    assert finding.text == "pc7.corp has the address 10.2.0.7, which leads back to pc9.corp"


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("pc7.corp", [("PC7.corp.", "10.2.0.7")]),
        ("pc7", [("pc7.corp", "10.2.0.7")]),
        ("pc7.corp", [("www.corp", "10.2.0.7"), ("pc7.corp", "10.2.0.7")]),
        ("pc7.corp", []),
    ],
)
def test_names_that_agree_or_are_not_known_are_no_finding(named, found, host, names) -> None:
    assert found([named(host, "10.2.0.7", *names)]) == ()


def test_the_address_that_was_not_asked_is_not_spoken_of(row, found) -> None:
    fact = resolved("10.2.0.7", ("pc9.corp", "10.2.0.7"))
    assert found([row("pc7.corp", 22, address="10.2.0.8", resolved=fact)]) == ()


def test_many_names_are_one_finding(named, only) -> None:
    rows = [
        named(f"pc{n}.corp", f"10.2.0.{n}", (f"host-{n}.isp", f"10.2.0.{n}")) for n in range(1, 6)
    ]
    finding = only(rows)
    assert finding.text.startswith("5 names have addresses that lead back to other names (pc1.corp")
    assert finding.text.endswith("and those lead to the same addresses")
    assert finding.keys == tuple(sorted(row.job.key for row in rows))


def test_rows_of_one_host_are_one_finding(row, only) -> None:
    fact = resolved("10.2.0.7", ("pc9.corp", "10.2.0.7"))
    only([row("pc7.corp", port, address="10.2.0.7", resolved=fact) for port in (22, 135, 445)])


def test_a_controller_that_dns_does_not_name_is_found(named, only) -> None:
    rows = [
        named(f"{name}.corp.example", address, controllers=("dc1.corp.example", "dc2.corp.example"))
        for name, address in (("dc1", "10.2.0.1"), ("dc8", "10.2.0.8"), ("dc9", "10.2.0.9"))
    ]
    finding = only(rows)
    assert finding.text == (
        "dc8.corp.example and dc9.corp.example are not among the domain controllers that DNS "
        "names for corp.example (dc1.corp.example and dc2.corp.example)"
    )
    assert finding.keys == tuple(sorted(row.job.key for row in rows[1:]))


def test_where_dns_names_no_controller_nothing_is_claimed(named, found) -> None:
    assert found([named("dc1.corp.example", "10.2.0.1", controllers=())]) == ()


@pytest.mark.parametrize(
    "forged",
    [
        {"reverse": 7},
        {"reverse": {"address": 7, "names": [{"name": "x"}]}},
        {"reverse": {"address": "10.2.0.7", "names": "x"}},
        {"reverse": {"address": "10.2.0.7", "names": [7, {"name": 7}, {"addresses": [7]}]}},
        {"controllers": {"domain": [], "names": ["a"]}},
        {"controllers": {"domain": "a", "names": {"a": 1}}},
    ],
)
def test_a_forged_log_is_no_finding_and_no_fault(row, found, forged) -> None:
    fact = {"addresses": ["10.2.0.7"], **forged}
    assert found([row("pc7.corp", 22, address="10.2.0.7", resolved=fact)]) == ()
