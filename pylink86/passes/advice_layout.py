"""Sections that ended up where nobody meant them: empty, orphaned, drawn in, or left out.

The classic: a script names `hello_rust.o`, the file is called `hello_rust_prefixed.o`, the pattern
matches nothing, the section stays empty, its contents become orphans somewhere else, and the image
is written without a word.
"""

from __future__ import annotations

from .. import elf_const as c
from ..diag import Diagnostics
from ..script import nodes as n
from ..wildcard import is_wildcard
from .finished import Finished
from .largest import largest_inputs
from .match import Claim
from .orphans import EVERYTHING
from .placement import INPUT, PlacedSection
from .words import expressions

FAR = 1 << 20
"""An orphan this far from the image was not meant to be in it."""

DEBUG_NAMES = (
    ".debug",
    ".zdebug",
    ".comment",
    ".note",
    ".stab",
    ".gnu.",
    ".line",
    ".rel",
    ".ident",
)
"""Sections that are not loaded by design; leaving them out needs no word."""

USUAL = (".bss", ".data", ".rodata", "COMMON", ".got", ".plt", ".eh_frame", ".gcc_except_table",
         ".init_array", ".fini_array", ".ctors", ".dtors", ".tdata", ".tbss", ".rel", ".sdata",
         ".sbss", ".note", ".comment", ".debug", "*")  # fmt: skip
"""Input sections a program may well not have."""


def files_nobody_gave(link: Finished, diags: Diagnostics) -> None:
    """pattern-names-no-file: a file pattern without wildcards that is no input's name."""
    if link.dialect.opens_files_named_in_patterns:
        return
    names = [obj.name for obj in link.resolution.files[:-1]]
    for node in link.section_nodes():
        for statement in node.statements:
            if not isinstance(statement, n.InputStatement):
                continue
            wanted = statement.file.pattern
            if is_wildcard(wanted) or ":" in wanted or wanted in names:
                continue
            from difflib import get_close_matches

            near = get_close_matches(wanted, names, n=1, cutoff=0.4)
            diags.warn(
                "pattern-names-no-file",
                f"no input file is called `{wanted}', so this pattern takes nothing",
                span=statement.file.span or statement.span,
                label="matches no input",
                notes=[f"the input files are {_listed(names)}"],
                help=[
                    f"write `{near[0]}' here, or rename the file"
                    if near
                    else "write one of these names, or `*' for every file"
                ],
            )


