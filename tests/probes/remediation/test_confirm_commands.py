"""Commands by which somebody else asks the same, for every check and hostile rows."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Reason, Service, State
from probes.registry.shell import System, address
from probes.remediation import commands
from probes.wire.address import plain_name

OPEN = (State.OPEN, Reason.SYN_ACK)
HOSTILE = st.text(max_size=40) | st.sampled_from(
    [
        "-oN/etc/x",
        "$(reboot)",
        "a;b",
        "x' y",
        "fe80::1%;b",
        "@/etc/passwd",
        "a/b@c",
        "[1-9]",
        "\u2019",
    ]
)


def texts(result, **options) -> list[str]:
    return [command.text for command in commands(result, **options)]


def test_every_check_that_was_measured_can_be_confirmed_with_nmap_and_on_windows(row, profile):
    for check in profile.checks:
        found = texts(row(check.id, *("h1", *OPEN)))
        assert any("nmap " in text for text in found), check.id
        systems = {command.system for command in commands(row(check.id))}
        assert systems == set(System), check.id


def test_the_row_of_a_host_without_a_role_is_confirmed_by_all_that_it_was_asked(row):
    asked = [{"port": one} for one in ("TCP 22", "TCP 9100", "UDP 161", "ICMP", "TCP 0;x", 7)]
    for facts in ({"asked": [*asked, None]}, {"asked": "TCP 22"}, {}):
        found = texts(row("auto", "h1", State.OPEN, Reason.ECHO_REPLY, facts=facts))
        ports = [
            "nmap -n -Pn -sT -p 22,9100 --reason 10.2.0.14",
            "sudo nmap -n -Pn -sU -p 161 --reason 10.2.0.14",
        ]
        queries = [
            "portqry -n 10.2.0.14 -o '22,9100' -p tcp",
            "portqry -n 10.2.0.14 -o 161 -p udp",
        ]
        ping = ["Test-NetConnection 10.2.0.14", "ping -n 1 10.2.0.14"]
        is_known = isinstance(facts.get("asked"), list)
        unix = [*(ports if is_known else []), "sudo nmap -n -sn -PE --reason 10.2.0.14"]
        assert found == [*unix, *(queries if is_known else []), *ping]


def test_a_row_that_was_not_asked_has_nothing_to_confirm(row):
    assert commands(row("enable.rpc_dynamic", "pc1", State.ERROR, Reason.DEPENDENCY)) == ()
    assert commands(row("unix.ssh", "pc1", State.NOT_RUN, Reason.NOT_NEEDED)) == ()


def test_a_name_that_does_not_resolve_is_looked_up(row):
    result = row("unix.ssh", "pc9.corp.test", State.ERROR, Reason.NAME_NOT_RESOLVED, address=None)
    assert texts(result) == [
        "getent ahosts pc9.corp.test",
        "dig +search pc9.corp.test",
        "Resolve-DnsName pc9.corp.test",
        "nslookup pc9.corp.test",
    ]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("unix.ssh", "nmap -n -Pn -sT -p 22 --reason --script +ssh-hostkey 10.2.0.14"),
        ("snmp.snmp", "sudo nmap -n -Pn -sU -p 161 --reason --script +snmp-info 10.2.0.14"),
        ("snmp.snmp", "snmpget -v2c -c COMMUNITY -t 4 -r 1 udp:10.2.0.14:161 1.3.6.1.2.1.1.2.0"),
        ("windows.winrm", "Test-WSMan -ComputerName pc1.corp.test -Port 5985"),
        ("windows.winrm", "Test-NetConnection 10.2.0.14 -Port 5985"),
        ("windows.ldap", "portqry -n 10.2.0.14 -e 389 -p tcp"),
        ("enable.udp135", "portqry -n 10.2.0.14 -e 135 -p udp"),
        (
            "windows.ldap",
            "ldapsearch -x -o nettimeout=4 -H ldap://10.2.0.14:389 -s base -b '' "
            "defaultNamingContext dnsHostName currentTime",
        ),
        (
            "alloyscan.https",
            "openssl s_client -connect 10.2.0.14:443 -servername pc1.corp.test "
            "-verify_hostname pc1.corp.test </dev/null",
        ),
        ("esxi.https", "curl -sS -g -k https://pc1.corp.test/sdk/vimServiceVersions.xml"),
        ("enable.smb", "smbclient -N -L 10.2.0.14 -p 445"),
        ("discovery.ping", "ping -c 1 -W 4 10.2.0.14"),
        ("discovery.nbns", "nmblookup -A 10.2.0.14"),
    ],
)
def test_the_command_asks_what_the_probe_asked(row, check, expected):
    assert expected in texts(row(check, *("pc1.corp.test", *OPEN)))


def test_a_dns_server_is_asked_the_probes_own_question(row):
    facts = {"question": "14.0.2.10.in-addr.arpa PTR"}
    found = texts(row("discovery.dns", "ns1", *OPEN, facts=facts))
    assert "dig @10.2.0.14 -p 53 +tries=2 +time=4 14.0.2.10.in-addr.arpa PTR" in found
    found = texts(row("discovery.dns", "ns1", *OPEN, facts={"question": "www.corp.test A"}))
    assert "dig @10.2.0.14 -p 53 +tries=2 +time=4 www.corp.test A" in found


def test_nothing_is_sent_to_a_printers_port(row):
    for text in texts(row("printer.raw", "lp1", *OPEN)):
        assert "--script" not in text and "-sV" not in text


def test_an_agent_that_knows_version_3_only_is_asked_with_version_3(row):
    found = texts(row("snmp.snmp", "sw1", *OPEN, facts={"versions": ["3"]}))
    assert not any("-v2c" in text for text in found)
    assert any("-v3" in text and "AUTH-KEY" in text and "PRIV-KEY" in text for text in found)


def test_dynamic_rpc_names_the_ports_that_were_tried(row):
    facts = {"tried": [{"port": 49664, "state": "filtered"}, {"port": 49670}], "summary": "x"}
    found = texts(row("enable.rpc_dynamic", "pc1", facts=facts))
    assert "nmap -n -Pn -sT -p 49664,49670 --reason 10.2.0.14" in found
    assert "Test-NetConnection 10.2.0.14 -Port 49664" in found


def test_a_row_through_a_proxy_goes_through_it(row):
    result = row("alloyscan.https", "a.test", *OPEN, address="10.3.0.1", via=("proxy.test", 3128))
    found = texts(result)
    assert found[0] == "nmap -n -Pn -sT -p 3128 --reason proxy.test"
    assert (
        "openssl s_client -proxy proxy.test:3128 -connect a.test:443 "
        "-servername a.test -verify_hostname a.test </dev/null"
    ) in found
    assert "curl -sS -g -i -x http://proxy.test:3128 https://a.test/" in found


def test_ipv6_stands_in_brackets_where_a_port_follows(row):
    found = texts(row("alloyscan.https", "2001:db8::1", *OPEN, address="2001:db8::1"))
    assert "nmap -6 -n -Pn -sT -p 443 --reason --script +ssl-cert 2001:db8::1" in found
    assert any("-connect '[2001:db8::1]:443' -verify_ip 2001:db8::1" in text for text in found)
    assert "curl -sS -g -i 'https://[2001:db8::1]/'" in found


def test_the_commands_of_the_own_system_stand_first(row):
    for windows in (False, True):
        found = commands(row("windows.winrm"), windows=windows)
        systems = [command.system for command in found]
        assert systems[0] is (System.WINDOWS if windows else System.UNIX)
        assert systems == sorted(systems, key=lambda one: one is not systems[0])


def test_every_line_is_read_back_as_the_words_it_was_made_of(row, profile):
    for check in profile.checks:
        for command in commands(row(check.id, "h1", *OPEN)):
            if command.system is System.UNIX:
                line = command.text.removesuffix(" </dev/null")
                assert shlex.split(line) == list(command.words)
            assert command.text.isprintable()


def test_a_hostile_host_is_a_placeholder_and_never_an_option(row, profile):
    plain = {
        check.id: texts(row(check.id, "HOST", *OPEN, address=None)) for check in profile.checks
    }

    @given(HOSTILE)
    def hostile(text):
        if address(text) or any(plain_name(word) for word in text.split()):
            return
        for check in profile.checks:
            facts = {"question": f"{text} PTR", "tried": [{"port": text}, text], "versions": [text]}
            result = row(check.id, text, *OPEN, address=text, facts=facts)
            assert texts(result) == plain[check.id]

    hostile()


@given(HOSTILE)
def test_no_word_of_a_command_has_more_than_an_address_or_a_name_in_it(text):
    from probes.model import Job, Observation, Result, Status, Target
    from probes.remediation.confirm_commands import command_target
    from profiles.model import Check

    check = Check("a.b", "a", "a.c", "B", "tcp", "tcp", "p", "c", "f", port=1)
    job = Job("k", check, Target("a.c", text), 1, (text, 1))
    seen = Observation(*OPEN, address=text)
    what = command_target(job, seen)
    for value in (what.address, what.host, what.proxy):
        assert all(mark.isascii() and (mark.isalnum() or mark in "._-:%[]") for mark in value)
        assert not value.startswith("-")
    assert commands(Result(job, Status.OK, "", seen)) is not None


def test_a_silent_service_is_confirmed_as_well(row):
    assert texts(row("unix.ssh", "h1", *OPEN, service=Service.SILENT))
