"""Configuration file: defaults for options, and its template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from probes.settings import Settings
from profiles.errors import Mistake, nearest, printable_path
from profiles.files import FileError, FileKind, read_text
from profiles.loader import load_profile
from profiles.toml import parse_toml
from tui.cli.config_path import default_path, is_there
from tui.cli.options import Options, UsageError
from tui.cli.parser import THEMES
from tui.commands import BY_ID, COMMANDS
from tui.models.keymap import KeymapError, rebind

_KIND = FileKind("a configuration in TOML", 64 * 1024, may_be_empty=True)


class ConfigError(Exception):
    """The file cannot be used; the text is one sentence that names it and what would be right."""


@dataclass(frozen=True, slots=True)
class Config:
    """Values of the file; None is left to the command line or the program."""

    theme: str | None = None
    ascii: bool | None = None
    slow_link: bool | None = None
    mouse: bool | None = None
    timeout: float | None = None
    """Seconds one attempt may take."""
    answer_timeout: float | None = None
    """Seconds for what a service says once its port is open."""
    concurrency: int | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    """By question id."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys separated by commas, by command id."""


_SCREEN: Mapping[str, str] = {
    "theme": "one of " + ", ".join(THEMES),
    "ascii": "true or false",
    "slow_link": "true or false",
    "mouse": "true or false",
}
_MEASURE: Mapping[str, str] = {
    "timeout": "seconds from 0.1 to 300",
    "answer_timeout": "seconds from 0.1 to 300",
    "concurrency": "a number from 1 to 60000",
}
_SECTIONS = ("screen", "measure", "answers", "keys")
_READ_COMMANDS = ("screen", "open", "demo", "run")


def load_config(place: Path) -> Config:
    """The configuration in a file; raises ConfigError."""
    try:
        return _config(parse_toml(read_text(place, _KIND)))
    except (FileError, Mistake) as error:
        raise ConfigError(f"{printable_path(place)}: {error}.") from None
    except (ConfigError, KeymapError) as error:
        raise ConfigError(f"{printable_path(place)}: {error}") from None


def _config(found: Mapping[str, Any]) -> Config:
    _check_keys(found, _SECTIONS, "section")
    screen, measure = _table(found, "screen"), _table(found, "measure")
    _check_keys(screen, _SCREEN, "key", "screen")
    _check_keys(measure, _MEASURE, "key", "measure")
    for name in ("ascii", "slow_link", "mouse"):
        if name in screen and not isinstance(screen[name], bool):
            raise ConfigError(f"screen.{name} is {_SCREEN[name]}, not {_shown(screen[name])}.")
    if "theme" in screen and screen["theme"] not in THEMES:
        raise ConfigError(f"screen.theme is {_SCREEN['theme']}, not {_shown(screen['theme'])}.")
    timeout, answer_timeout = _seconds(measure, "timeout"), _seconds(measure, "answer_timeout")
    concurrency = measure.get("concurrency")
    if concurrency is not None and not (
        _number(concurrency) and isinstance(concurrency, int) and 1 <= concurrency <= 60000
    ):
        raise ConfigError(
            f"measure.concurrency is {_MEASURE['concurrency']}, not {_shown(concurrency)}."
        )
    answers = _table(found, "answers")
    for name, value in answers.items():
        if not isinstance(value, str):
            raise ConfigError(f'answers.{name} is a text such as "yes", not {_shown(value)}.')
    keys = _keys(_table(found, "keys"))
    rebind(COMMANDS, keys)
    return Config(
        screen.get("theme"),
        screen.get("ascii"),
        screen.get("slow_link"),
        screen.get("mouse"),
        timeout,
        answer_timeout,
        concurrency,
        answers,
        keys,
    )


def _keys(table: Mapping[str, Any]) -> dict[str, str]:
    _check_keys(table, BY_ID, "command", "keys")
    keys = {}
    for id, value in table.items():
        several = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) for one in several):
            raise ConfigError(
                f'keys.{id} is a key such as "f5", or a list of keys, not {_shown(value)}.'
            )
        keys[id] = ",".join(several)
    return keys


def _check_keys(
    found: Mapping[str, Any],
    allowed: Mapping[str, object] | tuple[str, ...],
    what: str,
    of: str = "",
) -> None:
    for name in found:
        if name not in allowed:
            near = nearest(name, allowed)
            meant = f"did you mean {near}?" if near else f"there are {', '.join(allowed)}."
            where = f" in [{of}]" if of else ""
            raise ConfigError(f"There is no {what} {name!r}{where}; {meant}")


def _shown(value: object) -> str:
    """A wrong value as TOML writes it, harmless to show."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _table(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = found.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{name} is a section: write [{name}] above its keys.")
    return table


def _seconds(measure: Mapping[str, Any], name: str) -> float | None:
    value = measure.get(name)
    if value is None:
        return None
    if not (_number(value) and 0.1 <= value <= 300):
        raise ConfigError(f"measure.{name} is {_MEASURE[name]}, not {_shown(value)}.")
    return float(value)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def template() -> Iterator[str]:
    """A file that says everything it can say, commented out, line by line."""
    usual = Settings()
    reading = ", ".join(f"`{name}`" for name in _READ_COMMANDS if name != "screen")
    yield f"# The screen, {reading} read this file; the command line comes before it."
    yield f"# Its place: {default_path()}"
    yield ""
    yield "[screen]"
    yield f"# theme = {_quoted(THEMES[0])}    # {_SCREEN['theme']}"
    yield "# ascii = true          # only ASCII characters"
    yield "# slow_link = true      # draw once a second, leave the mouse alone"
    yield "# mouse = false         # leave the mouse to the terminal"
    yield ""
    yield "[measure]"
    yield f"# timeout = {usual.timeout:<11g} # seconds one attempt may take"
    yield f"# answer_timeout = {usual.answer_timeout:<4g} # seconds for what an open port says"
    yield f"# concurrency = {usual.concurrency:<7} # attempts in flight at once"
    yield ""
    yield "[answers]              # of the profile's questions, as for --answer"
    for name, answer in load_profile(None, {}).default_answers.items():
        yield f"# {name} = {_quoted(answer)}"
    yield ""
    yield "[keys]                 # a key, or a list of keys, for each command"
    for one in COMMANDS:
        keys = [_quoted(key) for key in one.keys.split(",")]
        value = keys[0] if len(keys) == 1 else f"[{', '.join(keys)}]"
        yield f"# {one.id} = {value}    # {one.about}"


def _quoted(text: str) -> str:
    return f'"{text}"'


def with_config(options: Options) -> Options:
    """The options over the configuration; raises UsageError where that cannot be used."""
    if options.command not in _READ_COMMANDS:
        return options
    path = options.config or default_path()
    if options.config is None and not is_there(path):
        return options
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
    if config.timeout is not None and not options.timeout_given:
        settings = replace(settings, timeout=config.timeout)
    if config.answer_timeout is not None and not options.answer_timeout_given:
        settings = replace(settings, answer_timeout=config.answer_timeout)
    if config.concurrency is not None and not options.concurrency_given:
        settings = replace(settings, concurrency=config.concurrency)
    return replace(options, settings=settings, usual_answers=config.answers, answers_file=path)
