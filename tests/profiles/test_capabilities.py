"""Capabilities of a profile: their rules, and verdicts where it names none."""

from __future__ import annotations

import pytest

from profiles.loader import ProfileError, load_profile
from profiles.model import capabilities_of

CAPABILITIES = """
[[capability]]
id = "windows.audit"
role = "windows.target"
title = "Windows audit"
can = "it can be audited"
cannot = "it cannot be audited"
requires = ["windows.winrm"]
instead = [{ of = "windows.winrm", requires = ["windows.rpc"], can = "it can be enabled" }]
elsewhere = [{ check = "windows.ping", lost = "it is slower" }]

[[capability]]
id = "windows.domain"
role = "windows.dc"
title = "Domain"
can = "it serves"
cannot = "it does not serve"
requires = ["windows.ldap", "windows.ping"]
"""
AUDIT = 'capability 1 ("windows.audit")'
DOMAIN = 'capability 2 ("windows.domain")'

# What is replaced, by what, and the sentence after `site.toml: `.
CASES = {
    "an unknown check in requires": (
        'requires = ["windows.winrm"]',
        'requires = ["windows.wirnm"]',
        f'{AUDIT}, key "requires": there is no check "windows.wirnm" of role "windows.target"; '
        'the nearest is "windows.winrm"; known are "windows.winrm", "windows.rpc".',
    ),
    "another role's check in requires": (
        'requires = ["windows.winrm"]',
        'requires = ["windows.ldap"]',
        f'{AUDIT}, key "requires": "windows.ldap" is a check of role "windows.dc"; only checks of '
        'role "windows.target" are allowed: "windows.winrm", "windows.rpc".',
    ),
    "an own check in elsewhere": (
        'check = "windows.ping"',
        'check = "windows.rpc"',
        f'{AUDIT}, elsewhere 1, key "check": "windows.rpc" is a check of role "windows.target"; '
        'only checks of a role other than "windows.target" are allowed: "windows.ldap", '
        '"windows.ping".',
    ),
    "an unknown role": (
        'role = "windows.dc"\ntitle = "Domain"',
        'role = "windows.cd"\ntitle = "Domain"',
        f'{DOMAIN}, key "role": there is no role "windows.cd"; the nearest is "windows.dc"; '
        'known are "windows.target", "windows.dc".',
    ),
    "a capability id twice": (
        'id = "windows.domain"',
        'id = "windows.audit"',
        'capability 2 ("windows.audit"), key "id": "windows.audit" is already the id of '
        "capability 1; every capability needs its own.",
    ),
    "a check that no capability judges": (
        'requires = ["windows.ldap", "windows.ping"]',
        'requires = ["windows.ldap"]',
        'check 4 ("windows.ping"), key "id": no capability of role "windows.dc" names this check; '
        "name it in requires, optional or instead.",
    ),
    "a check that is judged twice": (
        '["windows.ldap", "windows.ping"]',
        '["windows.ldap", "windows.ping"]\noptional = [{ check = "windows.ping", lost = "x" }]',
        f'{DOMAIN}, key "optional": "windows.ping" is there twice; once is enough.',
    ),
    "an optional check whose row blocks": (
        '["windows.ldap", "windows.ping"]',
        '["windows.ldap"]\noptional = [{ check = "windows.ping", lost = "x" }]',
        f'{DOMAIN}, key "optional": check "windows.ping" has loss = "blocked"; here it must be '
        '"degraded".',
    ),
    "a stand-in for what is not required": (
        'of = "windows.winrm"',
        'of = "windows.rpc"',
        f'{AUDIT}, instead 1, key "of": "windows.rpc" is not in requires; only what is required '
        'can be stood in for: "windows.winrm".',
    ),
    "nothing required": (
        'requires = ["windows.ldap", "windows.ping"]',
        "requires = []",
        f'{DOMAIN}, key "requires": the list is empty; name at least one or leave the key out.',
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_in_a_capability_is_one_sentence_with_its_place_and_remedy(name, small, parse):
    before, after, sentence = CASES[name]
    text = small + CAPABILITIES
    assert text.count(before) == 1, "the case changes something else"
    parse(text)
    with pytest.raises(ProfileError) as caught:
        parse(text.replace(before, after))
    assert str(caught.value) == f"site.toml: {sentence}"


def test_a_role_without_capabilities_is_judged_by_the_loss_of_its_checks(small, parse):
    text = small.replace('consequence = "Slower."', 'consequence = "Slower."\nloss = "degraded"')
    (implied,) = capabilities_of(parse(text), "windows.dc")
    assert implied.requires == ("windows.ldap",)
    assert [(cost.check, cost.lost) for cost in implied.optional] == [("windows.ping", "slower")]


def test_a_role_nobody_knows_is_not_judged(small, parse):
    assert capabilities_of(parse(small), "gone") == ()


def test_every_role_of_the_catalog_has_one_capability_whose_clauses_begin_small(probes):
    catalog = load_profile(None, probes)
    assert sorted(one.role for one in catalog.capabilities) == sorted(r.id for r in catalog.roles)
    for one in catalog.capabilities:
        clauses = [one.can, one.cannot, *(cost.lost for cost in one.optional)]
        clauses += [instead.can for instead in one.instead]
        clauses += [other.lost for other in one.elsewhere]
        for clause in clauses:
            assert not clause.endswith("."), clause
            assert clause[0].islower() or clause.startswith(("AWS", "Azure", "Google")), clause
