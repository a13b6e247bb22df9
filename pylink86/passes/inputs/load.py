"""Which files take part, and in which order: the command line and the scripts, read from left to
right.

A user hands over paths, bytes, ObjectFiles, or an Input, which also says what the options before it
mean for it (--whole-archive, --start-group).  A script names more files: INPUT and GROUP where the
script stands, STARTUP before all others, and in GNU ld's dialect a file name without wildcards in a
section pattern.  A file of text is a script, too.  What comes out is a list of steps; a step is an
object, a library whose members are still closed, or commands of a script, because GNU ld lets a
symbol that a script defines keep a member of a later archive out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import attrs

from ...diag import Diagnostics, fail
from ...dialect import Dialect
from ...model import ObjectFile
from ...script import nodes as n
from ..reading.scripts import LayoutLike, load_script
from ..reading.scripts import ScriptFile as ScriptFile
from .library import Library, Search
from .loader import FILE, PLAIN, SCRIPT, Loader, words_of_commands
from .loader import LIBRARY as LIBRARY
from .loader import Input as Input
from .loader import InputLike as InputLike
from .loader import Step as Step


class Loaded:
    """steps: inputs from left to right; script: all that scripts say, in the order it counts."""

    def __init__(self, steps: tuple[Step, ...], script: ScriptFile) -> None:
        self.steps, self.script = steps, script


def load_inputs(
    objs: Iterable[InputLike],
    layout: LayoutLike,
    extra: Iterable[n.TopLevel],
    search: Search,
    dialect: Dialect,
    diags: Diagnostics,
    ahead: int | None = None,
) -> Loaded:
    """Read the layout and every input, archives without their members, scripts with their INPUTs.

    extra: what options say, as nodes, appended to the layout.  ahead: how many of the caller's
    inputs come before the layout's own, None is all.  Raises script-syntax, include-cycle; reports
    cannot-read, unsupported-input, bad-object for each file that cannot be taken, and no-inputs
    when there is nothing to link.  Source: GNU ld manual 2.1 (--library), 3.4.2, 3.11.
    """
    script = load_script(layout, search.folders, extra)
    given = [obj if isinstance(obj, Input) else Input(obj) for obj in objs]
    scripts = {
        number: load_script(inp.what, search.folders)  # type: ignore[arg-type]
        for number, inp in enumerate(given)
        if inp.kind == SCRIPT
    }
    every = (*scripts.values(), script)
    loader = Loader(search.with_folders(words_of_commands(every, "SEARCH_DIR")), dialect, diags)
    for name in words_of_commands(every, "STARTUP"):
        loader.named(name, PLAIN, None)
    loader.ahead = {
        os.fspath(inp.what): (number, inp)
        for number, inp in reversed(list(enumerate(given)))
        if inp.kind == FILE and isinstance(inp.what, (str, os.PathLike))
    }
    at = len(given) if ahead is None else ahead
    for number, inp in enumerate(given):
        if number == at:
            loader.script(script.commands, PLAIN)
        if inp.kind == SCRIPT:
            loader.script(scripts[number].commands, inp)
        elif number not in loader.done:
            loader.take(inp, number)
    if at >= len(given):
        loader.script(script.commands, PLAIN)
    diags.stop_on_errors()
    if not any(isinstance(step.item, (ObjectFile, Library)) for step in loader.steps):
        raise fail("no-inputs", "no input files", help=["name at least one object file"])
    if loader.has_raw:
        loader.steps = _of_one_machine(loader.steps, search.machine)
    return Loaded(tuple(loader.steps), ScriptFile((*loader.commands, *loader.late)))


def _of_one_machine(steps: Sequence[Step], machine: int) -> list[Step]:
    """The steps with a machine for files that are only data."""
    from .raw_input import with_machine

    files = iter(with_machine([s.item for s in steps if isinstance(s.item, ObjectFile)], machine))
    return [
        attrs.evolve(step, item=next(files)) if isinstance(step.item, ObjectFile) else step
        for step in steps
    ]
