"""Output sections that got no input although the layout counts on them.

An empty section is nothing special: many programs have no `.data`.  It is a mistake when the script
gave it an address of its own, or computes with its size, its address or its end, and the inputs
that were meant for it are somewhere else or missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...diag import Diagnostics
from ...script import nodes as n
from ...wildcard import is_wildcard
from ..finished import Finished
from ..near import FAMILIES, listed, listed_families, nearest
from ..ordering.orphans import Dropped
from ..placement import INPUT
from ..placing.counts import assignments
from ..words import expressions

USUAL = (
    r"(^|[.*])([ls]?bss|[ls]?data|l?rodata|i?got|i?plt|eh_frame|gcc_except_table|init|fini|preinit"
    r"|[cd]tors|jcr|tdata|tbss|rela?|note|comment|debug|stab|gnu|dynamic|dynsym|hash|interp"
    r"|tm_clone_table|symtab|strtab|shstrtab|noinit|COMMON)(\b|_)|^\*$"
)
"""Patterns of input sections that a program may well not have."""

MEASURES = {"SIZEOF": "size", "ADDR": "address", "LOADADDR": "load address"}
NO_ADDRESS = frozenset({"ALIGN", "DATA_SEGMENT_ALIGN", "DATA_SEGMENT_RELRO_END", "SEGMENT_START",
                        "NEXT", "BLOCK", "SIZEOF_HEADERS"})  # fmt: skip
"""Functions whose result goes along with `.`: they align, and name no place."""


def empty_sections(link: Finished, diags: Diagnostics) -> None:
    """empty-output-section: no input came although the section's address is given, or its size,
    address or end is used.

    Used means: assigned to a symbol.  Silent for asserts, for a section's own AT(), for sections
    that are copied at run time (AT, AT>: copying nothing is fine), for tables between two symbols,
    and where all patterns are of the kind a program may lack (.data, .bss, .got ...)."""
    empty = [node for node in _without_input(link) if _expects_input(node)]
    if not empty:
        return
    used = _sections_measured(link)
    for node in empty:
        why = _why_it_matters(link, node, used)
        if why:
            _tell(link, node, why, diags)


def _without_input(link: Finished) -> Iterator[n.OutputSection]:
    """The output sections of the script that no input section came to."""
    for section in link.placed.sections:
        node = section.plan.node
        if node is not None:
            for piece in section.pieces:
                if piece.kind == INPUT:
                    break
            else:
                yield node
    for command in link.plan.commands:
        if isinstance(command, Dropped):
            yield command.node


def _expects_input(node: n.OutputSection) -> bool:
    """Whether a section has patterns that an ordinary program matches."""
    return node.name != "/DISCARD/" and not all(
        re.search(USUAL, pattern.pattern)
        for statement in node.statements
        if isinstance(statement, n.InputStatement)
        for pattern in statement.sections or (n.SectionPattern("?"),)
    )


def _why_it_matters(link: Finished, node: n.OutputSection, used: dict[str, str]) -> str:
    if node.name in used and node.at is None and not node.lma_region:
        return f"the script uses its {used[node.name]}"
    if node.address is not None and _names_a_place(node.address):
        placed = next((s for s in link.placed.sections if s.plan.node is node), None)
        if placed is None or placed.vma:
            return "its address is given"
    return ""


def _names_a_place(expr: n.Expr) -> bool:
    """Whether an address is a place of its own: not 0, not `.`, not merely aligned."""
    if isinstance(expr, n.Number):
        return expr.value != 0
    return not any(
        (isinstance(e, n.Name) and e.name == ".")
        or (isinstance(e, n.Call) and e.name in NO_ADDRESS)
        for e in expressions(expr)
    )


def _sections_measured(link: Finished) -> dict[str, str]:
    """Sections whose SIZEOF, ADDR, LOADADDR or end is assigned to a symbol, and which of these."""
    found: dict[str, str] = {}
    for node in assignments(link.placed):
        if node.name == ".":
            continue
        for expr in expressions(node.value):
            if isinstance(expr, n.Call) and expr.name in MEASURES:
                found.setdefault(expr.target, MEASURES[expr.name])
    for name in _ends_used(link):
        found.setdefault(name, "end")
    return found


def _ends_used(link: Finished) -> list[str]:
    """Sections right behind which a symbol is set to `.` that an object uses; not those with a
    symbol right in front as well, because two symbols make a table, and a table may be empty."""
    found = []
    for sections in link.script.of(n.SectionsCommand):
        items = sections.items
        for before, node, after in zip((None, *items), items, items[1:]):
            if (
                isinstance(node, n.OutputSection)
                and _is_label(after)
                and after.name in link.resolution.undefined  # type: ignore[union-attr]
                and not _is_label(before)
                and not any(_is_label(s) for s in node.statements)
            ):
                found.append(node.name)
    return found


def _is_label(item: object) -> bool:
    """`name = .;`, aligned or not."""
    return (
        isinstance(item, n.Assignment)
        and item.name != "."
        and any(isinstance(e, n.Name) and e.name == "." for e in expressions(item.value))
    )


def _tell(link: Finished, node: n.OutputSection, why: str, diags: Diagnostics) -> None:
    lost = [s.name for s in link.placed.sections if s.plan.node is None and s.size and s.plan.alloc]
    dead = _killed(link, node)
    notes = [
        f"{why}, but --gc-sections removed all that its patterns match: {listed(dead)}"
        if dead
        else f"{why}, but no input section matches its patterns"
    ]
    if lost:
        notes.append(f"the script does not place {listed_families(lost)}: they went elsewhere")
    diags.warn(
        "empty-output-section",
        f"output section `{node.name}' is empty",
        span=node.name_span or node.span,
        label="no input came here",
        notes=notes,
        help=["keep it: KEEP(*(...))"] if dead else [_pattern_help(link, node)],
    )


def _killed(link: Finished, node: n.OutputSection) -> list[str]:
    """Names of the sections it would have got, had garbage collection not removed them."""
    if not link.live.dead:
        return []
    found = [
        link.table.name[sid]
        for draft in link.claims.items
        if getattr(draft, "node", None) is node
        for item in getattr(draft, "items", ())
        for sid in getattr(item, "sections", ())
        if sid in link.live.dead
    ]
    return list(dict.fromkeys(found))


def _pattern_help(link: Finished, node: n.OutputSection) -> str:
    """The nearest section names that exist, else how to list them."""
    statements = [s for s in node.statements if isinstance(s, n.InputStatement)]
    files = [obj.name for obj in link.resolution.files[:-1]]
    for statement in statements:
        if not is_wildcard(statement.file.pattern) and statement.file.pattern not in files:
            return f"no input is called `{statement.file.pattern}': write a name that an input has"
    patterns = [p.pattern for s in statements for p in s.sections if p.pattern != "*"]
    for pattern in patterns:
        file = _file_to_prefix(link, pattern)
        if file:
            prefix = pattern.rstrip("*").rstrip(".")
            return (
                f"{file} has no sections of that name; pyld can give them the prefix: "
                f"--prefix-alloc-sections={prefix} {file} --prefix-alloc-sections="
            )
    existing = {name: None for name, ok in zip(link.table.name, link.table.eligible) if ok and name}
    for pattern in patterns:
        core = pattern.strip("*.")
        alike = [name for name in existing if core and core == name.strip(".")]
        near = alike or [name for name in (nearest(core, existing),) if name is not None]
        if near:
            return f"the inputs have {listed(near, 3)}: change the pattern, or the section's name"
    return "name the input that is meant for it, or see what there is: pylink86 sections FILES"


def _file_to_prefix(link: Finished, pattern: str) -> str:
    """A pattern `.rust.*` wants `.text` of one file to be called `.rust.text`: the file whose code
    is an orphan; "" when that is not the case."""
    if not pattern.endswith(".*") or pattern.startswith(FAMILIES):
        return ""
    files = {
        link.resolution.files[link.table.file[sid]].name
        for sid in link.claims.orphans
        if link.table.name[sid].startswith((".text", ".rodata")) and link.table.size[sid]
    }
    return files.pop() if len(files) == 1 else ""
