"""What hatchling runs before it packs or installs this: the reference is made into Python."""

from __future__ import annotations

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalog(BuildHookInterface[Any]):
    """Of `pip install .` and `pip install -e .` alike."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write it, where version control does not see it and the wheel takes it all the same."""
        sys.path.insert(0, self.root)
        from profiles.builtin import COMPILED, compile_catalog

        compile_catalog()
        build_data["artifacts"].append(COMPILED.relative_to(self.root).as_posix())
