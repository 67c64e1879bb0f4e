"""Filters against a second evaluation of docs/filter.md, written for reading, not for speed."""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.model import Job, Observation, Reason, Result, Service, State, Status, Target
from profiles.model import Check
from tui.models.columns import latency_of
from tui.models.filter import Filter, row_predicate
from tui.models.query import parse

Row = tuple[Job, Status, Result | None]

NOTES = ("No answer in 4 s, twice", "Refused with a TCP reset", "TLS 1.3; timed out")
PORTS = (22, 53, 135, 139, 443, 1023, 1024, 5985, 65535)
CHECKS = (
    ("windows.winrm", "WinRM", "tcp", 5985, ""),
    ("windows.rpc", "RPC dynamic", "tcp", None, "49152-65535"),
    ("discovery.ping", "Ping", "icmp", None, ""),
    ("discovery.dns", "DNS", "udp", 53, ""),
    ("enable.udp139", "NetBIOS", "udp", 139, ""),
    ("unix.ssh", "SSH", "tcp", 22, ""),
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    id, title, transport, port, ports = draw(st.sampled_from(CHECKS))
    role = draw(st.sampled_from(("windows.dc", "unix.target")))
    check = Check(id, "c", role, title, "tcp", transport, "", "", "", port=port, ports=ports)
    host = draw(st.sampled_from(("dc1.corp.example", "web1", "10.2.0.14", "2001:db8::5")))
    own = draw(st.sampled_from(PORTS)) if port is not None and draw(st.booleans()) else None
    job = Job(f"{id}|{host}", check, Target(role, host, own), own or port)
    status = draw(st.sampled_from(tuple(Status)))
    if draw(st.booleans()):
        return job, status, None
    seen = Observation(
        draw(st.sampled_from(tuple(State))),
        draw(st.sampled_from(tuple(Reason))),
        draw(st.sampled_from(tuple(Service))),
        address=draw(st.sampled_from((None, "10.2.0.14", "10.3.0.1", "2001:db8::5"))),
        latency_ms=draw(st.sampled_from((None, 0.42, 10.0, 38.1, 100.0, 2100.0))),
        latency_at_most=draw(st.booleans()),
    )
    return job, status, Result(job, status, draw(st.sampled_from(NOTES)), seen)


def is_in(address: str | None, network: str) -> bool:
    try:
        return ipaddress.ip_address(address or "") in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def numbers(text: str) -> range:
    """Every port of `53`, `135-139` or `>1023`."""
    if text.isdecimal():
        return range(int(text), int(text) + 1)
    if "-" in text:
        low, _, high = text.partition("-")
        return range(int(low), int(high) + 1)
    inclusive = "=" in text
    limit = int(text.strip("<>="))
    return range(limit + (not inclusive), 65536) if ">" in text else range(limit + inclusive)


def has_port(row: Row, value: str) -> bool:
    job = row[0]
    transport, port = job.check.transport, job.port_text.partition(" ")[2]
    for word, meant in (("tcp", "tcp"), ("udp", "udp"), ("t:", "tcp"), ("u:", "udp")):
        if value.casefold().startswith(word) and value[:1].isalpha():
            if transport != meant:
                return False
            value = value[len(word) :].lstrip("/")
            break
    if value == "icmp":
        return transport == "icmp"
    if not value:
        return True
    if "*" in value:
        return fnmatchcase(port, value) or fnmatchcase(transport, value)
    return bool(port) and bool({*numbers(port)} & {*numbers(value)})


def milliseconds(limit: str) -> tuple[float, float]:
    factor = 1000 if limit.endswith("s") and not limit.endswith("ms") else 1
    low, _, high = limit.removesuffix("ms").removesuffix("s").partition("-")
    return float(low) * factor, float(high or low) * factor


def has_latency(row: Row, limit: str) -> bool:
    ms = row[2].observation.latency_ms if row[2] else None
    if ms is None:
        return False
    low, high = milliseconds(limit.lstrip("<>="))
    if row[2] and row[2].observation.latency_at_most:
        # It may be anything down to nothing, so only an upper limit is sure to hold.
        return ("-" in limit and low == 0 and ms <= high) or (
            "<" in limit and (ms < low or ("=" in limit and ms == low))
        )
    if "-" in limit:
        return low <= ms <= high
    return ("=" in limit and ms == low) or (ms > low if ">" in limit else ms < low)


def has(row: Row, field: str, value: str) -> bool:
    job, status, result = row
    seen = result.observation if result else None
    host = job.target.host
    match field:
        case "status":
            return status.value.replace(" ", "-") == value
        case "host":
            names = {host, job.target.label, host if host[:1].isdigit() else host.split(".")[0]}
            return is_in(host, value) or any(fnmatchcase(name, value) for name in names)
        case "address":
            address = seen.address if seen else host
            is_one = address is not None and (":" in address or address[:1].isdigit())
            return is_one and (is_in(address, value) or fnmatchcase(str(address), value))
        case "port":
            return has_port(row, value)
        case "check":
            names = {job.check.title.lower(), job.check.id, *job.check.id.split(".")}
            return any(fnmatchcase(name, value) for name in names)
        case "role":
            return value in (job.target.role, *job.target.role.split("."))
        case "note":
            return result is not None and value in result.note.lower()
        case "latency":
            return has_latency(row, value)
        case "reason" | "service" | "state":
            return seen is not None and getattr(seen, field).replace(" ", "-") == value
        case _:
            shown = [job.target.label, job.check_text, job.check.id, status.value]
            if result is not None and seen is not None:
                latency = latency_of(seen)
                shown += [result.note, str(seen.address), latency, latency.replace(" ", "")]
            return any(value in text.lower() for text in shown)


def dashed(words: type[Status | Reason | Service | State]) -> tuple[str, ...]:
    return tuple(word.replace(" ", "-") for word in words)


SPANS = ("22", "53", "139", "135-139", ">1023", ">=1023", "<1024", "<=22", "50000", "65535")
VALUES = {
    "": ("dc1", "blocked", "refused", "ssh", "10.2", "38.1", "2.1s", "ms", "winrm"),
    "status": dashed(Status),
    "host": ("dc1", "dc*", "web1", "10.2.0.0/16", "10.2.0.14", "2001:db8::/32", "*"),
    "address": ("10.2.*", "10.2.0.0/16", "10.3.0.1", "2001:db8::/32", "0.0.0.0/0"),
    "port": (
        *SPANS,
        *(f"{way}{span}" for way in ("tcp/", "udp/", "T:", "U:") for span in SPANS),
        *("tcp", "udp", "icmp", "59*", "*"),
    ),
    "check": ("winrm", "windows.winrm", "windows", "dns", "rpc*"),
    "role": ("windows.dc", "dc", "target", "unix"),
    "note": ("refused", "timed", "s"),
    "latency": (">100", ">=100", "<10", "<=10", "10-50", "0-50", "<=2s", "1-3s"),
    "reason": dashed(Reason),
    "service": dashed(Service),
    "state": dashed(State),
}
TERMS = st.sampled_from(tuple(VALUES)).flatmap(
    lambda field: st.tuples(
        st.booleans(),
        st.just(field),
        st.lists(
            st.sampled_from(VALUES[field]), min_size=1, max_size=3 if field else 1, unique=True
        ),
    )
)


def written(inverse: bool, field: str, values: list[str]) -> str:
    return f"{'!' * inverse}{field}{':' * bool(field)}{','.join(values)}"


@settings(max_examples=400)
@given(rows(), st.lists(TERMS, min_size=1, max_size=3))
def test_a_filter_means_what_its_page_says(
    row: Row, terms: list[tuple[bool, str, list[str]]]
) -> None:
    query = parse(" ".join(written(*term) for term in terms))
    assert not query.error
    wanted = all(
        any(has(row, field, one) for one in values) is not no for no, field, values in terms
    )
    assert row_predicate(Filter(text=query.text, absent=True))(*row) is wanted


@pytest.mark.parametrize("value", VALUES["port"])
def test_a_ping_has_no_port(value: str) -> None:
    check = Check("discovery.ping", "c", "r", "Ping", "icmp", "icmp", "", "", "")
    row = (Job("k", check, Target("r", "web1"), None), Status.OK, None)
    shown = row_predicate(Filter(text=f"port:{value}"))(*row)
    assert shown is (value in ("icmp", "*"))
    assert row_predicate(Filter(text=f"!port:{value}"))(*row) is not shown


@pytest.mark.parametrize(
    "value", ["tcp/web", "udp/", "70000", "tcp/70000", "53ms", "1.5", "sctp/53", "u:", ">70000"]
)
def test_a_port_that_can_match_nothing_is_refused(value: str) -> None:
    assert "is no port" in parse(f"port:{value}").error
