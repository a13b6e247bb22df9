"""Renaming: exactly the names that change, in all the places they are kept.

That these are objcopy's names is tested in tests/oracle/test_objcopy_names.py.
"""

from __future__ import annotations

import attrs
import pytest

import fixtures
from pylink86 import elf_const as c
from pylink86 import read, read_bytes
from pylink86.formats.elf_write import place_in_file, with_tables
from pylink86.ops import rename_sections, rename_symbols
from tests.samples import small_object

NAMES = sorted(fixtures.entries())
OPERATIONS = ["prefix_sections", "prefix_alloc_sections", "prefix_symbols"]


@pytest.fixture(params=[32, 64])
def small(request):
    return read_bytes(small_object(request.param).to_bytes(), "small.o")


def rel(obj):
    return ".rela" if obj.header.elf_class == 64 else ".rel"


def test_prefix_sections(small):
    start = rel(small)
    assert small.prefix_sections(".rust").sections.names == (
        *("", ".rust.group", ".rust.text", f"{start}.rust.text", ".rust.bss"),
        *(".symtab", ".strtab", ".shstrtab"),
    )


def test_prefix_alloc_sections(small):
    start = rel(small)
    assert small.prefix_alloc_sections(".rust").sections.names == (
        *("", ".group", ".rust.text", f"{start}.rust.text", ".rust.bss"),
        *(".symtab", ".strtab", ".shstrtab"),
    )


def test_prefix_symbols(small):
    names = small.prefix_symbols("k_").symbols.names
    assert names == ("", "k_small.asm", "k_here", "k_start", "k_outside")


def test_section_symbols_have_no_name_to_prefix():
    obj = read(fixtures.path("boot_long_elf64"))
    renamed = obj.prefix_symbols("k_")
    rows = list(zip(renamed.symbols.names, renamed.symbols.info, strict=True))
    assert rows[0] == ("", 0)
    assert {info & 0xF for _, info in rows} >= {c.STT_SECTION, c.STT_FILE, c.STT_NOTYPE}
    for name, info in rows[1:]:
        assert name.startswith("k_") == (info & 0xF != c.STT_SECTION)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_names_changes(name, operation):
    old = read(fixtures.path(name))
    new = read_bytes(getattr(old, operation)(".p").to_bytes(), name)
    assert attrs.evolve(new.header, flags=0) == attrs.evolve(old.header, flags=0)
    for column in ("type", "flags", "addr", "link", "info", "align", "entsize"):
        assert getattr(new.sections, column) == getattr(old.sections, column)
    for column in ("value", "size", "info", "other", "shndx"):
        assert getattr(new.symbols, column) == getattr(old.symbols, column)
    tables = {old.header.shstrndx, old.symtab, old.sections.link[old.symtab]}
    for index in set(range(len(old.sections))) - tables:
        assert new.contents[index] == old.contents[index]
    if operation == "prefix_symbols":
        assert new.sections.names == old.sections.names
    else:
        assert new.symbols.names == old.symbols.names
        assert any(name.startswith(".p") for name in new.sections.names)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_result_reads_back_as_it_was_in_memory(small, operation):
    new = getattr(small, operation)("x")
    back = read_bytes(new.to_bytes(), "x.o")
    assert (back.sections.names, back.symbols.names) == (new.sections.names, new.symbols.names)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_original_is_left_alone(small, operation):
    before = small.to_bytes()
    getattr(small, operation)("x")
    assert small.to_bytes() == before


def test_a_table_that_names_of_both_kinds_share_stays_right():
    """LLVM keeps section and symbol names in one .strtab."""
    shared = [
        n
        for n in NAMES
        if (o := read(fixtures.path(n))).symtab and o.sections.link[o.symtab] == o.header.shstrndx
    ]
    assert shared, "no fixture by LLVM"
    obj = read(fixtures.path(shared[0]))
    both = obj.prefix_sections(".s").prefix_symbols("y_").prefix_alloc_sections(".t")
    back = read_bytes(both.to_bytes(), "x.o")
    first = next(i for i, f in enumerate(obj.sections.flags) if f & c.SHF_ALLOC)
    assert back.sections.names[first] == ".t.s" + obj.sections.names[first]
    named = [i for i, info in enumerate(obj.symbols.info) if info & 0xF != c.STT_SECTION][1:]
    assert [back.symbols.names[i] for i in named] == ["y_" + obj.symbols.names[i] for i in named]


def test_relocation_sections_are_called_after_their_target_even_when_it_keeps_its_name(small):
    odd = rename_sections(small, lambda name, flags: name)
    assert odd.sections.names == small.sections.names
    renamed = rename_sections(small, lambda name, flags: "text" if name == ".text" else name)
    assert renamed.sections.names[2:4] == ("text", rel(small) + "text")


def test_rename_symbols_sees_type_and_name(small):
    seen = []
    rename_symbols(small, lambda name, kind: seen.append((name, kind)) or name)
    assert seen[1:] == [
        ("small.asm", c.STT_FILE),
        ("here", c.STT_NOTYPE),
        ("start", c.STT_FUNC),
        ("outside", c.STT_NOTYPE),
    ]


def test_a_file_without_names_is_returned_as_it_is():
    nameless = small_object()
    assert nameless.prefix_sections(".x") is nameless
    assert nameless.prefix_symbols("x") is nameless
    placed = place_in_file(with_tables(nameless))
    assert placed.prefix_sections(".x").layout is None
