"""Program headers: which sections go into which segment, by PHDRS or by the dialect's own rule.

A loader does not read section headers; it maps segments.  A script may say what they are with
PHDRS, and then each output section names the ones it is in (`:text`), or inherits those of the
section before it.  Without PHDRS each linker has a rule (segments_lld, segments_gnu)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from ... import elf_const as c
from ...diag import fail
from ...dialect import Dialect
from ...elf_tables import EHDR, IDENT_SIZE, PHDR
from ...model import Segment
from ...script import nodes as n
from ...script.evaluate import evaluate
from ...script.values import Constants, Value
from ..elf_options import ElfOptions
from ..ordering.order import OutputPlan
from ..placement import PlacedSection
from ..reading.scripts import ScriptFile


@attrs.frozen(eq=False, repr=False)
class SegmentPlan:
    """A program header to be.

    sections: the output sections in it, by OutputPlan.index, in order.  filehdr, phdrs: the ELF
    header and the program headers are in it.  flags: None when it has those of its sections; at:
    the load address that AT() gives.  node: the PHDRS line that asks for it."""

    type: int
    flags: int | None
    sections: tuple[int, ...] = ()
    filehdr: bool = False
    phdrs: bool = False
    at: n.Expr | None = None
    node: n.Phdr | None = None


class FileMap:
    """Where everything lies in the file.

    offsets: file offset of each output section, by OutputPlan.index; end: where the last one ends;
    the tables follow.  segments: the program headers, complete.  types: of sections that have
    another in the file than in the plan, because of the segment they are in."""

    def __init__(
        self,
        offsets: dict[int, int],
        segments: tuple[Segment, ...],
        end: int,
        types: Mapping[int, int] | None = None,
    ) -> None:
        self.offsets, self.segments, self.end = offsets, segments, end
        self.types = types or {}


def header_size(elf_class: int, segments: int) -> int:
    """Bytes of the ELF header and so many program headers."""
    return IDENT_SIZE + EHDR[elf_class].size + segments * PHDR[elf_class].size


def permissions(flags: int) -> int:
    """SHF_ as PF_: everything that is in memory can be read."""
    found: int = c.PF_R
    if flags & c.SHF_WRITE:
        found |= c.PF_W
    return found | c.PF_X if flags & c.SHF_EXECINSTR else found


def phdr_nodes(script: ScriptFile) -> tuple[n.Phdr, ...]:
    return tuple(node for command in script.of(n.Phdrs) for node in command.phdrs)


class PhdrScope(Constants):
    """Expressions in PHDRS: numbers, and the symbols that are known by then."""

    def __init__(self, dialect: Dialect, symbols: dict[str, Value] | None = None) -> None:
        super().__init__(dialect)
        self.symbols = symbols or {}

    def symbol(self, name: str) -> Value | None:
        return self.symbols.get(name)

    def is_defined(self, name: str) -> bool:
        return name in self.symbols


_TYPES = {f"PT_{name}".replace("PT_PT_", "PT_"): number for number, name in c.PT_NAMES.items()}


def segment_type(node: n.Phdr, scope: PhdrScope) -> int:
    """PT_LOAD or a number; bad-phdr-type for another word."""
    kind = node.type
    if isinstance(kind, n.Name) and kind.name not in scope.symbols:
        if kind.name in _TYPES:
            return _TYPES[kind.name]
        raise fail(
            "bad-phdr-type",
            f"unknown program header type: {kind.name}",
            span=kind.span or node.span,
            help=["use one of " + ", ".join(sorted(_TYPES)) + ", or a number"],
        )
    return evaluate(kind, scope).absolute() & 0xFFFFFFFF


def plan_by_phdrs(
    nodes: Sequence[n.Phdr], sections: Iterable[OutputPlan], dialect: Dialect
) -> tuple[SegmentPlan, ...]:
    """The segments PHDRS asks for, each with its sections (GNU ld manual 3.8).

    A section without `:phdr` is in those of the section before it, if it is in memory; before any
    is named, LLD takes the first PT_LOAD.  `:NONE` is none.  Raises unknown-phdr."""
    scope = PhdrScope(dialect)
    types = [segment_type(node, scope) for node in nodes]
    inside: list[list[int]] = [[] for _ in nodes]
    by_name = {node.name: i for i, node in enumerate(nodes)}
    now: tuple[str, ...] = ()
    if dialect.phdrs_begin_with_first_load and c.PT_LOAD in types:
        now = (nodes[types.index(c.PT_LOAD)].name,)
    for section in sections:
        asked = section.node.phdrs if section.node is not None else ()
        if asked:
            now = asked
        elif not section.alloc:
            continue
        for name in now:
            if name in by_name:
                inside[by_name[name]].append(section.index)
            elif name != "NONE":
                raise unknown_phdr(name, section, by_name)
    return tuple(
        SegmentPlan(
            kind,
            phdr_flags(node, scope),
            tuple(members),
            node.filehdr,
            node.phdrs,
            node.at,
            node,
        )
        for node, kind, members in zip(nodes, types, inside)
    )


def phdr_flags(node: n.Phdr, scope: PhdrScope) -> int | None:
    return None if node.flags is None else evaluate(node.flags, scope).absolute() & 0xFFFFFFFF


def unknown_phdr(name: str, section: OutputPlan, known: Iterable[str]) -> Exception:
    return fail(
        "unknown-phdr",
        f"section `{section.name}' assigned to non-existent phdr `{name}'",
        span=section.node.name_span if section.node is not None else None,
        notes=["PHDRS has " + (", ".join(known) or "none")],
        help=[f"add it to PHDRS {{ {name} PT_LOAD; }}, or write :NONE"],
    )


def load_order(section: PlacedSection) -> tuple[int, int, bool, int, int]:
    """GNU ld's order of sections in a segment: by load address; of those at one address what takes
    no place in the file comes last, and smaller ones first."""
    plan = section.plan
    loads = (plan.loads or plan.aside) and not (plan.node and plan.node.type == "NOLOAD")
    at_end = not loads and not plan.flags & c.SHF_TLS and section.size > 0
    return section.lma, section.vma, at_end, section.size if loads else 0, plan.index


DEBUG_NAMES = (".debug", ".zdebug", ".gdb_index", ".stab", ".line", ".gnu.debuglto_")


def stays(section: PlacedSection, options: ElfOptions) -> bool:
    """Whether an output section has a header: dropped ones have none, debug ones not
    with -s and -S."""
    if section.plan.dropped or is_hollow(section):
        return False
    stripped = options.strip and not section.plan.alloc
    return not (stripped and section.name.startswith(DEBUG_NAMES))


def is_hollow(section: PlacedSection) -> bool:
    """Whether an output section holds nothing but symbols: GNU ld gives it no header, and shows the
    symbols in a section near by.  (LLD keeps it, and so do its plans: they have no such mark.)"""
    return section.plan.only_symbols and not section.size


def place_rest(
    plans: Sequence[SegmentPlan],
    sections: Sequence[PlacedSection],
    offsets: dict[int, int],
    pos: int,
    options: ElfOptions,
    align_of: Callable[[PlacedSection], int],
) -> int:
    """Put what is not in memory behind the rest, in order, when a segment needs to know where; the
    end of what was placed.  align_of: how each is aligned in the file."""
    inside = {index for plan in plans for index in plan.sections}
    if inside <= offsets.keys():
        return pos
    for section in sections:
        if section.plan.index in offsets or not stays(section, options):
            continue
        pos = align_to(pos, align_of(section))
        offsets[section.plan.index] = pos
        pos += section.size if section.plan.type != c.SHT_NOBITS else 0
    return pos


def told_align(section: PlacedSection) -> int:
    """The alignment that GNU ld's header tells: no stricter than where the section begins."""
    return min(section.align, section.vma & -section.vma or section.align)


def align_to(value: int, align: int, phase: int = 0) -> int:
    """The first number from `value` on that agrees with `phase` modulo `align`."""
    return value + (phase - value) % align if align > 1 else value
