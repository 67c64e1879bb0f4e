"""Texts of several lines that other programs write: which of their words are hosts. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

import probes.targets.host as hosts
from probes.targets.errors import InvalidEntry
from probes.targets.host import AddressRange
from probes.targets.table import Listing, Row, UndecidedList, is_usable, read_table
from probes.targets.tokens import Line

_SECTION = re.compile(r"\[(?![0-9.]+\])[^\[\]:]+(?::(?:vars|children|hosts))?\]")
_YAML_KEY = re.compile(r"""\s*(?:-\s+)?["']?[\w./-]+["']?\s*:(?:\s.*)?""")
_KEY_TYPE = re.compile(r"(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+")
_VARIABLE = re.compile(r"[A-Za-z_]\w*=")
_ANSIBLE = re.compile(r"ansible_\w+=")
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}")
_SETTING = re.compile(r"\s*[^\s=]+\s+=\s|\s*[^\s=]+=")
_HERE = frozenset(
    ("localhost", "localhost.localdomain", "broadcasthost", "ip6-localhost", "ip6-loopback",
     "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts")
)  # fmt: skip
"""Names that every /etc/hosts has and that are no hosts of the network."""

_OWN_ADDRESS = "127.0.1.1"
"""Address that Debian and WSL write for the name of the machine itself."""
_SSH_KEYWORDS = frozenset(
    ("hostname", "user", "port", "identityfile", "proxyjump", "proxycommand", "include", "match",
     "forwardagent", "compression", "serveraliveinterval", "stricthostkeychecking",
     "userknownhostsfile", "loglevel", "controlmaster", "identitiesonly")
)  # fmt: skip
"""Of ssh_config(5), in small letters."""

ONE_A_LINE = "a list has one host a line"


def read_listing(lines: Sequence[Line], column: str = "", how: str = "") -> Listing | None:
    """Hosts of a text of several lines, or None for a list with a host a line.

    Raises UndecidedList. `column` and `how` are those of `read_table`.
    """
    if not lines:
        return None
    _refuse_foreign(lines)
    if not column:
        for read in (_known_hosts, _inventory, _hosts_file):
            listing = read(lines)
            if listing is not None:
                return listing
    return read_table(lines, column, how)


def is_section(line: Line) -> bool:
    """True for the heading of a group in an Ansible inventory, or of other settings."""
    return _SECTION.fullmatch(line.text.strip()) is not None


def _refuse_foreign(lines: Sequence[Line]) -> None:
    first = lines[0].raw.lstrip()
    if first.startswith("{") or re.match(r"\[\s*(?:$|[{\"\[\]])", first):
        raise UndecidedList(lines[0].number, f"this is JSON or TOML; {ONE_A_LINE}")
    if first.startswith("<"):
        raise UndecidedList(lines[0].number, f"this is XML or HTML; {ONE_A_LINE}")
    names = {line.words[0].text.casefold() for line in lines if len(line.words) == 2}
    if "host" in names and names & _SSH_KEYWORDS:
        raise UndecidedList(lines[0].number, f"this is a configuration of ssh; {ONE_A_LINE}")
    for line in lines:
        if _YAML_KEY.fullmatch(line.raw) and "=" not in line.raw.partition(":")[0]:
            raise UndecidedList(
                line.number,
                f"a name with a colon is a heading or the key of a value; {ONE_A_LINE},"
                " and # begins a comment",
            )


def _known_hosts(lines: Sequence[Line]) -> Listing | None:
    """Hosts of ssh's known_hosts (sshd(8)): the first name of each line."""
    split = [(line.number, line.raw.split()) for line in lines]
    if not any(len(words) > 2 and _KEY_TYPE.fullmatch(words[1]) for _, words in split):
        return None
    rows, refused = [], []
    for number, words in split:
        if len(words) > 2 and _KEY_TYPE.fullmatch(words[1]) and not words[0].startswith("|"):
            rows.append(Row(number, words[0].split(",")[0]))
        elif words[0].startswith("|"):
            refused.append((number, "the names of this known_hosts are hashed; list them"))
        else:
            refused.append((number, "this is no line of known_hosts with a host and its key"))
    return Listing(rows, "it is read as known_hosts of ssh, the first name of each line", refused)


def _inventory(lines: Sequence[Line]) -> Listing | None:
    """Hosts of an Ansible inventory in INI form, by their ansible_host where they have one."""
    headed = any(map(is_section, lines))
    if not headed and not any(_ANSIBLE.search(line.text) for line in lines):
        return None
    rows: list[Row] = []
    section = ""
    for line in lines:
        text = line.text.strip()
        if is_section(line):
            section = text[1:-1]
        elif not section.endswith((":vars", ":children")):
            if _SETTING.match(text):
                raise UndecidedList(
                    line.number, f"these are settings, not a list of hosts; {ONE_A_LINE}"
                )
            name, *variables = _shell_words(text)
            if not all(_VARIABLE.match(one) for one in variables):
                raise UndecidedList(
                    line.number,
                    f"what follows the host is no variable of an Ansible inventory; {ONE_A_LINE}",
                )
            values = dict(one.split("=", 1) for one in variables)
            address = values.get("ansible_host") or values.get("ansible_ssh_host", "")
            if address and "{{" not in address:
                rows.append(Row(line.number, address, line.comment or name))
            else:
                rows.append(Row(line.number, name, line.comment))
    about = "it is read as an Ansible inventory, ansible_host before the name"
    return Listing(rows, about)


def _shell_words(text: str) -> list[str]:
    text = _TEMPLATE.sub("{{}}", text)
    # shlex is slow, and few lines have quotes.
    if "'" in text or '"' in text:
        try:
            return shlex.split(text)
        except ValueError:
            pass
    return text.split()


def _hosts_file(lines: Sequence[Line]) -> Listing | None:
    """Hosts of /etc/hosts (hosts(5)): the address of each line, its first name as friendly name."""
    if all(len(line.words) == 1 for line in lines):
        return None
    rows, left_out = [], 0
    for line in lines:
        address, *names = line.words
        if not _is_one_address(address.text) or any(word.after_comma for word in names):
            return None
        if any(_is_one_address(word.text) for word in names):
            return None
        is_here = names and (names[0].text.casefold() in _HERE or address.text == _OWN_ADDRESS)
        if len(lines) > 1 and is_here:
            left_out += 1
            continue
        plain = all(is_usable(word.text) for word in names)
        friendly = names[0].text if names and plain else line.comment
        rows.append(Row(line.number, address.text, friendly))
    about = "it is read as a hosts file, the address of each line"
    if left_out:
        about += f", without {left_out:,} of this machine itself"
    return Listing(rows, about)


def _is_one_address(text: str) -> bool:
    try:
        parsed, port = hosts.parse_host(text)
    except InvalidEntry as error:
        # Multicast stands in every hosts file.
        return str(error).startswith("no single host")
    return isinstance(parsed, AddressRange) and parsed.count == 1 and port is None
