"""The order in which a linker meets the names of a link.

It shows: GNU ld writes symbols in the order of its hash table, where of two names that fall
together the later comes first.  It reads files and scripts as they come, and a script that stands
before the objects (`ld -T kernel.ld a.o`) has its names entered before theirs.

Source: names that fall together, with -T before and behind an object, assigned at the top of a
script, in SECTIONS, in an output section, by PROVIDE and in expressions.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

from ...script import nodes as n
from ..inputs.needs import assigned, value_is_known
from ..names.resolve import Resolution


def names_of_files(resolution: Resolution) -> dict[str, tuple[int, int]]:
    """Global names in the order they are met -> (file, symbol) of the first file that has each.

    LLD meets all names of a library where that stands, so a member that joins later has its names
    there."""
    found: dict[str, tuple[int, int]] = dict.fromkeys(
        chain.from_iterable(resolution.global_names), (0, 0)
    )
    for file in reversed(range(len(resolution.files))):  # the first of a name is set last
        first, names = resolution.first_global[file], resolution.global_names[file]
        places = zip(repeat(file), range(first + len(names) - 1, first - 1, -1))
        found.update(zip(reversed(names), places))
    if resolution.met:
        return {name: found[name] for name in (*resolution.met, *found) if name in found}
    return found


def names_in_reading_order(resolution: Resolution) -> list[str]:
    """Global names as GNU ld enters them: those of files and of scripts between them."""
    met: dict[str, int] = {}
    names, done = resolution.global_names, 0
    for before, command in resolution.scripts:
        met.update(dict.fromkeys(chain.from_iterable(names[done:before]), 1))
        done = max(done, before)
        for name in _names_of_script(command, met):
            met.setdefault(name, 1)
    met.update(dict.fromkeys(chain.from_iterable(names[done:]), 1))
    return list(met)


def _names_of_script(command: n.TopLevel, met: dict[str, int]) -> Iterator[str]:
    """Names an assignment enters: what it reads, then what it assigns; PROVIDE enters none.

    Of a condition only the branch that is taken counts; DEFINED() enters no name."""
    for node in assigned((command,)):
        if not node.provide:
            needs: list[str] = []
            value_is_known(node.value, met, 1, needs)
            yield from needs
            yield node.name
