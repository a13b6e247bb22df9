"""What `-r` and links without a script do differently before anything is placed.

An output that will be linked again keeps what a final link takes apart or leaves out: notes of one
file, sections to be excluded, COMMON blocks; and nothing in it has an address yet.  And where there
is no script, LLD gathers sections such as `.text.main` under the name `.text`."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ... import elf_const as c
from ...dialect import Dialect
from ...script import nodes as n
from ..elf_options import PAGE, ElfOptions
from ..matching.match import NOT_INPUT, Claims, SectionId, SectionList
from ..names.resolve import Resolution
from .scripts import ScriptFile

FOLDED = (
    ".text", ".data.rel.ro", ".data", ".rodata", ".bss.rel.ro", ".bss", ".ldata", ".lrodata",
    ".lbss", ".gcc_except_table", ".init_array", ".fini_array", ".tbss", ".tdata", ".ctors",
    ".dtors",
)  # fmt: skip
"""LLD without SECTIONS: `.text.x` goes to `.text`; found by linking a section of each name."""

TEXT_PREFIXES = (
    ".text.hot", ".text.unknown", ".text.unlikely", ".text.startup", ".text.exit", ".text.split",
)  # fmt: skip
"""Code that compilers know to run often, seldom, or once."""


def dialect_for_relinking(dialect: Dialect) -> Dialect:
    """The dialect as it is with -r: LLD keeps unwind tables as they are, does not sort, and forgets
    about memory regions."""
    return dialect.but(
        needs_region=not dialect.tables_like_gnu,
        walks_once=dialect.tables_like_gnu,
        sections_have_addresses=dialect.tables_like_gnu,
        rebuilds_eh_frame=False,
        signs_output=False,
        orphans_by_rank=False,
        orphans_join_flags=False,
        drops_zero_size=False,
        lost_copies_define=False,
        excluded_define_nothing=False,
        excluded_are_references=False,
        objects_bring_warnings=False,
    )


def forced(options: ElfOptions, script: ScriptFile, dialect: Dialect) -> ElfOptions:
    """The options with what the script's FORCE_ commands say (GNU ld manual 3.4.5), and -r -s as
    what is left of it: without debug data, for GNU ld also without local symbols nobody needs."""
    words = {command.word for command in script.of(n.Command)}
    strip, discard = options.strip, options.discard
    if options.relocatable and strip == "all":
        strip, discard = "debug", discard or ("all" if dialect.tables_like_gnu else "")
    if dialect.tables_like_gnu:  # which knows one form of tables
        options = attrs.evolve(options, rela=None, applies_relocs=False)
        options = _with_pages(options)
        if options.emit_relocs and strip == "all":  # the relocations keep their symbols
            options, strip = attrs.evolve(options, retained=()), "debug"
    return attrs.evolve(
        options,
        strip=strip,
        discard=discard,
        define_common=options.define_common or "FORCE_COMMON_ALLOCATION" in words,
        ungroup=options.ungroup or "FORCE_GROUP_ALLOCATION" in words,
    )


def _with_pages(options: ElfOptions) -> ElfOptions:
    """GNU ld: a common page larger than the usual page makes that larger, but for p_align."""
    if options.max_page or options.common_page <= PAGE:
        return options
    return attrs.evolve(
        options, max_page=options.common_page, load_align=0 if options.paging else PAGE
    )


def with_empty_kept(claims: Claims, table: SectionList, dialect: Dialect) -> Claims:
    """-q in GNU ld: an output section stays when any input is in it, also an empty one."""
    if not dialect.tables_like_gnu:
        return claims
    return attrs.evolve(claims, kept=claims.kept | frozenset(range(table.base[-1])))


def with_unwinding_at_its_relocations(
    claims: Claims, table: SectionList, resolution: Resolution, dialect: Dialect
) -> Claims:
    """-q in LLD: relocations are orphans that bring what they belong to, so that its own
    `.eh_frame` has the place of the first input that relocates one."""
    homes = [sid for sid in claims.orphans if sid >= table.base[-1]]
    home = next((sid for sid in homes if table.name[sid] == ".eh_frame"), -1)
    first = min(_tables_of(".eh_frame", table, resolution), default=-1)
    if home < 0 or first < 0 or not dialect.rebuilds_eh_frame:
        return claims
    rest = [sid for sid in claims.orphans if sid != home]
    before = [sid for sid in rest if table.input_rank(sid, dialect) < (1, first)]
    return attrs.evolve(claims, orphans=(*before, home, *rest[len(before) :]))


def _tables_of(name: str, table: SectionList, resolution: Resolution) -> Iterator[SectionId]:
    """The relocation sections of the input sections of a name that are linked."""
    for file, obj in enumerate(resolution.files[:-1]):
        for index, tables in obj.relocation_sections.items():
            if obj.sections.names[index] == name and (file, index) not in resolution.dropped:
                yield from (table.base[file] + rel for rel in tables)


def sections_for_relinking(
    table: SectionList, resolution: Resolution, dialect: Dialect, options: ElfOptions
) -> SectionList:
    """The input sections that take part in -r: excluded ones do, GNU ld's COMMON blocks do not,
    unless they get their place already.  Members of groups stay apart, while there are groups."""
    kept = {".note.gnu.build-id"} if dialect.tables_like_gnu else set()
    eligible = [
        ok or ((flags & c.SHF_EXCLUDE != 0 or name in kept) and kind not in NOT_INPUT)
        for ok, flags, kind, name in zip(table.eligible, table.flags, table.type, table.name)
    ]
    if not dialect.tables_like_gnu:
        eligible = [ok and name != ".note.GNU-stack" for ok, name in zip(eligible, table.name)]
    for file, index in resolution.dropped:
        eligible[table.base[file] + index] = False
    if options.keeps_groups:
        members = (sid for sid, flags in enumerate(table.flags) if flags & c.SHF_GROUP)
        table = attrs.evolve(table, alone=frozenset(sid for sid in members if eligible[sid]))
    if options.define_common:
        renames = {} if dialect.tables_like_gnu else {"COMMON": "COMMON"}
        return attrs.evolve(table, eligible=eligible, renames=renames)
    dynamic = {sid for sid in table.phantoms if table.name[sid] in (".rel.dyn", ".rela.dyn")}
    for sid in dynamic:
        eligible[sid] = False
    table = attrs.evolve(
        table,
        eligible=eligible,
        phantoms=table.phantoms - dynamic,
        renames={"COMMON": "COMMON"},
    )
    return _with_commons_open(table) if dialect.tables_like_gnu else table


def _with_commons_open(table: SectionList) -> SectionList:
    """GNU ld: COMMON blocks get no place yet, but a pattern for them makes its output section
    be."""
    commons = [sid for sid in range(table.base[-1], len(table)) if table.name[sid] == "COMMON"]
    size, align = list(table.size), list(table.align)
    for sid in commons:
        size[sid], align[sid] = 0, 1
    return attrs.evolve(table, size=size, align=align, never_orphans=frozenset(commons))


def folded(table: SectionList, keeps_text_prefix: bool) -> SectionList:
    """The sections with the names LLD's own layout gives their output sections.

    keeps_text_prefix: -z keep-text-section-prefix."""
    renames = {}
    prefixes = (*TEXT_PREFIXES, *FOLDED) if keeps_text_prefix else FOLDED
    for name in set(table.name):
        for prefix in prefixes:
            if name == prefix or name.startswith(prefix + "."):
                renames[name] = prefix
                break
    return attrs.evolve(table, renames=renames)
