"""The host entry as a whole: any text at all, and what was read written out again."""

import ipaddress
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from probes.model import Target
from probes.targets import parse
from tests.probes.targets.parsing import PROFILE

PIECES = st.sampled_from(
    [
        *"=,;:@#/-[]%*.\\\"' \n\t\r\x00\x1b\u200b\u00a0\udc80aüß",
        *[
            "unix.target",
            "nas",
            "domain:",
            "10.0.0.1",
            "/24",
            "-20",
            "2001:db8::",
            "fe80::1%e",
            "://",
        ],
    ]
)


@given(st.lists(st.text(max_size=60) | st.lists(PIECES, max_size=12).map("".join), max_size=5))
def test_no_text_raises_and_every_sentence_can_be_shown(entries):
    result = parse(entries, PROFILE)
    for problem in result.problems:
        categories = {unicodedata.category(char) for char in str(problem)}
        assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    for target in result.targets:
        assert target.label.isascii() and target.label.isprintable()
        assert " " not in target.label


LABELS = st.from_regex(r"[a-zA-Z_]([a-z0-9_-]{0,10}[a-z0-9_])?", fullmatch=True)
ROLES = {role.id for role in PROFILE.roles}
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join).filter(lambda n: n not in ROLES)


def one_host(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if address.version == 6 and address.is_link_local:
        return False
    return not (address.is_multicast or address.is_unspecified or int(address) == 2**32 - 1)


# The standard library writes an IPv4-mapped address differently since Python 3.13.
ADDRESSES = st.ip_addresses().filter(one_host).filter(lambda a: not getattr(a, "ipv4_mapped", None))
TARGETS = st.builds(
    Target,
    st.just("unix.target"),
    NAMES | ADDRESSES.map(str),
    st.none() | st.integers(1, 65535),
)


@given(st.lists(TARGETS, max_size=8), st.sampled_from([",", "\n", " ", "; ", ",\r\n"]))
def test_targets_written_out_are_read_back_the_same(targets, separator):
    first = parse(["unix.target=x," + separator.join(t.label for t in targets)], PROFILE)
    assert first.problems == ()
    again = parse([f"{t.role}={t.label}" for t in first.targets], PROFILE)
    assert again == first
    assert {t.label.casefold() for t in first.targets} <= {
        "x",
        *(t.label.casefold() for t in targets),
    }
    assert {t.host.casefold() for t in first.targets} == {
        "x",
        *(t.host.casefold() for t in targets),
    }
