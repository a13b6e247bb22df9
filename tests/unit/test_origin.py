"""Where a byte comes from, asked by address and by file offset."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86 import elf_const as c
from pylink86 import link, read, read_bytes
from pylink86.explain.names import readable, readable_section

ROOT = Path(__file__).parents[2]
OBJECTS = ROOT / "fixtures" / "objects"
PREFIXED = ROOT / "fixtures" / "layouts" / "prefixed.ld"
BOOT = OBJECTS / "boot_long_elf32.o"


@pytest.fixture(scope="module")
def hello():
    stage = read(OBJECTS / "hello_O0_static_g.o").prefix_alloc_sections(".rust")
    return link([stage, BOOT], PREFIXED, oformat="binary")


KERNEL = """
SECTIONS
{
  . = 0x100000;
  .text : { *(.text*) }
  .rodata : { *(.rodata*) LONG(0x12345678) }
  .data : { *(.data*) }
  . = 0x200000;
  .bss : { *(.bss*) *(COMMON) _end = .; }
}
"""


@pytest.fixture(scope="module")
def kernel():
    return link([OBJECTS / "c64_common.o"], KERNEL)


def test_a_byte_of_code_down_to_its_line(hello):
    found = hello.origin(hello.symbols["_start"] + 0x10)
    assert found.section.name == ".rust.text._start"
    assert (found.output, found.kind, found.offset) == (".hello_rust", "input", 0x10)
    assert (found.symbol, found.distance) == ("_start", 0x10)
    assert found.line.startswith("hello.rs:")
    assert found.file_off == found.address - 0x7C00
    assert str(found).startswith(f"{found.address:#x}: ")
    assert str(found).endswith(f"in _start+0x10, {found.line}")


def test_the_bytes_are_those_of_the_input(hello):
    """The law: what the origin names is, relocated places aside, what lies there."""
    checked = 0
    for address in range(0x7C00, 0x7C00 + len(hello.image)):
        found = hello.origin(address)
        assert found.address == address
        if found.section is None or found.section.name in (".rust.eh_frame",):
            continue
        patched = [
            place + width
            for table in found.section.file.relocation_sections.get(found.section.index, ())
            for place in found.section.file.relocations(table).offset
            for width in range(8)
        ]
        if found.offset not in patched:
            assert hello.image[found.file_off] == found.section.content[found.offset]
            checked += 1
    assert checked > 800


def test_padding_says_its_cause(hello):
    found = hello.origin(0x81FF)
    assert found.section is None
    assert (found.kind, found.cause, found.symbol, found.line) == (
        "fill",
        ". = ALIGN(512)",
        "",
        None,
    )
    assert str(found) == "0x81ff: . = ALIGN(512), padding in .hello_rust"
    assert hello.origin(0x7E0B).cause.startswith("alignment of ")


def test_where_nothing_is(hello, kernel):
    assert hello.origin(0x7BFF) is None
    assert hello.origin(0x8200) is None
    assert hello.origin(-1) is None
    assert kernel.origin(0x180000) is None
    assert kernel.origins.at_offset(0) is None
    assert kernel.origins.at_offset(1 << 40) is None


def test_by_file_offset(hello, kernel):
    for offset in range(len(hello.image)):
        assert hello.origins.at_offset(offset).address == 0x7C00 + offset
    start = kernel.symbols["_start"]
    offset = kernel.origin(start).file_off
    assert kernel.origins.at_offset(offset).address == start
    code = OBJECTS / "c64_common.o"
    assert (
        kernel.image[offset : offset + 4] == bytes(read(code).section(".text").content)[0xE9:0xED]
    )


def test_memory_that_is_not_in_the_file(kernel):
    found = kernel.origin(kernel.symbols["calls"] + 1)
    assert found.cause == f"{OBJECTS / 'c64_common.o'}(COMMON)"
    assert (found.file_off, found.symbol, found.distance) == (None, "calls", 1)


def test_data_of_the_script(kernel):
    found = kernel.origin(0x1001AC)
    assert (found.kind, found.cause, found.section) == ("data", "LONG(0x12345678)", None)


@pytest.mark.parametrize(
    ("offset", "name"), [(0, "boot"), (0x04, "boot"), (0x05, "start16"), (0x57, "start32")]
)
def test_the_nearest_symbol_before(hello, offset: int, name: str):
    found = hello.origin(0x7C00 + offset)
    assert found.symbol == name
    assert found.offset == offset


def test_a_symbol_that_ended_before_is_not_it():
    """`limit` is 4 bytes at 8; what follows it up to 0x10 is padding of the compiler's."""
    result = link([OBJECTS / "c64_common.o"], KERNEL)
    limit = result.symbols["limit"]
    assert result.origin(limit + 3).symbol == "limit"
    assert result.origin(limit + 4).symbol == ""


