"""The lab in a process of its own, so that its work does not distort measured latencies."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from probes.lab.address_map import AddressMap, from_json

_EXIT_TIMEOUT = 2.0
"""Seconds to wait for its exit before it is killed."""
_ROOT = Path(__file__).parent.parent.parent


class LabFailed(Exception):
    """The lab could not be started; the text is one sentence."""


class LabProcess:
    """The lab's process: ends with `close`, and by itself when this process ends in any way."""

    def __init__(self) -> None:
        """Start it, without waiting for it; raises LabFailed."""
        try:
            self._process = subprocess.Popen(
                # Without -P a folder named `probes` where the operator stands would be run.
                [sys.executable, "-P", "-m", "probes.lab"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
                text=True,
                # Ctrl-C and a hang-up are for the screen, which then ends this one.
                start_new_session=True,
            )
        except OSError as error:
            raise LabFailed(_sentence((error.strerror or str(error)).lower())) from None

    def address_map(self) -> AddressMap:
        """Wait until it serves; return its address map. Raises LabFailed."""
        assert self._process.stdout is not None
        try:
            return from_json(self._process.stdout.readline())
        except (OSError, ValueError, KeyError):
            raise LabFailed(_sentence("they ended at once")) from None

    def close(self) -> None:
        """End it; takes a moment."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(_EXIT_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _sentence(why: str) -> str:
    return f"The demo's servers could not be started: {why}."
