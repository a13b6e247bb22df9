"""Memory behind a raw image that programs expect to be zero.

A variable without a value takes no room in a file; the file only says how large `.bss` is, and who
loads it provides zeros.  A raw image says nothing, and what loads it knows nothing: the memory
behind it holds whatever was there before.  Emulators start with zeros, PCs do not.
"""

from __future__ import annotations

import re
from collections.abc import Container

from ... import elf_const as c
from ...diag import Diagnostics
from ...script import nodes as n
from ..checking.largest import largest_inputs
from ..finished import Finished, name_span
from ..matching.match import SectionId
from ..near import listed
from ..placement import INPUT, PlacedSection
from ..placing.counts import assignments
from ..words import expressions, names_used

NOT_CLEARED = r"(?i)stack|noinit|no_init|uninit|heap|persist|retain|page_?table"
"""Names of sections whose authors do not expect zeros."""

SHOWN = 3


def bss_nobody_clears(link: Finished, diags: Diagnostics) -> None:
    """bss-not-in-image: compiled variables outside of the raw image that nothing sets to zero.

    Silent when the objects (or data statements, for a loader) use symbols that bound or measure the
    section: their code knows where it is, and why would it, if not to clear it.  Silent for memory
    that only assembly reserves (labels without type): stacks and page tables want no zeros."""
    found = [
        section
        for section in link.placed.sections
        if section.plan.alloc
        and not section.plan.loads
        and section.size
        and not _inside(link, section)
        and _wants_zeros(link, section)
        and not _is_known_to_code(link, section)
    ]
    if found:
        _tell(link, found, diags)


def _inside(link: Finished, section: PlacedSection) -> bool:
    """Whether it lies between sections of the image, where the file has zeros."""
    at = link.load_address(section)
    return link.start <= at and at + section.size <= link.start + link.size


def _wants_zeros(link: Finished, section: PlacedSection) -> bool:
    return any(
        piece.kind == INPUT and isinstance(piece.origin, int) and _has_variables(link, piece.origin)
        for piece in section.pieces
    )


def _has_variables(link: Finished, sid: SectionId) -> bool:
    """Whether an input section holds variables of a compiler: COMMON, typed symbols, or no labels
    at all (`static` ones of stripped objects)."""
    table = link.table
    if table.type[sid] != c.SHT_NOBITS or re.search(NOT_CLEARED, table.name[sid]):
        return False
    file = table.owner_file(sid)
    obj = link.resolution.files[file]
    index = sid - table.base[file]
    kinds = {
        info & 0xF
        for info, shndx in zip(obj.symbols.info, obj.symbols.shndx)
        if shndx == index and info & 0xF != c.STT_SECTION
    }
    return not kinds or c.STT_OBJECT in kinds or c.STT_COMMON in kinds


def _is_known_to_code(link: Finished, section: PlacedSection) -> bool:
    """Whether code or a header is told where it is: its start or size, or two places in it."""
    used = link.resolution.undefined | _told_in_data(link)
    start, end = section.vma, section.vma + section.size
    bounds = {
        value.absolute()
        for name, value in link.placed.symbols.items()
        if name in used and start <= value.absolute() <= end
    }
    return (
        start in bounds
        or len(bounds) > 1
        or _is_measured(link, section, used)
        or _is_labelled(link, section)
    )


def _told_in_data(link: Finished) -> set[str]:
    """Symbols that BYTE, LONG and the like write into the image: a header for whoever loads it."""
    return {
        name
        for section in link.placed.sections
        for item in section.plan.items
        if isinstance(item, n.Data)
        for name in names_used(item)
    }


def _is_measured(link: Finished, section: PlacedSection, used: Container[str]) -> bool:
    """Whether its size or address goes into the image, or into a symbol that is used."""
    nodes: list[object] = [node for node in assignments(link.placed) if node.name in used]
    nodes += [i for s in link.placed.sections for i in s.plan.items if isinstance(i, n.Data)]
    return any(
        isinstance(expr, n.Call) and expr.target == section.name
        for node in nodes
        for expr in expressions(node)
    )


def _is_labelled(link: Finished, section: PlacedSection) -> bool:
    """Whether objects, not the script, have labels at its very start and its very end."""
    where, index = link.placed.addresses, link.placed.sections.index(section)
    labels = {
        place[1]
        for number, obj in enumerate(link.resolution.files[:-1])
        for symbol, info in enumerate(obj.symbols.info)
        if info & 0xF == c.STT_NOTYPE and obj.symbols.shndx[symbol] > 0
        if isinstance(place := where.of_symbol(number, symbol), tuple) and place[0] == index
    }
    return {0, section.size} <= labels


def _tell(link: Finished, sections: list[PlacedSection], diags: Diagnostics) -> None:
    size = sum(section.size for section in sections)
    has = "has" if len(sections) == 1 else "have"
    diags.warn(
        "bss-not-in-image",
        f"{listed(s.name for s in sections)} {has} {size:#x} bytes that are not in the raw image, "
        "and nothing sets them to zero",
        span=name_span(sections[0]),
        notes=[
            *(
                f"`{s.name}' is at {s.vma:#x} to {s.vma + s.size:#x}: "
                f"{largest_inputs(s, link.placed.addresses)}"
                for s in sections[:SHOWN]
            ),
            "compiled code expects such variables to be zero; after a boot they hold anything",
        ],
        help=[
            "put it into the file: take *(.bss* COMMON) in the last section with contents, before "
            "its end",
            "or clear it in the start code, from and to symbols the script defines around it",
        ],
    )
