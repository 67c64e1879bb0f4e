"""Advice by the party that refused and the platform of the host."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Reason, Service, State, Status
from probes.remediation import remedy

SILENT = (State.FILTERED, Reason.NO_RESPONSE)
REJECTED = (State.FILTERED, Reason.ADMIN_PROHIBITED)
REFUSED = (State.CLOSED, Reason.CONN_REFUSED)


def pasted(result) -> str:
    found = remedy(result)
    assert found is not None
    return "\n".join(f"[{paste.where}]\n{paste.text}" for paste in found.snippets)


def test_a_row_that_is_well_needs_no_change(row):
    assert remedy(row("unix.ssh", state=State.OPEN, reason=Reason.SYN_ACK)) is None


def test_what_is_unverifiable_from_outside_has_no_fix(row):
    result = row("enable.udp135", state=State.OPEN_FILTERED)
    assert result.status is Status.UNVERIFIABLE
    assert remedy(result) is None


def test_a_silent_windows_target_gets_remoting_a_rule_for_this_source_and_a_policy(row):
    text = pasted(row("windows.winrm"))
    assert "Enable-PSRemoting -Force" in text
    assert (
        "New-NetFirewallRule -DisplayName 'auditreach: WinRM TCP 5985 from 10.1.0.9' "
        "-Direction Inbound -Action Allow -Protocol TCP -LocalPort 5985 -RemoteAddress 10.1.0.9"
    ) in text
    assert "Allow remote server management through WinRM" in text
    assert "source 10.1.0.9, destination 10.2.0.14 (pc1.corp.test)" in text


def test_remoting_is_enabled_where_winrm_listens_and_not_for_other_ports(row):
    for check in ("windows.ldap", "enable.smb", "windows.kerberos"):
        assert "Enable-PSRemoting" not in pasted(row(check)), check
    assert "Enable-PSRemoting" in pasted(row("hyperv.winrm"))


def test_a_refusal_of_the_windows_target_itself_needs_no_rule_but_the_service(row):
    result = row("windows.winrm", "pc1", *REFUSED)
    assert pasted(result).splitlines()[1:] == ["Enable-PSRemoting -Force"]
    change = remedy(result).change
    assert "nothing listens on TCP 5985, or a firewall refuses it" in change


def test_the_hosts_own_firewall_is_changed_on_the_host_and_nothing_in_between(row):
    text = pasted(row("unix.ssh", "web1", *REJECTED, icmp="10.2.0.14"))
    assert "nft insert rule inet filter input ip saddr 10.1.0.9 tcp dport 22 accept" in text
    assert "iptables -I INPUT -s 10.1.0.9 -p tcp --dport 22 -j ACCEPT" in text
    assert 'source address="10.1.0.9" port port="22" protocol="tcp" accept' in text
    assert "destination 10.2.0.14" not in text


def test_a_device_on_the_path_is_named_and_the_host_is_left_alone(row):
    for check in ("windows.winrm", "unix.ssh", "snmp.snmp", "esxi.https"):
        result = row(check, "host1", *REJECTED, icmp="10.9.9.9")
        found = remedy(result)
        assert [paste.where for paste in found.snippets] == ["rule for 10.9.9.9"], check
        assert "10.9.9.9" in found.change
        assert "New-NetFirewallRule" not in pasted(result)


def test_this_machines_own_firewall_is_changed_on_this_machine(row):
    text = pasted(row("unix.ssh", "web1", *REJECTED, icmp="10.1.0.9"))
    assert "output ip daddr 10.2.0.14 tcp dport 22 accept" in text
    assert "on this machine" in text


def test_nobody_there_is_no_firewall(row):
    for sender in ("10.1.0.9", "10.9.9.9"):
        result = row("windows.winrm", "pc1", State.UNREACHABLE, Reason.HOST_UNREACH, icmp=sender)
        assert remedy(result).snippets == ()
        assert "Start 10.2.0.14 or correct its address" in remedy(result).change


def test_no_route_from_here_is_changed_here(row):
    result = row("unix.ssh", "web1", State.UNREACHABLE, Reason.NET_UNREACH, source=None)
    assert remedy(result).change == "Give this machine a route to 10.2.0.14."
    assert remedy(result).snippets == ()


def test_a_name_that_does_not_resolve_gets_a_name_and_not_a_firewall(row):
    result = row(
        "windows.winrm", "pc9.corp.test", State.ERROR, Reason.NAME_NOT_RESOLVED, address=None
    )
    assert "make pc9.corp.test resolve here" in remedy(result).change
    text = pasted(result)
    assert "ADDRESS pc9.corp.test" in text
    assert "Add-DnsServerResourceRecordA -ZoneName corp.test -Name pc9 -IPv4Address ADDRESS" in text
    assert "Firewall" not in text


def test_what_was_not_tested_for_another_reason_is_not_a_firewalls_fault(row):
    for reason in (Reason.DEPENDENCY, Reason.PERMISSION_DENIED, Reason.LOCAL_ERROR):
        result = row("enable.rpc_dynamic", "pc1", State.ERROR, reason, address=None)
        assert remedy(result).snippets == ()
        assert "Allow" not in remedy(result).change


def test_a_refusing_ssh_host_is_told_how_to_start_it(row):
    text = pasted(row("unix.ssh", "web1", *REFUSED))
    for line in ("systemctl enable --now sshd", "systemctl enable --now ssh", "systemsetup"):
        assert line in text
    assert "systemsetup" not in pasted(row("xen.ssh", "xen1", *REFUSED))


def test_an_snmp_agent_that_refuses_or_is_silent_gets_its_access_list(row):
    refused = row("snmp.snmp", "sw1", State.CLOSED, Reason.PORT_UNREACH, icmp="10.2.0.14")
    for result in (refused, row("snmp.snmp", "sw1", State.OPEN_FILTERED)):
        assert "rocommunity COMMUNITY 10.1.0.9" in pasted(result)
    assert "rocommunity" not in pasted(row("printer.snmp", "lp1", State.OPEN_FILTERED))


def test_a_wrong_service_is_looked_for_where_it_listens(row):
    opened = (State.OPEN, Reason.SYN_ACK)
    result = row("unix.ssh", "web1", *opened, service=Service.UNEXPECTED, facts={"summary": "HTTP"})
    assert "ss -lnpt 'sport = :22'" in pasted(result)
    assert "Another service answers" in remedy(result).change
    result = row("windows.winrm", "pc1", *opened, service=Service.SILENT)
    assert "Get-NetTCPConnection -State Listen -LocalPort 5985" in pasted(result)


def test_a_service_that_accepts_and_is_silent_is_no_firewalls_fault(row):
    opened = (State.OPEN, Reason.SYN_ACK)
    for check, word in (("unix.ssh", "SSH"), ("windows.winrm", "WinRM")):
        change = remedy(row(check, "web1", *opened, service=Service.SILENT)).change
        assert f"no usable {word} answer follows" in change
        assert "Allow" not in change


def test_what_the_probe_says_to_change_stands_before_everything_else(row):
    own = {"fix": "Install the\x1b[2J root.", "unproven": "certificate", "summary": "No."}
    opened = (State.OPEN, Reason.SYN_ACK)
    result = row("alloyscan.https", "a.test", *opened, service=Service.UNEXPECTED, facts=own)
    assert remedy(result).change == "Install the\\x1b[2J root."
    assert remedy(result).snippets == ()


def test_the_way_to_a_proxy_is_what_is_asked_for_when_the_proxy_is_not_reached(row):
    result = row("alloyscan.https", "a.test", *SILENT, address="10.3.0.1", via=("proxy.test", 3128))
    assert "destination 10.3.0.1 (proxy.test), protocol TCP, destination port 3128" in pasted(
        result
    )
    assert "443" not in pasted(result)


def test_dynamic_rpc_asks_for_its_range(row):
    text = pasted(row("enable.rpc_dynamic", "pc1", facts={"summary": "TCP 49664 is filtered"}))
    assert "-LocalPort '49152-65535'" in text
    assert "destination port 49152-65535" in text


def test_a_ping_has_no_port(row):
    text = pasted(row("discovery.ping", "h1"))
    assert "-Protocol ICMPv4 -IcmpType 8" in text
    assert "ip saddr 10.1.0.9 icmp type echo-request accept" in text
    assert "None" not in text


def test_ipv6_has_the_syntax_of_ipv6(row):
    result = row("discovery.ping", "h1", address="2001:db8::1", source="2001:db8::9")
    text = pasted(result)
    assert "ip6 saddr 2001:db8::9 icmpv6 type echo-request" in text
    assert "ip6tables -I INPUT -s 2001:db8::9 -p ipv6-icmp --icmpv6-type echo-request" in text
    assert "-Protocol ICMPv6 -IcmpType 128" in text
    assert "-RemoteAddress '2001:db8::9'" in text


def test_an_esxi_firewall_gets_its_ruleset(row):
    for check, ruleset in (("esxi.https", "vSphereClient"), ("esxi.http", "webAccess")):
        assert f"allowedip add --ruleset-id {ruleset} --ip-address 10.1.0.9" in pasted(row(check))


def test_a_source_that_is_not_known_is_a_placeholder(row):
    text = pasted(row("unix.ssh", source=None))
    assert "ip saddr SOURCE-ADDRESS tcp dport 22" in text


@pytest.mark.parametrize("who", ["host", "source", "address", "offender", "fix"])
def test_nothing_hostile_gets_into_what_is_pasted(row, profile, who):
    @given(st.text(max_size=40) | st.sampled_from(["$(reboot)", "a;b", "x' y", "fe80::1%;b", "-x"]))
    def hostile(text):
        known = {"host": "h1", "source": "10.1.0.9", "address": "10.2.0.14", "offender": "10.9.9.9"}
        known |= {who: text} if who != "fix" else {}
        for check in profile.checks:
            for icmp in (None, known["offender"], known["address"]):
                result = row(
                    check.id,
                    known["host"],
                    *REJECTED,
                    source=known["source"],
                    address=known["address"],
                    icmp=icmp,
                    facts={"fix": text} if who == "fix" else {},
                )
                found = remedy(result)
                for paste in found.snippets:
                    assert paste.where.isprintable()
                    for line in paste.lines:
                        assert line.isascii() and line.isprintable()
                        assert not re.search(r"[;&`$]|\|(?! Invoke)", line), line

    hostile()
