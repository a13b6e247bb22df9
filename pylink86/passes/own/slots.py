"""The order of slots in the global offset table.

Bytes depend on it, and each linker has its own: GNU ld gives slots to local symbols first and walks
its table of names for the others; LLD does the others first, as files mention them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..finishing.name_order import names_in_reading_order, names_of_files
from ..finishing.name_table import table_order
from ..names.resolve import Resolution
from ..tables import Slot, Who


def slots_like_gnu(
    wanted: Mapping[Slot, None], resolution: Resolution, last: Sequence[Slot] = ()
) -> Iterator[Slot]:
    """Local symbols file by file, then the others in the order of GNU ld's table of names; last:
    slots of local symbols that stand behind all of these, when they are wanted."""
    yield from (slot for slot in _local_slots(wanted) if slot not in last)
    mentioned = names_in_reading_order(resolution)
    by_name: dict[Who, list[Slot]] = {}
    for slot in wanted:
        if isinstance(slot[1], str):
            by_name.setdefault(slot[1], []).append(slot)
    for name in table_order(mentioned, by_name.keys()):  # type: ignore[arg-type]
        yield from by_name[name]
    yield from (slot for slot in last if slot in wanted)


def slots_like_lld(wanted: Mapping[Slot, None], resolution: Resolution) -> Iterator[Slot]:
    """The others in the order in which files mention them, then local symbols file by file."""
    mentioned = _mentioned(resolution)
    globals_ = [slot for slot in wanted if isinstance(slot[1], str)]
    yield from sorted(globals_, key=lambda slot: mentioned.get(str(slot[1]), 0))
    yield from _local_slots(wanted)


def _local_slots(wanted: Mapping[Slot, None]) -> list[Slot]:
    return sorted(slot for slot in wanted if not isinstance(slot[1], str))


def _mentioned(resolution: Resolution) -> dict[str, int]:
    """Global names, numbered as they are met."""
    return {name: at for at, name in enumerate(names_of_files(resolution))}
