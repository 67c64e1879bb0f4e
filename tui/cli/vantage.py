"""Vantage factory for the screen, `run` and the demo."""

from __future__ import annotations

from probes.lab.address_map import AddressMap
from probes.lab.vantage import LabVantage
from probes.vantage import Vantage
from probes.vantage.local.vantage import LocalVantage


async def make_vantage(lab: AddressMap | None = None) -> Vantage:
    """Open this machine, or the demo's lab; runs on the loop that uses the vantage."""
    if lab is not None:
        return LabVantage(lab)
    return LocalVantage()
