"""What a link can be asked for beside objects and a layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from .diag import ERROR_LIMIT
from .passes.editing.fold_options import Fold
from .passes.elf_options import ElfOptions

if TYPE_CHECKING:
    from .passes.matching.call_graph import Profile
    from .script.nodes import Version, VersionNode

DEFAULT_MAX_IMAGE = 1 << 30
"""Bytes a raw image may have unless told otherwise."""


@attrs.frozen(eq=False, repr=False)
class LinkOptions:
    """What a command line can say beside objects and script.

    entry: the entry symbol, stronger than ENTRY().  oformat: "binary", "srec", "ihex", "verilog",
    "elf64-x86-64", "elf32-i386"; "" follows OUTPUT_FORMAT(), else ELF of the first input.  defsym:
    `name=expression`.  undefined: names to be wanted as if an object referred to them;
    undefined_globs: patterns of such names, for what libraries define;
    require_defined: names that must not stay undefined.  sysroot: what `=` stands for
    at the front of a path in search and in scripts.  search: directories for the script's files.
    tolerated: slugs of errors that are only warnings.  fold: --icf.
    silenced: slugs of warnings not to give.  max_image_size: bytes a raw image may have.
    inputs_before_script: how many of the inputs come before the files that INPUT names; None is
    all.  sort_section: "name" or "alignment"; orphan_handling: "place", "warn", "error" or
    "discard"; unique: patterns of input sections that get an output section each ("" is every
    orphan).  relax: loads through the global offset table may become shorter ones (--no-relax).
    error_limit: how many errors of one kind are told in full, 0 for all.  wrap: names whose
    references go to __wrap_NAME (--wrap).  just_symbols: files of which only the addresses of
    symbols are taken.  sort_common: "ascending" or "descending": COMMON blocks by alignment, in GNU
    ld's dialect.  symbol_order: names whose sections come first, in their order, as the
    file symbol_order_path has it.  profile:
    who calls whom, which orders sections, too.  shuffle: (pattern
    of section names, seed) of each --shuffle-sections.  ignored_symbols: names that may be
    undefined.  spills: what a region has no room for goes to the next statement that matches it,
    spill_warnings: and is told. gc_keep_exported: with gc_sections, what defines a global name that
    no file hides stays; exports: in LLD's dialect, of those only what is listed here.
    version_scripts: what --version-script files say, as VERSION in a script. fortran_common: in
    LLD's dialect, too, members of archives join for the place of a COMMON symbol. bounds_keep: with
    gc_sections, whether `__start_x` keeps the sections called x; None as the dialect does.
    backward_excluded: in LLD's dialect, tell of members that a file behind their library draws, but
    not of those that a pattern here fits; None tells nothing. warn_common: tell where a COMMON
    block meets another definition."""

    entry: str = ""
    oformat: str = ""
    emulation: str = ""
    gc_sections: bool = False
    defsym: tuple[str, ...] = ()
    traced: tuple[str, ...] = ()
    """Names that --trace-symbol tells of."""
    undefined: tuple[str, ...] = ()
    undefined_globs: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    silenced: tuple[str, ...] = ()
    fatal_warnings: bool = False
    max_image_size: int = DEFAULT_MAX_IMAGE
    inputs_before_script: int | None = None
    require_defined: tuple[str, ...] = ()
    ignored_symbols: tuple[str, ...] = ()
    bounds_keep: bool | None = None
    sysroot: str = ""
    sort_section: str = ""
    orphan_handling: str = ""
    spills: bool = False
    spill_warnings: bool = False
    unique: tuple[str, ...] = ()
    symbol_order: tuple[str, ...] = ()
    symbol_order_path: str = ""
    profile: Profile | None = None
    shuffle: tuple[tuple[str, int], ...] = ()
    relax: bool = True
    gc_keep_exported: bool = False
    version_scripts: tuple[Version, ...] = ()
    exports: tuple[VersionNode, ...] = ()
    fortran_common: bool = False
    wrap: tuple[str, ...] = ()
    just_symbols: tuple[str, ...] = ()
    sort_common: str = ""
    error_limit: int = ERROR_LIMIT
    tolerated: tuple[str, ...] = ()
    fold: Fold = attrs.field(factory=Fold)
    backward_excluded: tuple[str, ...] | None = None
    warn_common: bool = False
    elf: ElfOptions = attrs.field(factory=ElfOptions)
