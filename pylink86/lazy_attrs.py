"""Classes that are a list of fields, as `attrs` makes them, but made when they are first needed.

A link knows some hundred and fifty kinds of nodes, tables and results and meets a third of them.
attrs writes and compiles four methods for each while it is imported, and importing attrs itself
takes as long as a whole link by a compiled linker.  So the decorators here do what its `frozen` and
`define` do, but compile a method when it is called for the first time.  To type checkers they are
those of attrs, and the functions of attrs (`attrs.fields`, `attrs.asdict`) know the classes.
Modules write `from . import lazy_attrs as attrs` and go on as if it were attrs.

Only what the package uses is here; test_lazy_attrs.py compares each of it with attrs.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from attrs import Factory as Factory
    from attrs import astuple as astuple
    from attrs import define as define
    from attrs import evolve as evolve
    from attrs import field as field
    from attrs import fields as fields
    from attrs import frozen as frozen
    from attrs import has as has
else:

    class Factory:
        """A default that is made anew for each instance."""

        __slots__ = ("factory",)

        def __init__(self, factory):
            self.factory = factory

    class field:
        """One field: what `attrs.field` takes, and its name."""

        __slots__ = ("alias", "default", "eq", "factory", "init", "metadata", "name", "repr")

        def __init__(
            self, *, default=..., factory=None, eq=True, repr=True, init=True, metadata=None
        ):
            if isinstance(default, Factory):
                default, factory = ..., default.factory
            self.default, self.factory = default, factory
            self.eq, self.repr, self.init = eq, repr, init
            self.metadata = metadata or {}

        def called(self, name):
            """This field under its name; the argument of `__init__` has no leading underscore."""
            self.name, self.alias = name, name.lstrip("_")
            return self

    def frozen(cls=None, *, eq=True, repr=True):
        """A class whose instances never change; they compare by value unless eq is False."""
        return _decorator(cls, True, eq, repr)

    def define(cls=None, *, eq=True, repr=True):
        """A class with fields that may change."""
        return _decorator(cls, False, eq, repr)

    def fields(cls):
        """The fields of a class, in order; TypeError when it is none of ours."""
        try:
            return cls.__fields__
        except AttributeError:
            raise TypeError(f"{cls!r} is not made by frozen or define") from None

    def has(cls):
        """Is this a class with fields?"""
        return hasattr(cls, "__fields__")

    def astuple(instance, *, recurse=True):
        """The values of the fields, in order; fields that are such classes become tuples, too."""
        values = (getattr(instance, f.name) for f in fields(type(instance)))
        if not recurse:
            return tuple(values)
        return tuple(astuple(v) if has(type(v)) else v for v in values)

    def evolve(instance, **changes):
        """A copy with some fields changed."""
        cls = type(instance)
        for f in cls.__fields__:
            if f.init and f.alias not in changes:
                changes[f.alias] = getattr(instance, f.name)
        return cls(**changes)

    def _decorator(cls, is_frozen, eq, repr):
        if cls is None:
            return lambda cls: _make(cls, is_frozen, eq, repr)
        return _make(cls, is_frozen, eq, repr)

    def _make(cls, is_frozen, eq, repr):
        """The class again, with slots for its fields and methods that compile themselves."""
        own = _own_fields(cls)
        inherited = [
            f for f in getattr(cls, "__fields__", ()) if all(f.name != new.name for new in own)
        ]
        every = (*inherited, *own)
        gone = {*_REMADE, *(f.name for f in own)}
        body = {k: v for k, v in vars(cls).items() if k not in gone}
        body |= {"__fields__": every, "__attrs_attrs__": _AttrsFields()}
        body["__slots__"] = (*(f.name for f in own), *_extra_slots(cls, body))
        body.setdefault("__match_args__", tuple(f.name for f in every if f.init))
        if "__init__" not in body:
            body["__init__"] = _first_init(cls, every, is_frozen)
        if eq and "__eq__" not in body:
            body["__eq__"] = _compiled_later("__eq__", _compile_eq)
        if eq and "__hash__" not in vars(cls):
            body["__hash__"] = _compiled_later("__hash__", _compile_hash) if is_frozen else None
        if repr and "__repr__" not in body:
            body["__repr__"] = _repr
        if is_frozen:
            body["__setattr__"] = body["__delattr__"] = _refuse
        body |= {"__getstate__": _getstate, "__setstate__": _setstate}
        made = type(cls)(cls.__name__, cls.__bases__, body)
        made.__qualname__ = cls.__qualname__
        _repair_cells(cls, made)
        return made

    _REMADE = {"__dict__", "__weakref__", "__slots__", "__qualname__"}

    def _own_fields(cls):
        """Fields a class adds, from its annotations; what they are is a string and stays one."""
        found = []
        for name, kind in cls.__annotations__.items():
            if not str(kind).startswith(("ClassVar", "typing.ClassVar")):
                given = vars(cls).get(name, ...)
                made = given if isinstance(given, field) else field(default=given)
                found.append(made.called(name))
        return found

    def _extra_slots(cls, body):
        """Weak references for everybody; a `__dict__` only for what `cached_property` remembers."""
        slots = [
            vars(base).get("__slots__", ("__weakref__", "__dict__")) for base in cls.__mro__[1:-1]
        ]
        if not any("__weakref__" in names for names in slots):
            yield "__weakref__"
        remembers = any(type(value).__name__ == "cached_property" for value in body.values())
        if remembers and not any("__dict__" in names for names in slots):
            yield "__dict__"

    def _repair_cells(old, new):
        """`super()` and `__class__` in methods look at a cell; make it hold the new class."""
        for value in vars(new).values():
            for part in (value, *(getattr(value, a, None) for a in ("fget", "func", "__func__"))):
                for cell in getattr(part, "__closure__", None) or ():
                    if cell.cell_contents is old:
                        cell.cell_contents = new

    COMPILE_AFTER = 8
    """Instances that are filled by a loop; to compile `__init__` takes as long as these."""

    def _first_init(cls, every, is_frozen):
        """`__init__` for a class's first instances, which then compiles the real one."""
        left = COMPILE_AFTER
        wanted = [f for f in every if f.init]
        others = [f for f in every if not f.init]
        names = [f.alias for f in wanted]
        finish = hasattr(cls, "__attrs_post_init__")
        put = object.__setattr__

        def __init__(self, *args, **kwargs):
            nonlocal left
            left -= 1
            if left <= 0 or len(args) > len(names) or not kwargs.keys() <= {*names[len(args) :]}:
                owner = next(c for c in type(self).__mro__ if vars(c).get("__init__") is __init__)
                owner.__init__ = _compile_init(owner, is_frozen)
                return owner.__init__(self, *args, **kwargs)
            for f, value in zip(wanted, args):
                put(self, f.name, value)
            for f in wanted[len(args) :]:
                value = kwargs[f.alias] if f.alias in kwargs else _default(f)
                if value is ...:  # missing, which the real one says in Python's words
                    return _compile_init(type(self), is_frozen)(self, *args, **kwargs)
                put(self, f.name, value)
            for f in others:
                value = _default(f)
                if value is not ...:
                    put(self, f.name, value)
            if finish:
                self.__attrs_post_init__()
            return None

        return __init__

    def _default(f):
        return f.factory() if f.factory is not None else f.default

    def _compiled_later(name, compiler):
        """A method that, when first called, puts the real one in its place and calls that."""

        def stub(self, *args):
            owner = next(c for c in type(self).__mro__ if vars(c).get(name) is stub)
            method = compiler(owner)
            setattr(owner, name, method)
            return method(self, *args)

        return stub

    def _compile(owner, name, head, lines, names):
        source = f"def {name}({head}):\n" + "".join(f"    {line}\n" for line in lines or ["pass"])
        exec(source, names)
        names[name].__qualname__ = f"{owner.__qualname__}.{name}"
        return names[name]

    def _compile_init(owner, is_frozen):
        """`__init__(self, a, b=...)`; a frozen class is filled past its own `__setattr__`."""
        names = {"set_field": object.__setattr__, "MISSING": ...}
        head, lines = ["self"], []
        for i, f in enumerate(owner.__fields__):
            value = f.alias
            names[f"default{i}"] = f.factory or f.default
            if not f.init:
                if f.factory is None and f.default is ...:
                    continue
                value = f"default{i}()" if f.factory else f"default{i}"
            elif f.factory is not None:
                head.append(f"{f.alias}=MISSING")
                value = f"default{i}() if {f.alias} is MISSING else {f.alias}"
            else:
                head.append(f.alias if f.default is ... else f"{f.alias}=default{i}")
            setting = f"self.{f.name} = {value}"
            lines.append(f"set_field(self, {f.name!r}, {value})" if is_frozen else setting)
        if hasattr(owner, "__attrs_post_init__"):
            lines.append("self.__attrs_post_init__()")
        return _compile(owner, "__init__", ", ".join(head), lines, names)

    def _compile_eq(owner):
        names = [f.name for f in owner.__fields__ if f.eq]
        tests = " and ".join(f"self.{name} == other.{name}" for name in names) or "True"
        lines = [
            "if other.__class__ is not self.__class__:",
            "    return NotImplemented",
            f"return {tests}",
        ]
        return _compile(owner, "__eq__", "self, other", lines, {})

    def _compile_hash(owner):
        names = [f"self.{f.name}" for f in owner.__fields__ if f.eq]
        line = f"return hash(({', '.join([*names, ''])}))"
        return _compile(owner, "__hash__", "self", [line], {})

    def _repr(self):
        shown = ", ".join(
            f"{f.name}={getattr(self, f.name)!r}" for f in type(self).__fields__ if f.repr
        )
        return f"{type(self).__qualname__.rpartition('>.')[2]}({shown})"

    def _refuse(self, *_):
        from attrs.exceptions import FrozenInstanceError

        raise FrozenInstanceError

    def _getstate(self):
        return {
            f.name: getattr(self, f.name) for f in type(self).__fields__ if hasattr(self, f.name)
        }

    def _setstate(self, state):
        for name, value in state.items():
            object.__setattr__(self, name, value)

    class _AttrsFields:
        """`__attrs_attrs__`, by which attrs knows its classes: made when attrs asks for it."""

        def __get__(self, instance, cls):
            import attr

            made = {
                f.name: attr.ib(
                    default=attr.Factory(f.factory) if f.factory is not None
                    else attr.NOTHING if f.default is ... else f.default,
                    eq=f.eq, repr=f.repr, init=f.init, metadata=f.metadata,
                )
                for f in fields(cls)
            }  # fmt: skip
            found = attr.fields(attr.make_class(cls.__name__, made))
            cls.__attrs_attrs__ = found
            return found
