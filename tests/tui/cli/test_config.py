"""The configuration file: what it says, what it refuses, and other keys on the screen."""

from __future__ import annotations

import os
import re
import string
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.keys import _character_to_key

from probes.settings import Settings
from profiles.loader import load_profile
from tests.tui.driving import drive, notice, text_of, until
from tui.cli.config import ConfigError, load_config, template, with_config
from tui.cli.main import main
from tui.cli.options import UsageError
from tui.cli.parser import COMMANDS as COMMAND_LINES
from tui.cli.parser import parse_options
from tui.commands import COMMANDS
from tui.models.keymap import KeymapError, rebind, with_keys
from tui.screens.help import help_text
from tui.widgets.detail import Detail
from tui.widgets.footer import KeyBar

INVOCATIONS = {
    "screen": [],
    **{command: [command] for command in COMMAND_LINES},
    "open": ["open", "x"],
    "verify": ["verify", "x"],
    "diff": ["diff", "x", "y"],
    "export": ["export", "x", "--format", "csv"],
}
SITE = str(Path(__file__).parents[2] / "sessions" / "site.jsonl")


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config" / "auditreach" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_a_file_everything_is_left_to_the_program():
    options = parse_options([])
    assert with_config(options) == options


def test_the_file_says_what_the_command_line_leaves_open(tmp_path):
    written(
        tmp_path,
        """
        [screen]
        theme = "light"
        ascii = true
        mouse = false
        [measure]
        timeout = 6
        answer_timeout = 30
        concurrency = 50
        [answers]
        current_user = "no"
        """,
    )
    options = with_config(parse_options(["run", "unix.target=a"]))
    assert options.settings == Settings(timeout=6, answer_timeout=30, concurrency=50)
    assert options.usual_answers == {"current_user": "no"}
    screen = with_config(parse_options([]))
    assert (screen.theme, screen.ascii, screen.mouse, screen.slow_link) == (
        "light",
        True,
        False,
        False,
    )


def test_the_command_line_comes_before_the_file(tmp_path):
    written(
        tmp_path,
        '[screen]\ntheme = "light"\nascii = true\n'
        "[measure]\ntimeout = 6\nanswer_timeout = 30\nconcurrency = 50\n",
    )
    given = ["--theme", "dark", "--no-ascii", "--timeout", "4", "--answer-timeout", "20"]
    given += ["--concurrency", "1000"]
    options = with_config(parse_options(given))
    assert (options.theme, options.ascii) == ("dark", False)
    assert options.settings == Settings(timeout=4, answer_timeout=20, concurrency=1000)


def test_another_file_can_be_named_and_must_then_be_there(tmp_path):
    with pytest.raises(UsageError, match=r"none\.toml: there is no such file; check its path\.$"):
        with_config(parse_options(["--config", str(tmp_path / "none.toml")]))


def test_a_home_that_may_not_be_looked_into_has_no_configuration(monkeypatch):
    def forbidden(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", forbidden)
    options = parse_options(["run", "unix.target=a"])
    assert with_config(options) is options


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    path = written(tmp_path, "")

    def forbidden(path, *_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    with pytest.raises(UsageError, match=r": your account may not read it;"):
        with_config(parse_options(["--config", str(path)]))


def test_a_demo_keeps_its_own_patience(tmp_path):
    written(tmp_path, '[measure]\ntimeout = 60\n[answers]\ncurrent_user = "no"\n')
    plain = parse_options(["demo"])
    options = with_config(plain)
    assert options.settings == plain.settings
    assert options.usual_answers == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("broken", "is not valid TOML: Expected '='"),
        ("[scren]\n", "There is no section 'scren'; did you mean screen?"),
        ("[screen]\nthem = 1\n", r"There is no key 'them' in \[screen\]; did you mean theme\?"),
        ('[screen]\ntheme = "pink"\n', "screen.theme is one of dark, light, .*, not 'pink'"),
        ("[screen]\nascii = 1\n", "screen.ascii is true or false, not 1"),
        ("[measure]\ntimeout = 0\n", "measure.timeout is seconds from 0.1 to 300, not 0"),
        ("[measure]\ntimeout = true\n", "measure.timeout is seconds"),
        ("[measure]\nanswer_timeout = 301\n", "measure.answer_timeout is seconds from 0.1 to 300"),
        ("[measure]\nconcurrency = 1.5\n", "concurrency is a number from 1 to 60000, not 1.5"),
        ("screen = 1\n", r"screen is a section: write \[screen\]"),
        ("[answers]\ncurrent_user = true\n", 'answers.current_user is a text such as "yes"'),
        ("[keys]\nagin = 'f5'\n", r"There is no command 'agin' in \[keys\]; did you mean again\?"),
        ("[keys]\nagain = 5\n", 'keys.again is a key such as "f5"'),
        ("[keys]\nagain = 'ctrl+'\n", r"keys.again has 'ctrl\+', which is no key"),
        ("[keys]\nquit = 'ctrl+zz'\n", r"keys.quit has 'ctrl\+zz', which is no key"),
        ("[keys]\nquit = 'f99'\n", "keys.quit has 'f99', which is no key"),
        ("[keys]\nquit = 'escpae'\n", "keys.quit has 'escpae', which is no key"),
        ("[keys]\nquit = 'meta+q'\n", r"keys.quit has 'meta\+q', which is no key"),
        ("[keys]\nagain = 'g'\n", "Key g is assigned to both again and again-all"),
        ("[keys]\nquit = []\n", "keys.quit cannot be empty"),
    ],
)
def test_every_mistake_is_one_sentence_that_names_the_file(tmp_path, text, says):
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=says) as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("char", [*string.punctuation.replace(",", ""), " "])
def test_every_character_is_the_key_that_textual_calls_so(char):
    wanted = _character_to_key(char)
    (bound,) = rebind([replace(COMMANDS[0], id="again")], {"again": char})
    assert bound.keys == wanted
    if char != " ":
        (bound,) = rebind([replace(COMMANDS[0], id="again")], {"again": f"ctrl+{char}"})
        assert bound.keys == f"ctrl+{wanted}"


