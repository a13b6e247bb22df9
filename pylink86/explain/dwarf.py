"""Which source line a byte of an object file came from, out of its debug information (DWARF).

"relocation overflows at hello.o:(.text.start+0x1f)" is true and useless; "hello.rs:14" is where one
has to look.  Compilers write a table of addresses and lines (.debug_line).  In an object file that
table is not linked yet: its addresses are holes with relocations.  So the debug sections get a
little link of their own: each section of the file is given a range of addresses that no other has,
the holes are filled, and a line found by address belongs to the section whose range it is in.

The table is decoded by pyelftools; this is the only module that imports it, when it is first
needed.  Debug information is a convenience here: whatever is missing, broken or of an unknown kind
gives no line and no error, and a table so large that decoding it would take longer than the link is
left alone when all that is wanted is a better message.  Source: DWARF 5 §6.2, gABI ch.4
(Compression header).
"""

from __future__ import annotations

import inspect
import io
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from ..arch import patches_for, rows_for
from ..arch.reloc import ABS, PC, REACHES, implicit_addend
from ..elf_const import (
    ELFCOMPRESS_ZLIB,
    EM_X86_64,
    SHF_ALLOC,
    SHF_COMPRESSED,
    SHT_NOBITS,
    SHT_REL,
    SHT_RELA,
)
from ..model import ObjectFile

FIRST_ADDRESS = 0x1_0000
"""Small addresses are what unfilled holes look like, so no section gets them."""

LARGEST = 1 << 28
"""A debug section that claims to unpack to more than this is not unpacked."""

LARGEST_FOR_MESSAGES = 1 << 18
"""Bytes of line programs that are decoded for the messages of one link: about two seconds."""

TABLES = (SHT_REL, SHT_RELA)

CHDR = {32: struct.Struct("<III"), 64: struct.Struct("<IIQQ")}


@attrs.frozen(eq=False)
class Lines:
    """The line table of one file: ranges of made-up addresses, ascending, each with "file:line".

    bases: the address given to each section.  A range reaches to the next start; texts[i] is None
    where no code is.
    """

    bases: tuple[int, ...]
    sizes: tuple[int, ...]
    starts: tuple[int, ...]
    texts: tuple[str | None, ...]

    def find(self, section: int, offset: int) -> str | None:
        """The source line of a byte, such as "hello.rs:14", or None."""
        if not 0 < section < len(self.bases) or not 0 <= offset < self.sizes[section]:
            return None
        index = bisect_right(self.starts, self.bases[section] + offset) - 1
        return self.texts[index] if index >= 0 else None


def source_line(file: ObjectFile, section: int, offset: int) -> str | None:
    """The source line of a byte of a relocatable object, such as "hello.rs:14"; None when unknown.

    section: index; offset: bytes from its start.  Decodes the whole table of the file: who asks
    often keeps `line_table(file)`.
    """
    lines = line_table(file)
    return lines.find(section, offset) if lines else None


def source_lines(with_path: bool = False) -> Callable[[ObjectFile, int, int], str | None]:
    """`source_line` for the messages of one link: every table is decoded once, and none that would
    take too long (LARGEST_FOR_MESSAGES for all together).

    with_path: behind a line stands where its file is, as in LLD's "a.c:3 (/src/a.c:3)"."""
    known: dict[int, Lines | None] = {}
    left = LARGEST_FOR_MESSAGES

    def source_line(file: ObjectFile, section: int, offset: int) -> str | None:
        nonlocal left
        if id(file) not in known:
            size = _size(file)
            known[id(file)] = line_table(file, with_path) if size <= left else None
            left -= size if size <= left else 0
        lines = known[id(file)]
        return lines.find(section, offset) if lines else None

    return source_line


def _size(file: ObjectFile) -> int:
    """Bytes of line programs in a file, as they are stored."""
    columns = zip(file.sections.names, file.sections.type, file.sections.size)
    names = (".debug_line", ".zdebug_line")
    return sum(size for name, kind, size in columns if name.endswith(names) and kind not in TABLES)


def line_table(file: ObjectFile, with_path: bool = False) -> Lines | None:
    """The line table of a file; None when it has none that can be read.

    Whatever goes wrong in here is the fault of debug information, which must not fail a link: hence
    the wide net.
    """
    try:
        return decode(file, with_path)
    except Exception:
        return None


def decode(file: ObjectFile, with_path: bool = False) -> Lines | None:
    """As `line_table`, raising what the broken table makes Python or pyelftools raise."""
    bases = made_up_addresses(file)
    found = debug_sections(file, bases)
    if ".debug_line" not in found or ".debug_info" not in found:
        return None
    ranges = sorted(set(line_ranges(dwarf_info(file, found), with_path)))
    starts: list[int] = []
    texts: list[str | None] = []
    for begin, end, text in ranges:
        if starts and begin < starts[-1]:  # two units claim the same code: the first keeps it
            begin = starts[-1]
            if begin >= end:
                continue
        if starts and starts[-1] == begin:
            texts[-1] = text
        else:
            starts.append(begin)
            texts.append(text)
        starts.append(end)
        texts.append(None)
    return Lines(bases, file.sections.size, tuple(starts), tuple(texts))


