"""All input sections of a link in one list of columns, numbered through.

A link asks the same questions of every section of every file: its name, its size, whether it takes
part.  Columns answer them fast, and one number says which section is meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import attrs

from .. import elf_const as c
from ..dialect import Dialect
from ..model import ObjectFile
from .names.resolve import Resolution

SectionId = int
"""Number of an input section, counted over all files in order: see SectionList."""

NOT_INPUT = frozenset(
    {c.SHT_NULL, c.SHT_SYMTAB, c.SHT_STRTAB, c.SHT_GROUP, c.SHT_SYMTAB_SHNDX, c.SHT_REL, c.SHT_RELA}
)
"""Section types that describe a file and are not linked."""


BUILD_ID = ".note.gnu.build-id"

WARNING = ".gnu.warning"
"""Sections that hold the text of a warning: for a name behind the dot, or for all who link them."""


def is_link_warning(name: str) -> bool:
    """Whether a section holds such a text."""
    return name == WARNING or name.startswith(WARNING + ".")


@attrs.frozen(eq=False, repr=False)
class SectionList:
    """All input sections of the link as columns, numbered through: file order, then section order.

    base: per file, the number of its section 0.  file: per section, the number of its file (for a
    section of the linker's own file, of the file it stands for, or -1).  eligible: whether the
    section takes part at all.  phantoms: tables the linker made that hold nothing; only patterns
    take them.  renames: names of orphans whose output section is called otherwise.  alone: sections
    that have an output section each, and no pattern takes them but those of /DISCARD/.
    never_orphans: COMMON blocks that stay what they are unless a pattern takes them."""

    base: tuple[int, ...]
    file: list[int]
    name: list[str]
    type: list[int]
    flags: list[int]
    size: list[int]
    align: list[int]
    eligible: list[bool]
    phantoms: frozenset[SectionId] = frozenset()
    renames: dict[str, str] = attrs.field(factory=dict)
    alone: frozenset[SectionId] = frozenset()
    never_orphans: frozenset[SectionId] = frozenset()

    def __len__(self) -> int:
        return len(self.name)

    def owner_file(self, sid: SectionId) -> int:
        """The number of the file whose bytes a section is (the linker's own for a COMMON block)."""
        return self.file[sid] if sid < self.base[-1] else len(self.base) - 1

    def input_rank(self, sid: SectionId, dialect: Dialect) -> tuple[int, int]:
        """Sections sort by it into input order; COMMON blocks come last in their file, or before
        all files (LLD)."""
        if dialect.groups_commons_by_file:
            return self.file[sid], sid
        is_common = sid >= self.base[-1] and self.name[sid] == "COMMON"
        return (0 if is_common else 1), sid


def list_sections(
    resolution: Resolution,
    dialect: Dialect,
    generic: bool = False,
    replaced: Collection[str] = (),
) -> SectionList:
    """The link-wide columns of all sections, made once, by joining the files' columns.

    generic: the link goes through GNU ld's generic path, which keeps the inputs' build ids.
    replaced: names of sections of files that others stand for."""
    base: list[int] = []
    file: list[int] = []
    name: list[str] = []
    kind: list[int] = []
    flags: list[int] = []
    size: list[int] = []
    align: list[int] = []
    for number, obj in enumerate(resolution.files):
        table = obj.sections
        base.append(len(name))
        file += [number] * len(table)
        name += table.names
        kind += table.type
        flags += table.flags
        size += table.size
        align += table.align
    file[base[-1] :] = resolution.own_origin
    eligible = [t not in NOT_INPUT for t in kind]
    if dialect.tables_like_gnu:
        for sid in _string_sections(resolution, base):
            eligible[sid] = True
    if any(f & c.SHF_EXCLUDE for f in set(flags)):
        eligible = [ok and not f & c.SHF_EXCLUDE for ok, f in zip(eligible, flags)]
    own = range(base[-1] + 1, len(name))
    phantoms = frozenset(s for s in own if size[s] == 0 and name[s] not in (".eh_frame", "COMMON"))
    for sid in phantoms:
        eligible[sid] = True
    for number, index in resolution.dropped:
        eligible[base[number] + index] = False
    for sid in _described_otherwise(resolution, base, dialect, generic, replaced):
        eligible[sid] = False
    align = [a or 1 for a in align]
    return SectionList(tuple(base), file, name, kind, flags, size, align, eligible, phantoms)


def _string_sections(resolution: Resolution, base: Sequence[int]) -> Iterator[SectionId]:
    """GNU ld: tables of strings that are not those of the file are like other sections."""
    for number, obj in enumerate(resolution.files[:-1]):
        if c.SHT_STRTAB in obj.sections.type:
            for index, (kind, name) in enumerate(zip(obj.sections.type, obj.sections.names)):
                if kind == c.SHT_STRTAB and name not in (".strtab", ".shstrtab"):
                    yield base[number] + index


def _described_otherwise(
    resolution: Resolution,
    base: Sequence[int],
    dialect: Dialect,
    generic: bool,
    replaced: Collection[str],
) -> Iterator[SectionId]:
    """Sections of files that the linker reads and makes anew, or has no use for: unwind tables,
    property notes, build ids, texts of warnings."""
    names = set(replaced)
    if dialect.rebuilds_eh_frame:
        names.add(".eh_frame")
    if dialect.joins_property_notes:
        names.update((".note.GNU-stack", ".note.gnu.property"))
    if not (generic and dialect.generic_path):
        names.add(BUILD_ID)
    has_warnings = dialect.objects_bring_warnings and not generic
    for start, obj in zip(base, resolution.files[:-1]):
        if not names.isdisjoint(obj.sections.names):
            yield from (start + i for i, name in enumerate(obj.sections.names) if name in names)
        if has_warnings and WARNING.encode() in obj.sections.strings:
            every = enumerate(obj.sections.names)
            yield from (start + index for index, name in every if is_link_warning(name))


def linked_sections(table: SectionList, files: Sequence[ObjectFile]) -> dict[SectionId, SectionId]:
    """The section that each SHF_LINK_ORDER section names in sh_link; those that name none are left
    out (gABI ch.4)."""
    found: dict[SectionId, SectionId] = {}
    if not any(flags & c.SHF_LINK_ORDER for flags in set(table.flags)):
        return found
    for sid, flags in enumerate(table.flags):
        if flags & c.SHF_LINK_ORDER and table.eligible[sid]:
            file = table.owner_file(sid)
            link = files[file].sections.link[sid - table.base[file]]
            if link:
                found[sid] = table.base[file] + link
    return found
