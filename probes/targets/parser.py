"""Target parser: roles, their hosts, host files, and a sentence for every mistake."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from probes.model import Target
from probes.targets import host as hosts
from probes.targets import hostfile, tokens
from probes.targets.host import AddressRange, InvalidEntry
from probes.targets.result import (
    MAX_HOSTS,
    Domain,
    EntryProblem,
    ParseResult,
    entry_problem,
    target_key,
)
from profiles.errors import harmless, nearest
from profiles.model import Profile

MAX_TEXT = 8 * 1024 * 1024
"""Characters and file bytes read in all; 262,144 addresses need half of it."""
MAX_PROBLEMS = 1000
"""Problems that are kept; further ones are counted."""
MAX_EDITABLE = 16 * 1024
"""Characters of a mistake that are offered for correction in the input line."""
MAX_FRIENDLY_NAME = 80
"""Characters of the comment that names a host."""

_ROLE = re.compile(r"[\w.-]{0,64}")
_SPACED_PATH = re.compile(r"""\s*((?:[\w.-]+=)?)@([^"'\r\n]{1,4096})""")


@dataclass(frozen=True, slots=True)
class _OpenHostFile:
    """The host file being read: its path, the role of its plain hosts, and their port."""

    path: str
    role: str | None
    port: int | None


class TargetParser:
    """Parser of entries that keeps the current role, the targets so far and the room left."""

    def __init__(self, profile: Profile, resolvers: Sequence[str], base: Path | None) -> None:
        """Relative host files are in the folder `base`; None allows no files."""
        self._profile = profile
        self._resolvers = resolvers
        self._base = base
        self._roles = {role.id: role for role in profile.roles}
        self._custom_port_checks = {role.id: profile.custom_port(role.id) for role in profile.roles}
        self._targets: dict[tuple[str, str, int | None], Target] = {}
        self._domains: dict[Domain, None] = {}
        self._problems: list[EntryProblem] = []
        self._omitted_problems = 0
        self._ranges: set[tuple[str, AddressRange, int | None]] = set()
        self._host_count = 0
        self._remaining_text = MAX_TEXT
        self._role: str | None = None
        # After a role that does not exist its hosts are part of the same mistake.
        self._skip_hosts = False
        self._empty_role = ""
        self._file: _OpenHostFile | None = None
        self._line = 0

    def feed(self, text: str) -> bool:
        """Parse one argument or pasted text; false if there is no room for it."""
        self._remaining_text -= len(text) + 1
        if self._remaining_text < 0:
            self._report(text, "there is too much text to read; write networks or ranges instead")
            return False
        spaced = _SPACED_PATH.fullmatch(text.rstrip())
        if spaced and self._base and hostfile.is_path_with_spaces(spaced[2], self._base):
            self._parse_word(tokens.Word(f'{spaced[1]}@"{spaced[2]}"'))
        else:
            self._parse_text(text)
        return True

    def result(self) -> ParseResult:
        """Targets, domains and problems of everything that was fed."""
        self._report_empty_role()
        problems = list(self._problems)
        if self._omitted_problems:
            text = f"{self._omitted_problems:,} further entries"
            problems.append(
                EntryProblem(text, "they are refused too; mend the ones before them first")
            )
        return ParseResult(tuple(self._targets.values()), tuple(self._domains), tuple(problems))

    def _parse_text(self, text: str) -> None:
        for line in tokens.tokenize(text):
            self._line = line.number
            if self._file and self._file.role:
                self._report_empty_role()
                self._role, self._skip_hosts = self._file.role, False
            before = self._host_count, len(self._targets)
            for word in line.words:
                self._parse_word(word)
            # A comment behind a network or beside several hosts is about no single one of them.
            alone = (self._host_count - before[0], len(self._targets) - before[1]) == (1, 1)
            if self._file and line.comment and alone:
                self._set_friendly_name(line.comment)

    def _set_friendly_name(self, comment: str) -> None:
        key, target = self._targets.popitem()
        self._targets[key] = replace(target, friendly_name=harmless(comment, MAX_FRIENDLY_NAME))

    def _parse_word(self, word: tokens.Word) -> None:
        role, equals, rest = word.text.partition("=")
        if equals and _ROLE.fullmatch(role):
            self._report_empty_role()
            self._parse_role_and_host(role, rest.lstrip(tokens.QUOTES))
        elif (
            word.text in self._roles
            and not word.after_comma
            and not (self._file and self._file.role)
        ):
            self._report_empty_role()
            self._add_usual_hosts(word.text)
        else:
            self._empty_role = ""
            self._parse_plain_word(word.text)

    def _parse_role_and_host(self, role: str, rest: str) -> None:
        self._role, self._skip_hosts = (role, False) if role in self._roles else (None, True)
        if self._skip_hosts:
            self._report(f"{role}=…", f"{self._unknown_role(role)}; its hosts are left out")
            self._append_editable(f"{role}={hosts.redacted(rest)}")
        elif rest:
            self._parse_entry(rest)
        else:
            self._empty_role = role

    def _add_usual_hosts(self, id: str) -> None:
        role = self._roles[id]
        usual = role.hosts or (tuple(self._resolvers) if role.resolvers else ())
        for host in usual:
            self._parse_host(id, host)
        self._role, self._skip_hosts = None, not usual
        if not usual:
            known = (
                "no DNS server of this machine is known" if role.resolvers else "a host is missing"
            )
            self._report(id, f"{known}; write {id}=HOST")
            self._append_editable(f"{id}=")

    def _parse_plain_word(self, text: str) -> None:
        if self._role or (text.startswith("@") and not self._skip_hosts):
            self._parse_entry(text)
        elif self._skip_hosts:
            self._append_editable(hosts.redacted(text), after=True)
        else:
            self._skip_hosts = True
            shown = hosts.redacted(text)
            reason = (
                self._unknown_role(text)
                if self._similar_roles(text)
                else "which kind of host is not said"
            )
            self._report(
                shown, f"{reason}; write ROLE=HOST, the role being one of {self._role_ids}"
            )

    def _append_editable(self, more: str, *, after: bool = False) -> None:
        """Offer hosts without an existing role for correction, in one line with the role."""
        if self._file or self._omitted_problems:
            return
        last = self._problems[-1]
        before = last.editable_text if after else ""
        if before and not before.endswith("="):
            before += ","
        if len(before) + len(more) <= MAX_EDITABLE:
            self._problems[-1] = replace(last, editable=before + harmless(more, MAX_EDITABLE))

    def _parse_entry(self, text: str) -> None:
        if text.startswith("@"):
            self._read_host_file(text)
        elif self._role:
            own = self._file and self._role == self._file.role
            self._parse_host(self._role, text, self._file.port if self._file and own else None)

    def _read_host_file(self, word: str) -> None:
        if self._file:
            self._report(word, "a list cannot name another list; write its hosts here")
            return
        if self._base is None:
            self._report(word, "lists in files are switched off here; type the hosts")
            return
        try:
            reference = hostfile.parse_reference(word)
            port = hosts.parse_port(reference.port) if reference.port else None
            if port is not None:
                self._check_port(self._role, "@FILE")
            text = hostfile.read_text(reference.path, self._base, self._remaining_text)
        except InvalidEntry as error:
            self._report(word, str(error), self._role or "")
            return
        self._remaining_text -= len(text)
        role, self._file = self._role, _OpenHostFile(reference.path, self._role, port)
        self._parse_text(text)
        self._report_empty_role()
        self._role, self._skip_hosts, self._file = role, False, None

    def _parse_host(self, role: str, text: str, usual_port: int | None = None) -> None:
        try:
            parsed, port = hosts.parse_host(text)
            if port is not None:
                self._check_port(role, "HOST")
            else:
                port = usual_port
            if isinstance(parsed, AddressRange):
                self._add_range(role, parsed, port)
            elif isinstance(parsed, hosts.HostName):
                self._add_host(Target(role, parsed.text, port))
            else:
                self._domains[Domain(role, parsed.text, port)] = None
        except InvalidEntry as error:
            self._report(hosts.redacted(text), str(error), role)

    def _add_range(self, role: str, addresses: AddressRange, port: int | None) -> None:
        if (role, addresses, port) in self._ranges:
            return
        if addresses.count > MAX_HOSTS - self._host_count:
            before = f", after {self._host_count:,} before it" if self._host_count else ""
            holds = (
                f"it holds {addresses.count:,} hosts{before}"
                if addresses.count > 1
                else "no room is left"
            )
            raise InvalidEntry(f"{holds}, and a run has at most {MAX_HOSTS:,}; write a smaller one")
        self._ranges.add((role, addresses, port))
        self._host_count += addresses.count
        network = "" if addresses.count == 1 else addresses.text
        for address in addresses.addresses():
            self._insert(Target(role, address, port, network=network))

    def _add_host(self, target: Target) -> None:
        if self._host_count >= MAX_HOSTS:
            raise InvalidEntry(
                f"no room is left, as a run has at most {MAX_HOSTS:,} hosts; write fewer"
            )
        self._host_count += self._insert(target)

    def _insert(self, target: Target) -> bool:
        """Add a target unless it is known; true if it is new.

        A port that is the check's own makes no other target. What is named singly as well as in a
        network or range is named singly.
        """
        role, host, port = target_key(target)
        custom = self._custom_port_checks[role]
        key = (role, host, None if custom and port == custom.port else port)
        known = self._targets.setdefault(key, target)
        if known.network and not target.network:
            self._targets[key] = replace(known, network="")
        return known is target

    def _check_port(self, role: str | None, placeholder: str) -> None:
        if role is None:
            raise InvalidEntry(f"a port needs a role; write ROLE={placeholder}:PORT")
        if self._custom_port_checks[role] is None:
            used = dict.fromkeys(check.port_text for check in self._profile.checks_of(role))
            uses = f"its checks use {', '.join(used)}" if used else "it has no checks"
            raise InvalidEntry(f"{role} takes no other port, {uses}; write {role}={placeholder}")

    @property
    def _role_ids(self) -> str:
        return ", ".join(self._roles)

    def _similar_roles(self, word: str) -> str:
        """Roles that a word was probably meant as, joined by `or`."""
        folded = word[:64].casefold()
        similar = [
            id
            for id in self._roles
            if folded and (id.startswith(folded) or folded in id.split("."))
        ]
        return " or ".join(similar[:3]) or nearest(folded, self._roles)

    def _unknown_role(self, word: str) -> str:
        similar = self._similar_roles(word)
        suggestion = f"did you mean {similar}?" if similar else f"the roles are {self._role_ids}"
        return f"there is no role of this name ({suggestion})"

    def _report_empty_role(self) -> None:
        if self._empty_role:
            role, self._empty_role = self._empty_role, ""
            alone = self._roles[role].hosts or self._roles[role].resolvers
            hint = f", or {role} alone for its usual hosts" if alone else ""
            self._report(f"{role}=", f"a host is missing after it; write {role}=HOST{hint}")

    def _report(self, entry: str, reason: str, role: str = "") -> None:
        if len(self._problems) >= MAX_PROBLEMS:
            self._omitted_problems += 1
            return
        where = f"{self._file.path} line {self._line}: " if self._file else ""
        # What stands in a file is corrected there.
        problem = entry_problem(entry, reason, where=where, role="" if self._file else role)
        self._problems.append(replace(problem, editable="") if self._file else problem)
