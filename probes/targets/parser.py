"""Target parser: roles, their hosts, host files, and a sentence for every mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import probes.targets.host as hosts
import probes.targets.hostfile as hostfile
import probes.targets.tokens as tokens
from probes.model import Target
from probes.targets.blocks import HEADING_TAKEN, below_role, blocks, plain_lines
from probes.targets.errors import InvalidEntry
from probes.targets.formats import read_listing
from probes.targets.host import AddressRange
from probes.targets.host_part import SCHEME_PORTS, host_part, without_password
from probes.targets.name_range import expand, has_range
from probes.targets.notices import Notices
from probes.targets.result import (
    MAX_HOSTS,
    Domain,
    EntryProblem,
    ParseResult,
    entry_problem,
    target_key,
)
from probes.targets.roles import ROLE, Roles, listed
from probes.targets.table import UndecidedList, width
from probes.targets.tokens import Line, Word
from profiles.errors import harmless
from profiles.model import Profile
from profiles.recognition import AUTO

MAX_TEXT = 8 * 1024 * 1024
"""Characters and file bytes read in all; 262,144 addresses need half of it."""
MAX_LINES = 2 * MAX_HOSTS
"""Lines of one list."""
MAX_PROBLEMS = 1000
"""Problems that are kept; further ones are counted."""
MAX_EDITABLE = 16 * 1024
"""Characters of a mistake that are offered for correction in the input line."""
MAX_FRIENDLY_NAME = 80
"""Characters of the comment that names a host."""

_SPACED_PATH = re.compile(r"""\s*((?:[\w.-]+=)?)@([^"'\r\n]{1,4096})""")


@dataclass(frozen=True, slots=True)
class _OpenHostFile:
    """The host file being read: its path, the role of its plain hosts, and their port."""

    path: str
    word: str
    """The reference as it was typed."""
    role: str | None
    port: int | None
    column: str = ""
    """Number or heading of its host column, where one was named."""


class TargetParser:
    """Parser of entries that keeps the current role, the targets so far and the room left."""

    def __init__(
        self,
        profile: Profile,
        resolvers: Sequence[str],
        base: Path | None,
        default_role: str = "",
    ) -> None:
        """Relative host files are in the folder `base`; None allows no files.

        Hosts for which no role is said take the default; without one they are refused.
        """
        self._profile = profile
        self._resolvers = resolvers
        self._base = base
        self._roles = Roles(profile)
        self._prefixes_count = True
        self._custom_port_checks = {role.id: profile.custom_port(role.id) for role in profile.roles}
        self._targets: dict[tuple[str, str, int | None], Target] = {}
        self._domains: dict[Domain, None] = {}
        self._problems: list[EntryProblem] = []
        self._omitted_problems = 0
        self._ranges: set[tuple[str, AddressRange, int | None]] = set()
        self._host_count = 0
        self._remaining_text = MAX_TEXT
        self._default_role = default_role
        self._has_plain_hosts = False
        self._role: str | None = None
        # After a role that does not exist its hosts are part of the same mistake.
        self._skip_hosts = False
        self._empty_role = ""
        self._file: _OpenHostFile | None = None
        self._line = 0
        self._notices = Notices()
        self._unknown_roles: list[int] = []
        """Places of problems about roles that do not exist, whose hosts may follow."""
        # Of a reason in a file: the place of its first problem, and how many there are.
        self._same_in_file: dict[tuple[str, str], tuple[int, int]] = {}

    def feed(self, text: str) -> bool:
        """Parse one argument or pasted text; false if there is no room for it."""
        self._remaining_text -= len(text) + 1
        if self._remaining_text < 0:
            self._report(text, "there is too much text to read; write networks or ranges instead")
            return False
        spaced = _SPACED_PATH.fullmatch(text.rstrip())
        if spaced and self._base and hostfile.is_path_with_spaces(spaced[2], self._base):
            self._parse_word(Word(f'{spaced[1]}@"{spaced[2]}"'))
        else:
            self._parse_text(text)
        return True

    def result(self) -> ParseResult:
        """Targets, domains and problems of everything that was fed."""
        self._report_empty_role()
        problems = list(self._problems)
        for at, count in self._same_in_file.values():
            if count > 1 and at < len(problems):
                more = f"{problems[at].reason}; the same in {count - 1:,} more places of the file"
                problems[at] = replace(problems[at], reason=more)
        if self._omitted_problems:
            text = f"{self._omitted_problems:,} further entries"
            problems.append(
                EntryProblem(
                    text, "they are refused too; fix the ones before them first", editable=""
                )
            )
        for at in self._unknown_roles:
            one = problems[at]
            # A key that is like no role may be of a setting, and its value a secret.
            hosts = one.editable_text if one.reason.endswith("?") else ""
            problems[at] = replace(one, reason=f"{one.reason} {_not_added(hosts)}")
        problems += self._notices.problems()
        return ParseResult(
            tuple(self._targets.values()),
            tuple(self._domains),
            tuple(problems),
            self._has_plain_hosts,
        )

    def _parse_text(self, text: str) -> None:
        text, titles = self._roles.with_ids(text)
        for title in titles:
            self._notices.add(f"{title}=", f"read as {self._roles.spelled(title)}=")
        self._prefixes_count = self._roles.are_all_keys(text)
        lines = list(islice(tokens.tokenize(text, in_file=self._file is not None), MAX_LINES + 1))
        if len(lines) > MAX_LINES:
            self._line = lines[-1].number
            self._report("", f"a list has at most {MAX_LINES:,} lines; write networks or ranges")
            return
        if not self._file and len(lines) < 2:
            for line in lines:
                self._parse_line(line)
            return
        for block in blocks(lines, self._begins_role):
            self._parse_block(block)

    def _begins_role(self, line: Line) -> bool:
        """True for `ROLE=…`, and for a role alone where plain hosts have none."""
        bare = len(line.words) == 1 and not self._has_file_role
        return self._roles.begins(line.words[0].text, self._prefixes_count, bare)

    def _parse_block(self, lines: Sequence[Line]) -> None:
        """Parse a line that begins a role, if it does, and the lines of plain hosts behind it."""
        rest: list[Line] = []
        if lines and self._begins_role(lines[0]):
            first, lines = lines[0], lines[1:]
            rest = below_role([first], True)
            if rest and lines and self._is_table_of_role(first, [*rest, *lines]):
                return
            if lines and first.words[0].text.partition("=")[1] and not self._has_file_role:
                # What stands behind `ROLE=` is the first line of the list.
                self._parse_role_key(first)
                lines = [*rest, *lines]
            else:
                self._parse_line(first)
        if not lines:
            return
        self._enter_file_role()
        if not self._plain_role and self._file and not self._skip_hosts:
            self._has_plain_hosts = True
            self._line, self._skip_hosts = lines[0].number, True
            self._report(
                hosts.redacted(lines[0].words[0].text),
                "its role is not given; write ROLE=@FILE, or ROLE= in a line before it",
            )
        elif not self._plain_role:
            for line in lines:
                self._parse_line(line)
        elif not self._parse_columns(lines):
            self._parse_plain_lines(lines, behind_role=bool(rest))

    def _parse_role_key(self, line: Line) -> None:
        self._line = line.number
        self._parse_word(Word(line.words[0].text.partition("=")[0] + "="))

    def _is_table_of_role(self, line: Line, lines: Sequence[Line]) -> bool:
        """Parse a table whose first line stands behind `ROLE=`; false if there is none."""
        before = self._role, self._skip_hosts
        key = line.words[0].text.partition("=")[0]
        id = self._meant_role(key, equals="=")
        if id:
            self._report_empty_role()
            self._role, self._skip_hosts = id, False
            if self._parse_columns(lines):
                self._role_of(key, equals="=")
                return True
        self._role, self._skip_hosts = before
        return False

    @property
    def _has_file_role(self) -> bool:
        return bool(self._file and self._file.role)

    @property
    def _plain_role(self) -> str:
        """Role of plain hosts: the last one that was said, or the default before any."""
        return self._role or ("" if self._skip_hosts else self._default_role)

    def _parse_plain_host(self, text: str, port: int | None) -> None:
        """Parse a host in the role that was said last; that none was said is noted."""
        role = self._plain_role
        self._has_plain_hosts = self._has_plain_hosts or self._role is None
        if self._parse_host(role, text, port) and self._role is None:
            counts = f"it counts as {role}"
            if role == AUTO:
                counts = f"what answers decides ({AUTO}); ROLE=HOST names one"
            host = host_part(hosts.normalized(text)).text
            self._notices.add(host, f"no role is said, so {counts}")

    def _enter_file_role(self) -> None:
        """In a file under a role, the plain hosts of every line are of that role."""
        if self._file and self._file.role:
            self._report_empty_role()
            self._role, self._skip_hosts = self._file.role, False

    def _parse_columns(self, lines: Sequence[Line]) -> bool:
        """Parse lines in which only some words are hosts; false if they have a host a line."""
        file = self._file
        how = "write the hosts alone, one a line"
        if file:
            how = (
                f"name that column by its number or heading, as in @{file.path}:1, or write the"
                " hosts one a line"
            )
        try:
            listing = read_listing(lines, file.column if file else "", how)
        except UndecidedList as wrong:
            whole = f"{self._role}={file.word}" if file else ""
            self._line = wrong.line
            self._report("", f"no host is taken from this list: {wrong.reason}", editable=whole)
            return True
        if listing is None:
            return False
        self._empty_role = ""
        port = file.port if file and self._role and file.role == self._role else None
        for row in listing.rows:
            self._line = row.line
            with self._named(row.friendly):
                self._parse_plain_host(row.host, port)
        if listing.about:
            self._notices.add(file.path if file else "this list", listing.about)
        self._report_lines(listing.refused)
        return True

    def _parse_plain_lines(self, lines: Sequence[Line], *, behind_role: bool) -> None:
        """Parse a list with a host a line; other lines are refused together."""
        heading, plain, refused = plain_lines(
            lines, wrapped=not self._file, behind_role=behind_role
        )
        if heading:
            self._notices.add(heading, HEADING_TAKEN)
        for line in plain:
            self._enter_file_role()
            self._parse_line(line)
        self._report_lines(refused)

    def _parse_line(self, line: Line) -> None:
        self._line = line.number
        with self._named(line.comment):
            for word in line.words:
                self._parse_word(word)

    def _report_lines(self, refused: Iterable[tuple[int, str]]) -> None:
        """Report lines of a list, those with the same reason once."""
        found: dict[str, list[int]] = {}
        for line, reason in refused:
            found.setdefault(reason, []).append(line)
        for reason, numbers in found.items():
            self._line = numbers[0]
            more = f", and of {len(numbers) - 1:,} more lines" if len(numbers) > 1 else ""
            self._report("", f"{reason}{more}")

    @contextmanager
    def _named(self, comment: str) -> Iterator[None]:
        """In a file, a comment is the friendly name of the host parsed meanwhile."""
        before = self._host_count, len(self._targets)
        yield
        # A comment behind a network or beside several hosts is about no single one of them.
        alone = (self._host_count - before[0], len(self._targets) - before[1]) == (1, 1)
        if self._file and comment and alone:
            key, target = self._targets.popitem()
            named = replace(target, friendly_name=harmless(comment, MAX_FRIENDLY_NAME))
            self._targets[key] = named

    def _parse_word(self, word: Word) -> None:
        role, equals, rest = word.text.partition("=")
        if equals and not role:
            self._report_missing_role(word.text)
        elif equals and ROLE.fullmatch(role):
            self._report_empty_role()
            self._parse_role_and_host(role, rest.lstrip(tokens.QUOTES))
        elif not word.after_comma and self._roles.spelled(word.text) and not self._has_file_role:
            self._report_empty_role()
            self._add_usual_hosts(self._role_of(word.text))
        else:
            self._empty_role = ""
            self._parse_plain_word(word.text)

    def _parse_role_and_host(self, role: str, rest: str) -> None:
        id = self._role_of(role, equals="=")
        self._role, self._skip_hosts = id or None, not id
        if self._skip_hosts:
            self._report_unknown_role(role, rest)
        elif rest:
            self._parse_entry(rest)
        else:
            self._empty_role = id

    def _report_missing_role(self, text: str) -> None:
        self._report_empty_role()
        self._role, self._skip_hosts = None, True
        self._report("=…", "the role before = is missing; write ROLE=HOST")
        self._append_editable(without_password(text))

    def _role_of(self, word: str, equals: str = "") -> str:
        """Id of the role that a word means, which is noted; empty if none is certain."""
        id = self._meant_role(word, equals)
        if id and id != word:
            self._notices.add(f"{word}{equals}", f"read as {id}{equals}")
        return id

    def _meant_role(self, word: str, equals: str) -> str:
        id = self._roles.spelled(word)
        if not id and equals and self._prefixes_count:
            meant = self._roles.meant(word)
            id = meant[0] if len(meant) == 1 else ""
        return id

    def _add_usual_hosts(self, id: str) -> None:
        role = self._roles.by_id[id]
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
        is_file = text.startswith("@") and not self._skip_hosts
        if self._role or is_file or (self._plain_role and not self._is_role_word(text)):
            self._parse_entry(text)
        elif self._skip_hosts:
            self._append_editable(without_password(text), after=True)
        elif self._plain_role:
            word = harmless(text)
            self._report(
                word, f"this is a kind of host; write {word}=HOST, or {AUTO}={word} for the name"
            )
        else:
            self._skip_hosts = self._has_plain_hosts = True
            shown = hosts.redacted(text)
            reason = (
                self._unknown_role(text) if self._roles.similar(text) else "its role is not given"
            )
            self._report(
                shown,
                f"{reason}; write ROLE=HOST, the role being one of {self._role_ids}",
                editable=without_password(text),
            )

    def _is_role_word(self, text: str) -> bool:
        """True for a word of the profile that was typed alone; in a list it is a host."""
        return not self._file and self._roles.is_word(text)

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
        elif self._plain_role:
            own = self._file and self._role and self._role == self._file.role
            port = self._file.port if self._file and own else None
            self._parse_plain_host(text, port)

    def _read_host_file(self, word: str) -> None:
        if self._file:
            self._report(word, "a list cannot name another list; write its hosts here")
            return
        if self._base is None:
            self._report(word, "lists in files are switched off here; type the hosts")
            return
        try:
            reference = hostfile.parse_reference(word, self._base)
            text = hostfile.read_list(reference.path, self._base, self._remaining_text)
            column, number = reference.column, reference.port
            if not number and hosts.is_decimal(column) and not self._has_column(text, column):
                column, number = "", column
            port = hosts.parse_port(number) if number else None
            if port is not None:
                self._check_port(self._role, "@FILE")
        except InvalidEntry as error:
            self._report(word, str(error), self._role or "")
            return
        self._remaining_text -= len(text)
        role = self._role
        self._file = _OpenHostFile(reference.path, word, self._role, port, column)
        self._parse_text(text)
        self._report_empty_role()
        self._role, self._skip_hosts, self._file = role, False, None

    def _has_column(self, text: str, number: str) -> bool:
        """True if the text has so many columns; else the number is a port."""
        lines = list(islice(tokens.tokenize(text, in_file=True), MAX_LINES))
        return len(number) < 5 and 1 <= int(number) <= (width(lines) if lines else 1)

    def _parse_host(self, role: str, text: str, usual_port: int | None = None) -> bool:
        """Parse a host; false if it is refused."""
        try:
            part = host_part(hosts.normalized(text))
            if part.scheme and not self._takes_url_port(role, part.scheme):
                part = part.without_port()
            if has_range(part.text):
                for name in expand(part.text, MAX_HOSTS - self._host_count):
                    self._add_parsed(role, name, usual_port)
            else:
                self._add_parsed(role, part.text, usual_port)
            self._notices.add_dropped(part)
        except InvalidEntry as error:
            self._report(hosts.redacted(text), str(error), role, f"{role}={without_password(text)}")
            return False
        return True

    def _add_parsed(self, role: str, text: str, usual_port: int | None) -> None:
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

    def _takes_url_port(self, role: str, scheme: str) -> bool:
        """True if the port of such a URL is one for the role's check."""
        check = self._custom_port_checks[role]
        return check is not None and SCHEME_PORTS.get(scheme, check.port) == check.port

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
        if role is None or role == AUTO:
            raise InvalidEntry(f"a port needs a role; write ROLE={placeholder}:PORT")
        if self._custom_port_checks[role] is None:
            used = dict.fromkeys(check.port_text for check in self._profile.checks_of(role))
            uses = f"its checks use {', '.join(used)}" if used else "it has no checks"
            raise InvalidEntry(f"{role} takes no other port, {uses}; write {role}={placeholder}")

    @property
    def _role_ids(self) -> str:
        return ", ".join(self._roles.by_id)

    def _unknown_role(self, word: str) -> str:
        similar = listed(self._roles.similar(word))
        suggestion = f"did you mean {similar}?" if similar else f"the roles are {self._role_ids}"
        return f"no role has this name ({suggestion})"

    def _report_unknown_role(self, word: str, rest: str) -> None:
        """Report a word that means no role, or several; its hosts stay to be corrected."""
        similar = listed(self._roles.similar(word))
        meant = f"did you mean {similar}?" if similar else f"the roles are {self._role_ids}."
        before = len(self._problems)
        self._report(f"{word}=", f"no role has this name; {meant}")
        if len(self._problems) > before:
            self._unknown_roles.append(before)
        self._append_editable(f"{word}={without_password(rest)}")

    def _report_empty_role(self) -> None:
        if self._empty_role:
            role, self._empty_role = self._empty_role, ""
            alone = self._roles.by_id[role].hosts or self._roles.by_id[role].resolvers
            hint = f", or {role} alone for its usual hosts" if alone else ""
            self._report(f"{role}=", f"a host is missing after it; write {role}=HOST{hint}")

    def _report(self, entry: str, reason: str, role: str = "", editable: str | None = None) -> None:
        if self._file and entry:
            same = (self._file.path, reason)
            at, count = self._same_in_file.get(same, (len(self._problems), 0))
            self._same_in_file[same] = at, count + 1
            if count:
                return
        if len(self._problems) >= MAX_PROBLEMS:
            self._omitted_problems += 1
            return
        where = f"{self._file.path} line {self._line}: " if self._file else ""
        if not entry:
            where = where.removesuffix(": ") or f"line {self._line}"
        # What stands in a file is corrected there.
        problem = entry_problem(entry, reason, where=where, role="" if self._file else role)
        if self._file and entry:
            editable = ""
        elif editable is not None:
            editable = harmless(editable, MAX_EDITABLE)
        self._problems.append(replace(problem, editable=editable if entry or editable else ""))


def _not_added(editable: str) -> str:
    """Sentence without its full stop about the hosts behind a word that means no role.

    What is no plain name or address may be a password and is not repeated.
    """
    named = [one.strip() for one in editable.partition("=")[2].split(",") if one.strip()]
    if not named or not all(one.replace("-", "").replace(".", "").isalnum() for one in named[:2]):
        return "Its hosts were not added"
    if len(named) < 3:
        return f"{' and '.join(named)} {'were' if len(named) > 1 else 'was'} not added"
    return f"{named[0]}, {named[1]} and {len(named) - 2:,} more were not added"
