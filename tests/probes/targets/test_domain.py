"""Domain controllers by SRV: both records asked, one list, every problem told."""

import asyncio

from probes.model import Resolution, Target
from probes.targets import Domain, find_domain_controllers
from probes.targets.domain import MAX_CONTROLLERS
from probes.vantage import NotOffered


class Records:
    """A vantage that knows SRV records: names, a problem as text, or an error to raise."""

    def __init__(self, records):
        self.records = records
        self.asked = []

    async def srv(self, name):
        self.asked.append(name)
        answer = self.records.get(name, "10.0.0.53 says no such name")
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            return Resolution(name, (), problem=answer)
        return Resolution(name, tuple(answer))


LDAP = "_ldap._tcp.dc._msdcs.corp.example"
KERBEROS = "_kerberos._tcp.corp.example"
CORP = Domain("windows.dc", "corp.example")


async def test_both_records_are_asked_and_joined_in_their_order():
    vantage = Records({LDAP: ["dc2.corp.", "DC1.corp"], KERBEROS: ["dc1.corp.", "dc3.corp"]})
    result = await find_domain_controllers([CORP], vantage)
    assert sorted(vantage.asked) == sorted([LDAP, KERBEROS])
    assert [target.host for target in result.targets] == ["dc2.corp", "DC1.corp", "dc3.corp"]
    assert {target.role for target in result.targets} == {"windows.dc"}
    assert result.problems == () and result.domains == ()


async def test_a_domain_nobody_knows_is_one_sentence_with_both_answers():
    result = await find_domain_controllers([CORP], Records({}))
    assert result.targets == ()
    (problem,) = result.problems
    assert problem.entry == "domain:corp.example"
    assert (
        LDAP in problem.reason
        and KERBEROS in problem.reason
        and "says no such name" in problem.reason
    )


async def test_an_answer_to_one_record_only_is_used_and_the_gap_is_told():
    result = await find_domain_controllers(
        [CORP], Records({KERBEROS: ["dc1"], LDAP: OSError(101, "no route")})
    )
    assert [target.host for target in result.targets] == ["dc1"]
    assert (
        "may be incomplete" in result.problems[0].reason and "no route" in result.problems[0].reason
    )
    assert result.problems[0].is_warning, (
        "its controllers are measured: a warning, not a usage error"
    )


async def test_a_vantage_that_cannot_look_up_says_so():
    result = await find_domain_controllers(
        [CORP], Records({LDAP: NotOffered(), KERBEROS: TimeoutError()})
    )
    assert "cannot be looked up from here" in result.problems[0].reason
    assert "no answer" in result.problems[0].reason
    # Whoever could not be asked, or whose answer is cut off, has not said that there is none.
    assert result.problems[0].reason.startswith("no domain controller is known from DNS (")


async def test_the_target_that_means_no_service_is_no_host():
    result = await find_domain_controllers([CORP], Records({LDAP: ["."], KERBEROS: ["."]}))
    assert result.targets == ()
    assert "no domain controller" in result.problems[0].reason


async def test_a_hostile_answer_is_neither_believed_nor_shown():
    result = await find_domain_controllers(
        [CORP], Records({LDAP: ["dc1", "\x1b[2Jx", "10.0.0.1"], KERBEROS: ["dc1"]})
    )
    assert [target.host for target in result.targets] == ["dc1"]
    assert len(result.problems) == 2
    assert all(str(problem).isprintable() for problem in result.problems)


async def test_an_answer_without_end_is_cut():
    names = [f"dc{number}" for number in range(5000)]
    result = await find_domain_controllers([CORP], Records({LDAP: names, KERBEROS: names}))
    assert len(result.targets) == MAX_CONTROLLERS
    assert "5,000" in result.problems[0].reason


async def test_domains_keep_their_order_and_share_their_controllers_once():
    other = Domain("windows.dc", "b.example", 389)
    release = asyncio.Event()

    class Slow(Records):
        async def srv(self, name):
            if name.endswith("corp.example"):
                await release.wait()
            else:
                release.set()
            return await super().srv(name)

    records = Slow(
        {
            LDAP: ["dc1"],
            KERBEROS: ["dc1"],
            "_ldap._tcp.dc._msdcs.b.example": ["dc9"],
            "_kerberos._tcp.b.example": ["dc9"],
        }
    )
    result = await find_domain_controllers([CORP, other, CORP], records)
    assert result.targets == (Target("windows.dc", "dc1"), Target("windows.dc", "dc9", 389))
