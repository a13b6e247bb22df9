"""The script as the other passes read it: every shorthand written out, every option in its place.

OVERLAY, INSERT and OVERWRITE_SECTIONS say things about output sections that plain output sections
can say; `--section-start` and `--sort-section` are script text a command line has no room for.  All
of them become the nodes a longer script would have had, so that no later pass knows of them.  What
a script asks for and nobody obeys ends here, with its name: a construct that is silently skipped is
a wrong image found weeks later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from ...diag import Diagnostics, Span
from ...dialect import Dialect
from ...script import nodes as n
from ..elf_options import ElfOptions
from ..words import expressions
from .insert import insert_sections
from .scripts import ScriptFile

DISCARD = "/DISCARD/"

SEGMENTS = frozenset(("text", "data", "bss"))
"""Segments whose start a section's option gives."""

SORTS = {"name": "SORT_BY_NAME", "alignment": "SORT_BY_ALIGNMENT"}
"""Values of --sort-section, and the sort words they stand for."""

KNOWN_ARGUMENTS = {
    "LD_FEATURE": (frozenset(("SANE_EXPR",)), False),
    "TARGET": (
        frozenset(("binary", "elf64-x86-64", "elf32-i386", "elf32-x86-64", "default")),
        False,
    ),
    "OUTPUT_ARCH": (
        frozenset(
            ("i386", "i386:x86-64", "i386:x64-32", "i386:intel", "i386:x86-64:intel", "i8086")
        ),
        True,
    ),
}
"""What may stand in the parentheses of a command, and whether only GNU ld looks."""


def arrange_script(
    script: ScriptFile,
    dialect: Dialect,
    diags: Diagnostics,
    section_starts: Sequence[tuple[str, int]] = (),
    sort_section: str = "",
    begun: Sequence[str] = (),
) -> ScriptFile:
    """The script with everything written out that stands for something longer.

    section_starts: (section, address) of --section-start, -Ttext and the like, the last of a name
    counts; sort_section: "name" or "alignment"; begun: those that are made before the script.
    Reports script-not-supported, insert-target-missing, bad-option-value, two-load-addresses.
    Source: GNU ld manual 2.1, 3.4.4, 3.6.9."""
    _refuse(script, dialect, diags)
    _check_regions(script, dialect, diags)
    if not dialect.tables_like_gnu:
        _check_cross_references(script, diags)
    commands = _without_overlays(script.commands, dialect)
    commands = insert_sections(commands, dialect, diags)
    commands = _overwritten(commands, diags)
    if section_starts:
        commands = _started(commands, dict(section_starts), begun, dialect)
    if sort_section:
        commands = _sorted(commands, SORTS[sort_section])
    return ScriptFile(commands)


def settle_starts(options: ElfOptions, script: ScriptFile, dialect: Dialect) -> ElfOptions:
    """In GNU ld -Ttext, -Tdata and -Tbss are starts of segments when the script asks for them with
    SEGMENT_START("text", ...), and move the section of that name otherwise (manual 3.10.9)."""
    if not dialect.sections_start_segments or not options.section_starts:
        return options
    asked = {
        f".{e.target}"
        for e in expressions(script.commands)
        if isinstance(e, n.Call) and e.name == "SEGMENT_START" and e.target in SEGMENTS
    }
    starts = options.section_starts
    segments = tuple((name[1:], address) for name, address in starts if name in asked)
    return attrs.evolve(
        options,
        section_starts=tuple(start for start in starts if start[0] not in asked),
        segment_starts=(*options.segment_starts, *segments),
    )


# What nobody obeys


def _refuse(script: ScriptFile, dialect: Dialect, diags: Diagnostics) -> None:
    for command in script.commands:
        for what, span, help_ in _unknown(command, dialect):
            diags.error("script-not-supported", f"{what} is not supported", span=span, help=[help_])
        if isinstance(command, n.SectionsCommand):
            for item in command.items:
                if isinstance(item, n.OutputSection) and item.at is not None and item.lma_region:
                    _loaded_twice(item, diags)


