import copy
import dataclasses
import inspect
import pickle

import pytest

from deodar._records import dataclass, field


@dataclass(frozen=True, slots=True)
class Stop:
    """A record with every kind of field."""

    name: str
    minutes: float = 1.0
    lines: tuple[str, ...] = ()
    facts: dict = field(default_factory=dict)
    note: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Other:
    """One with a single field, named as another one's."""

    name: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """One without fields."""


@dataclass(frozen=True, slots=True)
class Doubled:
    """One that finishes itself, and says for itself what it is."""

    size: int

    def __post_init__(self):
        object.__setattr__(self, "size", self.size * 2)

    def __repr__(self):
        return f"twice {self.size // 2}"


def test_a_record_takes_its_fields_by_place_or_by_name_and_has_defaults():
    assert (Stop("a", 2.0).minutes, Stop(name="a", lines=("1",)).lines) == (2.0, ("1",))
    first, second = Stop("a"), Stop("b")
    assert first.facts == {} and first.facts is not second.facts
    with pytest.raises(TypeError, match="name"):
        Stop()
    with pytest.raises(TypeError, match="unknown"):
        Stop("a", unknown=1)


def test_the_first_record_of_a_class_is_made_like_the_later_ones():
    @dataclass(frozen=True, slots=True)
    class Fresh:
        """A class of which there is no record yet."""

        size: int = 3

    assert [Fresh(), Fresh(4), Fresh(size=5)] == [Fresh(3), Fresh(4), Fresh(5)]
    assert {Fresh(size).size for size in range(100)} == set(range(100))
    assert [Fresh(), Fresh(4), Fresh(size=5)] == [Fresh(3), Fresh(4), Fresh(5)]
    assert str(inspect.signature(Fresh)) == "(size=3)"


def test_records_are_equal_when_they_are_of_one_class_and_their_compared_fields_are():
    assert Stop("a") == Stop("a", note="seen") and hash(Other("a")) == hash(Other("a"))
    assert Stop("a") != Stop("b") and Stop("a") != "a"
    assert Other("a") != Stop("a") and Nothing() == Nothing() and hash(Nothing()) == hash(Nothing())
    assert len({Other("a"), Other("a"), Other("b")}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Stop("a"))


def test_a_record_cannot_be_changed_and_takes_no_other_attribute():
    record = Stop("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="'name'"):
        record.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError, match="'name'"):
        del record.name
    assert not hasattr(record, "__dict__")


def test_a_record_shows_its_fields():
    assert repr(Stop("a", facts={"b": 1})) == "Stop(name='a', minutes=1.0, lines=(), facts={'b': 1})"


def test_what_a_class_says_for_itself_stays():
    assert (Doubled(2).size, repr(Doubled(2))) == (4, "twice 2")


@pytest.mark.parametrize("record", [Stop("a", 2.0, ("x",), {"y": [1]}, "seen"), Other("a"), Nothing()])
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_record_survives_pickling_and_copying(record, protocol):
    for other in (pickle.loads(pickle.dumps(record, protocol)), copy.copy(record), copy.deepcopy(record)):
        assert other == record and getattr(other, "note", "") == getattr(record, "note", "")


def test_the_tools_of_dataclasses_take_records():
    assert dataclasses.replace(Stop("a", 2.0), name="b") == Stop("b", 2.0)
    assert dataclasses.asdict(Other("a")) == {"name": "a"} and dataclasses.is_dataclass(Stop)
    match Stop("a", 2.0):
        case Stop(name, minutes=2.0):
            assert name == "a"
        case _:
            pytest.fail("no match by place")


def test_a_class_inherits_from_a_record_and_has_its_own_start():
    class Late(Other):
        def __init__(self, minutes):
            super().__init__(f"late by {minutes}")

    assert [Late(1).name, Late(2).name] == ["late by 1", "late by 2"]
    assert Other("a").name == "a"


def test_a_record_describes_its_fields_as_dataclasses_do():
    described = {each.name: each for each in dataclasses.fields(Stop)}
    assert list(described) == ["name", "minutes", "lines", "facts", "note"]
    assert described["minutes"].default == 1.0 and described["facts"].default_factory is dict
    assert (described["note"].compare, described["note"].repr, described["name"].compare) == (False, False, True)
    assert Stop.__dataclass_params__.frozen
    assert dataclasses.fields(Stop("a")) == dataclasses.fields(Stop) and dataclasses.fields(Nothing) == ()


def test_a_record_does_not_extend_another():
    with pytest.raises(TypeError, match="Longer extends a record"):

        @dataclass(frozen=True, slots=True)
        class Longer(Other):
            """One field more."""

            size: int = 0


def test_only_slotted_records_are_made():
    with pytest.raises(TypeError, match="are slotted"):
        dataclass(frozen=True, slots=False)


def test_a_record_that_is_not_frozen_can_be_changed_and_is_no_key():
    @dataclass(slots=True)
    class Count:
        """A record that changes."""

        of: str
        number: int = 0

    count = Count("a")
    count.number += 1
    assert count == Count("a", 1) and count != Count("a") and not Count.__dataclass_params__.frozen
    with pytest.raises(AttributeError):
        count.other = 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(count)


@pytest.mark.parametrize(("args", "named"), [((), {}), (("a", 1), {}), (("a",), {"name": "b"}), (("a",), {"other": 1})])
def test_arguments_that_do_not_fit_the_first_record_are_refused_as_for_any_other(args, named):
    def refused():
        with pytest.raises(TypeError) as caught:
            Fresh(*args, **named)
        return str(caught.value)

    @dataclass(frozen=True, slots=True)
    class Fresh:
        """Nobody has made one yet."""

        name: str

    first = refused()
    assert Fresh("a").name == Fresh(name="a").name == "a"
    assert "Fresh.__init__()" in first and first == refused()


def test_threads_that_make_the_first_records_at_once_all_get_theirs():
    @dataclass(frozen=True, slots=True)
    class Fresh:
        """Nobody has made one yet."""

        name: str

    # What a slower thread has entered when a faster one has put the finished methods in place.
    entered = {method: vars(Fresh)[method] for method in ("__init__", "__eq__", "__hash__")}
    first = Fresh("a")
    assert first == Fresh("a") and hash(first) == hash(Fresh("a"))
    slower = Fresh.__new__(Fresh)
    entered["__init__"](slower, "a")
    assert entered["__eq__"](slower, first) and entered["__hash__"](slower) == hash(first)


def test_a_field_of_the_standard_library_is_refused():
    class Wrong:
        facts: dict = dataclasses.field(default_factory=dict)

    with pytest.raises(TypeError, match="Wrong describes a field with the standard library's"):
        dataclass(frozen=True, slots=True)(Wrong)