def test_symbols_of_the_script_are_marks_too(kernel):
    index = next(i for i, s in enumerate(kernel.placed.sections) if s.name == ".bss")
    marks = {mark.name: mark for mark in kernel.origins.marks[index]}
    assert marks["_end"].kind == "script"
    assert marks["_end"].sec_off == kernel.sections[".bss"].size
    assert marks["line"].kind == "data"
    assert not any(mark.name.startswith(".L") for mark in marks.values())


def test_a_merged_string_is_traced_to_a_file_that_had_it():
    other = read(OBJECTS / "c64_clang.o").prefix_symbols("other_")
    script = "SECTIONS { .text 0x8000 : { *(.text*) } .all : { *(.rodata* .data*) } }"
    result = link([OBJECTS / "merge64.o", other], script, dialect="lld")
    assert result.placed.addresses.edits.moved
    traced, files = 0, set()
    area = result.sections[".all"]
    for address in range(area.vma, area.vma + area.size):
        found = result.origin(address)
        if found.section is not None and found.section.flags & c.SHF_STRINGS:
            assert found.section.content[found.offset] == result.image[found.file_off]
            files.add(found.section.file.name)
            traced += 1
    assert traced > 10
    assert len(files) == 2


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_load_addresses_decide_in_the_file_as_the_dialect_says(dialect: str):
    script = """SECTIONS {
      .text 0x1000 : { *(.text*) }
      .data 0x100000 : AT(0x2000) { *(.data* .rodata*) }
      .bss : { *(.bss*) *(COMMON) } }"""
    result = link([OBJECTS / "c64_common.o"], script, dialect=dialect, oformat="binary")
    found = result.origin(0x100000)
    assert found.file_off == (0x1000 if dialect == "gnu" else 0xFF000)
    data = read(OBJECTS / "c64_common.o").section(".data").content
    assert result.image[found.file_off : found.file_off + 2] == bytes(data)[:2]


@pytest.mark.parametrize("name", ["c64_clang", "c32_common", "hello_O2_pic", "large_model"])
def test_every_byte_of_an_elf_file_is_found_where_it_says(name: str):
    result = link([OBJECTS / f"{name}.o"], KERNEL)
    written = read_bytes(result.image)
    places = result.origins.in_file
    for index, offset in places.offsets.items():
        section = result.placed.sections[index]
        assert result.image[offset : offset + section.size] == bytes(result.patched.contents[index])
    loaded = [s for s in written if s.flags & c.SHF_ALLOC and s.type != c.SHT_NOBITS and s.size]
    offsets = {written.sections.offset[s.index] for s in loaded}
    assert offsets <= set(places.offsets.values())
    assert places.size == len(result.image)
    assert [row[0] for row in places.tables][:2] == ["ELF header", "program headers"]
    covered = [(places.offsets[i], result.placed.sections[i].size) for i in places.offsets]
    covered += [(offset, size) for _, offset, size in places.tables]
    ends = 0
    for offset, size in sorted(covered):
        assert offset >= ends
        assert not any(result.image[ends:offset])
        ends = offset + size
    assert ends == len(result.image)


# Names


@pytest.mark.parametrize(
    ("mangled", "plain"),
    [
        ("_ZN5hello4halt17h38422bbf82b08b72E", "hello::halt"),
        ("_ZN4core3ptr13read_volatile17h23fabbccf7721b12E", "core::ptr::read_volatile"),
        ("_ZN5hello4halt17h38422bbf82b08b72E.llvm.123", "hello::halt"),
        ("_RNvCsfLfy6EI15iL_7___rustc17rust_begin_unwind", "__rustc::rust_begin_unwind"),
        ("_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar"),
        (
            "_ZN4core3fmt3num50_$LT$impl$u20$core..fmt..Debug$u20$for$u20$u32$GT$3fmt17h0123456789abcdefE",
            "core::fmt::num::<impl core::fmt::Debug for u32>::fmt",
        ),
        ("_ZN5__foo3barE", "__foo::bar"),
        ("_start", "_start"),
        ("", ""),
        ("_ZN3foo3barEi", "_ZN3foo3barEi"),
        ("_RNvMs_NtCs1_4core3fmt3new", "_RNvMs_NtCs1_4core3fmt3new"),
        ("_ZN99fooE", "_ZN99fooE"),
        ("_ZNE", "_ZNE"),
        ("_ZN0E", "_ZN0E"),
    ],
)
def test_readable_names(mangled: str, plain: str):
    assert readable(mangled) == plain


def test_readable_names_of_sections():
    name = ".rust.text._ZN5hello4halt17h38422bbf82b08b72E"
    assert readable_section(name) == ".rust.text.hello::halt"
    assert readable_section(".text") == ".text"
