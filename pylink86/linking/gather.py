"""What takes part in a link: the script, the files, and what both say of the output.

Options, script and files depend on each other: the script names files, a file tells the class of
the output, which decides on the layout where there is no script.  This part goes through them once,
in the order in which each can be known, and hands on a `Task` in which nothing is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import attrs

from ..diag import Diagnostics
from ..dialect import Dialect
from ..elf_const import EM_IAMCU
from ..laps import lap
from ..link_options import LinkOptions
from ..passes.inputs.expand import expand_sections
from ..passes.inputs.library import Search
from ..passes.inputs.load import InputLike, Loaded, load_inputs
from ..passes.inputs.members import Inputs, join_members, names_in_libraries
from ..passes.names.roots import entry_name, wanted_names
from ..passes.reading.arrange import arrange_script, settle_starts
from ..passes.reading.default_layout import with_layout
from ..passes.reading.relink import forced
from ..passes.reading.scripts import LayoutLike, ScriptFile
from ..passes.target import (
    ELF_CLASSES,
    ELF_FORMATS,
    EMULATIONS,
    RAW_FORMATS,
    as_i386,
    is_native,
    output_format,
    output_machine,
)
from ..script.parser import parse_defsym

if TYPE_CHECKING:
    from ..passes.checking.refs_lld import SourcePlace as SourceLine


class Task:
    """A link before names are looked up.

    given: the script as its author wrote it; script: with the layout that stands in for one, and
    arranged.  entry: the name that options or script say, or "".  wanted: names that options or
    script ask for.  oformat, machine: of the output.  generic: the link goes through GNU ld's
    generic path, as images and ELF of another class do."""

    def __init__(
        self,
        options: LinkOptions,
        dialect: Dialect,
        given: ScriptFile,
        script: ScriptFile,
        inputs: Inputs,
        entry: str,
        wanted: Sequence[str],
        oformat: str,
    ) -> None:
        self.dialect, self.given, self.script, self.inputs = dialect, given, script, inputs
        self.entry, self.wanted, self.oformat = entry, wanted, oformat
        self.machine = output_machine(options.emulation, inputs.files)
        self.raw = oformat in RAW_FORMATS
        self.generic = self.raw or not is_native(oformat, self.machine, inputs.files[0])
        self.again = options.elf.relocatable
        """-r: the output will be linked again."""
        self.source_line: SourceLine = lambda obj, index, offset: None
        """Where the source of a place is, for messages."""
        self.moves = options.elf.pie and not (self.generic or self.again)
        """-pie: the output runs at any address."""
        self.options = attrs.evolve(options, elf=attrs.evolve(options.elf, pie=self.moves))
        self.elf_class = ELF_FORMATS.get(oformat) or ELF_CLASSES[self.machine]


def gather(
    objs: Iterable[InputLike],
    layout: LayoutLike,
    dialect: Dialect,
    options: LinkOptions,
    diags: Diagnostics,
) -> Task:
    """Read the script and the files, and the members of libraries that are needed."""
    loaded = _load(objs, layout, dialect, options, diags)
    lap("load inputs")
    script, options = _arranged(loaded, layout is not None, dialect, options, diags)
    lap("arrange the script")
    entry = options.entry or entry_name(script)
    wanted = wanted_names(script, options.undefined, options.require_defined)
    drawn = names_in_libraries(loaded.steps, options.undefined_globs)
    inputs = join_members(loaded, entry, (*wanted, *drawn), dialect, diags)
    lap("join archive members")
    if not options.emulation and inputs.files[0].header.machine == EM_IAMCU:
        options = attrs.evolve(options, emulation="elf_iamcu")
    inputs = _as_they_are_linked(inputs, dialect, options, diags)
    oformat = output_format(script, options.oformat, inputs.files[0], options.emulation)
    return Task(options, dialect, loaded.script, script, inputs, entry, wanted, oformat)


def _load(
    objs: Iterable[InputLike],
    layout: LayoutLike,
    dialect: Dialect,
    options: LinkOptions,
    diags: Diagnostics,
) -> Loaded:
    """The script, and the files and libraries in the order they were named."""
    extra = [node for text in options.defsym for node in parse_defsym(text).commands]
    before = options.inputs_before_script
    search = Search.of(options.search, options.sysroot, EMULATIONS.get(options.emulation, 0))
    if options.just_symbols:
        from ..passes.inputs.just_symbols import symbols_alone

        objs = [*objs, *map(symbols_alone, options.just_symbols)]
    loaded = load_inputs(objs, layout, extra, search, dialect, diags, before)
    if options.wrap:
        from ..passes.names.wrap import with_references_wrapped

        loaded = with_references_wrapped(loaded, options.wrap)
    return loaded


def _arranged(
    loaded: Loaded, given: bool, dialect: Dialect, options: LinkOptions, diags: Diagnostics
) -> tuple[ScriptFile, LinkOptions]:
    """The script, or the layout that stands in for one, in the order its parts count; and the
    options with what it says.  given: a layout was."""
    if options.oformat in RAW_FORMATS:  # an image stays where it is linked to
        options = attrs.evolve(options, elf=attrs.evolve(options.elf, pie=False))
    machine = EMULATIONS.get(options.emulation, 0)
    script = with_layout(loaded, machine, options.elf, dialect, given)
    if options.version_scripts:
        script = ScriptFile((*script.commands, *options.version_scripts))
    elf = settle_starts(forced(options.elf, script, dialect), script, dialect)
    if options.gc_sections and dialect.rebuilds_eh_frame:
        elf = attrs.evolve(elf, unwind_relocs=False)
    options = attrs.evolve(options, elf=elf)
    if options.spills:
        from ..passes.matching.spill import check_spilling

        check_spilling(script, diags)
    arranged = arrange_script(
        script, dialect, diags, elf.section_starts, options.sort_section, elf.begun_sections
    )
    return arranged, options


def _as_they_are_linked(
    inputs: Inputs, dialect: Dialect, options: LinkOptions, diags: Diagnostics
) -> Inputs:
    """The files with compressed sections expanded, and names as the dialect knows them."""
    inputs = attrs.evolve(inputs, files=expand_sections(as_i386(inputs.files), diags))
    if not dialect.tables_like_gnu:
        from ..passes.inputs.check_bindings import check_bindings
        from ..passes.names.versioned import default_versions, named_by_default

        check_bindings(inputs.files, diags)
        inputs = attrs.evolve(
            inputs, files=named_by_default(inputs.files), versions=default_versions(inputs.files)
        )
    if options.ignored_symbols:
        from ..passes.names.ignored import without_need

        inputs = attrs.evolve(inputs, files=without_need(inputs.files, options.ignored_symbols))
    return inputs
