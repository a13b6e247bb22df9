"""link(): objects and a layout in, an image out; the list of passes, in order.

Each pass reads what it is given and returns what it decided; none changes an older decision.  The
comments between the calls say what is settled from there on.  `LinkResult` keeps every value, so
explaining a link afterwards is reading them.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from . import elf_const as c
from .diag import Diagnostic, Diagnostics, Span, fail
from .dialect import DIALECTS, Dialect
from .formats.images import FLAT, IMAGE_WRITERS, write_image
from .model import ObjectFile, Section
from .passes.advise import advise
from .passes.arrange import arrange_script, settle_starts
from .passes.check import check_layout
from .passes.crossrefs import check_cross_references
from .passes.elf_options import ElfOptions
from .passes.finished import Finished
from .passes.image import load_image
from .passes.library import Search
from .passes.live import ALL_LIVE, Live, mark_live
from .passes.load import InputLike, Loaded, load_inputs
from .passes.locate import Addresses
from .passes.match import Claims, SectionList, list_sections, match_sections
from .passes.members import Inputs, join_members
from .passes.merging import edit_sections
from .passes.order import Plan, order_sections
from .passes.place import settle_addresses
from .passes.placement import Piece, PlacedSection, Placement
from .passes.relink import dialect_for_relinking, folded, sections_for_relinking
from .passes.relocate import Patched, apply_relocations, assembled
from .passes.resolve import Resolution, resolve_symbols
from .passes.scripts import LayoutLike, ScriptFile
from .passes.section_types import settle_section_types
from .passes.settle import Settled, settle_layout
from .passes.strays import handle_orphans
from .script import nodes as n
from .script.defaults_gnu import gnu_layout, relinked_layout
from .script.parser import parse_expression, parse_script

if TYPE_CHECKING:
    from .explain.origin import Origin, Origins

RAW_FORMATS = IMAGE_WRITERS.keys()
ELF_FORMATS = {"elf64-x86-64": 64, "elf32-i386": 32}
DEFAULT_MAX_IMAGE = 1 << 30


@attrs.frozen
class LinkOptions:
    """What a command line can say beside objects and script.

    entry: the entry symbol, stronger than ENTRY().  oformat: "binary", "srec", "ihex", "verilog",
    "elf64-x86-64", "elf32-i386"; "" follows OUTPUT_FORMAT(), else ELF of the first input.  defsym:
    `name=expression`.  undefined: names to be wanted as if an object referred to them;
    require_defined: the same, and an error when they stay undefined.  sysroot: what `=` stands for
    at the front of a path in search and in scripts.  search: directories for the script's files.
    silenced: slugs of warnings not to give.  max_image_size: bytes a raw image may have.
    inputs_before_script: how many of the inputs come before the files that INPUT names; None is
    all.  sort_section: "name" or "alignment"; orphan_handling: "place", "warn", "error" or
    "discard"; unique: patterns of input sections that get an output section each ("" is every
    orphan)."""

    entry: str = ""
    oformat: str = ""
    emulation: str = ""
    gc_sections: bool = False
    defsym: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    silenced: tuple[str, ...] = ()
    fatal_warnings: bool = False
    max_image_size: int = DEFAULT_MAX_IMAGE
    inputs_before_script: int | None = None
    require_defined: tuple[str, ...] = ()
    sysroot: str = ""
    sort_section: str = ""
    orphan_handling: str = ""
    unique: tuple[str, ...] = ()
    elf: ElfOptions = attrs.field(factory=ElfOptions)


@attrs.frozen(eq=False, repr=False)
class OutputSection:
    """One section of the result; sizes and addresses in bytes.

    loads: whether a raw image holds its bytes.
    """

    name: str
    vma: int
    lma: int
    size: int
    align: int
    type: int
    flags: int
    loads: bool
    content: bytes


@attrs.frozen(eq=False, repr=False)
class OutputPiece:
    """A stretch of an output section and why it is there.

    kind: "input" (an input section: `section`), "fill" (padding or fill), "data" (BYTE and the
    like). cause: in words: `hello.o(.text)`, `alignment of hello.o(.rodata)`, `. = ALIGN(512)`."""

    output: str
    sec_off: int
    size: int
    kind: str
    cause: str
    section: Section | None
    span: Span | None


@attrs.frozen(eq=False, repr=False)
class LinkResult:
    """Everything a link decided, pass by pass, and the views users want."""

    options: LinkOptions
    dialect: Dialect
    oformat: str
    script: ScriptFile
    inputs: Inputs
    resolution: Resolution
    table: SectionList
    claims: Claims
    live: Live
    plan: Plan
    placed: Placement
    settled: Settled
    patched: Patched
    entry: int
    diagnostics: tuple[Diagnostic, ...]

    @cached_property
    def image(self) -> bytes:
        """The output file's bytes, in the format that was asked for."""
        return self.to_bytes(self.oformat)

    def to_bytes(self, format: str, name: str = "a.out") -> bytes:
        """The link in a format: "binary", "srec", "ihex", "verilog", or ELF.

        name: of the output file, which S-records carry.  Raises image-too-large, unknown-format,
        out-of-range-for-ihex."""
        if format in RAW_FORMATS:
            found = load_image(
                self.placed, self.patched, self.dialect, format=format, entry=self.entry,
                name=name, max_size=self.options.max_image_size,
            )  # fmt: skip
            return write_image(format, found)
        if format in ELF_FORMATS:
            return self._executable(ELF_FORMATS[format]).to_bytes()
        raise fail("unknown-format", f"unknown output format `{format}'", help=[_formats()])

    @cached_property
    def object_file(self) -> ObjectFile:
        """The link as an ELF executable in memory, of the output's class."""
        return self._executable(ELF_FORMATS.get(self.oformat, 0))

    def _executable(self, elf_class: int) -> ObjectFile:
        from .passes.finish import elf_executable

        return elf_executable(
            self.placed, self.patched, self.entry, "a.out", elf_class, self.settled.segments,
            self.script, self.options.elf, self.dialect,
        )  # fmt: skip

    def write(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Write the output (temporary file, then rename); raises cannot-write."""
        from .formats.output import write_file

        form = self.oformat if format is None else format
        data = self.to_bytes(form, os.fspath(path))
        write_file(path, data, executable=form in ELF_FORMATS)

    def origin(self, address: int) -> Origin | None:
        """Where the byte at an address comes from: input section, symbol, source line; or None."""
        return self.origins.at_address(address)

    @cached_property
    def origins(self) -> Origins:
        """The same for many bytes, and by file offset: `origins.at_offset(0x260)`."""
        from .explain.origin import origins

        return origins(self)

    def picture(self, title: str = "") -> str:
        """The layout as an HTML page that needs nothing else; title: what to call it."""
        from .explain.picture import picture

        return picture(self, title)

    @cached_property
    def symbols(self) -> dict[str, int]:
        """Address of every global symbol and every symbol the script assigned."""
        found = {}
        for name, where in self.resolution.definer.items():
            place = self.placed.addresses.of_symbol(*where)
            if place is not None:
                if not isinstance(place, int):
                    place = self.placed.sections[place[0]].vma + place[1]
                found[name] = place
        for name, value in self.placed.symbols.items():
            found[name] = value.absolute() & 0xFFFFFFFFFFFFFFFF
        return found

    @cached_property
    def sections(self) -> dict[str, OutputSection]:
        """Output sections by name (the first of each name), in order."""
        found: dict[str, OutputSection] = {}
        for section, content in zip(self.placed.sections, self.patched.contents):
            plan = section.plan
            if plan.dropped:
                continue
            found.setdefault(
                plan.name,
                OutputSection(
                    plan.name, section.vma, section.lma, section.size, section.align,
                    plan.type, plan.flags, plan.loads, bytes(content),
                ),
            )  # fmt: skip
        return found

    @cached_property
    def pieces(self) -> tuple[OutputPiece, ...]:
        """Every piece of every output section, in order; they tile the sections."""
        return tuple(
            self._piece(section, piece)
            for section in self.placed.sections
            for piece in section.pieces
        )

    def _piece(self, section: PlacedSection, piece: Piece) -> OutputPiece:
        origin = piece.origin
        view, span = None, None
        if isinstance(origin, int):
            file = self.table.owner_file(origin)
            view = Section(self.resolution.files[file], origin - self.table.base[file])
            cause = self.placed.addresses.describe(origin)
            if piece.kind == "fill":
                cause = f"alignment of {cause}"
        else:
            span = origin.span
            cause = span.text if span is not None else type(origin).__name__
        return OutputPiece(
            section.name, piece.sec_off, piece.size, piece.kind, cause,
            view if piece.kind == "input" else None, span,
        )  # fmt: skip


def link(
    objs: Iterable[InputLike],
    layout: LayoutLike = None,
    *,
    dialect: str | Dialect = "gnu",
    options: LinkOptions | None = None,
    **settings: object,
) -> LinkResult:
    """Link objects by a layout.

    objs: paths, bytes, ObjectFiles or Inputs, in command-line order.  layout: a path, script text,
    a Layout or a parsed Script.  dialect: "gnu" or "lld".  options, or fields of LinkOptions as
    keywords (`oformat="binary"`, `gc_sections=True`).  Raises LinkError with all that was found;
    warnings are in the result's `diagnostics`."""
    chosen = attrs.evolve(options or LinkOptions(), **settings)  # type: ignore[arg-type]
    kind = _dialect(dialect)
    if chosen.elf.relocatable:
        kind = dialect_for_relinking(kind)
    diags = Diagnostics(chosen.silenced, chosen.fatal_warnings)
    with _collector_paused():
        return _link(objs, layout, kind, chosen, diags)


def _link(
    objs: Iterable[InputLike],
    layout: LayoutLike,
    dialect: Dialect,
    options: LinkOptions,
    diags: Diagnostics,
) -> LinkResult:
    """The pass list."""
    extra = _option_nodes(options)
    before = options.inputs_before_script
    machine = EMULATIONS.get(options.emulation, 0)
    search = Search.of(options.search, options.sysroot, machine)
    loaded = load_inputs(objs, layout, extra, search, dialect, diags, before)
    script = _with_layout(loaded, machine, options, dialect)
    options = attrs.evolve(options, elf=settle_starts(options.elf, script, dialect))
    starts, sort = options.elf.section_starts, options.sort_section
    script = arrange_script(script, dialect, diags, starts, sort)
    entry = options.entry or _entry_name(script)
    wanted = _wanted_names(script, options)
    inputs = join_members(loaded, entry, wanted, dialect, diags)
    oformat = output_format(script, options, inputs.files[0])
    raw = oformat in RAW_FORMATS
    machine = output_machine(options, inputs.files)
    # What GNU ld links through its generic path: images, and ELF of another class.
    generic = raw or ELF_FORMATS.get(oformat) != ELF_CLASSES[machine]
    resolution = resolve_symbols(inputs, dialect, diags, generic)
    diags.stop_on_errors()
    # From here on no file joins the link, and each name has one definer.
    table = list_sections(resolution, dialect)
    again = options.elf.relocatable
    if again:
        table = sections_for_relinking(table, resolution, dialect)
    elif not script.has_sections and not dialect.tables_like_gnu:
        table = folded(table)
    claims = match_sections(script, resolution, table, dialect, options.unique)
    claims = handle_orphans(claims, table, resolution, options.orphan_handling, diags)
    live = ALL_LIVE
    if options.gc_sections:
        live = mark_live(claims, table, resolution, (entry or "_start", *wanted))
    plan = order_sections(script, claims, table, resolution, live.dead, dialect, wanted)
    if dialect.generic_path:
        plan = settle_section_types(plan, table, generic)
    check_cross_references(script, plan, table, resolution, diags)
    gone = live.dead | claims.discarded
    plan, edits = edit_sections(plan, table, resolution, gone, dialect, generic)
    # From here on what is in the output, and in which order, is settled; only numbers are missing.
    addresses = Addresses.of(resolution, table, edits, machine)
    elf_class = ELF_FORMATS.get(oformat) or ELF_CLASSES[machine]

    def walk(plan: Plan, met: Diagnostics) -> Placement:
        return settle_addresses(plan, script, addresses, dialect, met, flat=oformat == FLAT)

    settled = settle_layout(
        walk, plan, script, addresses, options.elf, elf_class, raw, dialect, diags
    )
    plan, placed = settled.plan, settled.placed
    # From here on no address moves.
    _check_required(options.require_defined, placed, diags)
    if not again:
        check_layout(placed, dialect, oformat == FLAT, options.max_image_size, diags)
    diags.stop_on_errors()
    patched = (
        assembled(placed)
        if again
        else apply_relocations(placed, dialect, generic, diags, _source_line)
    )
    diags.stop_on_errors()
    start = _entry_address(entry or _default_entry(script, dialect), placed, dialect)
    if not again:
        advise(
            Finished(
                script,
                resolution,
                table,
                claims,
                live,
                plan,
                placed,
                patched,
                dialect,
                oformat == "binary",
                {} if raw else _file_offsets(settled, elf_class, script, options, dialect),
            ),
            diags,
        )
    diags.stop_on_errors()
    return LinkResult(
        options, dialect, oformat, script, inputs, resolution, table, claims, live, plan, placed,
        settled, patched, start, tuple(diags),
    )  # fmt: skip


def _file_offsets(
    settled: Settled, elf_class: int, script: ScriptFile, options: LinkOptions, dialect: Dialect
) -> dict[int, int]:
    """Where each output section lies in an ELF file, by OutputPlan.index."""
    from .passes.finish import map_output

    segments, elf = settled.segments, options.elf
    return map_output(settled.placed, elf_class, segments, script, elf, dialect).offsets


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Python's cycle collector finds nothing during a link and would look for it again and
    again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _dialect(name: str | Dialect) -> Dialect:
    if isinstance(name, Dialect):
        return name
    if name not in DIALECTS:
        raise fail("unknown-dialect", f"unknown dialect `{name}'", help=["use gnu or lld"])
    return DIALECTS[name]


def _formats() -> str:
    return "use one of " + ", ".join(sorted({*RAW_FORMATS, *ELF_FORMATS}))


ELF_CLASSES = {c.EM_386: 32, c.EM_X86_64: 64}


def _with_layout(
    loaded: Loaded, machine: int, options: LinkOptions, dialect: Dialect
) -> ScriptFile:
    """The script, behind GNU ld's own layout when it has no SECTIONS; before it when all scripts
    that have some INSERT them."""
    script = loaded.script
    inserts = _sources(script, n.Insert)
    if not dialect.tables_like_gnu or not _sources(script, n.SectionsCommand) <= inserts:
        return script
    first = next((s.item for s in loaded.steps if isinstance(s.item, ObjectFile)), None)
    elf_class = ELF_CLASSES[machine] if machine else first.header.elf_class if first else 64
    if options.elf.relocatable:
        text = relinked_layout(elf_class)
    else:
        separate = options.elf.separate != "none"
        text = gnu_layout(elf_class, options.elf.paging, separate)
    layout = parse_script(text).commands
    both = (*script.commands, *layout) if inserts else (*layout, *script.commands)
    return attrs.evolve(script, commands=both)


def _sources(script: ScriptFile, kind: type[n.SectionsCommand] | type[n.Insert]) -> set[str]:
    """Names of the scripts that have a command of a kind; "" for those built in Python."""
    return {node.span.source.name if node.span else "" for node in script.of(kind)}


EMULATIONS = {"elf_x86_64": c.EM_X86_64, "elf_i386": c.EM_386, "elf32_x86_64": c.EM_X86_64}


def output_machine(options: LinkOptions, files: Sequence[ObjectFile]) -> int:
    """-m, else x86-64 as soon as one input is: 64-bit code can hold 32-bit parts, not the
    reverse."""
    if options.emulation in EMULATIONS:
        return EMULATIONS[options.emulation]
    return max((f.header.machine for f in files), key=lambda machine: machine == c.EM_X86_64)


def output_format(script: ScriptFile, options: LinkOptions, first: ObjectFile) -> str:
    """--oformat, else the last OUTPUT_FORMAT(), else ELF of the first input's class."""
    for node in script.of(n.OutputFormat):
        wanted = node.default
        span: Span | None = node.span
        break
    else:
        wanted, span = "", None
    wanted = options.oformat or wanted
    if not wanted or wanted in ("default", "elf"):
        return "elf64-x86-64" if first.header.machine == c.EM_X86_64 else "elf32-i386"
    if wanted not in RAW_FORMATS and wanted not in ELF_FORMATS:
        raise fail(
            "unknown-format",
            f"unknown output format `{wanted}'",
            span=None if options.oformat else span,
            help=[_formats()],
        )
    return wanted


def _option_nodes(options: LinkOptions) -> Iterator[n.TopLevel]:
    """What --defsym says, as the nodes the parser would have made."""
    for text in options.defsym:
        yield from assignment(text).commands


def assignment(text: str) -> n.Script:
    """A script that does what `--defsym=text` says."""
    name, equals, expr = text.partition("=")
    if not (name and equals and expr):
        raise fail(
            "bad-option-value",
            f"--defsym={text} assigns nothing",
            help=["write --defsym=name=expression"],
        )
    value = parse_expression(expr, f"--defsym={text}")
    return n.Script((n.Assignment(name.strip(), "=", value),))


def _entry_name(script: ScriptFile) -> str:
    """The last ENTRY() of the script, at top level or in SECTIONS (GNU ld manual 3.4.1)."""
    found = ""
    for command in script.commands:
        if isinstance(command, n.Entry):
            found = command.symbol
        elif isinstance(command, n.SectionsCommand):
            for item in command.items:
                if isinstance(item, n.Entry):
                    found = item.symbol
    return found


def _wanted_names(script: ScriptFile, options: LinkOptions) -> tuple[str, ...]:
    """Names wanted by no object: -u, --require-defined, EXTERN (GNU ld manual 3.4.5)."""
    extern = [name for c in script.of(n.Command) if c.word == "EXTERN" for name in c.args]
    return (*options.undefined, *options.require_defined, *extern)


def _check_required(names: Iterable[str], placed: Placement, diags: Diagnostics) -> None:
    """undefined-symbol: what --require-defined names must be there in the end."""
    for name in names:
        if name not in placed.addresses.resolution.definer and name not in placed.symbols:
            diags.error(
                "undefined-symbol",
                f"required symbol `{name}' not defined",
                help=["link what defines it, or drop --require-defined"],
            )


def _default_entry(script: ScriptFile, dialect: Dialect) -> str:
    """The entry symbol when nobody names one; GNU ld's own scripts say ENTRY(_start)."""
    return "start" if dialect.starts_at_start and script.commands else "_start"


def _entry_address(entry: str, placed: Placement, dialect: Dialect) -> int:
    """The entry symbol's address, or the number it is; else, in GNU ld's dialect, the start of
    `.text` (GNU ld manual 3.4.1)."""
    if entry in placed.symbols:
        return placed.symbols[entry].absolute() & 0xFFFFFFFFFFFFFFFF
    where = placed.addresses.resolution.definer.get(entry)
    found = placed.addresses.of_symbol(*where) if where is not None else None
    if isinstance(found, int):
        return found
    if found is not None:
        return placed.sections[found[0]].vma + found[1]
    if entry[:1].isdigit():
        try:
            return int(entry, 0)
        except ValueError:
            pass
    text = placed.find(".text") if dialect.starts_at_start else None
    return text.vma if text is not None and not text.plan.dropped else 0


def _source_line(obj: ObjectFile, index: int, offset: int) -> str | None:
    """The source line of a place; DWARF is only read when a message needs it."""
    from .explain.dwarf import source_line

    return source_line(obj, index, offset)
