"""--wrap NAME: calls of a function go to a wrapper of the user's.

A reference to NAME means `__wrap_NAME`, and one to `__real_NAME` means NAME, so that the wrapper
can call what it wraps (GNU ld manual 2.1, --wrap).  GNU ld redirects references to names that a
file does not define itself; LLD also those of the file that defines NAME."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from ..dialect import Dialect
from ..model import ObjectFile
from .library import Library
from .load import Step
from .needs import assigned
from .resolve import Resolution
from .wrapped import WRAP, wrapped


def wrapped_steps(steps: Sequence[Step], names: tuple[str, ...]) -> tuple[Step, ...]:
    """Inputs with their references redirected, also those of libraries' members."""
    return tuple(_wrapped_step(step, names) for step in steps)


def _wrapped_step(step: Step, names: tuple[str, ...]) -> Step:
    if isinstance(step.item, ObjectFile):
        return attrs.evolve(step, item=wrapped(step.item, names))
    if isinstance(step.item, Library):
        return attrs.evolve(step, item=attrs.evolve(step.item, wrap=names))
    return step


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
