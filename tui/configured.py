"""Options with what the configuration file says where the command line says nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tui.options import Options, UsageError

_READ = ("screen", "open", "demo", "run")


def configured(options: Options) -> Options:
    """The options over the configuration; raises UsageError where that cannot be used."""
    if options.command not in _READ:
        return options
    path = options.config or default_path()
    if options.config is None and not _is_there(path):
        return options
    # Only where there is a file.
    from tui.config import ConfigError, load_config

    try:
        config = load_config(path)
    except ConfigError as error:
        raise UsageError(str(error)) from None
    options = replace(
        options,
        theme=options.theme or config.theme,
        ascii=config.ascii if options.ascii is None else options.ascii,
        slow_link=options.slow_link or bool(config.slow_link),
        mouse=options.mouse and config.mouse is not False,
        keys=config.keys,
    )
    if options.command == "demo":
        # Its site has answers and a patience of its own.
        return options
    settings = options.settings
    if config.timeout is not None and not options.patience_given:
        settings = replace(settings, timeout=config.timeout)
    if config.concurrency is not None and not options.width_given:
        settings = replace(settings, concurrency=config.concurrency)
    return replace(options, settings=settings, usual_answers=config.answers)


def _is_there(path: Path) -> bool:
    """Whether there is a file; in a home that may not be looked into, as after `su`, is none."""
    try:
        return path.exists()
    except OSError:
        return False


def default_path() -> Path:
    """Where the file is looked for (XDG_CONFIG_HOME on Linux)."""
    import platformdirs

    return platformdirs.user_config_path("auditreach", appauthor=False) / "config.toml"
