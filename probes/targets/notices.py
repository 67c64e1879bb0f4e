"""Notices about entries that were taken for what they mean: one for each kind, counted."""

from __future__ import annotations

from dataclasses import replace

from probes.targets.host_part import HostPart
from probes.targets.result import EntryProblem, entry_problem


class Notices:
    """Notices in the order of their kinds; of each kind the first entry is named."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, int]] = {}

    def add(self, entry: str, reason: str) -> None:
        """Note that an entry was taken, with a clause about how."""
        first, count = self._found.get(reason, (entry, 0))
        self._found[reason] = first, count + 1

    def add_dropped(self, part: HostPart) -> None:
        """Note what stood around a host; never repeats it, as it may be secret."""
        if part.dropped:
            *most, last = (f"the {what}" for what in part.dropped)
            dropped = f"{', '.join(most)} and {last}" if most else last
            are = "are" if most or last.endswith("es") else "is"
            self.add(part.text, f"the host alone is taken, {dropped} {are} left out")

    def problems(self) -> list[EntryProblem]:
        """The notices as problems that are none."""
        found = []
        for reason, (entry, count) in self._found.items():
            # The count stands behind the entry, which may be cut.
            one = entry_problem(entry, reason)
            more = f" and {count - 1:,} more" if count > 1 else ""
            found.append(replace(one, entry=one.entry + more, is_warning=True, editable=""))
        return found
