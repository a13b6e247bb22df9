"""The records of ELF against bytes written out by hand from the gABI's figures."""

from __future__ import annotations

import pytest

from pylink86.elf_tables import (
    EHDR,
    IDENT_SIZE,
    PHDR,
    REL,
    RELA,
    SHDR,
    SYM,
    build_strings,
    decode_relocations,
    decode_section_headers,
    decode_segments,
    decode_symbols,
    encode_relocations,
    encode_segments,
    encode_symbols,
    string_at,
    strings_at,
)


def test_record_sizes_are_those_of_the_gabi():
    sizes = {32: (52, 40, 32, 16, 8, 12), 64: (64, 64, 56, 24, 16, 24)}
    for elf_class, expected in sizes.items():
        records = [table[elf_class] for table in (EHDR, SHDR, PHDR, SYM, REL, RELA)]
        found = [record.size for record in records]
        assert (found[0] + IDENT_SIZE, *found[1:]) == expected


def hexed(text):
    return bytes.fromhex(text.replace("|", " "))


SYMBOL_32 = hexed("01000000 | 00100000 | 20000000 | 12 | 02 | f1ff")
SYMBOL_64 = hexed("01000000 | 12 | 02 | f1ff | 0010000000000000 | 2000000000000000")


@pytest.mark.parametrize(("elf_class", "table"), [(32, SYMBOL_32), (64, SYMBOL_64)])
def test_symbols(elf_class, table):
    columns = decode_symbols(table * 2, elf_class)
    assert columns == ((1, 1), (0x1000,) * 2, (0x20,) * 2, (0x12,) * 2, (2, 2), (0xFFF1,) * 2)
    assert encode_symbols(columns, elf_class) == table * 2


RELOCATIONS = {
    (32, False): hexed("10000000 | 02 05 00 00"),
    (32, True): hexed("10000000 | 02 05 00 00 | fcffffff"),
    (64, False): hexed("1000000000000000 | 02000000 | 05000000"),
    (64, True): hexed("1000000000000000 | 02000000 | 05000000 | fcffffffffffffff"),
}


@pytest.mark.parametrize(("elf_class", "with_addend"), list(RELOCATIONS))
def test_relocations(elf_class, with_addend):
    table = RELOCATIONS[elf_class, with_addend]
    offset, kind, symbol, addend = decode_relocations(table, elf_class, with_addend)
    assert (offset, kind, symbol) == ((0x10,), (2,), (5,))
    assert addend == ((-4,) if with_addend else None)
    row = (0x10, 2, 5, -4) if with_addend else (0x10, 2, 5)
    assert encode_relocations([row], elf_class, with_addend) == table


def test_relocation_symbol_of_elf32_has_24_bits():
    table = hexed("00000000 | ff ff ff ff")
    assert decode_relocations(table, 32, False)[1:3] == ((0xFF,), (0xFFFFFF,))


SEGMENTS = {
    32: hexed("01000000 00100000 00200000 00300000 04000000 08000000 05000000 00100000"),
    64: hexed(
        "01000000 05000000 0010000000000000 0020000000000000 0030000000000000"
        "0400000000000000 0800000000000000 0010000000000000"
    ),
}


@pytest.mark.parametrize("elf_class", [32, 64])
def test_segments(elf_class):
    row = (1, 5, 0x1000, 0x2000, 0x3000, 4, 8, 0x1000)
    assert decode_segments(SEGMENTS[elf_class], elf_class) == [row]
    assert encode_segments([row], elf_class) == SEGMENTS[elf_class]


@pytest.mark.parametrize("elf_class", [32, 64])
def test_section_headers_keep_the_order_of_the_file(elf_class):
    row = tuple(range(1, 11))
    columns = decode_section_headers(SHDR[elf_class].pack(*row) * 2, elf_class)
    assert columns == tuple((value, value) for value in row)


@pytest.mark.parametrize("elf_class", [32, 64])
def test_empty_tables_give_empty_columns(elf_class):
    assert decode_symbols(b"", elf_class) == ((),) * 6
    assert decode_section_headers(b"", elf_class) == ((),) * 10
    assert decode_relocations(b"", elf_class, True) == ((), (), (), ())
    assert decode_relocations(b"", elf_class, False) == ((), (), (), None)
    assert decode_segments(b"", elf_class) == []


def test_strings_may_begin_in_the_middle_of_others():
    table = b"\0.rela.text\0x\0"
    assert strings_at(table, [1, 6, 0, 12, 1]) == (".rela.text", ".text", "", "x", ".rela.text")
    assert string_at(table, 6) == ".text"


def test_names_that_are_not_utf8_survive():
    name = string_at(b"\0\xff\xfe\0", 1)
    assert build_strings([name])[0] == b"\0\xff\xfe\0"


def test_build_strings_holds_each_name_once():
    table, where = build_strings(["a", "", "bc", "a"])
    assert table == b"\0a\0bc\0"
    assert where == {"": 0, "a": 1, "bc": 3}
