"""Tables of hosts: delimiter, heading and host column of CSV, tab, pipe and aligned text. Pure."""

from __future__ import annotations

import csv
import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import probes.targets.host as hosts
from probes.targets.errors import InvalidEntry
from probes.targets.host import ADDRESS_LIKE, AddressRange
from probes.targets.host_part import host_part
from probes.targets.tokens import QUOTES, Line
from profiles.errors import harmless

MAX_LINE = 64 * 1024
"""Characters of one line of a list."""
MAX_COLUMNS = 1024

_SURE_NAMES = (
    "dnshostname", "fqdn", "dnsname", "hostfqdn", "fullyqualifieddomainname", "fulldomainname",
    "hostname",
    "computername", "servername", "machinename", "nodename", "devicename", "systemname", "pcname",
    "rechnername", "ansiblehost", "inventoryhostname", "vmname", "assetname", "netbiosname",
    "hostnames", "computernames", "servernames", "samaccountname",
)  # fmt: skip
_NAMES = (
    *_SURE_NAMES, "host", "computer", "server", "machine", "node", "device", "rechner", "pc",
    "target", "hosts", "computers", "servers", "machines", "nodes", "devices", "targets", "pcs",
    "clients", "workstation", "workstations", "endpoint", "endpoints", "serveur", "serveurs",
    "name", "names", "cn",
)  # fmt: skip
_ADDRESSES = (
    "ipaddress", "ipaddr", "ipv4address", "ipadresse", "primaryip", "managementip", "mgmtip",
    "hostip", "serverip", "internetaddress", "clientipaddress", "privateipaddress", "internalip",
    "primaryipaddress", "primaryip4", "ip", "ipv4", "address", "ipaddresses", "ipadressen",
    "adresseip", "ips", "addresses", "ipv6address", "ipv6",
)  # fmt: skip
_SURE = frozenset((*_SURE_NAMES, *_ADDRESSES)) - {"address"}
_OTHERS = frozenset(
    ("os", "operatingsystem", "osversion", "operatingsystemversion", "version", "description",
     "location", "site", "owner", "user", "role", "roles", "type", "kind", "status", "state",
     "note", "notes", "comment", "remark", "mac", "macaddress", "id", "port", "domain", "model",
     "age", "enabled", "distinguishedname", "objectclass", "objectguid", "sid")
)  # fmt: skip
"""Headings that stand beside those of hosts."""
_OTHER_OBJECTS = frozenset(
    ("displayname", "email", "emailaddress", "mail", "givenname", "surname", "firstname",
     "lastname", "vorname", "nachname", "department", "abteilung", "phone", "telephone", "telefon",
     "title", "jobtitle", "publisher", "startmode", "starttype", "servicetype",
     "processid", "processname", "handles", "drivername", "portname", "installdate")
)  # fmt: skip
"""Headings beside the name of a person, a service, a process or a program."""
_OTHER_ADDRESSES = frozenset(
    ("gateway", "defaultgateway", "router", "dnsserver", "dnsservers", "nameserver", "dhcpserver",
     "ntpserver", "proxy", "netmask", "subnetmask", "mask", "subnet", "broadcast")
)  # fmt: skip
"""Headings of addresses that are not those of the hosts of the lines."""
_OF_COMPUTERS = frozenset(("os", "operatingsystem", "mac", "macaddress", *_ADDRESSES))
"""Headings beside the name of a computer and of nothing else."""
_PLACEHOLDERS = frozenset(
    (
        "-",
        "--",
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "unknown",
        "tbd",
        "dhcp",
        "?",
        "#n/a",
        "0.0.0.0",
    )
)
"""Cells that mean nothing."""
_RANK = {heading: rank for rank, heading in enumerate(_NAMES + _ADDRESSES)}
"""Headings of columns that hold hosts, the one that a look-up needs least help with first."""
_KNOWN = _OTHERS | _OTHER_OBJECTS | _RANK.keys()

