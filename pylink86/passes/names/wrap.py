"""--wrap NAME: calls of a function go to a wrapper of the user's.

A reference to NAME means `__wrap_NAME`, and one to `__real_NAME` means NAME, so that the wrapper
can call what it wraps (GNU ld manual 2.1, --wrap).  GNU ld redirects references to names that a
file does not define itself; LLD also those of the file that defines NAME."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from ...dialect import Dialect
from ...model import ObjectFile
from ...script import nodes as n
from ..inputs.library import Library
from ..inputs.load import Loaded, Step
from ..inputs.needs import assigned
from ..reading.scripts import ScriptFile
from .resolve import Resolution
from .wrapped import WRAP, new_names, wrapped


def with_references_wrapped(loaded: Loaded, names: tuple[str, ...]) -> Loaded:
    """Inputs with their references redirected, also those of libraries' members, and those of
    expressions in scripts."""
    script = _ScriptWrapper(names)
    steps = tuple(_wrapped_step(step, names, script) for step in loaded.steps)
    commands = script.of(loaded.script.commands)
    return Loaded(steps, ScriptFile(commands))


def _wrapped_step(step: Step, names: tuple[str, ...], script: _ScriptWrapper) -> Step:
    if isinstance(step.item, ObjectFile):
        return attrs.evolve(step, item=wrapped(step.item, names))
    if isinstance(step.item, Library):
        return attrs.evolve(step, item=attrs.evolve(step.item, wrap=names))
    return attrs.evolve(step, item=script.of(step.item))


class _ScriptWrapper:
    """Commands whose expressions read the wrappers; a node that stands in two places stays one."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.new = new_names(names)
        self.known: dict[int, tuple[object, object]] = {}

    def of(self, commands: tuple[n.TopLevel, ...]) -> tuple[n.TopLevel, ...]:
        found: tuple[n.TopLevel, ...] = self._of(commands)
        return found

    def _of(self, node: Any) -> Any:
        if id(node) not in self.known:
            self.known[id(node)] = node, self._made(node)
        return self.known[id(node)][1]

    def _made(self, node: Any) -> Any:
        if isinstance(node, tuple):
            return tuple(map(self._of, node))
        if isinstance(node, n.Name):
            return attrs.evolve(node, name=self.new.get(node.name, node.name))
        if not isinstance(node, n.Node):
            return node
        values = {f.name: getattr(node, f.name) for f in attrs.fields(type(node))}  # type: ignore[arg-type]
        made = {name: self._of(value) for name, value in values.items()}
        if isinstance(node, n.Call) and node.name == "DEFINED":
            made["target"] = self.new.get(node.target, node.target)
        changes = {name: value for name, value in made.items() if value is not values[name]}
        return attrs.evolve(node, **changes) if changes else node


def redirected(
    resolution: Resolution, names: Iterable[str], dialect: Dialect
) -> dict[tuple[int, int], str]:
    """In LLD's dialect, for the symbols that define wrapped names, what their files' own references
    mean."""
    if dialect.tables_like_gnu:
        return {}
    given = {node.name for node in assigned(command for _, command in resolution.scripts)}
    given |= resolution.definer.keys()
    return {
        definer: WRAP + name
        for name in names
        if (definer := resolution.definer.get(name)) is not None and WRAP + name in given
    }
