"""Lists of hosts where every word is a name in DNS: only what was named as a host is looked up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.real.processes import run, running

ROOT = Path(__file__).parent.parent.parent
SERVER = "127.3.0.53"
HOSTS = {"pc1", "pc2"}
QUERY = re.compile(r"query\[A+\] (\S+)\.corp\.test from")
EXPORT = (
    "#TYPE Selected.Microsoft.ActiveDirectory.Management.ADComputer\r\n"
    '"Name","Note","OperatingSystem"\r\n"pc1","spare","Windows"\r\n"pc2","old, slow","Server"\r\n'
)
ALIGNED = "\nName Note  OS\n---- ----  --\npc1  spare Windows\npc2  old   Server\n\n"
INVENTORY = "[site]\npc[1:2]\n[site:vars]\nnas=evil\n[all:children]\nsite\n"
LISTS = {
    "export": EXPORT.encode(),
    "utf16": EXPORT.encode("utf-16"),
    "semicolons": b"host;role;os\npc1;spare;Windows\npc2;old;Server\n",
    "tabs": b"os\trole\thostname\nWindows\tspare\tpc1\nServer\told\tpc2\n",
    "aligned": ALIGNED.encode(),
    "comments": b"; note\n// note\n-- note\npc1 ; spare\npc2 // old\n",
    "inventory": INVENTORY.encode(),
    "frame": "┌──────┬───────┐\n│ Host │ Note  │\n├──────┼───────┤\n"
    "│ pc1  │ spare │\n│ pc2  │ old   │\n└──────┴───────┘\n".encode(),
    "directory": b"Name,ObjectClass,Note\npc1,computer,old\nAnna,user,x\npc2,computer,x\n",
    "sheet": b"Servers;Note\npc1;spare\npc2;old\nTotal;2\n",
    "urls": rb"https://spare:old@pc1/Server" + b"\n" + rb"\\pc2\Windows" + b"\n",
}
PARTLY = {"directory", "sheet"}
"""Lists with a line that is refused."""
REFUSED = {
    "no heading": b"pc1;Windows\npc2;Server\n",
    "json": b'{"hosts": ["pc1", "pc2"]}\n',
    "yaml": b"all:\n  hosts:\n    pc1:\n    pc2:\n",
    "words": b"pc1 spare\npc2 old\n",
    "settings": b"[site]\nhost = pc1\n",
    "values": b"Name;pc1\nOperatingSystem;Windows\nLocation;Berlin\n",
    "ssh": b"Host pc1\n  ForwardAgent yes\n  Compression yes\n",
    "services": b"Name,DisplayName\nSpooler,Print\nwuauserv,Update\n",
}


@pytest.fixture(scope="module")
def names(need, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A namespace with a search domain in which every name has an address, and its query log."""
    need("ip", "dnsmasq", "dig")
    name = f"lists{os.getpid()}"
    log = tmp_path_factory.mktemp("lists") / "queries"
    with ExitStack() as down:
        run("ip", "netns", "add", name)
        down.callback(run, "ip", "netns", "delete", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        place = Path("/etc/netns") / name
        place.mkdir(parents=True)
        down.callback(shutil.rmtree, place)
        (place / "resolv.conf").write_text(f"search corp.test\nnameserver {SERVER}\n")
        (place / "hosts").write_text("127.0.0.1 localhost\n")
        words = ["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root"]
        words += ["--bind-interfaces", f"--listen-address={SERVER}", "--no-resolv", "--no-hosts"]
        words += ["--address=/corp.test/127.3.0.1", "--log-queries", "--log-facility=-"]
        inside = ["ip", "netns", "exec", name]
        with log.open("wb") as file:
            # It logs a query before it answers: a file is complete when the answer is there.
            down.enter_context(running(*inside, "dnsmasq", *words, stderr=file))
        look_up = [*inside, "dig", "+short", "+tries=1", f"@{SERVER}", "ready.corp.test"]
        assert any(
            "127.3.0.1"
            in subprocess.run(look_up, capture_output=True, text=True, check=False).stdout
            for _ in range(100)
        ), log.read_text()
        yield name, log


def measured(names: tuple[str, Path], entry: str, folder: Path) -> tuple[set[str], int, str]:
    """The names that were looked up, the exit status, and what was said."""
    namespace, log = names
    before = len(log.read_text())
    done = subprocess.run(
        [
            *("ip", "netns", "exec", namespace, "env", f"PYTHONPATH={ROOT}"),
            *(sys.executable, "-m", "tui", "run", entry, "--log", str(folder / "session.jsonl")),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    asked = {match.casefold() for match in QUERY.findall(log.read_text()[before:])}
    return asked, done.returncode, done.stderr


@pytest.mark.parametrize("name", LISTS)
def test_of_a_list_only_its_hosts_are_looked_up(names, tmp_path: Path, name: str) -> None:
    (tmp_path / "list").write_bytes(LISTS[name])
    asked, status, said = measured(names, "unix.target=@list", tmp_path)
    assert asked == HOSTS
    assert status == (2 if name in PARTLY else 3), said
    assert "old@" not in said and "spare:" not in said


@pytest.mark.parametrize("name", ["export", "frame", "comments", "tabs"])
def test_of_a_list_as_an_argument_only_its_hosts_are_looked_up(
    names, tmp_path: Path, name: str
) -> None:
    list_text = LISTS[name].decode().replace("; note\n", "").replace("pc1 ; spare", "pc1")
    asked, _, said = measured(names, f"unix.target={list_text}", tmp_path)
    assert asked == HOSTS, said


@pytest.mark.parametrize("name", REFUSED)
def test_a_list_that_cannot_be_decided_is_refused_once_and_asks_nobody(
    names, tmp_path: Path, name: str
) -> None:
    (tmp_path / "list").write_bytes(REFUSED[name])
    asked, status, said = measured(names, "unix.target=@list", tmp_path)
    assert asked == set()
    assert status == 2
    assert len(said.splitlines()) == 1 and "list line " in said


def test_the_column_behind_the_file_is_the_only_one_that_is_looked_up(
    names, tmp_path: Path
) -> None:
    (tmp_path / "list").write_bytes(REFUSED["no heading"])
    assert measured(names, "unix.target=@list:1", tmp_path)[0] == HOSTS