@pytest.mark.parametrize(
    ("content", "table", "key", "form"),
    [
        ('[answers]\nenable_remoting = "maybe"', "answers", "enable_remoting", "yes, no or auto"),
        ('[answers]\nenable_remoting = "YES"', "answers", "enable_remoting", "yes, no or auto"),
        ('[answers]\nnosuch = "yes"', "answers", "nosuch", "it asks domain_credentials"),
        ("[answers]\nenable_remoting = true", "answers", "enable_remoting", '"yes", not true'),
        ('[answers]\nenable_remoting = ["yes"]', "answers", "enable_remoting", '"yes", not'),
        ("[answers]\nenable_remoting = 1", "answers", "enable_remoting", '"yes", not 1'),
        ('[keys]\nquit = "ctrl+zz"', "keys", "quit", "write r, f5, ctrl+r"),
        (
            "[keys]\nquit = false",
            "keys",
            "quit",
            'a key such as "f5", or a list of keys, not false',
        ),
        ("[keys]\nquit = 5", "keys", "quit", 'a key such as "f5", or a list of keys, not 5'),
        ('[keys]\nnosuch = "x"', "keys", "nosuch", "there are hosts"),
        ('[keys]\nquit = ""', "keys", "quit", "cannot be empty"),
    ],
)
def test_a_wrong_answer_or_key_names_file_table_key_and_right_form(
    tmp_path, capsys, content, table, key, form
):
    path = written(tmp_path, f"{content}\n")
    assert main(["run", "--config", str(path), "unix.target=127.0.0.1:1"]) == 2
    said = capsys.readouterr().err
    assert all(word in said for word in (path.name, table, key, form)), said


@pytest.mark.parametrize("answers", ["domain_credential = 'yes'", "domain_credentials = 'maybe'"])
def test_a_mistake_in_an_answer_names_the_file(tmp_path, capsys, answers):
    path = written(tmp_path, f"[answers]\n{answers}\n")
    assert main(["run", "unix.target=127.0.0.1"]) == 2
    assert str(path) in capsys.readouterr().err


