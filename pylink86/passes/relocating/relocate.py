"""The bytes: every output section put together and its relocations applied.

From here on no address moves.  Each input section's bytes are copied to their place, gaps are
filled, and for every relocation the value its formula asks for is computed from final addresses and
written in the width its type has (`patcher`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from ...arch.reloc import REACHES
from ...diag import Diagnostics
from ...dialect import Dialect
from ..placement import INPUT, Placement
from ..section_list import SectionId
from .assembly import Patched as Patched
from .assembly import assemble
from .patcher import Patcher
from .patcher import SourceLine as SourceLine


def apply_relocations(
    placed: Placement,
    dialect: Dialect,
    generic: bool,
    diags: Diagnostics,
    source_line: SourceLine,
    raw: bool = False,
    dead: Sequence[tuple[str, int]] = (),
) -> Patched:
    """Put each output section together and patch it.

    generic: the link goes through GNU ld's generic path (raw and foreign formats); raw: what is not
    loaded is not in the output; dead: of -z dead-reloc-in-nonalloc.
    Reports undefined-symbol, discarded-symbol, reloc-overflow, reloc-wraps, reloc-not-supported,
    bad-object.  Source: psABI i386 and x86-64, ranges by experiment (arch/reloc.py).
    """
    contents = tuple(assemble(section, placed.addresses) for section in placed.sections)
    patcher = _patcher(placed, contents, dialect, generic, diags, source_line, dead)
    for file in range(len(placed.addresses.resolution.files)):
        patcher.patch_file(file)
    left = _relocated(placed) - patcher.done()
    for home, (section, content) in enumerate(zip(placed.sections, contents)) if left else ():
        patcher.unwritten = raw and dialect.ignores_what_is_not_written and not section.plan.loads
        for piece in section.pieces:
            if piece.kind == INPUT and piece.origin in left:
                assert isinstance(piece.origin, int)
                if content:
                    patcher.patch(piece.origin, content, home, piece.sec_off)
                elif dialect.scans_sections_without_contents:
                    patcher.look_through(piece.origin)
    patcher.finish()
    return Patched(contents, patcher.applied)


def patched_again(
    placed: Placement,
    before: Patched,
    sids: Iterable[SectionId],
    dialect: Dialect,
    generic: bool,
    dead: Sequence[tuple[str, int]] = (),
) -> Patched | None:
    """The contents of a link whose input sections `sids` have other bytes and the same relocations
    since it was patched; None when one of these is more than a plain sum, or does not fit."""
    where = placed.addresses
    contents = list(before.contents)
    diags = Diagnostics()
    patcher = _patcher(placed, (), dialect, generic, diags, lambda *place: None, dead)
    for sid in sids:
        home, at, size = where.owner[sid], where.offset[sid], where.size[sid]
        if home < 0 or not contents[home]:
            continue
        if contents[home] is before.contents[home]:
            contents[home] = bytearray(contents[home])
        file = where.table.owner_file(sid)
        new = where.resolution.files[file].contents[sid - where.table.base[file]]
        contents[home][at : at + size] = new
        patcher.patch(sid, contents[home], home, at)
    if patcher.met_odd:
        return None
    return Patched(tuple(contents), before.applied)


def _patcher(
    placed: Placement,
    contents: tuple[bytearray, ...],
    dialect: Dialect,
    generic: bool,
    diags: Diagnostics,
    source_line: SourceLine,
    dead: Sequence[tuple[str, int]],
) -> Patcher:
    """The patcher of a link, which looks at values as its dialect does."""
    if generic and placed.nowhere:
        there = placed.symbols.keys() - placed.nowhere
        placed = attrs.evolve(placed, symbols={name: placed.symbols[name] for name in there})
    reach = REACHES["gnu-generic" if generic and dialect.name == "gnu" else dialect.name]
    return Patcher(placed, contents, dialect, generic, reach, diags, source_line, dead)


def _relocated(placed: Placement) -> set[SectionId]:
    """Every input section that has relocations, and those made of others."""
    where = placed.addresses
    found: set[SectionId] = set()
    for base, file in zip(where.table.base, where.resolution.files):
        found.update([base + index for index in file.relocation_sections])
    return found | where.edits.parts.keys()


def assembled(placed: Placement) -> Patched:
    """The bytes of every output section, nothing patched: for -r."""
    return Patched(tuple(assemble(s, placed.addresses) for s in placed.sections), 0)
