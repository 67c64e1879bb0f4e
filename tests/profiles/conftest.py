from collections.abc import Callable, Mapping

import pytest

from probes.registry import PROBES
from profiles.loader import ProfileError, parse_profile
from profiles.model import Profile

SMALL = """\
id = "site"
name = "Site"
version = "1"
source = "Our ports"
url = "https://intra.example/ports"

[[question]]
id = "domain"
text = "Is it a domain?"
answers = ["yes", "no"]
default = "yes"

[[category]]
id = "windows"
title = "Windows"

[[role]]
id = "windows.target"
title = "Windows target"
category = "windows"

[[role]]
id = "windows.dc"
title = "Domain controller"
category = "windows"
hosts = ["dc1.example"]

[[check]]
id = "windows.winrm"
category = "windows"
role = "windows.target"
title = "WinRM"
probe = "tcp"
transport = "tcp"
port = 5985
custom_port = true
purpose = "WinRM"
consequence = "No audit."
fix = "Allow it."

[[check]]
id = "windows.rpc"
category = "windows"
role = "windows.target"
title = "RPC"
probe = "tcp"
transport = "tcp"
port = 135
purpose = "RPC"
consequence = "No enabling."
fix = "Allow it."
needs = ""
when = [{ question = "domain", answers = ["yes"] }]
unless = [{ check = "windows.winrm", question = "domain", answers = ["yes"] }]

[[check]]
id = "windows.ldap"
category = "windows"
role = "windows.dc"
title = "LDAP"
probe = "tcp"
transport = "tcp"
port = 389
purpose = "LDAP"
consequence = "No users."
fix = "Allow it."

[[check]]
id = "windows.ping"
category = "windows"
role = "windows.dc"
title = "Ping"
probe = "ping"
transport = "icmp"
purpose = "Ping"
consequence = "Slower."
fix = "Allow it."
"""


@pytest.fixture
def small() -> str:
    return SMALL


@pytest.fixture(scope="session")
def probes() -> Mapping[str, str]:
    return {name: probe.transport for name, probe in PROBES.items()}


@pytest.fixture(scope="session")
def parse(probes: Mapping[str, str]) -> Callable[[str | bytes], Profile]:
    def parse(text: str | bytes) -> Profile:
        data = text if isinstance(text, bytes) else text.encode()
        return parse_profile(data, "site.toml", probes)

    return parse


@pytest.fixture
def refused(small: str, parse: Callable[[str | bytes], Profile]) -> Callable[[str, str], str]:
    """The sentence with which the small profile is refused after one replacement."""

    def refused(before: str, after: str) -> str:
        assert before in small, "the case changes nothing"
        with pytest.raises(ProfileError) as caught:
            parse(small.replace(before, after, 1))
        return str(caught.value)

    return refused
