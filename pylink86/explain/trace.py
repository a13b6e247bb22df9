"""What a linker says while it works, when asked: the files it reads, the sections it leaves out.

Source: `-t` and `--print-gc-sections` of `ld` 2.40 and `ld.lld-19`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .. import elf_const as c
from ..passes.matching.match import SectionId, SectionList
from ..result import LinkResult
from ..script import nodes as n


def input_files(result: LinkResult) -> str:
    """`--trace`: the inputs in the order they were read, one a line.

    GNU ld tells of archives, LLD of the members that were taken."""
    return "".join(f"{name}\n" for name in result.inputs.trace)


def overwritten(result: LinkResult) -> Iterator[str]:
    """`over.ld:2 overwrites .text`: output sections whose description came from elsewhere."""
    described = {
        id(section)
        for command in result.script.of(n.OverwriteSections)
        for section in command.items
    }
    for section in result.plan.sections:
        node = section.node
        if node is not None and id(node) in described and node.span is not None:
            yield f"{node.span.source.name}:{node.span.line} overwrites {section.name}"


def removed_sections(result: LinkResult) -> str:
    """`--print-gc-sections`: what nothing refers to, in each linker's words.

    GNU ld tells of sections file by file and passes over empty ones; LLD begins with COMMON blocks.
    """
    table, files = result.table, result.resolution.files
    lines = []
    for sid in _removed(result):
        name, file = table.name[sid], files[table.file[sid]].name
        if result.dialect.name == "gnu":
            if table.size[sid]:
                lines.append(f"removing unused section '{name}' in file '{file}'")
        else:
            lines.append(f"removing unused section {file}:({name})")
    return "".join(f"{line}\n" for line in lines)


def _removed(result: LinkResult) -> Sequence[SectionId]:
    """The dead sections in the order they are told of; the linker's own empty tables are not, nor
    in LLD those that only /DISCARD/ takes: notes and what is not in memory."""
    table = result.table
    dead = result.live.dead - table.phantoms
    first_own = table.base[-1]
    if result.dialect.name == "gnu":
        return sorted(dead, key=lambda sid: (table.file[sid], sid))
    dead -= {sid for sid in result.claims.discarded if _stays_alive(sid, table)}
    if result.options.elf.relocatable:
        dead |= set(_their_relocations(dead, result))
    return sorted(dead, key=lambda sid: (sid < first_own, sid))


def _their_relocations(dead: Iterable[SectionId], result: LinkResult) -> Iterator[SectionId]:
    """With -r LLD tells of the sections with the relocations of dead ones, too."""
    table, files = result.table, result.resolution.files
    of_file: dict[int, set[int]] = {}
    for sid in dead:
        file = table.file[sid]
        of_file.setdefault(file, set()).add(sid - table.base[file])
    for file, indexes in of_file.items():
        sections = files[file].sections
        for index, kind in enumerate(sections.type):
            if kind in (c.SHT_RELA, c.SHT_REL) and sections.info[index] in indexes:
                yield table.base[file] + index


def _stays_alive(sid: SectionId, table: SectionList) -> bool:
    return table.type[sid] == c.SHT_NOTE or not table.flags[sid] & c.SHF_ALLOC


def folded_sections(result: LinkResult) -> str:
    """`--print-icf-sections`: each section that stayed, and the copies of it that did not."""
    table, files = result.table, result.resolution.files
    copies: dict[SectionId, list[SectionId]] = {}
    for sid, kept in sorted(result.placed.addresses.folded.items()):
        copies.setdefault(kept, []).append(sid)

    def name(sid: SectionId) -> str:
        return f"{files[table.owner_file(sid)].name}:({table.name[sid]})"

    return "".join(
        f"selected section {name(kept)}\n"
        + "".join(f"  removing identical section {name(sid)}\n" for sid in others)
        for kept, others in sorted(copies.items())
    )


def script_files(result: LinkResult) -> list[str]:
    """Every file the script was read from, INCLUDEs too, in the order they were opened."""
    found = dict.fromkeys(_sources(result.script.commands))
    return [name for name in found if not name.startswith(("--", "<"))]


def _sources(nodes: Sequence[object]) -> Iterator[str]:
    for node in nodes:
        span = getattr(node, "span", None)
        if span is not None:
            yield span.source.name
        if isinstance(node, n.SectionsCommand):
            yield from _sources(node.items)
        elif isinstance(node, n.OutputSection):
            yield from _sources(node.statements)
        elif isinstance(node, n.Memory):
            yield from _sources(node.regions)
