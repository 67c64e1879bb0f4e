"""A record is what `dataclass(frozen=True, slots=True)` makes of the same class."""

import copy
import dataclasses
import pickle
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.record import record


class _Login:
    """A login."""

    user: str
    port: int | None = None
    secret: str = field(default="", repr=False)
    seen: str = field(default="", compare=False)
    facts: Mapping[str, int] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.user}:{self.port}"


@record
class Word:
    """A word."""

    text: str


@record
class Other:
    """Another word."""

    text: str


@record
class Nothing:
    """No field at all."""


Ours = record(type("_Login", (), dict(vars(_Login))))
Theirs = dataclass(frozen=True, slots=True)(type("_Login", (), dict(vars(_Login))))

VALUES = st.fixed_dictionaries(
    {"user": st.text(max_size=1)},
    optional={
        "port": st.none() | st.integers(0, 1),
        "secret": st.text(max_size=1),
        "seen": st.text(max_size=1),
        "facts": st.dictionaries(st.text(max_size=1), st.integers(0, 1), max_size=1),
    },
)


def outcome(do: Callable[[], object]) -> object:
    """What something returns, or the kind and text of its error."""
    try:
        return do()
    except (TypeError, AttributeError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("made", [0, 100])
def test_the_first_of_a_class_and_later_ones_are_alike(made: int) -> None:
    ours = record(type("_Login", (), dict(vars(_Login))))
    for _ in range(made):
        ours("b")
    one = ours("a", 1, facts={"c": 2})
    assert repr(one) == repr(Theirs("a", 1, facts={"c": 2}))
    assert ours("a").facts is not ours("a").facts
    for wrong in ((), ("a", 1, "", "", {}, 6)):
        assert outcome(lambda given=wrong: ours(*given)) == outcome(
            lambda given=wrong: Theirs(*given)
        )
    fresh = record(type("_Login", (), dict(vars(_Login))))
    for named in ({"user": "b"}, {"colour": "red"}):
        assert outcome(lambda named=named: fresh("a", **named)) == outcome(
            lambda named=named: Theirs("a", **named)
        )


@given(VALUES, VALUES)
def test_a_record_shows_holds_and_compares_what_a_dataclass_does(first, second) -> None:
    one, two = Ours(**first), Ours(**second)
    their_one, their_two = Theirs(**first), Theirs(**second)
    assert dataclasses.asdict(one) == dataclasses.asdict(their_one)
    assert repr(one) == repr(their_one)
    assert one.label == their_one.label
    assert (one == two) is (their_one == their_two)
    assert (one != two) is (their_one != their_two)
    changed, theirs = (dataclasses.replace(each, **second) for each in (one, their_one))
    assert dataclasses.asdict(changed) == dataclasses.asdict(theirs)


@pytest.mark.parametrize("arguments", [(), ("a", 1, "", "", {}, 6), ("a",)])
@pytest.mark.parametrize("named", [{}, {"user": "b"}, {"colour": "red"}])
def test_wrong_arguments_get_the_errors_of_a_dataclass(arguments, named) -> None:
    def text(made: object) -> object:
        return made if isinstance(made, tuple) else repr(made)

    ours, theirs = (outcome(lambda one=one: one(*arguments, **named)) for one in (Ours, Theirs))
    assert text(ours) == text(theirs)


def test_what_a_factory_makes_is_made_for_each_record() -> None:
    assert Ours("a").facts == {}
    assert Ours("a").facts is not Ours("a").facts


def test_a_secret_is_in_no_repr() -> None:
    assert "hunter2" not in repr(Ours("a", secret="hunter2"))


def test_equal_records_are_one_key_and_two_kinds_are_never_equal() -> None:
    assert {Word("a"): 1}[Word("a")] == 1
    assert len({Word("a"), Word("a"), Other("a"), Word("b")}) == 3
    assert Word("a") != Other("a")
    assert Word("a") != "a"
    assert Nothing() == Nothing()
    assert Nothing() != Word("a")
    with pytest.raises(TypeError, match="unhashable"):
        hash(Ours("a"))


def test_nothing_in_a_record_can_be_changed_or_added() -> None:
    word = Word("a")
    with pytest.raises(FrozenInstanceError):
        word.text = "b"
    with pytest.raises(FrozenInstanceError):
        del word.text
    with pytest.raises(AttributeError):
        word.more = "b"
    assert word.text == "a"


def test_a_record_survives_being_copied_and_pickled() -> None:
    one = Ours("a", facts={"b": 1})
    assert copy.copy(one) == one
    deep = copy.deepcopy(one)
    assert deep == one
    assert deep.facts is not one.facts
    assert pickle.loads(pickle.dumps(Word("a"))) == Word("a")


def test_a_record_matches_by_position() -> None:
    match Word("a"):
        case Word(text):
            assert text == "a"
        case _:
            pytest.fail("not matched")
