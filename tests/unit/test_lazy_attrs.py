"""Classes made lazily behave as those attrs makes of the same source."""

from __future__ import annotations

import copy
import pickle
import weakref
from functools import cached_property
from types import SimpleNamespace
from typing import ClassVar

import attr
import attrs
import pytest

from pylink86 import lazy_attrs


def variants(api):
    """The same classes by attrs and by lazy_attrs."""

    @api.frozen
    class Point:
        """A place."""

        KIND: ClassVar[str] = "point"
        x: int
        y: int = 2
        _tag: str = ""
        tags: tuple = ()
        span: object = api.field(default=None, eq=False, repr=False)

        @property
        def both(self):
            return self.x + self.y

        @classmethod
        def at(cls, x):
            return cls(x)

        def me(self):
            return __class__

    @api.frozen
    class Point3(Point):
        z: int = 0

        def me(self):
            return super().me()

    @api.define
    class Bag:
        items: list = api.field(factory=list)
        size: int = 0
        made: int = api.field(init=False, default=7)
        later: int = api.field(init=False, eq=False, repr=False)

        def __attrs_post_init__(self):
            self.size = len(self.items)

    @api.frozen(eq=False)
    class Thing:
        name: str
        table: dict = api.Factory(dict)

        @cached_property
        def length(self):
            return len(self.name)

    @api.define(eq=False)
    class Empty:
        pass

    return SimpleNamespace(Point=Point, Point3=Point3, Bag=Bag, Thing=Thing, Empty=Empty)


@pytest.fixture(params=["attrs", "lazy", "lazy, compiled"])
def made(request, monkeypatch):
    """The classes by both, and by lazy_attrs after their methods were compiled."""
    if request.param == "attrs":
        return variants(attrs)
    if request.param == "lazy, compiled":
        monkeypatch.setattr(lazy_attrs, "COMPILE_AFTER", 1)
    return variants(lazy_attrs)


def test_fields_by_position_and_by_name(made):
    point = made.Point(1, tags=("a",), tag="t")
    assert (point.x, point.y, point._tag, point.tags, point.span) == (1, 2, "t", ("a",), None)
    assert point.both == 3
    assert made.Point.at(4).x == 4
    assert made.Point.KIND == "point"
    assert made.Point.__doc__ == "A place."


@pytest.mark.parametrize(
    ("args", "names"), [((), {}), ((1, 2, 3, 4, 5, 6), {}), ((1,), {"w": 1}), ((1,), {"x": 1})]
)
def test_wrong_arguments(made, args, names):
    with pytest.raises(TypeError):
        made.Point(*args, **names)


def test_comparing_by_value(made):
    assert made.Point(1) == made.Point(1, span=object())
    assert made.Point(1) != made.Point(2)
    assert made.Point(1) != made.Point3(1)
    assert made.Point(1).__eq__(1) is NotImplemented
    assert hash(made.Point(1)) == hash(made.Point(1))
    assert len({made.Point(1), made.Point(1), made.Point(1, 3)}) == 2
    assert made.Bag([1]) == made.Bag([1])
    with pytest.raises(TypeError):
        hash(made.Bag())


def test_comparing_by_identity(made):
    one, two = made.Thing("a"), made.Thing("a")
    assert one == one
    assert one != two
    assert len({one, two}) == 2


def test_frozen_means_frozen(made):
    point = made.Point(1)
    for change in (
        lambda: setattr(point, "x", 2),
        lambda: delattr(point, "x"),
        lambda: setattr(point, "new", 2),
    ):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            change()
    assert point.x == 1


def test_defined_classes_change_but_do_not_grow(made):
    bag = made.Bag()
    bag.size = 3
    assert bag.size == 3
    with pytest.raises(AttributeError):
        bag.other = 1


def test_factories_make_new_defaults(made):
    assert made.Bag().items is not made.Bag().items
    assert made.Thing("a").table == {}


def test_fields_that_are_no_arguments(made):
    bag = made.Bag([1, 2])
    assert (bag.made, bag.size) == (7, 2)
    with pytest.raises(AttributeError):
        _ = bag.later
    with pytest.raises(TypeError):
        made.Bag([], made=1)


def test_inheritance(made):
    point = made.Point3(1, z=5)
    assert (point.x, point.y, point.z) == (1, 2, 5)
    assert point.me() is made.Point
    assert made.Point(1).me() is made.Point
    assert [f.name for f in attrs.fields(made.Point3)] == ["x", "y", "_tag", "tags", "span", "z"]


def test_repr(made):
    assert repr(made.Point(1, tags=(2,))) == "Point(x=1, y=2, _tag='', tags=(2,))"
    assert repr(made.Empty()) == "Empty()"


def test_cached_properties_and_weak_references(made):
    thing = made.Thing("abc")
    assert (thing.length, thing.length) == (3, 3)
    assert weakref.ref(thing)() is thing


def test_copies(made):
    point = made.Point(1, tags=("a",))
    assert copy.copy(point) == point
    bag = made.Bag([[1]])
    bag.later = 3
    assert copy.deepcopy(bag) == bag
    assert copy.deepcopy(bag).items[0] is not bag.items[0]


def test_matching_patterns(made):
    match made.Point(1, 5):
        case made.Point(x, y):
            assert (x, y) == (1, 5)
        case _:
            pytest.fail("does not match")


@pytest.mark.parametrize("api", [attrs, lazy_attrs])
def test_functions_on_instances(api):
    made = variants(api)
    point = made.Point(1, tags=("a",), tag="t", span=3)
    changed = api.evolve(point, y=9)
    assert (changed.x, changed.y, changed._tag, changed.span) == (1, 9, "t", 3)
    assert api.evolve(made.Bag([1]), size=4).made == 7
    assert api.astuple(point) == (1, 2, "t", ("a",), 3)
    assert api.has(made.Point)
    assert not api.has(int)
    assert [f.name for f in api.fields(made.Thing)] == ["name", "table"]
    with pytest.raises((TypeError, attrs.exceptions.NotAnAttrsClassError)):
        api.fields(int)


def test_attrs_knows_the_classes():
    made = variants(lazy_attrs)
    point = made.Point(1)
    assert attrs.has(made.Point)
    assert attrs.asdict(point) == {"x": 1, "y": 2, "_tag": "", "tags": (), "span": None}
    assert attrs.evolve(point, tag="t")._tag == "t"
    assert attrs.fields(made.Point).span.eq is False
    assert attr.fields_dict(made.Bag)["made"].init is False
    assert isinstance(attrs.fields(made.Bag).items.default, attr.Factory)


@lazy_attrs.frozen
class Kept:
    """At the top of a module, so that pickle finds it."""

    x: int
    y: int = 0


def test_pickle():
    assert pickle.loads(pickle.dumps(Kept(1))) == Kept(1)


def test_metadata_is_kept():
    @lazy_attrs.frozen
    class Row:
        a: int = lazy_attrs.field(metadata={"says": "what"})

    assert lazy_attrs.fields(Row)[0].metadata["says"] == "what"
    assert attrs.fields(Row).a.metadata["says"] == "what"


def test_many_instances_end_with_compiled_methods():
    made = variants(lazy_attrs)
    first = [made.Point(n, n + 1) for n in range(lazy_attrs.COMPILE_AFTER + 5)]
    assert made.Point.__init__.__qualname__.endswith("Point.__init__")
    assert made.Point.__init__.__code__.co_argcount == 6
    assert [(p.x, p.y) for p in first] == [(n, n + 1) for n in range(len(first))]
