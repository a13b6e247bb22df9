"""Writing ELF: which tables are added, where in the file everything lies."""

from __future__ import annotations

import io

import attrs
import pytest
from elftools.elf.elffile import ELFFile

import fixtures
from pylink86 import LinkError, read, read_bytes
from pylink86 import elf_const as c
from pylink86.formats.elf_place import align_up, place_in_file
from pylink86.formats.elf_write import with_tables, write_elf
from pylink86.model import (
    NO_SYMBOLS,
    Header,
    ObjectFile,
    SectionRow,
    Sections,
    Segment,
    SymbolRow,
    Symbols,
)
from tests.samples import small_object

CODE = c.SHF_ALLOC | c.SHF_EXECINSTR
DATA = c.SHF_ALLOC | c.SHF_WRITE
HEADERS = {32: 52, 64: 64}
PHENT = {32: 32, 64: 56}


@pytest.fixture(params=[32, 64])
def elf_class(request):
    return request.param


# --- Tables ---------------------------------------------------------------------------------------


def test_tables_come_in_the_order_of_gnu_ld(elf_class):
    obj = read_bytes(small_object(elf_class).to_bytes(), "x.o")
    rel = ".rela.text" if elf_class == 64 else ".rel.text"
    names = ("", ".group", ".text", rel, ".bss", ".symtab", ".strtab", ".shstrtab")
    assert obj.sections.names == names
    symtab = obj.section(".symtab")
    assert (symtab.link, symtab.info, symtab.align) == (6, 3, elf_class // 8)
    assert obj.section(rel).link == obj.section(".group").link == symtab.index == obj.symtab


def test_symbols_and_relocations_survive(elf_class):
    made = small_object(elf_class)
    obj = read_bytes(made.to_bytes(), "x.o")
    assert obj.symbols.names == made.symbols.names
    for column in ("value", "size", "info", "other", "shndx"):
        assert getattr(obj.symbols, column) == getattr(made.symbols, column)
    found = obj.relocations(3)
    assert (found.offset, found.type, found.symbol) == ((4,), (2,), (4,))
    assert found.addend == ((-4,) if elf_class == 64 else None)


def test_no_symbols_give_no_symbol_table():
    obj = executable([(".text", c.SHT_PROGBITS, CODE, 0, 4, 1)], [])
    assert obj.symbols is NO_SYMBOLS
    assert read_bytes(obj.to_bytes(), "x.o").sections.names == ("", ".text", ".shstrtab")


def test_a_file_that_has_its_tables_gets_no_more():
    obj = with_tables(small_object())
    assert with_tables(obj) is obj


def test_a_local_symbol_after_a_global_one_is_the_caller_s_mistake():
    rows = [SymbolRow("g", 0, binding=c.STB_GLOBAL), SymbolRow("l", 0)]
    with pytest.raises(ValueError, match="local symbols must come before"):
        with_tables(attrs.evolve(small_object(), symbols=Symbols.from_rows(rows)))


def test_a_content_that_is_not_as_long_as_its_header_says():
    obj = small_object()
    contents = [*obj.contents]
    contents[2] = b"short"
    with pytest.raises(ValueError, match=r"section 2 \(\.text\): 5 bytes, header: 9"):
        write_elf(attrs.evolve(obj, contents=contents))


@pytest.mark.parametrize("name", sorted(fixtures.entries()))
def test_a_file_laid_out_anew_says_the_same(name):
    """Sections, contents, symbols survive a layout of our own, which is then stable."""
    old = read(fixtures.path(name))
    data = attrs.evolve(old, layout=None).to_bytes()
    new = read_bytes(data, name)
    assert new.sections.names == old.sections.names
    assert [bytes(b) for b in new.contents] == [bytes(b) for b in old.contents]
    assert new.symbols.names == old.symbols.names
    assert new.symbols.shndx == old.symbols.shndx
    assert attrs.evolve(new, layout=None).to_bytes() == data


# --- Where everything lies ------------------------------------------------------------------------


def executable(rows, segments, elf_class=64):
    """An ET_EXEC with sections (name, type, flags, addr, size, align) full of their number."""
    made = [SectionRow(n, t, f, a, s, align=al) for n, t, f, a, s, al in rows]
    contents = [b"", *(bytes([i]) * row[4] for i, row in enumerate(rows, 1))]
    header = Header(elf_class, {32: c.EM_386, 64: c.EM_X86_64}[elf_class], c.ET_EXEC, entry=0x1000)
    return ObjectFile("x", header, Sections.from_rows(made), contents, segments=tuple(segments))


def load(vaddr, filesz, memsz, *, paddr=None, align=0x1000):
    return Segment(c.PT_LOAD, 5, -1, vaddr, vaddr if paddr is None else paddr, filesz, memsz, align)


def loaded(data):
    """Memory as a loader makes it: {vaddr: bytes} of the PT_LOADs, by pyelftools."""
    elf = ELFFile(io.BytesIO(data))
    return {
        s["p_vaddr"]: s.data() + bytes(s["p_memsz"] - s["p_filesz"])
        for s in elf.iter_segments()
        if s["p_type"] == "PT_LOAD"
    }


def test_a_relocatable_file_has_everything_aligned_and_in_order(elf_class):
    obj = place_in_file(with_tables(small_object(elf_class)))
    sections = obj.sections
    assert sections.offset[1] == HEADERS[elf_class]
    assert all(o % a == 0 for o, a in zip(sections.offset[1:4], sections.align[1:4], strict=True))
    assert sections.offset[4] == sections.offset[3] + sections.size[3]  # .bss takes no room
    assert list(sections.offset) == sorted(sections.offset)
    assert obj.layout.shoff % (elf_class // 8) == 0
    assert obj.layout.size == obj.layout.shoff + len(sections) * {32: 40, 64: 64}[elf_class]


def test_sections_of_a_segment_keep_their_distance(elf_class):
    rows = [
        (".text", c.SHT_PROGBITS, CODE, 0x101010, 0x20, 16),
        (".rodata", c.SHT_PROGBITS, c.SHF_ALLOC, 0x101100, 0x10, 4),
        (".data", c.SHT_PROGBITS, DATA, 0x103008, 0x10, 8),
        (".bss", c.SHT_NOBITS, DATA, 0x103020, 0x1000, 32),
        (".comment", c.SHT_PROGBITS, 0, 0, 5, 1),
    ]
    segments = [load(0x101010, 0x100, 0x100), load(0x103008, 0x10, 0x1018)]
    data = executable(rows, segments, elf_class).to_bytes()
    obj = read_bytes(data, "x")
    text, rodata, content, bss, comment = obj.sections.offset[1:6]
    assert text == 0x1010 and rodata == 0x1100
    assert [s.offset for s in obj.segments] == [text, content]
    assert content % 0x1000 == 8 and content < 0x3000
    assert comment == bss == content + 0x10
    memory = loaded(data)
    assert memory[0x101010] == b"\1" * 0x20 + bytes(0xD0) + b"\2" * 0x10
    assert memory[0x103008] == b"\3" * 0x10 + bytes(0x1008)


def test_the_order_of_headers_need_not_be_that_of_addresses():
    rows = [
        (".high", c.SHT_PROGBITS, CODE, 0x2100, 0x10, 1),
        (".note", c.SHT_PROGBITS, 0, 0, 3, 1),
        (".low", c.SHT_PROGBITS, CODE, 0x2000, 0x10, 1),
    ]
    data = executable(rows, [load(0x2000, 0x110, 0x110)]).to_bytes()
    assert loaded(data)[0x2000] == b"\3" * 0x10 + bytes(0xF0) + b"\1" * 0x10
    assert bytes(read_bytes(data, "x").section(".note").content) == b"\2\2\2"


def test_overlays_share_addresses_and_not_the_file():
    rows = [
        (".one", c.SHT_PROGBITS, CODE, 0x8000, 0x10, 1),
        (".two", c.SHT_PROGBITS, CODE, 0x8000, 0x18, 1),
    ]
    segments = [load(0x8000, 0x10, 0x10), load(0x8000, 0x18, 0x18, paddr=0x9000)]
    obj = read_bytes(executable(rows, segments).to_bytes(), "x")
    assert [s.offset for s in obj.segments] == list(obj.sections.offset[1:3])
    assert obj.sections.offset[1] != obj.sections.offset[2]


def test_a_segment_that_begins_with_the_headers(elf_class):
    """FILEHDR PHDRS: the segment starts at offset 0, its first section after the headers."""
    begin = HEADERS[elf_class] + PHENT[elf_class]
    rows = [(".text", c.SHT_PROGBITS, CODE, 0x10000 + begin, 0x10, 1)]
    segment = load(0x10000, begin + 0x10, begin + 0x10)
    data = executable(rows, [segment], elf_class).to_bytes()
    obj = read_bytes(data, "x")
    assert (obj.segments[0].offset, obj.sections.offset[1]) == (0, begin)
    assert loaded(data)[0x10000] == data[: begin + 0x10]


def test_a_segment_that_begins_with_the_program_headers():
    rows = [(".text", c.SHT_PROGBITS, CODE, 0x10040 + 2 * 56, 0x10, 1)]
    phdr = Segment(c.PT_PHDR, 4, -1, 0x10040, 0x10040, 0, 0, 8)
    segments = [phdr, load(0x10040, 2 * 56 + 0x10, 2 * 56 + 0x10)]
    obj = read_bytes(executable(rows, segments).to_bytes(), "x")
    assert [s.offset for s in obj.segments] == [64, 64]
    assert (obj.segments[0].filesz, obj.segments[0].memsz) == (112, 112)


def test_a_hole_before_the_first_section_that_does_not_fit_the_headers_is_zeros():
    rows = [(".text", c.SHT_PROGBITS, CODE, 0x10010, 0x10, 1)]
    data = executable(rows, [load(0x10000, 0x20, 0x20)]).to_bytes()
    assert loaded(data)[0x10000] == bytes(0x10) + b"\1" * 0x10


def test_inner_segments_follow_the_load_around_them():
    rows = [
        (".note", c.SHT_NOTE, c.SHF_ALLOC, 0x4000, 0x10, 4),
        (".tbss", c.SHT_NOBITS, DATA | c.SHF_TLS, 0x4010, 8, 8),
    ]
    inner = Segment(c.PT_NOTE, 4, -1, 0x4000, 0x4000, 0x10, 0x10, 4)
    tls = Segment(c.PT_TLS, 4, -1, 0x4010, 0x4010, 0, 8, 8)
    stack = Segment(c.PT_GNU_STACK, 6, -1, 0, 0, 0, 0, 16)
    segments = [load(0x4000, 0x10, 0x18), inner, tls, stack]
    offsets = [s.offset for s in read_bytes(executable(rows, segments).to_bytes(), "x").segments]
    assert offsets == [0x1000, 0x1000, 0x1010, 0]


def test_a_load_without_bytes_agrees_with_its_page():
    rows = [
        (".text", c.SHT_PROGBITS, CODE, 0x1000, 0x10, 1),
        (".bss", c.SHT_NOBITS, DATA, 0x5123, 0x10, 1),
    ]
    segments = [load(0x1000, 0x10, 0x10), load(0x5123, 0, 0x10)]
    data = executable(rows, segments).to_bytes()
    assert read_bytes(data, "x").segments[1].offset % 0x1000 == 0x123
    assert len(data) < 0x1800


def test_a_load_of_nothing_but_padding_has_its_bytes_in_the_file():
    rows = [(".empty", c.SHT_PROGBITS, CODE, 0x1004, 0, 1)]
    assert loaded(executable(rows, [load(0x1000, 8, 8)]).to_bytes()) == {0x1000: bytes(8)}


def test_sections_too_far_apart_are_refused_before_memory_is_taken():
    rows = [
        (".text", c.SHT_PROGBITS, CODE, 0x1000, 0x10, 1),
        (".far", c.SHT_PROGBITS, CODE, 0xFFFF_8000_0000_0000, 0x10, 1),
    ]
    whole = 0xFFFF_8000_0000_0010 - 0x1000
    with pytest.raises(LinkError) as caught:
        executable(rows, [load(0x1000, whole, whole)]).to_bytes()
    (found,) = caught.value.diagnostics
    assert found.slug == "image-too-large"
    assert "section `.text`" in found.notes[0] and "section `.far`" in found.notes[0]


def test_more_segments_than_16_bits_can_count():
    rows = [(".text", c.SHT_PROGBITS, CODE, 0x1000, 0x10, 1)]
    extra = [Segment(c.PT_NULL, 0, 0, 0, 0, 0, 0, 0)] * 0xFFFF
    obj = read_bytes(executable(rows, [load(0x1000, 0x10, 0x10, align=1), *extra]).to_bytes(), "x")
    assert len(obj.segments) == 0x10000
    assert obj.layout.header_tail[2] == c.PN_XNUM and obj.sections.info[0] == 0x10000


@pytest.mark.parametrize(
    ("value", "align", "result"), [(5, 0, 5), (5, 1, 5), (5, 4, 8), (8, 4, 8), (0, 16, 0)]
)
def test_align_up(value, align, result):
    assert align_up(value, align) == result