def _check_regions(script: ScriptFile, dialect: Dialect, diags: Diagnostics) -> None:
    """region-defined-twice: a name of a memory region has one meaning; GNU ld warns only where
    MEMORY gives it another."""
    known: set[str] = set()
    for command in script.commands:
        if isinstance(command, n.RegionAlias) and command.alias in known:
            diags.error(
                "region-defined-twice",
                f"redefinition of memory region alias `{command.alias}'",
                span=command.span,
                help=["give the alias another name"],
            )
        regions = command.regions if isinstance(command, n.Memory) else ()
        for region in regions:
            if isinstance(region, n.Region) and region.name in known:
                tell = diags.warn if dialect.tables_like_gnu else diags.error
                tell(
                    "region-defined-twice",
                    f"redeclaration of memory region `{region.name}'",
                    span=region.span,
                    help=["remove one of the lines: only the last one counts"],
                )
            elif isinstance(region, n.Region):
                known.add(region.name)
        if isinstance(command, n.RegionAlias):
            known.add(command.alias)


def _check_cross_references(script: ScriptFile, diags: Diagnostics) -> None:
    """LLD warns of a NOCROSSREFS that names too few sections to forbid anything."""
    for command in script.of(n.Command):
        if command.word in ("NOCROSSREFS", "NOCROSSREFS_TO") and len(command.args) < 2:
            diags.warn(
                "too-few-sections",
                "ignored with fewer than 2 output sections",
                span=command.span,
                help=[f"name the sections that {command.word} keeps apart"],
            )


def _loaded_twice(section: n.OutputSection, diags: Diagnostics) -> None:
    diags.error(
        "two-load-addresses",
        "section has both a load address and a load region",
        span=section.name_span,
        notes=[f"AT() gives an address, `AT> {section.lma_region}' the next one in that region"],
        help=["leave one of them out"],
    )


def _unknown(command: n.TopLevel, dialect: Dialect) -> Iterator[tuple[str, Span | None, str]]:
    """(what, where, the way out) of everything in a command that no pass obeys."""
    if isinstance(command, n.OverwriteSections) and not dialect.overwrites_sections:
        help_ = "use --dialect=lld, or change the output section itself: GNU ld does not know it"
        yield "OVERWRITE_SECTIONS", command.span, help_
    elif isinstance(command, n.Command) and command.word == "INHIBIT_COMMON_ALLOCATION":
        yield command.word, command.span, "in a linked image every COMMON symbol has an address"
    elif isinstance(command, n.Command) and command.word in KNOWN_ARGUMENTS:
        known, only_gnu = KNOWN_ARGUMENTS[command.word]
        if not known.issuperset(command.args) and (dialect.checks_output_arch or not only_gnu):
            what = f"{command.word}({', '.join(command.args)})"
            yield what, command.span, f"use one of {', '.join(sorted(known))}"
    elif isinstance(command, n.SectionsCommand):
        for item in command.items:
            for section in item.sections if isinstance(item, n.Overlay) else (item,):
                if isinstance(section, n.OutputSection):
                    yield from _unknown_inside(section)


def _unknown_inside(section: n.OutputSection) -> Iterator[tuple[str, Span | None, str]]:
    for statement in section.statements:
        if isinstance(statement, n.Word) and statement.word == "CREATE_OBJECT_SYMBOLS":
            yield statement.word, statement.span, "define the symbols in the script"


# Shorthands


def _without_overlays(commands: tuple[n.TopLevel, ...], dialect: Dialect) -> tuple[n.TopLevel, ...]:
    if not any(
        isinstance(item, n.Overlay)
        for command in commands
        if isinstance(command, n.SectionsCommand)
        for item in command.items
    ):
        return commands
    from .overlay import expand_overlays, shut_overlays  # few scripts have any

    out: list[n.TopLevel] = []
    for command in commands:
        if isinstance(command, n.SectionsCommand):
            out += shut_overlays(command.items)
            items = expand_overlays(command.items, dialect)
            out.append(command if items is command.items else attrs.evolve(command, items=items))
        else:
            out.append(command)
    return tuple(out)


