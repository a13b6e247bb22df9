"""Which archive members join the link, and where among the other files they stand.

A library's members are closed until something needs them.  GNU ld reads from left to right and
looks into an archive once, where it stands: a member joins when it defines a name that is undefined
by then, and what it needs itself can draw in more.  LLD remembers every name of every archive it
has passed, so a member joins as soon as both it and who needs it are known.  Either way members
stand in the order they joined.

Here nothing is resolved but the question who joins; the next pass gives each name its definer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from ...diag import Diagnostics, fail
from ...dialect import Dialect
from ...model import ObjectFile
from ...script import nodes as n
from .library import Library
from .load import Loaded, Step

if TYPE_CHECKING:
    from .member_walk import Reason, Walk


@attrs.frozen(eq=False, repr=False)
class Inputs:
    """All files of the link in the order that decides every tie later on.

    by_pattern: numbers of files that only a section pattern of the script names.  reasons: per
    member that had one, why it joined.  trace: what --trace prints.  libraries: every library, as
    often as it was named.  assigned: per name, how many files came before each assignment of a
    script that stands among them.  scripts: commands that assign, each with how many files came
    before it.  mentioned: names as they were met where those of libraries count, too.  versions: in
    LLD's dialect, names without the version that they are the default of.  backward: in LLD's
    dialect, numbers of members that joined because of a file that stands behind their library.
    """

    files: tuple[ObjectFile, ...]
    by_pattern: frozenset[int] = frozenset()
    reasons: dict[int, Reason] = attrs.field(factory=dict)
    trace: tuple[str, ...] = ()
    libraries: tuple[Library, ...] = ()
    assigned: dict[str, list[int]] = attrs.field(factory=dict)
    scripts: tuple[tuple[int, n.TopLevel], ...] = ()
    mentioned: Collection[str] = ()
    versions: Mapping[str, str] = attrs.field(factory=dict)
    backward: tuple[int, ...] = ()

    def why(self, number: int) -> list[str]:
        """Why an archive member joined, in words; nothing for other files."""
        if number not in self.reasons:
            return []
        reason = self.reasons[number]
        who = self.files[reason.file].name if reason.file >= 0 else "the script or an option"
        return [f"{self.files[number].name} joined because {who} needs `{reason.symbol}'"]


def names_in_libraries(steps: Iterable[Step], patterns: Sequence[str]) -> tuple[str, ...]:
    """Names that members of libraries define and that a pattern of --undefined-glob fits."""
    if not patterns:
        return ()
    from ...wildcard import compile_patterns

    fits = compile_patterns(patterns)
    libraries = (step.item for step in steps if isinstance(step.item, Library))
    return tuple(name for library in libraries for name in library.symbols[0] if fits(name))


def join_members(
    loaded: Loaded, entry: str, wanted: Iterable[str], dialect: Dialect, diags: Diagnostics
) -> Inputs:
    """Open the members that are needed.

    entry: the entry symbol that was asked for, or ""; wanted: names of -u, EXTERN and their like.
    Reports unsupported-input, bad-object, cannot-read of members that cannot be read; no-inputs
    when there were only archives and nothing needs a member.
    """
    steps = loaded.steps
    if not any(isinstance(step.item, Library) for step in steps):
        return _plain(steps, dialect)
    walk = _kind(dialect)(dialect, diags)
    walk.closed = any(isinstance(s.item, Library) and not s.item.whole for s in steps)
    for name in (*wanted, *([entry] if entry and not dialect.default_entry_is_needed else [])):
        walk.want(name, -1)
    walk.steps(steps)
    if walk.closed:
        walk.finish(entry or "_start", loaded.script.commands)
    diags.stop_on_errors()
    if not walk.files:
        raise fail(
            "no-inputs",
            "no input files: nothing needs a member of the archives",
            help=["name an object, or want a member with -u SYMBOL, -e SYMBOL or --whole-archive"],
        )
    return Inputs(
        tuple(walk.files), frozenset(walk.by_pattern), walk.reasons, tuple(walk.trace),
        tuple(walk.libraries), walk.assigned, tuple(walk.scripts) or _assigning(steps),
        walk.mentioned, backward=walk.backward(steps),
    )  # fmt: skip


def _plain(steps: Sequence[Step], dialect: Dialect) -> Inputs:
    """Without libraries there is nothing to draw."""
    files = [step for step in steps if isinstance(step.item, ObjectFile)]
    scripts, before = [], 0
    for step in steps:
        before += isinstance(step.item, ObjectFile)
        scripts += [(before, node) for node in step.item] if isinstance(step.item, tuple) else []
    traced = files if dialect.archives_are_remembered else steps
    return Inputs(
        tuple(step.item for step in files if isinstance(step.item, ObjectFile)),
        frozenset(number for number, step in enumerate(files) if step.by_pattern),
        trace=tuple(step.label for step in traced if step.label),
        scripts=tuple(scripts),
    )


def _assigning(steps: Sequence[Step]) -> tuple[tuple[int, n.TopLevel], ...]:
    """The commands of scripts that assign, where their place among the files means nothing."""
    return tuple((0, node) for step in steps if isinstance(step.item, tuple) for node in step.item)


def _kind(dialect: Dialect) -> type[Walk]:
    """The dialect's way; imported when a link has a library."""
    if dialect.archives_are_remembered:
        from .members_remembered import Remembering

        return Remembering
    from .members_in_order import InOrder

    return InOrder
