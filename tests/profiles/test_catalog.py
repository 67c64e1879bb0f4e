import re
from collections import Counter
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from profiles.loader import load_profile, parse_profile
from profiles.recognition import AUTO

REFERENCE = Path(__file__).parents[3] / "shared" / "required-ports-reference.md"

CHECKS_BY_ROLE = {
    "alloyscan.instance": ["alloyscan.https"],
    "cloud.aws": ["cloud.aws"],
    "cloud.azure": ["cloud.azure"],
    "cloud.google": ["cloud.google"],
    "windows.target": [
        "windows.winrm",
        "enable.rpc",
        "enable.smb",
        "enable.netbios",
        "enable.rpc_dynamic",
        "enable.udp135",
        "enable.udp139",
    ],
    "windows.dc": ["windows.kerberos", "windows.ldap"],
    "unix.target": ["unix.ssh"],
    "hyperv.host": ["hyperv.winrm"],
    "esxi.host": ["esxi.https", "esxi.authd", "esxi.http"],
    "xen.host": ["xen.ssh"],
    "snmp.device": ["snmp.snmp"],
    "printer": ["printer.snmp", "printer.raw"],
    "nas": ["nas.netbios"],
    "dns.server": ["discovery.dns"],
    "discovery.host": ["discovery.ping", "discovery.nbns", "discovery.nbdgm"],
}
# What the reference says outside its tables.
FROM_PROSE = {"enable.rpc_dynamic", "printer.snmp"}
CLOUDS = "AWS, Azure, or Google Cloud API endpoints"


@pytest.fixture(scope="module")
def catalog(probes):
    return as_written(load_profile(None, probes))


def as_written(profile):
    """The profile without the role of hosts that have none, which no reference has."""
    return replace(
        profile,
        categories=tuple(one for one in profile.categories if one.id != AUTO),
        roles=tuple(one for one in profile.roles if one.id != AUTO),
        checks=tuple(one for one in profile.checks if one.role != AUTO),
        capabilities=tuple(one for one in profile.capabilities if one.role != AUTO),
    )


def _sections():
    """Title -> (rows as dicts, sentences outside the table); the introduction is title ''."""
    found, title = {"": ([], [])}, ""
    lines = REFERENCE.read_text(encoding="utf-8").splitlines()[1:]
    header = None
    for line in lines:
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if header is None:
                header = cells
            elif not set(line) <= set("|-"):
                found[title][0].append(dict(zip(header, cells, strict=True)))
            continue
        header = None
        if line and not line.endswith("."):
            title = line
            found[title] = ([], [])
        elif line:
            found[title][1].append(line)
    return found


@pytest.fixture(scope="module")
def sections():
    if not REFERENCE.exists():
        pytest.skip(f"the reference is not beside the checkout: {REFERENCE}")
    return _sections()


def _row(section, row):
    where = row.get("Destination") or row.get("Target") or ""
    port = row["Port"]
    return (
        section,
        where,
        row["Protocol"],
        None if port == "Not applicable" else int(port.removesuffix(" by default")),
        row["Purpose"],
    )


def test_the_built_in_profile_keeps_every_rule_although_no_start_asks(probes):
    path = resources.files("profiles").joinpath("catalog", "alloyscan.toml")
    assert parse_profile(path.read_bytes(), "alloyscan.toml", probes) == load_profile(None, {})


def test_the_sections_are_those_of_the_reference_in_its_order(catalog, sections):
    assert [category.title for category in catalog.categories] == [one for one in sections if one]


def test_every_row_of_the_reference_is_a_check_and_every_check_is_a_row(catalog, sections):
    titles = {category.id: category.title for category in catalog.categories}
    protocols = {"tcp": "TCP", "udp": "UDP", "icmp": "ICMPv4"}
    checks = Counter()
    for check in catalog.checks:
        if check.id in FROM_PROSE:
            continue
        section = titles[check.category]
        named = any("Destination" in row or "Target" in row for row in sections[section][0])
        where = catalog.role(check.role).title if named else ""
        where = CLOUDS if check.role.startswith("cloud.") else where
        transport = protocols[check.transport]
        checks[(section, where, transport, check.port, check.purpose)] += 1
    rows = Counter(_row(section, row) for section, (all_, _) in sections.items() for row in all_)
    clouds = [row for row in rows if row[1] == CLOUDS]
    assert len(clouds) == 1
    rows[clouds[0]] = 3
    assert checks == rows
    assert sum(rows.values()) == 25


def test_every_sentence_outside_the_tables_is_in_a_section_word_for_word(catalog, sections):
    texts = {category.title: category.text for category in catalog.categories}
    for title, (_, sentences) in sections.items():
        # The introduction stands with the first section.
        text = texts[title or catalog.categories[0].title]
        assert " ".join(sentences) == text or (not sentences and title == "AlloyScan connectivity")