def _overwritten(commands: tuple[n.TopLevel, ...], diags: Diagnostics) -> tuple[n.TopLevel, ...]:
    """OVERWRITE_SECTIONS: a name's first description takes the place of the output section; the
    command itself stays, because what it names claims its inputs first.  Reports (a warning)
    described-twice."""
    new: dict[str, n.OutputSection] = {}
    for command in commands:
        if isinstance(command, n.OverwriteSections):
            for section in command.items:
                if section.name == DISCARD:
                    continue
                if section.name in new:
                    _tell_twice(section, diags)
                new.setdefault(section.name, section)
    return (
        _each_section(commands, lambda section: new.get(section.name, section)) if new else commands
    )


def _tell_twice(section: n.OutputSection, diags: Diagnostics) -> None:
    diags.warn(
        "described-twice",
        f"OVERWRITE_SECTIONS specifies duplicate {section.name}",
        span=section.name_span,
        notes=["the first description counts; this one becomes a section of its own"],
        help=["put what both say into one description"],
    )


# Options


def _started(
    commands: tuple[n.TopLevel, ...],
    starts: Mapping[str, int],
    begun: Sequence[str],
    dialect: Dialect,
) -> tuple[n.TopLevel, ...]:
    """--section-start: the address of a section, whatever the script says of it.

    GNU ld puts a section that the script does not name behind all others; LLD treats it like any
    other orphan (see SectionStarts in orphans)."""
    named: set[str] = set()
    ranks = {name: rank for rank, name in enumerate(begun, 1)}

    def moved(section: n.OutputSection) -> n.OutputSection:
        if section.name not in starts or section.name in named:
            return section
        named.add(section.name)
        address, rank = n.Number(starts[section.name]), ranks.get(section.name, 0)
        return attrs.evolve(section, address=address, started=True, begun=rank)

    commands = _each_section(commands, moved)
    fresh = tuple(
        n.OutputSection(name, address=n.Number(address), started=True, begun=ranks.get(name, 0))
        for name, address in starts.items()
        if name not in named
    )
    if not fresh:
        return commands
    if dialect.orphans_follow_flags:
        return (*commands, n.SectionsCommand(fresh))
    return (*commands, n.OverwriteSections(fresh))


def _sorted(commands: tuple[n.TopLevel, ...], word: str) -> tuple[n.TopLevel, ...]:
    """--sort-section: patterns that do not say how to be sorted are sorted so, a run of them
    together; those sorted by the other criterion have it as their second one."""

    def one(pattern: n.SectionPattern, before: n.SectionPattern | None) -> n.SectionPattern:
        if not pattern.sort:
            joined = before is not None and not before.sort
            return attrs.evolve(pattern, sort=(word,), joined=joined)
        if pattern.sort in (("SORT_NONE",), ("SORT_BY_INIT_PRIORITY",), (word,)):
            return pattern
        return attrs.evolve(pattern, sort=(pattern.sort[0], *(pattern.sort[1:] or (word,))))

    def inside(section: n.OutputSection) -> n.OutputSection:
        return attrs.evolve(
            section,
            statements=tuple(
                attrs.evolve(s, sections=tuple(map(one, s.sections, (None, *s.sections))))
                if isinstance(s, n.InputStatement)
                else s
                for s in section.statements
            ),
        )

    return _each_section(commands, inside)


def _each_section(commands: tuple[n.TopLevel, ...], change: object) -> tuple[n.TopLevel, ...]:
    """The commands with every output section of SECTIONS changed."""
    out: list[n.TopLevel] = []
    for command in commands:
        if isinstance(command, n.SectionsCommand):
            items = tuple(
                change(item) if isinstance(item, n.OutputSection) else item  # type: ignore[operator]
                for item in command.items
            )
            command = attrs.evolve(command, items=items)
        out.append(command)
    return tuple(out)
