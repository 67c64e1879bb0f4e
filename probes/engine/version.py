"""Which version of the program this is."""

from __future__ import annotations


def version() -> str:
    """As it was installed; `unknown` where it was not."""
    # Only now: it costs the start half of what the session log's package does.
    import importlib.metadata

    try:
        return importlib.metadata.version("auditreach")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