def test_a_check_from_the_prose_has_its_words(catalog, sections):
    titles = {category.id: category.title for category in catalog.categories}
    for id in FROM_PROSE:
        check = catalog.check(id)
        assert check.purpose in " ".join(sections[titles[check.category]][1])


def test_the_conditions_are_the_words_of_the_reference(catalog, sections):
    titles = {category.id: category.title for category in catalog.categories}
    for check in catalog.checks:
        rows, sentences = sections[titles[check.category]]
        stated = {row["Purpose"]: row["Required when"] for row in rows if "Required when" in row}
        if check.purpose in stated:
            assert check.required_when == stated[check.purpose]
        assert check.required_when in " ".join([check.purpose, *stated.values(), *sentences])


def test_a_port_that_is_only_a_default_can_be_replaced(catalog, sections):
    flexible = {
        row["Purpose"]
        for rows, _ in sections.values()
        for row in rows
        if row["Port"].endswith("by default")
    }
    assert len(flexible) == 2
    for check in catalog.checks:
        if check.purpose in flexible:
            assert check.custom_port, check.id


def test_what_the_reference_says_of_a_loss_is_the_consequence(catalog, sections):
    whole = REFERENCE.read_text(encoding="utf-8")
    for id in ("windows.kerberos", "windows.ldap", "discovery.ping"):
        assert catalog.check(id).consequence in whole
    dynamic = catalog.check("enable.rpc_dynamic").consequence
    assert "The firewall must also allow RPC traffic" in dynamic
    assert dynamic in whole


def test_the_roles_and_the_order_of_their_checks_are_the_interface(catalog):
    asked = {role.id: [c.id for c in catalog.checks_of(role.id)] for role in catalog.roles}
    assert asked == CHECKS_BY_ROLE


def test_only_what_the_audit_works_without_is_degraded(catalog):
    degraded = {check.id for check in catalog.checks if check.loss == "degraded"}
    assert degraded == {"windows.ldap", "discovery.ping"}


def test_only_the_mute_udp_ports_are_expected_not_to_answer(catalog):
    mute = {check.id for check in catalog.checks if not check.answers}
    assert mute == {"enable.udp135", "enable.udp139", "discovery.nbdgm"}


def test_the_remote_enabling_ports_are_spared_by_winrm_only_under_auto(catalog):
    enabling = [check for check in catalog.checks if check.category == "enable"]
    assert len(enabling) == 6
    for check in enabling:
        assert [(one.question, one.answers) for one in check.when] == [
            ("enable_remoting", ("yes", "auto"))
        ]
        assert [(one.check, one.question, one.answers) for one in check.unless] == [
            ("windows.winrm", "enable_remoting", ("auto",))
        ]


def test_printing_ports_are_spared_only_when_snmp_found_a_printer(catalog):
    (exception,) = catalog.check("printer.raw").unless
    assert (exception.check, exception.fact) == ("printer.snmp", "printer")


def test_the_dynamic_ports_are_shown_as_a_range_and_wait_for_the_mapper(catalog):
    check = catalog.check("enable.rpc_dynamic")
    assert (check.port_text, check.port, check.needs) == ("TCP 49152-65535", 135, "enable.rpc")
    assert check.probe == "rpc_dynamic"


def test_a_port_can_be_replaced_in_these_roles_and_no_other(catalog):
    replaceable = {role.id for role in catalog.roles if catalog.custom_port(role.id)}
    assert replaceable == {
        "alloyscan.instance",
        "cloud.aws",
        "cloud.azure",
        "cloud.google",
        "unix.target",
        "xen.host",
        "snmp.device",
        "printer",
        "dns.server",
    }


def test_the_default_answers_are_those_of_the_command_line(catalog):
    assert catalog.default_answers == {
        "domain_credentials": "yes",
        "current_user": "yes",
        "enable_remoting": "auto",
    }


def test_clouds_bring_their_hosts_and_dns_the_resolvers_of_this_machine(catalog):
    assert {role.id for role in catalog.roles if role.hosts} == {
        "cloud.aws",
        "cloud.azure",
        "cloud.google",
    }
    assert {role.id for role in catalog.roles if role.resolvers} == {"dns.server"}


def test_a_fix_names_the_port_and_who_connects(catalog):
    for check in catalog.checks:
        number = check.ports or check.port or "ICMPv4 echo"
        assert str(number) in check.fix, check.id
        assert "from the Audit Service host" in check.fix, check.id
        assert re.search(r"\b(inbound|outbound)\b", check.fix), check.id
