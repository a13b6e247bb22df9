"""Sections that ended up where nobody meant them: empty, orphaned, drawn in, or left out.

The classic: a script names `hello_rust.o`, the file is called `hello_rust_prefixed.o`, the pattern
matches nothing, the section stays empty, its contents become orphans somewhere else, and the image
is written without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ... import elf_const as c
from ...diag import Diagnostics
from ...script import nodes as n
from ...wildcard import is_wildcard
from ..checking.largest import largest_inputs
from ..finished import Finished
from ..matching.match import Claim, SectionId
from ..near import FAMILIES, count, families, family, listed, listed_families, nearest_files
from ..ordering.orphans import EVERYTHING
from ..placement import INPUT, PlacedSection

FAR = 1 << 20
"""An orphan this far from the image was not meant to be in it."""

NOT_LOADED = (
    r"\.z?debug|\.comment|\.note|\.stab|\.gnu|\.line\b|\.rela?\b|\.ident|\.llvm|\.symtab|\.strtab"
    r"|\.shstrtab|\.attributes|\.GCC\.|\.discard|\.modinfo|\.annotation"
)
"""Names, prefixed or not, of sections that are not loaded by design."""


def _is_not_loaded(name: str) -> bool:
    return re.search(NOT_LOADED, name) is not None


def files_nobody_gave(link: Finished, diags: Diagnostics) -> None:
    """pattern-names-no-file: a file pattern without wildcards that is no input's name.

    In GNU ld's dialect such a file is opened, or missed loudly.  Silent in /DISCARD/, where taking
    nothing does no harm, and for archive members (`libc.a:printf.o`).
    """
    names = [obj.name for obj in link.resolution.files[:-1]]
    for node in link.section_nodes:
        if node.name == "/DISCARD/":
            continue
        for statement in node.statements:
            if not isinstance(statement, n.InputStatement):
                continue
            wanted = statement.file.pattern
            if wanted == "*" or is_wildcard(wanted) or ":" in wanted or wanted in names:
                continue
            near = nearest_files(wanted, names)
            diags.warn(
                "pattern-names-no-file",
                f"no input file is called `{wanted}', so this pattern takes nothing",
                span=statement.file.span or statement.span,
                label="matches no input",
                notes=[f"the input files are {listed(names)}"],
                help=[
                    f"did you mean {listed(near).replace(', ', ' or ')}?"
                    if near
                    else "write one of these names, or `*' for every file"
                ],
            )


def orphans_far_off(link: Finished, diags: Diagnostics) -> None:
    """orphan-before-image, orphan-far-away: sections the script forgot, at the image's expense.

    Only for raw images, and only when the script placed something in the file.  Far is more than
    1 MiB behind everything that is not far itself.
    """
    meant = [s for s in link.loaded if s.plan.node is not None]
    if not meant:
        return
    first = link.load_address(meant[0])
    before = [s for s in link.loaded if s.plan.node is None and link.load_address(s) < first]
    if before:
        _tell_before(link, before, first, diags)
    end, far = first, []
    for section in link.loaded[len(before) :]:
        at = link.load_address(section)
        if section.plan.node is None and at > end + FAR:
            far.append(section)
        else:
            end = max(end, at + section.size)
    if far:
        _tell_far(link, far, end, diags)


def _tell_before(
    link: Finished, orphans: list[PlacedSection], first: int, diags: Diagnostics
) -> None:
    at = link.start
    diags.warn(
        "orphan-before-image",
        f"{_are_not(orphans)} in the script and {_was(orphans)} put before the image, at {at:#x}",
        notes=[
            *_contents(link, orphans),
            f"the file now begins with {'it' if len(orphans) == 1 else 'them'}; what the script "
            f"placed first, at {first:#x}, is at file offset {first - at:#x}",
        ],
        help=_place_or_discard(orphans),
    )


def _tell_far(link: Finished, orphans: list[PlacedSection], end: int, diags: Diagnostics) -> None:
    at = link.load_address(orphans[0])
    diags.warn(
        "orphan-far-away",
        f"{_are_not(orphans)} in the script and {_was(orphans)} put far behind the image, at "
        f"{at:#x}",
        notes=[
            *_contents(link, orphans),
            f"{at - end:#x} bytes of the file are a hole before it",
        ],
        help=_place_or_discard(orphans),
    )


def _are_not(orphans: list[PlacedSection]) -> str:
    names = listed_families(s.name for s in orphans)
    return f"{names} {'is' if len(orphans) == 1 else 'are'} not"


def _was(orphans: list[PlacedSection]) -> str:
    return "was" if len(orphans) == 1 else "were"


def _contents(link: Finished, orphans: list[PlacedSection], most: int = 4) -> Iterator[str]:
    """What each kind of orphan holds: the input sections, or how many and of which files."""
    kinds: dict[str, list[PlacedSection]] = {}
    for section in orphans:
        kinds.setdefault(family(section.name), []).append(section)
    for name, sections in list(kinds.items())[:most]:
        if len(sections) == 1:
            inputs = largest_inputs(sections[0], link.placed.addresses)
            yield f"`{sections[0].name}' holds {inputs}"
            continue
        files = dict.fromkeys(
            link.resolution.files[link.table.file[sid]].name
            for section in sections
            for sid in section.plan.sections()
        )
        size = sum(section.size for section in sections)
        many = count(len(sections), "section")
        yield f"`{name}' holds {many} of {listed(files)}, {size:#x} bytes"


FOR_NOBODY = (".note", ".eh_frame", ".gcc_except_table", ".comment", ".debug", ".interp", ".dyn",
              ".gnu", ".hash", ".rel")  # fmt: skip
"""Orphans a raw image can do without: nobody there unwinds, debugs or loads dynamically."""


def _place_or_discard(orphans: list[PlacedSection]) -> list[str]:
    """The lines that would place or discard orphans, the likelier one first."""
    pronoun = "it" if len(orphans) == 1 else "them"
    needed = [s.name for s in orphans if not s.name.startswith(FOR_NOBODY)]
    spare = [s.name for s in orphans if s.name.startswith(FOR_NOBODY)]
    if needed and spare:
        return [
            f"place what is needed: *({_patterns(needed)}) in a section of the script",
            f"leave out what is not: /DISCARD/ : {{ *({_patterns(spare)}) }}",
        ]
    place = f"place {pronoun}: *({_patterns(needed or spare)}) in a section of the script"
    discard = f"leave {pronoun} out: /DISCARD/ : {{ *({_patterns(needed or spare)}) }}"
    return [place, "or " + discard] if needed else [discard, "or " + place]


def _patterns(names: list[str]) -> str:
    """`.rodata* .table`: patterns that take these sections and their like."""
    return " ".join(f"{name}*" if name in FAMILIES else name for name in families(names))


def not_loaded_in_image(link: Finished, diags: Diagnostics) -> None:
    """nonalloc-in-image: debug data and comments that a pattern draws into loaded memory.

    Only for raw images, and only when a pattern for everything took them (`boot.o;`, `*(*)`,
    `*(.rust.*)`): who writes *(.comment) wants it.
    """
    flags, names = link.table.flags, link.table.name
    for section in link.loaded:
        if section.plan.node is None:
            continue
        for claim in section.plan.items:
            if not isinstance(claim, Claim) or claim.node is EVERYTHING:
                continue
            drawn = [
                sid
                for sid in claim.sections
                if not flags[sid] & c.SHF_ALLOC
                and link.table.size[sid]
                and _is_not_loaded(names[sid])
            ]
            if drawn and not _asked_for(claim.node):
                _tell_drawn(link, section, claim.node, drawn, diags)
                break


def _asked_for(statement: n.InputStatement) -> bool:
    """Whether the statement names debug data itself."""
    return any(_is_not_loaded(p.pattern) for p in statement.sections)


def _tell_drawn(
    link: Finished,
    section: PlacedSection,
    statement: n.InputStatement,
    drawn: list[SectionId],
    diags: Diagnostics,
) -> None:
    table = link.table
    total = sum(table.size[sid] for sid in drawn)
    by_size = sorted(drawn, key=lambda sid: (-table.size[sid], sid))
    kinds = dict.fromkeys(table.name[sid] for sid in by_size)
    diags.warn(
        "nonalloc-in-image",
        f"{total:#x} bytes of `{section.name}' are for debuggers and tools, not for memory",
        span=statement.span or (section.plan.node.name_span if section.plan.node else None),
        label="takes them, too",
        notes=[f"they are {listed(kinds)}"],
        help=[
            f"take only what is loaded: {statement.file.pattern}(.text* .rodata* .data* .bss*)",
            "or keep it out of the objects: compile without -g, rustc -C strip=debuginfo, gcc "
            "-fno-ident",
        ],
    )


def placed_but_left_out(link: Finished, diags: Diagnostics) -> None:
    """nonalloc-left-out: a section the script places but whose input lacks the alloc flag.

    Only for raw images.  Silent for what is never loaded (debug data, notes, (INFO) and (COPY)) and
    at address 0, where scripts put such things by custom.
    """
    for section in link.placed.sections:
        node = section.plan.node
        if node is None or section.plan.alloc or not section.size or node.type:
            continue
        if isinstance(node.address, n.Number) and node.address.value == 0:
            continue
        mine = dict.fromkeys(
            name
            for piece in section.pieces
            if piece.kind == INPUT and isinstance(piece.origin, int)
            if (name := link.table.name[piece.origin]) and not _is_not_loaded(name)
        )
        if not mine or _is_not_loaded(section.name):
            continue
        first = next(iter(mine))
        diags.warn(
            "nonalloc-left-out",
            f"`{section.name}' is placed by the script but is not in the image",
            span=node.name_span,
            label=f"{section.size:#x} bytes are left out",
            notes=[
                f"{listed(mine)} {'has' if len(mine) == 1 else 'have'} no alloc flag, so the "
                "linker takes it for data that is never loaded"
            ],
            help=[
                f'say in the source that it is memory: .section {first}, "a" (gas) or '
                f"section {first} progbits alloc (nasm)"
            ],
        )
