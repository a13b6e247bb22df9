"""The object model: columns, views, and names looked up when asked for."""

from __future__ import annotations

import attrs
import pytest

import fixtures
from pylink86 import elf_const as c
from pylink86 import read, read_bytes
from pylink86.model import ABS, COMMON, UNDEF, SectionRow, Sections, SymbolRow, Symbols
from tests.samples import small_object


@pytest.fixture
def obj():
    return read_bytes(small_object().to_bytes(), "small.o")


def test_places_that_are_no_section_are_not_positive():
    assert (UNDEF, ABS, COMMON) == (0, -15, -14)


def test_a_section_by_name_and_by_index(obj):
    section = obj.section(".text")
    assert section == obj.section(2) and hash(section) == hash(obj.section(2))
    assert (section.name, section.index, section.size, section.align) == (".text", 2, 9, 16)
    assert section.content == b"123456789"
    assert str(section) == "small.o(.text)"
    assert section != obj.section(1)
    assert section != read_bytes(obj.to_bytes(), "small.o").section(".text")
    assert section != ".text"


def test_what_does_not_exist_is_a_key_error(obj):
    with pytest.raises(KeyError, match=r"\.no"):
        obj.section(".no")
    with pytest.raises(KeyError, match="nobody"):
        obj.symbol("nobody")


def test_iteration_leaves_the_null_section_out(obj):
    assert [s.name for s in obj] == list(obj.sections.names[1:])


def test_symbols(obj):
    start = obj.symbol("start")
    assert (start.value, start.size, start.binding, start.type) == (0, 9, c.STB_GLOBAL, c.STT_FUNC)
    assert start.section == obj.section(".text")
    assert obj.symbol("outside").section is None
    assert obj.symbol("small.asm").section is None
    assert (start.visibility, start.shndx) == (c.STV_DEFAULT, 2)


def test_relocation_sections_by_target(obj):
    assert obj.relocation_sections == {2: (3,)}


def test_columns_made_from_rows_begin_with_the_null_entry():
    sections = Sections.from_rows([SectionRow(".a", 1, 6, 0x10, 4, align=8), SectionRow(".a", 8)])
    assert sections.names == ("", ".a", ".a")
    assert next(iter(sections.rows())) == (0,) * 10
    assert sections.strings == b"\0.a\0"
    symbols = Symbols.from_rows([SymbolRow("x", 5, 6, c.STB_WEAK, c.STT_OBJECT, 2, ABS)])
    assert (symbols.names, symbols.info[1], symbols.shndx) == (("", "x"), 0x21, (0, ABS))
    assert len(symbols) == len(sections) - 1 == 2


def test_names_are_decoded_once(obj):
    assert obj.sections.names is obj.sections.names
    assert obj.symbols.names is obj.symbols.names


def test_files_and_columns_have_identity_numbers_have_value(obj):
    again = read_bytes(obj.to_bytes(), "small.o")
    assert obj != again and obj.sections != again.sections
    assert obj.header == again.header and obj.layout.shoff == again.layout.shoff


def test_a_file_is_frozen(obj):
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        obj.name = "other.o"


def test_common_and_absolute_symbols_of_real_objects():
    obj = read(fixtures.path("c32_common"))
    assert COMMON in obj.symbols.shndx and ABS in obj.symbols.shndx