def made_up_addresses(file: ObjectFile) -> tuple[int, ...]:
    """An address for each section: in a relocatable object one after another, debug sections at 0.

    Distances between debug sections are offsets, so these stay where they are.
    """
    if file.segments:
        return file.sections.addr
    at = FIRST_ADDRESS
    bases = []
    for flags, size in zip(file.sections.flags, file.sections.size, strict=True):
        bases.append(at if flags & SHF_ALLOC else 0)
        at += size + 16 if flags & SHF_ALLOC else 0
    return tuple(bases)


def debug_sections(file: ObjectFile, bases: tuple[int, ...]) -> dict[str, bytes]:
    """The debug sections by their plain names, unpacked, holes filled; also under a prefix."""
    found: dict[str, bytes] = {}
    for index, name in enumerate(file.sections.names):
        at = max(name.rfind(".debug_"), name.rfind(".zdebug_"))
        if at < 0 or file.sections.type[index] == SHT_NOBITS or name.startswith(".rel"):
            continue
        content = unpacked(file, index, name[at:].startswith(".z"))
        if content is not None:
            fill_holes(file, index, content, bases)
            found.setdefault(name[at:].replace(".z", ".", 1), bytes(content))
    return found


def unpacked(file: ObjectFile, index: int, old_style: bool) -> bytearray | None:
    """The content of a section, decompressed; None for a method that is not zlib."""
    content = bytes(file.contents[index])
    if old_style and content[:4] == b"ZLIB":
        return inflate(content[12:], int.from_bytes(content[4:12], "big"))
    if not file.sections.flags[index] & SHF_COMPRESSED:
        return bytearray(content)
    header = CHDR[file.header.elf_class]
    fields = header.unpack_from(content)
    size = fields[1] if file.header.elf_class == 32 else fields[2]
    return inflate(content[header.size :], size) if fields[0] == ELFCOMPRESS_ZLIB else None


def inflate(packed: bytes, size: int) -> bytearray | None:
    """zlib's data, never more than it said; None when it said too much."""
    if size > LARGEST:
        return None
    return bytearray(zlib.decompressobj().decompress(packed, max(size, 1)))


def fill_holes(file: ObjectFile, index: int, content: bytearray, bases: tuple[int, ...]) -> None:
    """Apply the relocations of a debug section: addresses absolute, nothing is checked for
    range."""
    machine = file.header.machine
    rows = rows_for(machine)
    symbols = file.symbols
    for table in file.relocation_sections.get(index, ()):
        relocations = file.relocations(table)
        patches = patches_for(machine, REACHES["lld"], in_place=relocations.addend is None)
        for number, offset in enumerate(relocations.offset):
            kind = relocations.type[number]
            patch = patches.get(kind)
            if patch is None or offset + rows[kind].width > len(content):
                continue
            if patch.kind not in (ABS, PC):
                continue
            symbol = relocations.symbol[number]
            place = symbols.shndx[symbol]
            value = symbols.value[symbol] + (bases[place] if place > 0 else 0)
            if relocations.addend is None:
                value += implicit_addend(content, offset, rows[kind])
            else:
                value += relocations.addend[number]
            patch.pack_into(content, offset, (value - offset * (patch.kind == PC)) & patch.mask)


def dwarf_info(file: ObjectFile, sections: dict[str, bytes]) -> Any:
    """pyelftools' view of some debug sections.

    Its constructor takes one argument per section it knows, which differ between its versions.
    """
    from elftools.dwarf.dwarfinfo import DebugSectionDescriptor, DwarfConfig, DWARFInfo

    wide = file.header.machine == EM_X86_64
    arguments: dict[str, Any] = {}
    for name in inspect.signature(DWARFInfo).parameters:
        section = "." + name.removesuffix("_sec")
        data = sections.get(section)
        if data is None:
            arguments[name] = None
        else:
            arguments[name] = DebugSectionDescriptor(io.BytesIO(data), section, 0, len(data), 0)
    arguments["config"] = DwarfConfig(True, "x64" if wide else "x86", file.header.elf_class // 8)
    return DWARFInfo(**arguments)


def line_ranges(dwarf: Any, with_path: bool = False) -> Iterator[tuple[int, int, str]]:
    """Ranges of addresses [begin, end) with "file:line", from every line program."""
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is None:
            continue
        names = file_names(program)
        paths = file_paths(program) if with_path else names
        before = None
        for entry in program.get_entries():
            state = entry.state
            if state is None:
                continue
            if before is not None and state.address > before.address and before.line:
                name = names.get(before.file)
                if name:
                    text, path = f"{name}:{before.line}", paths[before.file]
                    more = f" ({path}:{before.line})" if path != name else ""
                    yield before.address, state.address, text + more
            before = None if state.end_sequence else state


def file_names(program: Any) -> dict[int, str]:
    """File number -> name without its folders; numbers begin at 1 before DWARF 5, at 0 since."""
    first = 0 if program["version"] >= 5 else 1
    names = {}
    for number, entry in enumerate(program["file_entry"], first):
        names[number] = _text(entry.name).replace("\\", "/").rsplit("/", 1)[-1]
    return names


def file_paths(program: Any) -> dict[int, str]:
    """File number -> name with its folder, as far as the line program has it: until DWARF 5 folder
    0 is where the compiler ran, and not said."""
    first = 0 if program["version"] >= 5 else 1
    folders = [_text(folder) for folder in program["include_directory"]]
    paths = {}
    for number, entry in enumerate(program["file_entry"], first):
        name, folder = _text(entry.name), entry.dir_index - first
        inside = 0 <= folder < len(folders) and not name.startswith("/")
        paths[number] = f"{folders[folder]}/{name}" if inside else name
    return paths


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
