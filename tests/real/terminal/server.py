"""An sshd for tests."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from tests.real.terminal.program import WITHIN


class Sshd:
    """A real sshd on loopback that root enters with a key."""

    def __init__(self, folder: Path, settings: str) -> None:
        self._folder = folder
        for name in ("key", "host"):
            quiet = ["ssh-keygen", "-q", "-t", "ed25519", "-N", ""]
            subprocess.run([*quiet, "-f", str(folder / name)], check=True)
        (folder / "authorized").write_text((folder / "key.pub").read_text())
        Path("/run/sshd").mkdir(exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {folder}/host\nUsePAM no\n"
            f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nPermitRootLogin yes\n"
            f"PidFile none\nSubsystem sftp internal-sftp\n{settings}"
        )
        command = ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")]
        said = folder / "sshd.txt"
        with said.open("w") as file:
            self._process = subprocess.Popen(command, stderr=file)
        end = time.monotonic() + WITHIN
        while "Server listening" not in said.read_text():
            assert time.monotonic() < end, said.read_text()
            time.sleep(0.02)

    def options(self) -> list[str]:
        """Options of ssh, scp and sftp."""
        settings = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        settings += [f"IdentityFile={self._folder}/key", "IdentitiesOnly=yes", f"Port={self.port}"]
        return ["-F", "none", *(word for one in settings for word in ("-o", one))]

    def ssh(self, *words: str) -> list[str]:
        return ["ssh", *self.options(), *words]

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()
