"""Takes words in one after another: roles, their hosts, and every mistake as a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from probes.model import Target
from probes.targets import host as hosts
from probes.targets import hostfile, tokens
from probes.targets.host import Span, Wrong
from probes.targets.result import MOST_HOSTS, Bad, Domain, Entered, refused, target_key
from profiles.errors import harmless, nearest
from profiles.model import Profile

MOST_TEXT = 8 * 1024 * 1024
"""Characters and file bytes that are read in all; 262,144 addresses are half of it."""
MOST_BAD = 1000
"""Refused entries that are kept; the others are counted."""
MOST_TYPED = 16 * 1024
"""Characters of a mistake that go back into the line."""
MOST_FRIENDLY = 80
"""Characters of the comment that names a host."""

_ROLE = re.compile(r"[\w.-]{0,64}")
_SPACED_PATH = re.compile(r"""\s*((?:[\w.-]+=)?)@([^"'\r\n]{1,4096})""")


@dataclass(frozen=True, slots=True)
class _File:
    """The list file being read: its name, the role of its plain hosts and their port."""

    path: str
    role: str | None
    port: int | None


class Intake:
    """The state of one reading: which role is in force, what is known, how much room is left."""

    def __init__(self, profile: Profile, resolvers: Sequence[str], base: Path | None) -> None:
        """`base` is the folder of relative list files; None where none may be read."""
        self._profile = profile
        self._resolvers = resolvers
        self._base = base
        self._roles = {role.id: role for role in profile.roles}
        self._custom = {role.id: profile.custom_port(role.id) for role in profile.roles}
        self._targets: dict[tuple[str, str, int | None], Target] = {}
        self._domains: dict[Domain, None] = {}
        self._bad: list[Bad] = []
        self._more_bad = 0
        self._spans: set[tuple[str, Span, int | None]] = set()
        self._hosts = 0
        self._room = MOST_TEXT
        self._role: str | None = None
        # After a role that does not exist its hosts are part of the same mistake.
        self._muted = False
        self._empty = ""
        self._file: _File | None = None
        self._line = 0

    def entry(self, text: str) -> bool:
        """Take one argument or pasted text in; False if there is no room for it."""
        self._room -= len(text) + 1
        if self._room < 0:
            self._refuse(text, "there is too much text to read; write networks or ranges instead")
            return False
        spaced = _SPACED_PATH.fullmatch(text.rstrip())
        if spaced and self._base and hostfile.is_path_with_spaces(spaced[2], self._base):
            self._word(tokens.Word(f'{spaced[1]}@"{spaced[2]}"'))
        else:
            self._text(text)
        return True

    def result(self) -> Entered:
        """Everything taken in so far."""
        self._refuse_empty_role()
        bad = list(self._bad)
        if self._more_bad:
            text = f"{self._more_bad:,} further entries"
            bad.append(Bad(text, "they are refused too; mend the ones before them first"))
        return Entered(tuple(self._targets.values()), tuple(self._domains), tuple(bad))

    def _text(self, text: str) -> None:
        for line in tokens.lines(text):
            self._line = line.number
            if self._file and self._file.role:
                self._refuse_empty_role()
                self._role, self._muted = self._file.role, False
            before = self._hosts, len(self._targets)
            for word in line.words:
                self._word(word)
            # A comment behind a network or beside several hosts is about no single one of them.
            alone = (self._hosts - before[0], len(self._targets) - before[1]) == (1, 1)
            if self._file and line.comment and alone:
                self._name_last(line.comment)

    def _name_last(self, comment: str) -> None:
        key, target = self._targets.popitem()
        self._targets[key] = replace(target, friendly_name=harmless(comment, MOST_FRIENDLY))

    def _word(self, word: tokens.Word) -> None:
        role, equals, rest = word.text.partition("=")
        if equals and _ROLE.fullmatch(role):
            self._refuse_empty_role()
            self._named_role(role, rest.lstrip(tokens.QUOTES))
        elif word.text in self._roles and not word.listed and not (self._file and self._file.role):
            self._refuse_empty_role()
            self._bare_role(word.text)
        else:
            self._empty = ""
            self._plain(word.text)

    def _named_role(self, role: str, rest: str) -> None:
        self._role, self._muted = (role, False) if role in self._roles else (None, True)
        if self._muted:
            self._refuse(f"{role}=…", f"{self._no_role(role)}; its hosts are left out")
            self._type_again(f"{role}={hosts.discreet(rest)}")
        elif rest:
            self._one(rest)
        else:
            self._empty = role

    def _bare_role(self, id: str) -> None:
        role = self._roles[id]
        usual = role.hosts or (tuple(self._resolvers) if role.resolvers else ())
        for host in usual:
            self._host(id, host)
        self._role, self._muted = None, not usual
        if not usual:
            known = (
                "no DNS server of this machine is known" if role.resolvers else "a host is missing"
            )
            self._refuse(id, f"{known}; write {id}=HOST")
            self._type_again(f"{id}=")

    def _plain(self, text: str) -> None:
        if self._role or (text.startswith("@") and not self._muted):
            self._one(text)
        elif self._muted:
            self._type_again(hosts.discreet(text), after=True)
        else:
            self._muted = True
            shown = hosts.discreet(text)
            why = self._no_role(text) if self._alike(text) else "which kind of host is not said"
            self._refuse(shown, f"{why}; write ROLE=HOST, the role being one of {self._ids}")

    def _type_again(self, more: str, *, after: bool = False) -> None:
        """Hosts without a role that exists are not lost: they go back into the line with it."""
        if self._file or self._more_bad:
            return
        last = self._bad[-1]
        before = last.retype if after else ""
        if before and not before.endswith("="):
            before += ","
        if len(before) + len(more) <= MOST_TYPED:
            self._bad[-1] = replace(last, typed=before + harmless(more, MOST_TYPED))

    def _one(self, text: str) -> None:
        if text.startswith("@"):
            self._list_file(text)
        elif self._role:
            own = self._file and self._role == self._file.role
            self._host(self._role, text, self._file.port if self._file and own else None)

    def _list_file(self, word: str) -> None:
        if self._file:
            self._refuse(word, "a list cannot name another list; write its hosts here")
            return
        if self._base is None:
            self._refuse(word, "lists in files are switched off here; type the hosts")
            return
        try:
            found = hostfile.named(word)
            port = hosts.port(found.port) if found.port else None
            if port is not None:
                self._check_port(self._role, "@FILE")
            text = hostfile.contents(found.path, self._base, self._room)
        except Wrong as wrong:
            self._refuse(word, str(wrong), self._role or "")
            return
        self._room -= len(text)
        role, self._file = self._role, _File(found.path, self._role, port)
        self._text(text)
        self._refuse_empty_role()
        self._role, self._muted, self._file = role, False, None

    def _host(self, role: str, text: str, usual_port: int | None = None) -> None:
        try:
            what, port = hosts.read(text)
            if port is not None:
                self._check_port(role, "HOST")
            else:
                port = usual_port
            if isinstance(what, Span):
                self._span(role, what, port)
            elif isinstance(what, hosts.Name):
                self._add(Target(role, what.text, port))
            else:
                self._domains[Domain(role, what.text, port)] = None
        except Wrong as wrong:
            self._refuse(hosts.discreet(text), str(wrong), role)

    def _span(self, role: str, span: Span, port: int | None) -> None:
        if (role, span, port) in self._spans:
            return
        if span.count > MOST_HOSTS - self._hosts:
            before = f", after {self._hosts:,} before it" if self._hosts else ""
            holds = (
                f"it holds {span.count:,} hosts{before}" if span.count > 1 else "no room is left"
            )
            raise Wrong(f"{holds}, and a run has at most {MOST_HOSTS:,}; write a smaller one")
        self._spans.add((role, span, port))
        self._hosts += span.count
        for address in span.addresses():
            self._keep(Target(role, address, port))

    def _add(self, target: Target) -> None:
        if self._hosts >= MOST_HOSTS:
            raise Wrong(f"no room is left, as a run has at most {MOST_HOSTS:,} hosts; write fewer")
        self._hosts += self._keep(target)

    def _keep(self, target: Target) -> bool:
        """Keep a target unless it is known; a port that is the usual one makes no difference."""
        role, host, port = target_key(target)
        custom = self._custom[role]
        key = (role, host, None if custom and port == custom.port else port)
        return self._targets.setdefault(key, target) is target

    def _check_port(self, role: str | None, what: str) -> None:
        if role is None:
            raise Wrong(f"a port needs a role; write ROLE={what}:PORT")
        if self._custom[role] is None:
            used = dict.fromkeys(check.port_text for check in self._profile.checks_of(role))
            uses = f"its checks use {', '.join(used)}" if used else "it has no checks"
            raise Wrong(f"{role} takes no other port, {uses}; write {role}={what}")

    @property
    def _ids(self) -> str:
        return ", ".join(self._roles)

    def _alike(self, word: str) -> str:
        """The roles that a word was probably meant as."""
        folded = word[:64].casefold()
        alike = [
            id
            for id in self._roles
            if folded and (id.startswith(folded) or folded in id.split("."))
        ]
        return " or ".join(alike[:3]) or nearest(folded, self._roles)

    def _no_role(self, word: str) -> str:
        alike = self._alike(word)
        meant = f"did you mean {alike}?" if alike else f"the roles are {self._ids}"
        return f"there is no role of this name ({meant})"

    def _refuse_empty_role(self) -> None:
        if self._empty:
            role, self._empty = self._empty, ""
            alone = self._roles[role].hosts or self._roles[role].resolvers
            hint = f", or {role} alone for its usual hosts" if alone else ""
            self._refuse(f"{role}=", f"a host is missing after it; write {role}=HOST{hint}")

    def _refuse(self, entry: str, why: str, role: str = "") -> None:
        if len(self._bad) >= MOST_BAD:
            self._more_bad += 1
            return
        where = f"{self._file.path} line {self._line}: " if self._file else ""
        # What stands in a file is corrected there.
        bad = refused(entry, why, where=where, role="" if self._file else role)
        self._bad.append(replace(bad, typed="") if self._file else bad)
