import tomllib
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from profiles.fields import keys_of
from profiles.loader import ProfileError
from profiles.model import (
    Capability,
    Category,
    Check,
    Cost,
    Elsewhere,
    Instead,
    Profile,
    Question,
    Role,
    Unless,
    When,
)
from profiles.schema import DOCS, schema, write

MODEL = [
    Profile,
    Question,
    Category,
    Role,
    When,
    Unless,
    Check,
    Capability,
    Cost,
    Instead,
    Elsewhere,
]


@pytest.fixture
def validator():
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


@pytest.mark.parametrize("name", ["profile-form.md", "profile.schema.json"])
def test_the_generated_documents_are_not_stale(name, tmp_path):
    write(tmp_path)
    fresh = (tmp_path / name).read_text(encoding="utf-8")
    committed = (DOCS / name).read_text(encoding="utf-8")
    assert committed == fresh, "run python -m profiles.schema"


def test_the_built_in_catalog_has_the_form_of_the_schema(validator):
    text = resources.files("profiles").joinpath("catalog", "alloyscan.toml").read_text("utf-8")
    validator.validate(tomllib.loads(text))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("port = 389", "prot = 389"),
        ("port = 389", "port = 65536"),
        ("port = 389", "port = true"),
        ("port = 389", 'port = 389\nports = "300"'),
        ('title = "LDAP"', 'title = "LDAP queries."'),
        ('title = "LDAP"', 'title = ""'),
        ('id = "windows.ldap"', 'id = "windows.LDAP"'),
        ('id = "windows.ldap"', ""),
        ('transport = "icmp"', 'transport = "sctp"'),
        ('answers = ["yes", "no"]', "answers = []"),
        ('answers = ["yes", "no"]', 'answers = ["yes", "yes"]'),
        ('hosts = ["dc1.example"]', 'hosts = ["@hosts"]'),
        ("[[category]]", "[category]"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(before, after, small, parse, validator):
    changed = small.replace(before, after, 1)
    assert changed != small and validator.is_valid(tomllib.loads(small))
    assert not validator.is_valid(tomllib.loads(changed))
    with pytest.raises(ProfileError):
        parse(changed)


@pytest.mark.parametrize("table", MODEL, ids=lambda table: table.__name__)
def test_every_key_is_documented_on_the_page(table):
    page = (Path(DOCS) / "profile-form.md").read_text(encoding="utf-8")
    for key in keys_of(table):
        assert key.doc, key.name
        assert f"| `{key.name}` |" in page
