"""In which order GNU ld's map tells what it tells of.

The map goes by the script, but the plan of a link has neither all that stands in the script nor
only that: what places nothing is missing, and orphans have joined it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..passes.finishing.name_table import hash_bucket
from ..passes.matching.match import SectionId
from ..passes.ordering.order import Command, OutputPlan
from ..passes.ordering.orphans import Dropped
from ..result import LinkResult
from ..script import nodes as n
from .mapwalk import SHOWN, top_level


def node_of(command: object) -> object:
    """What the script says of a command: itself, or the output section it is made from."""
    return command.node if isinstance(command, (OutputPlan, Dropped)) else command


def unplaced_by_node(result: LinkResult) -> dict[int | None, list[object]]:
    """What stands in the script and is no command of the plan (/DISCARD/, INPUT), by the id of the
    node it stands before; None: behind all of them."""
    placed = {id(node_of(command)) for command in result.plan.commands}
    found: dict[int | None, list[object]] = {}
    waiting: list[object] = []
    for item in top_level(result, (*SHOWN, n.Input)):
        if id(item) not in placed:
            waiting.append(item)
        elif waiting:
            found[id(item)] = waiting
            waiting = []
    found[None] = waiting
    return found


def parted(commands: Sequence[Command], result: LinkResult) -> tuple[list[Command], list[Command]]:
    """The commands that stand in the script's part of the map, and the orphans behind it.

    An orphan goes behind when it is not loaded, or when no output section of the script follows it,
    unless the script ends in a /DISCARD/, which is one, and the orphan has a place beside its kind.
    """
    last = max((i for i, cmd in enumerate(commands) if not _is_orphan(cmd)), default=-1)
    placed = {id(cmd.node) for cmd in commands if isinstance(cmd, (OutputPlan, Dropped))}
    ends = [item for item in top_level(result) if isinstance(item, n.OutputSection)]
    open_end = not ends or id(ends[-1]) in placed
    early: list[Command] = []
    late: list[Command] = []
    for at, command in enumerate(commands):
        behind = False
        if isinstance(command, OutputPlan) and command.node is None:
            behind = not command.alloc or (at > last and (open_end or command.beside is None))
        (late if behind else early).append(command)
    return early, late


def _is_orphan(command: object) -> bool:
    return isinstance(command, OutputPlan) and command.node is None


def symbols_by_section(result: LinkResult) -> dict[SectionId, list[tuple[int, str]]]:
    """The global symbols of each input section, lowest address first; equals as GNU ld's table of
    names has them."""
    found: dict[SectionId, list[tuple[int, str]]] = {}
    resolution, table, placed = result.resolution, result.table, result.placed
    names: Sequence[str] = [*resolution.definer][::-1]
    for name in sorted(names, key=hash_bucket):
        if name in placed.symbols:
            continue
        file, index = resolution.definer[name]
        shndx = resolution.files[file].symbols.shndx[index]
        if shndx <= 0:
            continue
        where = placed.addresses.of_symbol(file, index)
        if where is None or isinstance(where, int):
            continue
        value = placed.sections[where[0]].vma + where[1]
        found.setdefault(table.base[file] + shndx, []).append((value, name))
    for rows in found.values():
        rows.sort(key=lambda row: row[0])
    return found