def _listed(names: list[str], most: int = 6) -> str:
    shown = ", ".join(f"`{name}'" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def empty_sections(link: Finished, diags: Diagnostics) -> None:
    """empty-output-section: nothing matched although the section's address or size matters.

    Silent when only sections are asked for that a program may lack (.data, .bss ...) and every
    input section found a place."""
    used = _sections_measured(link)
    for node in link.section_nodes():
        statements = [s for s in node.statements if isinstance(s, n.InputStatement)]
        if node.name == "/DISCARD/" or not statements:
            continue
        placed = link.placed.find(node.name)
        if placed is not None and placed.size:
            continue
        why = "its address is given" if _is_constant(node.address) else ""
        why = f"the script uses its {used[node.name]}" if node.name in used else why
        if not why or _all_usual(statements):
            continue
        orphans = [s.name for s in link.placed.sections if s.plan.node is None and s.size]
        notes = [f"{why}, but no input section matches its patterns"]
        if orphans:
            notes.append(
                f"these sections found no place and were put elsewhere: {_listed(orphans)}"
            )
        diags.warn(
            "empty-output-section",
            f"output section `{node.name}' is empty",
            span=node.name_span or node.span,
            label="no input came here",
            notes=notes,
            help=[_pattern_help(link, statements)],
        )


def _pattern_help(link: Finished, statements: list[n.InputStatement]) -> str:
    """The nearest section names that exist, else how to list them."""
    patterns = [p.pattern for s in statements for p in s.sections if p.pattern != "*"]
    existing = sorted(
        {name for name, ok in zip(link.table.name, link.table.eligible) if ok and name}
    )
    for pattern in patterns:
        from difflib import get_close_matches

        near = get_close_matches(pattern.strip("*."), existing, n=2, cutoff=0.5)
        prefixed = [name for name in existing if name.lstrip(".") == pattern.strip(".*")]
        if prefixed or near:
            return f"the inputs have {_listed((prefixed or near)[:3])}: change the pattern"
    return "list the inputs' sections with `pylink86 sections`, and correct the patterns"


def _all_usual(statements: list[n.InputStatement]) -> bool:
    return all(
        pattern.pattern.startswith(USUAL)
        for statement in statements
        for pattern in statement.sections or (n.SectionPattern("?"),)
    )


def _is_constant(expr: n.Expr | None) -> bool:
    """An address written as a number other than 0 (debug sections are placed at 0 by custom)."""
    return isinstance(expr, n.Number) and expr.value != 0


def _sections_measured(link: Finished) -> dict[str, str]:
    """Sections whose SIZEOF, ADDR or LOADADDR some expression of the script uses."""
    words = {"SIZEOF": "size", "ADDR": "address", "LOADADDR": "load address"}
    found: dict[str, str] = {}
    for command in link.script.commands:
        for expr in expressions(command):
            if isinstance(expr, n.Call) and expr.name in words:
                found.setdefault(expr.target, words[expr.name])
    return found


def orphans_far_off(link: Finished, diags: Diagnostics) -> None:
    """orphan-before-image, orphan-far-away: sections the script forgot, at the image's expense."""
    if not link.raw:
        return
    meant = [s for s in link.loaded if s.plan.node is not None]
    if not meant:
        return
    first = link.load_address(meant[0])
    end = max(link.load_address(s) + s.size for s in meant)
    for section in link.loaded:
        if section.plan.node is not None:
            continue
        at = link.load_address(section)
        if at < first:
            _tell_orphan(link, section, "orphan-before-image", at, first, diags)
        elif at > end + FAR:
            _tell_orphan(link, section, "orphan-far-away", at, end, diags)


def _tell_orphan(
    link: Finished, section: PlacedSection, slug: str, at: int, other: int, diags: Diagnostics
) -> None:
    name = section.name
    if slug == "orphan-before-image":
        message = f"`{name}' is not in the script and was put before the image, at {at:#x}"
        effect = (
            f"the file now begins with it; what the script placed first, at {other:#x}, is at "
            f"file offset {other - at:#x}"
        )
    else:
        message = f"`{name}' is not in the script and was put far behind the image, at {at:#x}"
        effect = f"{at - other:#x} bytes of the file are a hole before it"
    diags.warn(
        slug,
        message,
        notes=[f"it holds {largest_inputs(section, link.placed.addresses)}", effect],
        help=[
            f"place it: add `*({name})' to a section of the script",
            f"or leave it out: /DISCARD/ : {{ *({name}) }}",
        ],
    )


def not_loaded_in_image(link: Finished, diags: Diagnostics) -> None:
    """nonalloc-in-image: debug data and comments that a pattern draws into loaded memory."""
    if not link.raw:
        return
    flags, names = link.table.flags, link.table.name
    for section in link.loaded:
        if section.plan.node is None:
            continue
        drawn = [
            (piece.size, names[piece.origin])
            for piece in section.pieces
            if piece.kind == INPUT
            and isinstance(piece.origin, int)
            and not flags[piece.origin] & c.SHF_ALLOC
        ]
        if drawn:
            _tell_drawn(section, drawn, diags)


def _tell_drawn(section: PlacedSection, drawn: list[tuple[int, str]], diags: Diagnostics) -> None:
    node = section.plan.node
    claim = next(
        item
        for item in section.plan.items
        if isinstance(item, Claim) and item.node is not EVERYTHING and item.sections
    )
    total = sum(size for size, _ in drawn)
    kinds = list(dict.fromkeys(name for _, name in sorted(drawn, reverse=True)))
    pattern = claim.node.file.pattern
    diags.warn(
        "nonalloc-in-image",
        f"{total:#x} bytes of `{section.name}' are sections that programs do not load",
        span=claim.node.span or (node.name_span if node is not None else None),
        label="takes them too",
        notes=[f"they are {_listed(kinds)}"],
        help=[
            f"take only what is loaded: {pattern}(.text* .rodata* .data* .bss*)",
            "or strip it from the objects: rustc -C strip=debuginfo, or compile without -g",
        ],
    )


def placed_but_left_out(link: Finished, diags: Diagnostics) -> None:
    """nonalloc-left-out: a section the script places but whose input lacks the alloc flag."""
    if not link.raw:
        return
    for section in link.placed.sections:
        node = section.plan.node
        if node is None or section.plan.alloc or not section.size or node.type:
            continue
        inputs = [link.table.name[sid] for sid in section.plan.sections()]
        mine = [name for name in inputs if name and not name.startswith(DEBUG_NAMES)]
        if not mine or section.name.startswith(DEBUG_NAMES):
            continue
        diags.warn(
            "nonalloc-left-out",
            f"`{section.name}' is placed by the script but not in the image",
            span=node.name_span,
            label=f"{section.size:#x} bytes are left out",
            notes=[f"{_listed(list(dict.fromkeys(mine)))} has no alloc flag: it is not memory"],
            help=[
                f'give it one in the source: .section {mine[0]}, "a" (gas) or '
                f"section {mine[0]} progbits alloc (nasm)"
            ],
        )