_OTHER_CLASSES = frozenset(
    ("user", "group", "contact", "person", "inetorgperson", "organizationalunit", "container",
     "printqueue")
)  # fmt: skip
"""Values of objectClass (MS-ADSC) that are no computers."""
_TOTALS = frozenset(("total", "totals", "grandtotal", "sum", "count", "summe", "gesamt", "anzahl"))
_RULE = re.compile(r"[\s|+:=-]*(?:--|==)[\s|+:=-]*|[\s|+:-]*-[\s|+:-]*\|[\s|+:-]*")
_INTERNAL = re.compile(r"(?:10|127|169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.168)\.")
_NOT_A_LETTER = re.compile(r"[\W_]+")
_WIDE_GAP = re.compile(r"\t|\s{2,}")
_WIDE_CELL = re.compile(r"\S+(?:\s\S+)*")
_WORDS = re.compile(r"""[\w\s.'"-]+""")
_FRAMED = re.compile(r"\s*\|([^|]+)\|\s*")
_DELIMITERS = ("\t", ";", ",", "|")
_EXCEL_DELIMITER = re.compile(r"sep=(.)", re.IGNORECASE)


class UndecidedList(Exception):
    """Text of several lines that is no list of hosts: the line, and a clause as in InvalidEntry."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    """Host of one line, and its friendly name."""

    line: int
    host: str
    friendly: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Hosts of a text of several lines, a clause about how it was read, and lines without one."""

    rows: list[Row]
    about: str = ""
    refused: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Cells by line; the rows have as many as the first, unless they are refused."""

    lines: list[tuple[int, list[str]]]
    is_headed: bool = False
    refused: list[tuple[int, str]] = field(default_factory=list)


def is_rule(text: str) -> bool:
    """True for a line of dashes below a heading or around a table."""
    return _RULE.fullmatch(text) is not None


def read_table(lines: Sequence[Line], column: str = "", how: str = "") -> Listing | None:
    """Hosts of a table, or None for text without columns; raises UndecidedList.

    `column` is the number or the heading of the host column; `how` says in a clause how to name it.
    """
    for line in lines:
        if len(line.raw) > MAX_LINE:
            raise UndecidedList(line.number, f"the line is longer than {MAX_LINE:,} characters")
    grid = _grid(lines)
    if grid is None:
        return _single_column(lines, column) if column else None
    columns = len(grid.lines[0][1])
    if columns > MAX_COLUMNS:
        raise UndecidedList(grid.lines[0][0], f"{columns:,} columns are more than {MAX_COLUMNS:,}")
    return _listing(grid, column, how)


def width(lines: Sequence[Line]) -> int:
    """Number of columns of a text."""
    try:
        grid = _grid(lines)
    except UndecidedList:
        return 1
    return len(grid.lines[0][1]) if grid else 1


def is_heading(line: Line) -> bool:
    """True for a line that is the heading of a single column of hosts."""
    return _is_heading(line.text) and _WORDS.fullmatch(line.text) is not None


def _grid(lines: Sequence[Line]) -> _Grid | None:
    kept = [line for line in lines if not is_rule(line.raw)]
    underlined = len(lines) > 2 and is_rule(lines[1].raw)
    if not kept or (not underlined and all(map(_is_one_word, kept))):
        return None
    excel = _EXCEL_DELIMITER.fullmatch(kept[0].raw.strip())
    delimiters: Sequence[str] = _DELIMITERS
    if excel:
        kept, delimiters = kept[1:], (excel[1],)
    # A rule below the whole heading says nothing about its columns.
    runs = len(re.findall("[-=]+", lines[1].raw)) if underlined else 0
    if (
        runs
        and "|" not in lines[1].raw
        and "+" not in lines[1].raw
        and (runs > 1 or len(_WIDE_GAP.split(lines[0].raw.strip())) == 1)
    ):
        return _aligned(lines)
    if all(_FRAMED.fullmatch(line.raw) for line in kept):
        return _framed(kept, lines)
    grids = [grid for delimiter in delimiters if (grid := _delimited(kept, delimiter))]
    grids += [grid for cells in (_wide_cells, _word_cells) if (grid := _spaced(kept, cells))]
    headed = (grid for grid in grids if grid.is_headed)
    return next(headed, None) or next((grid for grid in grids if not grid.refused), None)


def _single_column(lines: Sequence[Line], column: str) -> Listing | None:
    """Hosts below the named heading; None if the first column was meant."""
    first = lines[0].words[0].text
    if _folded(column) == _folded(first) and not hosts.is_decimal(column):
        return Listing([Row(line.number, line.text.strip(), line.comment) for line in lines[1:]])
    if column != "1":
        raise UndecidedList(
            lines[0].number, f'it has one column, and none called "{harmless(column, 40)}"'
        )
    return None


def _is_one_word(line: Line) -> bool:
    return len(line.words) == 1 and "|" not in line.text


def _delimited(lines: Sequence[Line], delimiter: str) -> _Grid | None:
    if delimiter not in lines[0].raw:
        return None
    numbers = [line.number for line in lines]
    texts = [line.raw.strip().strip("|") if delimiter == "|" else line.raw for line in lines]
    reader = csv.reader(
        (f"{text}\n" for text in texts), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    cells: list[tuple[int, list[str]]] = []
    read = 0
    try:
        for row in reader:
            cleaned = [_cleaned(cell) for cell in row]
            if any(cleaned):
                cells.append((numbers[read], cleaned))
            read = reader.line_num
    except csv.Error:
        if not any(map(_is_heading, texts[0].split(delimiter))):
            return None
        raise UndecidedList(
            numbers[min(read, len(numbers) - 1)],
            "a quotation mark is not closed, or closed within a cell; fix it",
        ) from None
    return _rectangular(cells)


def _spaced(lines: Sequence[Line], cells_of: Callable[[Line], list[str]]) -> _Grid | None:
    cells = [(line.number, cells_of(line)) for line in lines]
    if cells_of is _wide_cells:
        starts = _starts(lines[0])
        for at, line in enumerate(lines):
            found = _starts(line)
            if len(found) == len(cells[at][1]) < len(starts) and set(found) <= set(starts):
                # A cell is empty.
                values = dict(zip(found, cells[at][1], strict=True))
                cells[at] = line.number, [values.get(start, "") for start in starts]
    grid = _rectangular(cells)
    if (
        grid
        and grid.is_headed
        and not all(_folded(cell) in _KNOWN for cell in grid.lines[0][1][:2])
    ):
        # Two words may be a setting and its value.
        return replace(grid, is_headed=len(grid.lines[0][1]) > 2)
    return grid


def _starts(line: Line) -> list[int]:
    return [match.start() for match in _WIDE_CELL.finditer(line.raw.expandtabs())]


def _framed(rows: Sequence[Line], lines: Sequence[Line]) -> _Grid:
    """Grid of a single column with a frame around it."""
    cells = [(line.number, [_cleaned(line.raw.strip().strip("|"))]) for line in rows]
    below = [one for one in lines if one.number > rows[0].number][:1]
    underlined = bool(below) and is_rule(below[0].raw)
    return _Grid(cells, underlined or _is_heading(cells[0][1][0]))


def _wide_cells(line: Line) -> list[str]:
    words = _word_cells(line)
    return words if len(words) == 1 else [*map(_cleaned, _WIDE_GAP.split(line.text.strip()))]


def _word_cells(line: Line) -> list[str]:
    return [word.text if len(line.words) == 1 else _cleaned(word.text) for word in line.words]


def _cleaned(cell: str) -> str:
    text = cell.strip().strip(QUOTES)
    return "" if text.casefold() in _PLACEHOLDERS else text


def _rectangular(cells: list[tuple[int, list[str]]]) -> _Grid | None:
    """Grid of rows as wide as the first, if it is headed or all are."""
    while cells and len(cells[0][1]) > 1 and all(not row[-1] for _, row in cells):
        cells = [(number, row[:-1]) for number, row in cells]
    if not cells or len(cells[0][1]) < 2:
        return None
    first = cells[0][1]
    cells = [cells[0], *((number, row) for number, row in cells[1:] if row != first)]
    width = len(first)
    fitting = [(number, row) for number, row in cells if len(row) == width]
    known = [at for at, cell in enumerate(first) if _is_heading(cell)]
    headed = (
        _are_headings(first)
        and 1 < len(fitting) > len(cells) / 2
        # The same word in every line is a keyword.
        and not any(row[at] == first[at] for _, row in fitting[1:] for at in known)
        and not _is_transposed([row for _, row in fitting])
    )
    refused = [
        (number, f"its columns are not {width:,}, as those of the first line are")
        for number, row in cells
        if len(row) != width
    ]
    return _Grid(fitting, headed, refused)


def _is_transposed(rows: Sequence[Sequence[str]]) -> bool:
    """True for lines of a name and its value: the headings stand below one another."""
    first = rows[0]
    return (
        len(first) == 2
        and _is_heading(first[0])
        and _folded(first[1]) not in _KNOWN
        and any(_folded(row[0]) in _KNOWN for row in rows[1:])
    )


def _are_headings(cells: Sequence[str]) -> bool:
    """True for a line that can be nothing else, or has a host's heading in its first column.

    Server and name are words of a row as well: behind another word they want a second heading.
    """
    folded = [_folded(cell) for cell in cells]
    sure = any(one in _SURE for one in folded) or folded[0] in _RANK
    both = any(one in _RANK for one in folded) and (
        sum(one in _RANK or one in _OTHERS for one in folded) > 1
    )
    return (sure or both) and not any(map(_is_address, cells))


def _aligned(lines: Sequence[Line]) -> _Grid:
    """Grid of text whose columns begin where the dashes below the heading do (Format-Table)."""
    starts = [match.start() for match in re.finditer(r"[-=]+", lines[1].raw)]
    ends = [*starts[1:], None]
    grid = []
    for line in (lines[0], *lines[2:]):
        if not is_rule(line.raw):
            raw = line.raw.expandtabs()
            cells = [_cleaned(raw[start:end]) for start, end in zip(starts, ends, strict=True)]
            # A number is set to the right, and may begin before its dashes do.
            grid.append((line.number, [_WIDE_GAP.split(cell)[0] for cell in cells]))
    return _Grid(grid, True)


def _folded(heading: str) -> str:
    return _NOT_A_LETTER.sub("", heading).casefold()


def _is_heading(cell: str) -> bool:
    return _folded(cell) in _RANK


def _is_address(cell: str) -> bool:
    if not ADDRESS_LIKE.fullmatch(cell):
        return False
    try:
        return isinstance(hosts.parse_host(cell)[0], AddressRange)
    except InvalidEntry:
        return False


def is_usable(cell: str) -> bool:
    """True for the text of a host."""
    try:
        hosts.parse_host(host_part(hosts.normalized(cell)).text)
    except InvalidEntry:
        return False
    return True


def _listing(grid: _Grid, column: str, how: str) -> Listing:
    heading = grid.lines[0][1] if grid.is_headed or _is_headed_by(grid, column) else []
    rows = grid.lines[1:] if heading else grid.lines
    width = len(grid.lines[0][1])
    chosen = (
        _named_column(grid, column, heading)
        if column
        else _headed_column(grid, heading, rows, how)
        if grid.is_headed
        else _address_column(grid, how)
    )
    if not heading and not column and not _is_address(grid.lines[0][1][chosen]):
        # Every other line has an address there.
        heading, rows = grid.lines[0][1], grid.lines[1:]
    names = _name_column(heading, chosen)
    rows, others = _computers(heading, rows, chosen)
    refused = [*grid.refused, *others]
    if heading and _folded(heading[chosen]) in _ADDRESSES:
        no_address = f'below "{harmless(heading[chosen], 40)}" there is no address'
        fits = [not row[chosen] or _is_address(row[chosen]) for _, row in rows]
        refused += [(row[0], no_address) for row, fit in zip(rows, fits, strict=True) if not fit]
        rows = [row for row, fit in zip(rows, fits, strict=True) if fit]
    # As NetBox and interfaces write it; a network has an own heading.
    is_interface = not heading or _folded(heading[chosen]) in _ADDRESSES
    bare = _without_prefix if is_interface else str
    found = [
        Row(number, bare(row[chosen]), "" if names is None else row[names])
        for number, row in rows
        if row[chosen]
    ]
    what = f'"{harmless(heading[chosen], 40)}"' if heading else f"{chosen + 1}"
    about = (
        f"of its {width:,} columns {what} is taken for the hosts"
        if width > 1
        else (f"its first line, {what}, is taken for a heading")
    )
    if len(found) < len(rows):
        about += f", {len(rows) - len(found):,} lines have none there"
    kept = {number: row[chosen] for number, row in rows}
    if any(row.host != kept[row.line] for row in found):
        about += ", the addresses without the length of their network"
    return Listing(found, about, refused)


def _computers(
    heading: Sequence[str], rows: Sequence[tuple[int, list[str]]], chosen: int
) -> tuple[list[tuple[int, list[str]]], list[tuple[int, str]]]:
    """The rows that may be computers, and the others as refused lines."""
    classes = [at for at, cell in enumerate(heading) if _folded(cell) == "objectclass"]
    kept, refused = list[tuple[int, list[str]]](), list[tuple[int, str]]()
    for number, row in rows:
        if any(_folded(row[at]) in _OTHER_CLASSES for at in classes):
            refused.append((number, "its objectClass is that of no computer"))
        elif heading and number == rows[-1][0] and _folded(row[chosen]) in _TOTALS:
            refused.append((number, "it is a total, not a host"))
        else:
            kept.append((number, row))
    return kept, refused


def _without_prefix(cell: str) -> str:
    """ADDRESS of ADDRESS/PREFIX, unless that is the first address of a network."""
    try:
        interface = ipaddress.ip_interface(cell)
    except ValueError:
        return cell
    is_network = interface.ip == interface.network.network_address
    return cell if is_network else cell.partition("/")[0]


def _is_headed_by(grid: _Grid, column: str) -> bool:
    """True if the first line is a heading as far as the named column tells."""
    first = grid.lines[0][1]
    if not column:
        return False
    if not hosts.is_decimal(column):
        return any(_folded(cell) == _folded(column) for cell in first)
    at = int(column) - 1
    below = [row[at] for _, row in grid.lines[1:] if at < len(row)]
    return 0 <= at < len(first) and (
        _is_heading(first[at])
        or (bool(below) and not _is_address(first[at]) and all(map(_is_address, below)))
    )


def _named_column(grid: _Grid, column: str, heading: Sequence[str]) -> int:
    line, first = grid.lines[0]
    if hosts.is_decimal(column) and len(column) < 5 and 1 <= int(column) <= len(first):
        return int(column) - 1
    same = [at for at, cell in enumerate(heading) if _folded(cell) == _folded(column)]
    if len(same) == 1:
        return same[0]
    if same:
        raise UndecidedList(line, f'{len(same)} columns are called "{harmless(column, 40)}"')
    raise UndecidedList(line, f'it has no column "{harmless(column, 40)}"; {_columns_of(first)}')


def _headed_column(
    grid: _Grid, heading: Sequence[str], rows: Sequence[tuple[int, list[str]]], how: str
) -> int:
    """The column of hosts in which most cells are some, by the rank of its heading."""
    line = grid.lines[0][0]
    known = [at for at, cell in enumerate(heading) if _is_heading(cell)]
    if len(heading) == 1 and _folded(heading[0]) not in _KNOWN:
        # A rule below it says that it is a heading.
        known = [0]
    bad = {at: sum(not _fits(heading[at], row[at]) for _, row in rows) for at in known}
    best = sorted(known, key=lambda at: (bad[at], _RANK.get(_folded(heading[at]), 0)))
    if not best or not rows:
        raise UndecidedList(
            line,
            f"{_columns_of(heading)}, and none of them says that it has the hosts; {how}",
        )
    if _folded(heading[best[0]]) in ("name", "names", "cn") and _are_of_others(heading):
        raise UndecidedList(
            line, f"{_columns_of(heading)}, so they may name something else than hosts; {how}"
        )
    twin = [at for at in best[1:2] if _folded(heading[at]) == _folded(heading[best[0]])]
    if twin and bad[twin[0]] == bad[best[0]]:
        raise UndecidedList(line, f"two of its columns have the same heading; {how}")
    if bad[best[0]] == len(rows):
        raise UndecidedList(
            line, f'no cell below its heading "{harmless(heading[best[0]], 40)}" is a host; {how}'
        )
    return best[0]


def _are_of_others(heading: Sequence[str]) -> bool:
    """True for headings of persons, services or programs rather than of computers."""
    folded = frozenset(map(_folded, heading))
    return bool(folded & _OTHER_OBJECTS) and not folded & _OF_COMPUTERS


def _fits(heading: str, cell: str) -> bool:
    if _folded(heading) in _ADDRESSES:
        return _is_address(cell)
    # Of the accounts of a domain only a computer's ends in $ (MS-ADTS 3.1.1.8.1).
    is_account = _folded(heading) == "samaccountname"
    return is_usable(cell) and (not is_account or cell.endswith("$"))


def headed_lines(lines: Sequence[Line]) -> frozenset[int]:
    """Numbers of the lines of a table whose first line says which column has the hosts."""
    try:
        grid = _grid(lines)
    except UndecidedList:
        # Its heading is what made it a table.
        return frozenset(line.number for line in lines)
    return frozenset(number for number, _ in grid.lines if grid.is_headed) if grid else frozenset()


def _address_column(grid: _Grid, how: str) -> int:
    """The only column of addresses; names alone do not tell a host from another word."""
    line, first = grid.lines[0]
    rows = [row for _, row in grid.lines[1:]] or [first]
    found = [at for at in range(len(first)) if all(_is_address(row[at]) for row in rows)]
    certain = [at for at in found if at == 0 or all(_is_internal(row[at]) for row in rows)]
    mixed = any(_is_address(cell) for at, cell in enumerate(first) if at not in found)
    others = any(_folded(first[at]) in _OTHER_ADDRESSES for at in found)
    if len(found) != 1 or not certain or mixed or others:
        raise UndecidedList(
            line,
            f"no heading says which of its {len(first):,} columns has the hosts; {how}",
        )
    return found[0]


def _is_internal(cell: str) -> bool:
    """True for an address that is no version number."""
    return ":" in cell or _INTERNAL.match(cell) is not None


def _name_column(heading: Sequence[str], chosen: int) -> int | None:
    """The column of names beside one of addresses."""
    if not heading or _folded(heading[chosen]) not in _ADDRESSES:
        return None
    named = [at for at, cell in enumerate(heading) if _folded(cell) in _NAMES]
    return min(named, key=lambda at: _RANK[_folded(heading[at])], default=None)


def _columns_of(cells: Sequence[str]) -> str:
    shown = ", ".join(f'"{harmless(cell, 24)}"' for cell in cells[:6])
    return f"its columns are {shown}{' …' if len(cells) > 6 else ''}"
