"""`auditreach demo`: the lab's servers behind the screen, in the place of a network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui.runner import DemoFailed

if TYPE_CHECKING:
    from probes.lab.address_map import Directory
    from probes.lab.process import LabProcess
    from probes.options import Options


class Demo:
    """The servers of one demo, from `ready` to `close`."""

    def __init__(self) -> None:
        self._lab: LabProcess | None = None

    def ready(self, given: Options) -> tuple[Directory, Options]:
        """Start the servers and wait for them: where they are, and whom to trust there.

        Takes half a second; raises DemoFailed.
        """
        # Not before the first paint: this brings the engine with it.
        from probes.lab.process import LabFailed, LabProcess

        try:
            self._lab = LabProcess()
            directory = self._lab.directory()
        except LabFailed as error:
            raise DemoFailed(str(error)) from None
        return directory, replace(given, ca_file=directory.ca_file)

    def close(self) -> None:
        """End the servers."""
        if self._lab is not None:
            self._lab.close()
