import json
import tomllib
import unicodedata
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.loader import ProfileError
from profiles.model import Profile

CATALOG = resources.files("profiles").joinpath("catalog", "alloyscan.toml").read_bytes()
TREE = tomllib.loads(CATALOG.decode())
STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
LISTS = ("question", "category", "role", "check", "capability")

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none().map(lambda _: {})
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.datetimes()
    | text
    | st.sampled_from(["windows.winrm", "enable.rpc", "printer", "tcp", "icmp", "yes", "auto"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)


def _toml(value):
    """A value as TOML, tables inline."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _document(tree):
    return "\n".join(f"{_toml(key)} = {_toml(value)}" for key, value in tree.items())


def _survives(parse, data):
    try:
        profile = parse(data)
    except ProfileError as error:
        sentence = str(error)
        assert sentence.startswith("site.toml: ") and sentence.endswith(".")
        assert not any(unicodedata.category(char) in STEERING for char in sentence)
        assert len(sentence) < 3000
    else:
        assert isinstance(profile, Profile)


def test_the_writer_of_these_tests_writes_what_was_read(parse):
    assert tomllib.loads(_document(TREE)) == TREE
    assert parse(_document(TREE)).checks == parse(CATALOG).checks


@given(data=st.data())
def test_a_value_replaced_by_anything_is_accepted_or_refused_in_a_sentence(parse, data):
    tree = json.loads(json.dumps(TREE))
    for _ in range(data.draw(st.integers(1, 3))):
        table = tree
        if data.draw(st.booleans()) and isinstance(tree.get("check"), list):
            rows = tree.get(data.draw(st.sampled_from(LISTS)))
            if isinstance(rows, list) and rows:
                table = data.draw(st.sampled_from(rows))
        if not isinstance(table, dict) or not table:
            continue
        key = data.draw(st.sampled_from(sorted(table)) | text)
        if data.draw(st.booleans()):
            table.pop(key, None)
        else:
            table[key] = data.draw(values)
    _survives(parse, _document(tree))


@given(data=st.data())
def test_references_shuffled_between_checks_are_accepted_or_refused(parse, data):
    tree = json.loads(json.dumps(TREE))
    ids = st.sampled_from([check["id"] for check in tree["check"]])
    for check in tree["check"]:
        if data.draw(st.booleans()):
            check["role"] = "windows.target"
            check.pop("custom_port", None)
            check["needs"] = data.draw(ids)
            check["unless"] = [{"check": data.draw(ids)}]
    _survives(parse, _document(tree))


@given(
    start=st.integers(0, len(CATALOG)),
    length=st.integers(0, 200),
    inserted=st.binary(max_size=30) | text.map(str.encode) | st.sampled_from([b'"', b"[", b"\n"]),
)
def test_a_damaged_file_is_accepted_or_refused_in_a_sentence(parse, start, length, inserted):
    _survives(parse, CATALOG[:start] + inserted + CATALOG[start + length :])


@given(st.binary(max_size=200))
def test_noise_is_refused(parse, noise):
    with pytest.raises(ProfileError):
        parse(noise)
