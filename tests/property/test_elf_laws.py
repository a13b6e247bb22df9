"""Laws of reading and writing ELF, over generated files and damaged ones."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fixtures
from pylink86 import LinkError
from pylink86 import elf_const as c
from pylink86.elf_tables import (
    build_strings,
    decode_relocations,
    decode_segments,
    decode_symbols,
    encode_relocations,
    encode_segments,
    encode_symbols,
    strings_at,
)
from pylink86.formats.elf_read import read_elf
from pylink86.model import (
    ABS,
    COMMON,
    Header,
    ObjectFile,
    SectionRow,
    Sections,
    SymbolRow,
    Symbols,
)
from tests.samples import small_object

u8, u16, u32, u64 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32, 64))
classes = st.sampled_from([32, 64])
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)

SEEDS = [small_object(32).to_bytes(), small_object(64).to_bytes()] + [
    fixtures.path(name).read_bytes()
    for name in ("boot_long_elf32", "boot_split_elf64", "c32_common", "c64_clang_g", "groups")
    if name in fixtures.entries()
]


# --- encode(decode(t)) == t -----------------------------------------------------------------------


def word(elf_class):
    return u32 if elf_class == 32 else u64


@given(classes.flatmap(lambda k: st.tuples(st.just(k), st.binary(max_size=24 * 16 * 2))))
def test_every_table_of_whole_records_survives(case):
    elf_class, data = case
    symbols = data[: len(data) // 48 * 48]
    assert encode_symbols(decode_symbols(symbols, elf_class), elf_class) == symbols
    for with_addend in (False, True):
        columns = [x for x in decode_relocations(symbols, elf_class, with_addend) if x is not None]
        rows = zip(*columns, strict=True)
        assert encode_relocations(rows, elf_class, with_addend) == symbols
    segments = data[: len(data) // 224 * 224]
    assert encode_segments(decode_segments(segments, elf_class), elf_class) == segments


@given(st.lists(names))
def test_string_tables_give_their_names_back(wanted):
    table, where = build_strings(wanted)
    assert strings_at(table, [where[name] for name in wanted]) == tuple(wanted)
    assert table[0] == table[-1] == 0


# --- read(write(x)) == x --------------------------------------------------------------------------


@st.composite
def objects(draw):
    """Relocatable files: any names, types, flags, alignments; symbols anywhere."""
    elf_class = draw(classes)
    size = word(elf_class)
    kinds = st.sampled_from([c.SHT_PROGBITS, c.SHT_NOBITS, c.SHT_NOTE, c.SHT_INIT_ARRAY])
    rows, contents = [], [b""]
    for _ in range(draw(st.integers(0, 6))):
        kind, content = draw(kinds), draw(st.binary(max_size=40))
        length = len(content)
        if kind == c.SHT_NOBITS:
            length, content = draw(size), b""
        align = 1 << draw(st.integers(0, 12))
        rows.append(
            SectionRow(draw(names), kind, draw(size), draw(size), length, 0, 0, align, draw(size))
        )
        contents.append(content)
    places = st.sampled_from([ABS, COMMON, *range(len(rows) + 1)])
    symbol = st.builds(
        SymbolRow, names, size, size, st.sampled_from([0, 1, 2]), st.integers(0, 6), u8, places
    )
    symbols = sorted(draw(st.lists(symbol, max_size=8)), key=lambda row: row.binding > 0)
    header = Header(
        elf_class,
        {32: c.EM_386, 64: c.EM_X86_64}[elf_class],
        osabi=draw(u8),
        abi_version=draw(u8),
        ident_pad=draw(st.binary(min_size=7, max_size=7)),
        flags=draw(u32),
        entry=draw(size),
    )
    made = Sections.from_rows(rows)
    return ObjectFile("x.o", header, made, contents, Symbols.from_rows(symbols))


@given(objects())
def test_a_generated_file_reads_back_as_it_was(made):
    data = made.to_bytes()
    obj = read_elf(data, "x.o")
    count = len(made.sections)
    assert obj.sections.names[:count] == made.sections.names
    for column in ("type", "flags", "addr", "size", "link", "info", "align", "entsize"):
        assert getattr(obj.sections, column)[:count] == getattr(made.sections, column)
    assert [bytes(b) for b in obj.contents[:count]] == made.contents
    assert obj.symbols.names == made.symbols.names
    for column in ("value", "size", "info", "other", "shndx"):
        assert getattr(obj.symbols, column) == getattr(made.symbols, column)
    assert attrs.evolve(obj.header, shstrndx=0) == made.header
    assert obj.to_bytes() == data


@given(objects())
def test_contents_lie_apart_and_aligned(made):
    obj = read_elf(made.to_bytes(), "x.o")
    sections = obj.sections
    spans = [(0, {32: 52, 64: 64}[obj.header.elf_class])]
    for kind, start, size, align in zip(
        sections.type, sections.offset, sections.size, sections.align, strict=True
    ):
        if kind not in (c.SHT_NULL, c.SHT_NOBITS):
            assert start % max(align, 1) == 0
            spans.append((start, start + size))
    spans.sort()
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))
    assert obj.layout is not None and spans[-1][1] <= obj.layout.shoff


@given(objects(), names)
def test_renaming_keeps_all_but_names(made, prefix):
    obj = read_elf(made.to_bytes(), "x.o")
    new = read_elf(obj.prefix_symbols(prefix).prefix_sections(prefix).to_bytes(), "x.o")
    count = len(made.sections)
    expected = [prefix + name for name in made.sections.names[1:]]
    assert list(new.sections.names[1:count]) == expected
    assert new.sections.names[count:] == obj.sections.names[count:]
    kinds = [info & 0xF for info in obj.symbols.info]
    assert list(new.symbols.names) == [
        name if i == 0 or kind == c.STT_SECTION else prefix + name
        for i, (name, kind) in enumerate(zip(obj.symbols.names, kinds, strict=True))
    ]
    assert [bytes(b) for b in new.contents[:count]] == made.contents


# --- Damage ---------------------------------------------------------------------------------------


def use_everything(data):
    """Read a file and everything it holds; a LinkError must name the file."""
    try:
        obj = read_elf(data, "bad.o")
        for index, kind in enumerate(obj.sections.type):
            assert len(obj.contents[index]) <= len(data)
            if kind in (c.SHT_REL, c.SHT_RELA):
                obj.relocations(index)
        assert len(obj.sections.names) == len(obj.sections)
        assert len(obj.symbols.names) == len(obj.symbols)
        assert max(obj.symbols.shndx, default=0) < max(len(obj.sections), 1)
        assert obj.to_bytes() == data
        obj.prefix_sections(".p").prefix_symbols("p_").to_bytes()
    except LinkError as error:
        (found,) = error.diagnostics
        assert found.slug in ("bad-object", "unsupported-input", "image-too-large")
        assert "bad.o" in found.message or found.slug == "image-too-large"
        assert len(found.message) < 400


damage = st.lists(st.tuples(st.floats(0, 0.9999), u8), min_size=1, max_size=6)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=5000)
@given(st.sampled_from(SEEDS), damage)
def test_changed_bytes(seed, changes):
    data = bytearray(seed)
    for where, value in changes:
        data[int(where * len(data))] = value
    use_everything(bytes(data))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=5000)
@given(st.sampled_from(SEEDS), st.floats(0, 0.9999))
def test_cut_off(seed, where):
    use_everything(seed[: int(where * len(seed))])


interesting = st.sampled_from(
    [0, 1, 2, 0x7F, 0xFF, 0xFEFF, 0xFF00, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=5000)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(u16, interesting, u8), min_size=1, max_size=4))
def test_changed_fields_of_headers(seed, changes):
    """Words of the ELF header and of the section headers replaced by values that break parsers."""
    wide = seed[c.EI_CLASS] == c.ELFCLASS64
    shoff = int.from_bytes(seed[40:48] if wide else seed[32:36], "little")
    data = bytearray(seed)
    for where, value, at_header in changes:
        start, length = (16, 36) if at_header < 64 else (shoff, len(seed) - shoff)
        at = start + where % length // 4 * 4
        if at + 4 <= len(data):
            data[at : at + 4] = value.to_bytes(4, "little")
    use_everything(bytes(data))


@given(st.binary(max_size=300))
def test_any_bytes_after_the_magic(data):
    use_everything(b"\x7fELF" + data)


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_every_single_byte_of_the_headers(seed):
    """Each byte of the ELF header set to 0, 1, 0x7f, 0x80 and 0xff."""
    for at in range(4, 64):
        for value in (0, 1, 0x7F, 0x80, 0xFF):
            data = bytearray(SEEDS[seed])
            data[at] = value
            use_everything(bytes(data))