def test_a_mistake_ends_with_status_2_and_no_traceback(tmp_path, capsys):
    written(tmp_path, "[scren]\n")
    assert main(["run", "unix.target=127.0.0.1"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("auditreach: ")
    assert "did you mean screen?" in said
    assert len(said.splitlines()) == 1


def test_an_answer_the_built_in_profile_does_not_ask_is_a_mistake(tmp_path, capsys):
    written(tmp_path, '[answers]\ncurent_user = "no"\n')
    assert main(["run", "unix.target=127.0.0.1"]) == 2
    assert "did you mean current_user?" in capsys.readouterr().err


def test_a_number_of_thousands_of_digits_is_one_sentence(tmp_path, capsys):
    written(tmp_path, f"[measure]\ntimeout = {'9' * 5000}\n")
    assert main(["run", "unix.target=127.0.0.1"]) == 2
    said = capsys.readouterr().err
    assert "has a number with thousands of digits" in said
    assert "Traceback" not in said


def test_the_template_is_a_valid_file_and_names_every_command(capsys):
    assert main(["config"]) == 0
    text = capsys.readouterr().out
    assert load_text(text) == {"screen": {}, "measure": {}, "answers": {}, "keys": {}}
    for one in COMMANDS:
        assert f"# {one.id} = " in text


def load_text(text: str) -> object:
    return tomllib.loads(text)


def test_the_template_uncommented_changes_nothing_but_what_it_says(tmp_path):
    lines = [line[2:] if line.startswith("# ") and " = " in line else line for line in template()]
    found = load_config(written(tmp_path, "\n".join(lines)))
    assert [one.keys for one in rebind(COMMANDS, found.keys)] == [one.keys for one in COMMANDS]
    assert (found.timeout, found.answer_timeout) == (4, 15)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_configuration_or_one_sentence(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("c") / "x.toml"
    path.write_bytes(data)
    try:
        load_config(path)
    except ConfigError as error:
        assert str(path) in str(error)


def test_a_command_has_another_key_and_sentences_name_it():
    bound = rebind(COMMANDS, {"again": "f5,ctrl+r", "filter": "?", "help": "f1"})
    by_id = {one.id: one for one in bound}
    assert (by_id["again"].keys, by_id["again"].key_text) == ("f5,ctrl+r", "f5")
    assert by_id["suspend"].key_text == "Ctrl+Z"
    assert by_id["filter"].key_text == "?"
    assert with_keys("{again} and {again-all}, not {nothing}", bound) == "f5 and g, not {nothing}"


def test_two_commands_may_swap_their_keys():
    bound = rebind(COMMANDS, {"again": "g", "again-all": "r"})
    assert {one.id: one.keys for one in bound}["again-all"] == "r"


def test_a_key_that_another_command_has_is_refused():
    with pytest.raises(KeymapError, match="to both again and again-all"):
        rebind(COMMANDS, {"again": "g"})


def test_another_key_works_on_the_screen_and_the_old_one_does_not(tmp_path):
    path = written(tmp_path, '[keys]\nagain = "f5"\nsave = []\n')

    @drive("open", SITE, "--config", str(path))
    async def _(pilot, app):
        await until(pilot, lambda: "f5 Retest" in text_of(app.query_one(KeyBar)))
        await pilot.press("escape", "r")
        assert notice(app) == ""
        await pilot.press("f5")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("n")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("escape", "s")
        assert len(app.screen_stack) == 1
        await pilot.press("question_mark")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        shown = " ".join(str(one.content) for one in app.screen.query("Static").results())
        assert "f5 retests the selected row" in " ".join(shown.split())


def test_a_command_without_a_key_is_named_by_where_the_palette_has_it():
    bound = rebind(COMMANDS, {"again": ""})
    assert with_keys("{again} measures it again.", bound) == 'Ctrl+P "Retest" measures it again.'


@pytest.mark.parametrize("one", COMMANDS, ids=lambda one: one.id)
def test_the_sentence_of_a_command_names_no_key_that_may_be_another(one):
    if one.id != "sort-by":  # the letters of its dialog
        assert {*re.findall(r"(?<![\w':!-])[A-Za-z](?![\w:])", one.about)} <= {"a"}


def test_details_copies_and_help_name_the_keys_in_force(tmp_path):
    path = written(
        tmp_path, '[keys]\ncopy-command = "f6"\ncopy-change = "f7"\nexplain = "f8"\nstop = []\n'
    )

    @drive("open", SITE, "--config", str(path))
    async def _(pilot, app):
        await pilot.press("f", "o", "down", "3", "end")
        await until(pilot, lambda: "meaning, f8" in text_of(app.query_one(Detail)))
        lines = app.query_one(Detail)._lines
        shown = {one.label for one in lines} | {one.hint for one in lines}
        assert {"f6 copies it", "paste, f7", "meaning, f8"} <= shown
        await pilot.press("f6")
        await until(pilot, lambda: "f6 for the next" in notice(app))
        assert "f8 on a row" in help_text(app.main.commands)


def test_the_template_has_every_question_with_its_default_and_says_who_reads_it():
    lines = [*template()]
    answers = load_profile(None, {}).default_answers
    first = lines.index("[keys]                 # a key, or a list of keys, for each command")
    assert [one for one in lines[:first] if one.partition(" = ")[0][2:] in answers] == [
        f'# {name} = "{answer}"' for name, answer in answers.items()
    ]


@pytest.mark.parametrize("command", INVOCATIONS)
def test_the_template_says_which_commands_read_the_file(tmp_path, command):
    written(tmp_path, "broken")
    options = parse_options(INVOCATIONS[command])
    if command == "screen" or f"`{command}`" in next(template()):
        with pytest.raises(UsageError):
            with_config(options)
    else:
        assert with_config(options) is options
