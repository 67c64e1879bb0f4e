import re

import pytest

from profiles.loader import ProfileError

WINRM = 'check 1 ("windows.winrm")'
RPC = 'check 2 ("windows.rpc")'
LDAP = 'check 3 ("windows.ldap")'
PING = 'check 4 ("windows.ping")'
ID_FORM = 'it must be made of a-z, 0-9, ".", "_" and "-", starting with a letter or digit'

# What is replaced in the small profile, by what, and the sentence after `site.toml: `.
CASES = {
    "an unknown key": (
        "port = 389",
        "prot = 389",
        f'{LDAP}, key "prot": a check has no such key; the nearest is "port".',
    ),
    "an unknown key at the top": (
        'version = "1"',
        'verson = "1"',
        'key "verson": a profile has no such key; the nearest is "version".',
    ),
    "an unknown key that resembles none": (
        'question = "domain", answers = ["yes"] }]\nunless',
        'question = "domain", zzz = ["yes"] }]\nunless',
        f'{RPC}, when 1, key "zzz": a when has no such key; its keys are "question", "answers".',
    ),
    "the key that only the program fills": (
        'id = "site"',
        'id = "site"\nsha256 = "00"',
        'key "sha256": a profile has no such key; its keys are "id", "name", "version", "source",'
        ' "url", "question", "category", "role", "check", "capability", "recognition",'
        ' "also_asked".',
    ),
    "a missing key": (
        'role = "windows.dc"\ntitle = "LDAP"\n',
        'title = "LDAP"\n',
        f'{LDAP}, key "role": this key is missing (id of the role it is asked of).',
    ),
    "a missing id": (
        'id = "windows.ldap"\n',
        "",
        'check 3, key "id": this key is missing (stable id, <group>.<protocol>; part of the log).',
    ),
    "a number as text": (
        "port = 389",
        'port = "389"',
        f'{LDAP}, key "port": must be a whole number, not a text.',
    ),
    "true as a number": (
        "port = 389",
        "port = true",
        f'{LDAP}, key "port": must be a whole number, not true.',
    ),
    "a fraction as a number": (
        "port = 389",
        "port = 389.0",
        f'{LDAP}, key "port": must be a whole number, not a number with a fraction.',
    ),
    "a number as a flag": (
        "custom_port = true",
        "custom_port = 1",
        f'{WINRM}, key "custom_port": must be true or false, not a whole number.',
    ),
    "a date as text": (
        'version = "1"',
        "version = 2026-11-01",
        'key "version": must be a text, not a date or time.',
    ),
    "a list as text": (
        'title = "LDAP"',
        'title = ["LDAP"]',
        f'{LDAP}, key "title": must be a text, not a list.',
    ),
    "a text as a list": (
        'answers = ["yes", "no"]',
        'answers = "yes"',
        'question 1 ("domain"), key "answers": must be a list of texts such as ["…"], not a text.',
    ),
    "a table as a list of tables": (
        'unless = [{ check = "windows.winrm", question = "domain", answers = ["yes"] }]',
        'unless = { check = "windows.winrm" }',
        f'{RPC}, key "unless": must be a list of tables such as [{{…}}], not a table.',
    ),
    "a text as an entry": (
        'unless = [{ check = "windows.winrm", question = "domain", answers = ["yes"] }]',
        'unless = ["windows.winrm"]',
        f"{RPC}, unless 1: must be a table, not a text.",
    ),
    "single brackets": (
        "[[category]]",
        "[category]",
        'key "category": must be tables, each under [[category]], not a table.',
    ),
    "an unknown transport": (
        'transport = "icmp"',
        'transport = "icpm"',
        f'{PING}, key "transport": "icpm" is not one of "tcp", "udp", "icmp"; '
        'the nearest is "icmp".',
    ),
    "an answer no question has": (
        'answers = ["yes", "no"]',
        'answers = ["yes", "maybe"]',
        'question 1 ("domain"), key "answers": "maybe" is not one of "yes", "no", "auto".',
    ),
    "a port too high": (
        "port = 389",
        "port = 65536",
        f'{LDAP}, key "port": 65536 is out of range; 1 to 65535 is allowed.',
    ),
    "port 0": (
        "port = 389",
        "port = 0",
        f'{LDAP}, key "port": 0 is out of range; 1 to 65535 is allowed.',
    ),
    "a port too long to print": (
        "port = 389",
        "port = 0x" + "f" * 5000,
        f'{LDAP}, key "port": this number is out of range; 1 to 65535 is allowed.',
    ),
    "a range in another form": (
        "port = 389",
        'port = 389\nports = "300..400"',
        f'{LDAP}, key "ports": "300..400" is not allowed; it must be a range such as 49152-65535.',
    ),
    "an id with capitals": (
        'id = "windows.ldap"',
        'id = "windows.LDAP"',
        f'check 3 ("windows.LDAP"), key "id": "windows.LDAP" is not allowed; {ID_FORM}.',
    ),
    "an id that looks like an option": (
        'id = "windows.ldap"',
        'id = "--run"',
        f'check 3 ("--run"), key "id": "--run" is not allowed; {ID_FORM}.',
    ),
    "an empty id": (
        'id = "windows.ldap"',
        'id = ""',
        'check 3, key "id": the text is empty; it should hold '
        "stable id, <group>.<protocol>; part of the log.",
    ),
    "a blank text": (
        'title = "LDAP"',
        'title = "  "',
        f'{LDAP}, key "title": the text is empty; it should hold short name for the table.',
    ),
    "a long title": (
        'title = "LDAP"',
        'title = "LDAP queries."',
        f'{LDAP}, key "title": "LDAP queries." has 13 characters; at most 12 are allowed.',
    ),
    "an empty list of texts": (
        'answers = ["yes", "no"]',
        "answers = []",
        'question 1 ("domain"), key "answers": the list is empty; '
        "name at least one or leave the key out.",
    ),
    "an empty list of tables": (
        'unless = [{ check = "windows.winrm", question = "domain", answers = ["yes"] }]',
        "unless = []",
        f'{RPC}, key "unless": the list is empty; name at least one or leave the key out.',
    ),
    "a text twice in a list": (
        'answers = ["yes", "no"]',
        'answers = ["yes", "yes"]',
        'question 1 ("domain"), key "answers": "yes" is there twice; once is enough.',
    ),
    "an escape sequence": (
        'title = "LDAP"',
        'title = "\\u001b[31m"',
        f'{LDAP}, key "title": has the control character U+001B; only printable text is allowed.',
    ),
    "a line break": (
        'fix = "Allow it."',
        'fix = """Allow\nit."""',
        f'{WINRM}, key "fix": has the control character U+000A; only printable text is allowed.',
    ),
    "a reversed text": (
        'title = "LDAP"',
        'title = "\\u202eLDAP"',
        f'{LDAP}, key "title": has the control character U+202E; only printable text is allowed.',
    ),
    "an escape sequence in a key": (
        'title = "LDAP"',
        'title = "LDAP"\n"\\u001b[2J" = 1',
        f'{LDAP}, key "<U+001B>[2J": a check has no such key; its keys are "id", "category", '
        '"role", "title", "probe", "transport", "purpose", "consequence", "fix", "port", "ports", '
        '"loss", "answers", "absent", "custom_port", "required_when", "needs", "when", "unless", '
        '"issuers".',
    ),
    "a host that is a file": (
        'hosts = ["dc1.example"]',
        'hosts = ["@/etc/passwd"]',
        'role 2 ("windows.dc"), key "hosts": "@/etc/passwd" is not allowed; '
        'it must be a host without spaces, commas, "@" or "=".',
    ),
    "a script as the address": (
        'url = "https://intra.example/ports"',
        'url = "javascript:alert(1)"',
        'key "url": "javascript:alert(1)" is not allowed; '
        "it must be a web address that starts with https:// or http://.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_in_a_key_is_one_sentence_with_its_place_and_remedy(name, refused):
    before, after, sentence = CASES[name]
    assert refused(before, after) == f"site.toml: {sentence}"


def test_the_small_profile_itself_is_accepted(small, parse):
    profile = parse(small)
    assert [check.id for check in profile.checks_of("windows.target")] == [
        "windows.winrm",
        "windows.rpc",
    ]
    assert profile.check("windows.rpc").when[0].answers == ("yes",)
    assert profile.check("windows.rpc").unless[0].check == "windows.winrm"
    assert profile.check("windows.ping").port is None
    assert profile.check("windows.ldap").loss == "blocked"
    assert profile.role("windows.dc").hosts == ("dc1.example",)
    assert profile.default_answers == {"domain": "yes"}


@pytest.mark.parametrize("key", ["category", "role", "check"])
def test_a_profile_without_sections_roles_or_checks_is_refused(key, small, parse):
    without = re.sub(rf"\[\[{key}\]\]\n(?:.+\n)+", "", small)
    with pytest.raises(ProfileError, match=rf'^site\.toml: key "{key}": this key is missing \('):
        parse(without)


def test_a_profile_may_ask_no_questions(small, parse):
    without = re.sub(r"\[\[question\]\]\n(?:.+\n)+", "", small)
    without = re.sub(r"(?m)^(when|unless) = .*\n", "", without)
    assert parse(without).questions == ()


def test_a_long_word_is_shortened_in_the_sentence(small, parse):
    with pytest.raises(ProfileError) as caught:
        parse(small.replace('transport = "icmp"', f'transport = "{"x" * 500000}"'))
    assert len(str(caught.value)) < 300
