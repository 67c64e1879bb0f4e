import pytest

from probes.registry import PROBES
from profiles.recognition import AUTO

WINRM = 'check 1 ("windows.winrm")'
RPC = 'check 2 ("windows.rpc")'
LDAP = 'check 3 ("windows.ldap")'
PING = 'check 4 ("windows.ping")'
PROBE_LIST = ", ".join(f'"{name}"' for name in PROBES if name != AUTO)
FIRST = """\
id = "windows.first"
needs = "windows.winrm"
category = "windows"
role = "windows.target"
title = "First"
probe = "tcp"
transport = "tcp"
port = 22
purpose = "First"
consequence = "None."
fix = "Allow it."

[[check]]
"""

# What is replaced in the small profile, by what, and the sentence after `site.toml: `.
RECOGNITION = """\
[[recognition]]
id = "found"
role = "windows.target"
any = [{ check = "windows.winrm" }]

"""


def recognition(**changes):
    """The first category, and before it a recognition with these lines in the place of others."""
    text = RECOGNITION
    for key, line in changes.items():
        lines = [line if one.startswith(f"{key} =") else one for one in text.splitlines()]
        text = "\n".join(lines if line in lines else [*lines, line]) + "\n"
    return text + "[[category]]"


FOUND = 'recognition 1 ("found")'
CASES = {
    "the probe of hosts without a role": (
        'probe = "ping"',
        'probe = "auto"',
        f'{PING}, key "probe": there is no probe "auto"; the nearest is "authd"; known are '
        f"{PROBE_LIST}.",
    ),
    "a role called auto": (
        "[[category]]",
        '[[role]]\nid = "auto"\ntitle = "A"\ncategory = "windows"\n[[category]]',
        'role 1 ("auto"), key "id": "auto" is the role of hosts without one; choose another id.',
    ),
    "a letter twice": (
        "[[category]]",
        '[[role]]\nid = "x"\ntitle = "X"\ncategory = "windows"\nletter = "w"\n'
        '[[role]]\nid = "y"\ntitle = "Y"\ncategory = "windows"\nletter = "w"\n[[category]]',
        'role 2 ("y"), key "letter": role "x" has the letter "w" already.',
    ),
    "a recognition of no role": (
        "[[category]]",
        recognition(role='role = "windows.tarket"'),
        f'{FOUND}, key "role": there is no role "windows.tarket"; the nearest is '
        '"windows.target"; known are "windows.target", "windows.dc".',
    ),
    "a recognition by an unknown check": (
        "[[category]]",
        recognition(any='any = [{ check = "windows.winmr" }]'),
        f'{FOUND}, any 1, key "check": there is no check "windows.winmr"; the nearest is '
        '"windows.winrm"; known are "windows.winrm", "windows.rpc", "windows.ldap", '
        '"windows.ping".',
    ),
    "a recognition by nothing": (
        "[[category]]",
        recognition(any='none = [{ check = "windows.winrm" }]'),
        f'{FOUND}, key "any": needs a signal here or in all.',
    ),
    "a recognition by a check of many ports": (
        'needs = ""\n',
        'needs = ""\nports = "1000-2000"\n'
        + RECOGNITION.replace("windows.winrm", "windows.rpc")
        + FIRST.removesuffix("[[check]]\n")
        .replace("id =", "[[check]]\nid =", 1)
        .replace('needs = "windows.winrm"\n', ""),
        f'{FOUND}, key "check": check "windows.rpc" cannot be asked of a host without a role: '
        "it needs another check, or a range of ports.",
    ),
    "a recognition after its own role": (
        "[[category]]",
        recognition(after='after = "windows.target"'),
        f'{FOUND}, key "after": is its own role; name another one.',
    ),
    "an expression without a fact": (
        "[[category]]",
        recognition(any='any = [{ check = "windows.winrm", matches = "x" }]'),
        f'{FOUND}, any 1, key "matches": needs the key "fact" beside it.',
    ),
    "an expression that is none": (
        "[[category]]",
        recognition(any='any = [{ check = "windows.winrm", fact = "os", matches = "(" }]'),
        f'{FOUND}, any 1, key "matches": "(" is no regular expression: '
        "missing ), unterminated subpattern at position 0.",
    ),
    "a check asked as well that is none": (
        'id = "site"',
        'id = "site"\nalso_asked = ["windows.pnig"]',
        'key "also_asked": there is no check "windows.pnig"; the nearest is "windows.ping"; '
        'known are "windows.winrm", "windows.rpc", "windows.ldap", "windows.ping".',
    ),
    "a check id twice": (
        'id = "windows.ldap"',
        'id = "windows.winrm"',
        'check 3 ("windows.winrm"), key "id": "windows.winrm" is already the id of check 1; '
        "every check needs its own.",
    ),
    "a role id twice": (
        'id = "windows.dc"',
        'id = "windows.target"',
        'role 2 ("windows.target"), key "id": "windows.target" is already the id of role 1; '
        "every role needs its own.",
    ),
    "a category id twice": (
        "[[category]]",
        '[[category]]\nid = "windows"\ntitle = "W"\n[[category]]',
        'category 2 ("windows"), key "id": "windows" is already the id of category 1; '
        "every category needs its own.",
    ),
    "a question id twice": (
        "[[category]]",
        '[[question]]\nid = "domain"\ntext = "?"\nanswers = ["yes"]\ndefault = "yes"\n[[category]]',
        'question 2 ("domain"), key "id": "domain" is already the id of question 1; '
        "every question needs its own.",
    ),
    "an unknown probe": (
        'probe = "ping"',
        'probe = "pnig"',
        f'{PING}, key "probe": there is no probe "pnig"; the nearest is "ping"; '
        f"known are {PROBE_LIST}.",
    ),
    "an unknown probe that resembles none": (
        'probe = "ping"',
        'probe = "xyzzy"',
        f'{PING}, key "probe": there is no probe "xyzzy"; known are {PROBE_LIST}.',
    ),
    "a probe for another transport": (
        'probe = "ping"\ntransport = "icmp"',
        'probe = "ping"\ntransport = "udp"\nport = 7',
        f'{PING}, key "transport": "udp" does not fit probe "ping", which speaks icmp; '
        'probes for udp are "udp", "dns", "snmp".',
    ),
    "an unknown role": (
        'role = "windows.dc"\ntitle = "LDAP"',
        'role = "windows.cd"\ntitle = "LDAP"',
        f'{LDAP}, key "role": there is no role "windows.cd"; the nearest is "windows.dc"; '
        'known are "windows.target", "windows.dc".',
    ),
    "an unknown category in a check": (
        'category = "windows"\nrole = "windows.dc"\ntitle = "LDAP"',
        'category = "doors"\nrole = "windows.dc"\ntitle = "LDAP"',
        f'{LDAP}, key "category": there is no category "doors"; known are "windows".',
    ),
    "an unknown category in a role": (
        'category = "windows"\nhosts',
        'category = "doors"\nhosts',
        'role 2 ("windows.dc"), key "category": there is no category "doors"; known are "windows".',
    ),
    "an unknown question in when": (
        'when = [{ question = "domain"',
        'when = [{ question = "domian"',
        f'{RPC}, when 1, key "question": there is no question "domian"; '
        'the nearest is "domain"; known are "domain".',
    ),
    "an unknown question in unless": (
        'winrm", question = "domain"',
        'winrm", question = "x"',
        f'{RPC}, unless 1, key "question": there is no question "x"; known are "domain".',
    ),
    "an unknown check in unless": (
        'check = "windows.winrm"',
        'check = "windows.wirnm"',
        f'{RPC}, unless 1, key "check": there is no check "windows.wirnm" of role '
        '"windows.target"; the nearest is "windows.winrm"; known are "windows.winrm".',
    ),
    "an unknown check in needs": (
        'needs = ""',
        'needs = "x"',
        f'{RPC}, key "needs": there is no check "x" of role "windows.target"; '
        'known are "windows.winrm".',
    ),
    "a dependency on another role's check": (
        'needs = ""',
        'needs = "windows.ldap"',
        f'{RPC}, key "needs": "windows.ldap" is a check of role "windows.dc"; only checks of '
        'role "windows.target" are allowed: "windows.winrm".',
    ),
    "a check that needs itself": (
        'needs = ""',
        'needs = "windows.rpc"',
        f'{RPC}, key "needs": these checks wait for each other in a circle, '
        '"windows.rpc" -> "windows.rpc"; remove one of the links.',
    ),
    "a circle of needs and unless": (
        "custom_port = true",
        'needs = "windows.rpc"',
        f'{WINRM}, key "needs": these checks wait for each other in a circle, '
        '"windows.winrm" -> "windows.rpc" -> "windows.winrm"; remove one of the links.',
    ),
    "a circle of unless alone": (
        "custom_port = true",
        'unless = [{ check = "windows.rpc" }]',
        f'{WINRM}, key "unless": these checks wait for each other in a circle, '
        '"windows.winrm" -> "windows.rpc" -> "windows.winrm"; remove one of the links.',
    ),
    "a circle, without the way into it": (
        'id = "windows.winrm"\n',
        FIRST + 'id = "windows.winrm"\nneeds = "windows.winrm"\n',
        'check 2 ("windows.winrm"), key "needs": these checks wait for each other in a circle, '
        '"windows.winrm" -> "windows.winrm"; remove one of the links.',
    ),
    "an answer the question does not allow": (
        'when = [{ question = "domain", answers = ["yes"] }]',
        'when = [{ question = "domain", answers = ["auto"] }]',
        f'{RPC}, when 1, key "answers": "auto" is not an answer to question "domain"; '
        'it allows "yes", "no".',
    ),
    "an answer unless's question does not allow": (
        'winrm", question = "domain", answers = ["yes"]',
        'winrm", question = "domain", answers = ["auto"]',
        f'{RPC}, unless 1, key "answers": "auto" is not an answer to question "domain"; '
        'it allows "yes", "no".',
    ),
    "a default outside the answers": (
        'default = "yes"',
        'default = "auto"',
        'question 1 ("domain"), key "default": "auto" is not one of its answers "yes", "no".',
    ),
    "a question without answers in unless": (
        'winrm", question = "domain", answers = ["yes"]',
        'winrm", question = "domain"',
        f'{RPC}, unless 1, key "question": needs the key "answers" beside it, or must be left out.',
    ),
    "answers without a question in unless": (
        'winrm", question = "domain", answers = ["yes"]',
        'winrm", answers = ["yes"]',
        f'{RPC}, unless 1, key "answers": needs the key "question" beside it, or must be left out.',
    ),
    "no port for tcp": (
        "port = 389\n",
        "",
        f'{LDAP}, key "port": this key is missing; a tcp check needs a port from 1 to 65535.',
    ),
    "a port for icmp": (
        'transport = "icmp"',
        'transport = "icmp"\nport = 7',
        f'{PING}, key "port": an icmp check has no port; leave the key out.',
    ),
    "a port range for icmp": (
        'transport = "icmp"',
        'transport = "icmp"\nports = "1-7"',
        f'{PING}, key "ports": an icmp check has no port; leave the key out.',
    ),
    "a custom port for icmp": (
        'transport = "icmp"',
        'transport = "icmp"\ncustom_port = true',
        f'{PING}, key "custom_port": an icmp check has no port; leave the key out.',
    ),
    "a range that ends before it begins": (
        "port = 389",
        'port = 389\nports = "500-400"',
        f'{LDAP}, key "ports": "500-400" must be a range within 1-65535.',
    ),
    "a range past the last port": (
        "port = 389",
        'port = 389\nports = "300-70000"',
        f'{LDAP}, key "ports": "300-70000" must be a range within 1-65535.',
    ),
    "two custom ports in a role": (
        "port = 135",
        "port = 135\ncustom_port = true",
        f'{RPC}, key "custom_port": check "windows.winrm" has it already, and only one check of '
        'role "windows.target" may take its port from HOST:PORT.',
    ),
    "a role nothing is asked of": (
        "[[check]]",
        '[[role]]\nid = "nas"\ntitle = "NAS"\ncategory = "windows"\n[[check]]',
        'role 3 ("nas"), key "id": no check has this role; add a check for it or remove the role.',
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_between_keys_is_one_sentence_with_its_place_and_remedy(name, refused):
    before, after, sentence = CASES[name]
    assert refused(before, after) == f"site.toml: {sentence}"
