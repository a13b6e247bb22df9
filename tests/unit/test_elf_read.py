"""Reading ELF: all fixtures against pyelftools, and what is said about damaged files."""

from __future__ import annotations

import struct

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

import fixtures
from pylink86 import LinkError, read, read_bytes
from pylink86 import elf_const as c
from pylink86.elf_tables import EHDR, IDENT_SIZE, SHDR, SYM
from pylink86.formats import FORMATS, sniff
from pylink86.formats.elf_read import read_elf
from pylink86.model import ABS, COMMON, UNDEF
from tests.samples import small_object

NAMES = sorted(fixtures.entries())
RESERVED = {"SHN_UNDEF": UNDEF, "SHN_ABS": ABS, "SHN_COMMON": COMMON}


def data_of(name):
    return fixtures.path(name).read_bytes()


# --- What is read ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_writing_what_was_read_gives_the_same_bytes(name):
    data = data_of(name)
    assert read_bytes(data, name).to_bytes() == data


@pytest.mark.parametrize("name", NAMES)
def test_sections_are_those_pyelftools_sees(name):
    obj = read(fixtures.path(name))
    with fixtures.path(name).open("rb") as stream:
        for section, other in zip(obj, list(ELFFile(stream).iter_sections())[1:], strict=True):
            header = other.header
            assert section.name == other.name
            assert (section.flags, section.addr, section.size, section.align) == (
                header["sh_flags"],
                header["sh_addr"],
                header["sh_size"],
                header["sh_addralign"],
            )
            assert (section.link, section.info, section.entsize) == (
                header["sh_link"],
                header["sh_info"],
                header["sh_entsize"],
            )
            if header["sh_type"] == "SHT_NOBITS":
                assert section.content == b""
            else:
                stream.seek(header["sh_offset"])
                assert section.content == stream.read(header["sh_size"])


@pytest.mark.parametrize("name", NAMES)
def test_symbols_are_those_pyelftools_sees(name):
    obj = read(fixtures.path(name))
    with fixtures.path(name).open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        theirs = list(table.iter_symbols()) if table else []
    assert len(obj.symbols) == len(theirs)
    for i, other in enumerate(theirs):
        if other["st_info"]["type"] != "STT_SECTION":
            assert obj.symbols.names[i] == other.name
        place = other["st_shndx"]
        assert obj.symbols.shndx[i] == RESERVED.get(place, place)
        assert obj.symbols.value[i] == other["st_value"]
        assert obj.symbols.size[i] == other["st_size"]


@pytest.mark.parametrize("name", NAMES)
def test_relocations_are_those_pyelftools_sees(name):
    obj = read(fixtures.path(name))
    seen = 0
    with fixtures.path(name).open("rb") as stream:
        for index, other in enumerate(ELFFile(stream).iter_sections()):
            if not isinstance(other, RelocationSection):
                continue
            found = obj.relocations(index)
            rows = list(other.iter_relocations())
            assert found.offset == tuple(row["r_offset"] for row in rows)
            assert found.type == tuple(row["r_info_type"] for row in rows)
            assert found.symbol == tuple(row["r_info_sym"] for row in rows)
            if found.addend is None:
                assert not other.is_RELA()
            else:
                assert found.addend == tuple(row["r_addend"] for row in rows)
            seen += 1
    assert seen == sum(kind in (c.SHT_REL, c.SHT_RELA) for kind in obj.sections.type)


def test_the_header_is_kept():
    header = read(fixtures.path("boot_long_elf32")).header
    assert (header.elf_class, header.machine, header.type) == (32, c.EM_386, c.ET_REL)
    data = bytearray(data_of("boot_long_elf64"))
    data[c.EI_OSABI], data[c.EI_ABIVERSION], data[15] = 9, 3, 0x77
    data[48:52] = b"\x01\x02\x03\x04"
    obj = read_bytes(bytes(data), "x.o")
    assert (obj.header.osabi, obj.header.abi_version, obj.header.ident_pad[6]) == (9, 3, 0x77)
    assert obj.header.flags == 0x04030201
    assert obj.to_bytes() == data


def test_bytes_that_nothing_covers_are_kept():
    data = data_of("boot_long_elf64") + b"tail"
    obj = read_bytes(data, "x.o")
    assert obj.layout is not None
    file_off, held = obj.layout.gaps[-1]
    assert held.endswith(b"tail") and file_off + len(held) == len(data)
    assert obj.layout.gaps[0:1] == list(obj.layout.gaps)[:1]
    assert obj.to_bytes() == data


def test_contents_are_views_and_slices_work():
    obj = read(fixtures.path("boot_long_elf64"))
    assert isinstance(obj.contents[1], memoryview)
    assert [bytes(b) for b in obj.contents[-2:]] == [
        bytes(obj.contents[-2]),
        bytes(obj.contents[-1]),
    ]
    assert len(obj.contents) == len(obj.sections)


def test_iamcu_is_read_as_386():
    data = bytearray(small_object(32).to_bytes())
    data[18] = c.EM_IAMCU
    assert read_bytes(bytes(data), "x.o").header.machine == c.EM_IAMCU


def test_a_file_without_section_headers():
    data = (
        b"\x7fELF\x02\x01\x01" + bytes(9) + EHDR[64].pack(2, 62, 1, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0)
    )
    obj = read_bytes(data + b"rest", "x.o")
    assert (len(obj.sections), len(obj.symbols), list(obj)) == (0, 0, [])
    assert obj.to_bytes() == data + b"rest"


def test_more_sections_than_16_bits_can_count():
    """e_shnum, e_shstrndx and st_shndx move to section 0 and SHT_SYMTAB_SHNDX (gABI ch.4)."""
    from pylink86.model import Header, ObjectFile, SectionRow, Sections, SymbolRow, Symbols

    count = 66_000
    rows = [SectionRow(f".s{i}", c.SHT_PROGBITS, c.SHF_ALLOC, size=1) for i in range(1, count + 1)]
    places = [1, 0xFEFF, 0xFF00, 0xFFF1, 0xFFF2, 0xFFFF, 0x10000, count, ABS, COMMON]
    made = ObjectFile(
        "big.o",
        Header(64, c.EM_X86_64),
        Sections.from_rows(rows),
        [b"", *[b"x"] * count],
        Symbols.from_rows(SymbolRow(f"at{p}", 0, shndx=p) for p in places),
    )
    data = made.to_bytes()
    fields = EHDR[64].unpack_from(data, IDENT_SIZE)
    assert (fields[11], fields[12]) == (0, c.SHN_XINDEX)
    obj = read_bytes(data, "big.o")
    assert obj.sections.names[count] == f".s{count}"
    assert obj.sections.names[count + 1 :] == (".symtab", ".symtab_shndx", ".strtab", ".shstrtab")
    assert obj.symbols.shndx == (0, *places)
    assert obj.to_bytes() == data


# --- What is refused ------------------------------------------------------------------------------


def refusal(data, name="bad.o"):
    """The one diagnostic that reading gives, decoding all relocations too."""
    with pytest.raises(LinkError) as caught:
        obj = read_elf(bytes(data), name)
        for index, kind in enumerate(obj.sections.type):
            if kind in (c.SHT_REL, c.SHT_RELA):
                obj.relocations(index)
    (found,) = caught.value.diagnostics
    assert found.severity == "error"
    assert name in found.message
    return found


@pytest.fixture(params=[32, 64])
def elf_class(request):
    return request.param


HEADER_FIELDS = (
    *("type", "machine", "version", "entry", "phoff", "shoff", "flags"),
    *("ehsize", "phentsize", "phnum", "shentsize", "shnum", "shstrndx"),
)
SECTION_FIELDS = (
    *("name", "type", "flags", "addr", "offset"),
    *("size", "link", "info", "align", "entsize"),
)


def with_header(data, elf_class, **changes):
    fields = list(EHDR[elf_class].unpack_from(data, IDENT_SIZE))
    for name, value in changes.items():
        fields[HEADER_FIELDS.index(name)] = value
    out = bytearray(data)
    EHDR[elf_class].pack_into(out, IDENT_SIZE, *fields)
    return out


def with_section(data, elf_class, index, **changes):
    at = EHDR[elf_class].unpack_from(data, IDENT_SIZE)[5] + index * SHDR[elf_class].size
    fields = list(SHDR[elf_class].unpack_from(data, at))
    for name, value in changes.items():
        fields[SECTION_FIELDS.index(name)] = value
    out = bytearray(data)
    SHDR[elf_class].pack_into(out, at, *fields)
    return out


# The sample: 1 .group, 2 .text, 3 .rel(a).text, 4 .bss, 5 .symtab, 6 .strtab, 7 .shstrtab.
BAD_HEADERS = [
    ({"shoff": 0xFFFFFF}, "section header table at file offset 0xffffff"),
    ({"shnum": 0xFEFF}, "section header table at file offset"),
    ({"shentsize": 1}, "e_shentsize is 1"),
    ({"shstrndx": 99}, "e_shstrndx is 99, which is no string table"),
    ({"shstrndx": 2}, "e_shstrndx is 2, which is no string table"),
    ({"shoff": 0}, "section header table at file offset 0x0"),
    ({"phnum": 1, "phentsize": 1}, "e_phentsize is 1"),
    ({"phnum": 0xFFFE, "phentsize": -1}, "program header table at file offset"),
]
BAD_SECTIONS = [
    (2, {"offset": 0x10000}, "header of section 2 (.text)", "reach beyond the file"),
    (2, {"size": 0x7FFFFFFF}, "header of section 2 (.text)", "0x7fffffff bytes"),
    (2, {"name": 0x9999}, "header of section 2 at", "its name lies at 0x9999"),
    (2, {"link": 8}, "header of section 2 (.text)", "sh_link is 8, the file has 8 sections"),
    (2, {"align": 3}, "header of section 2 (.text)", "alignment 0x3"),
    (3, {"entsize": 7}, "header of section 3 (.rel", "entry size 7"),
    (3, {"entsize": 0}, "header of section 3 (.rel", "entry size 0"),
    (3, {"size": 7}, "header of section 3 (.rel", "not a multiple"),
    (3, {"info": 77}, "header of section 3 (.rel", "relocates section 77"),
    (5, {"entsize": 15}, "header of section 5 (.symtab)", "entry size 15"),
    (5, {"link": 2}, "symbol table in section 5", "sh_link is 2, which is no string table"),
    (6, {"size": 4}, "end of the string table in section 6", "not NUL"),
    (7, {"size": 3}, "end of the string table in section 7", "not NUL"),
    (7, {"offset": 0xFFFFF}, "section 7 (names)", "reach beyond the file"),
    (1, {"size": 6}, "header of section 1 (.group)", "not a multiple"),
    (1, {"size": 0}, "group in section 1 (.group)", "empty"),
    (1, {"info": 99}, "group in section 1 (.group)", "symbol 99"),
    (0, {"type": 1}, "header of section 0", "must be of type NULL"),
]


@pytest.mark.parametrize(("changes", "words"), BAD_HEADERS)
def test_damaged_file_header(elf_class, changes, words):
    changes = {k: {32: 32, 64: 56}[elf_class] if v == -1 else v for k, v in changes.items()}
    found = refusal(with_header(small_object(elf_class).to_bytes(), elf_class, **changes))
    assert found.slug == "bad-object"
    assert words in found.message and "offset 0x" in found.message


@pytest.mark.parametrize(("index", "changes", "structure", "what"), BAD_SECTIONS)
def test_damaged_section(elf_class, index, changes, structure, what):
    data = with_section(small_object(elf_class).to_bytes(), elf_class, index, **changes)
    found = refusal(data)
    assert found.slug == "bad-object"
    assert structure in found.message and what in found.message
    assert f"at file offset {found.place.split('+')[1]}" in found.message


def place_of(obj, section, row=0, size=1):
    return obj.sections.offset[section] + row * size


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [("name", 0x777, "its name lies at 0x777"), ("shndx", 8, "defined in section 8")],
)
def test_damaged_symbol(elf_class, field, value, what):
    data = bytearray(small_object(elf_class).to_bytes())
    obj = read_elf(bytes(data), "x")
    at = place_of(obj, 5, 3, SYM[elf_class].size)
    where = {(32, "name"): 0, (64, "name"): 0, (32, "shndx"): 14, (64, "shndx"): 6}
    struct.pack_into("<I" if field == "name" else "<H", data, at + where[elf_class, field], value)
    found = refusal(data)
    assert f"symbol 3 at file offset {at:#x}" in found.message and what in found.message


def test_extended_section_number_without_a_table(elf_class):
    data = bytearray(small_object(elf_class).to_bytes())
    at = place_of(read_elf(bytes(data), "x"), 5, 3, SYM[elf_class].size)
    struct.pack_into("<H", data, at + {32: 14, 64: 6}[elf_class], c.SHN_XINDEX)
    assert "SHT_SYMTAB_SHNDX has 0 bytes" in refusal(data).message


def test_relocation_beyond_its_section(elf_class):
    data = bytearray(small_object(elf_class).to_bytes())
    at = place_of(read_elf(bytes(data), "x"), 3)
    struct.pack_into("<I", data, at, 9)
    found = refusal(data)
    assert f"relocation 0 in section 3 (.rel{'a' if elf_class == 64 else ''}.text)" in found.message
    assert "place 0x9 lies beyond the 0x9 bytes of .text" in found.message


def test_relocation_of_a_symbol_that_does_not_exist(elf_class):
    data = bytearray(small_object(elf_class).to_bytes())
    at = place_of(read_elf(bytes(data), "x"), 3)
    data[at + (5 if elf_class == 32 else 12)] = 0x55
    assert "its symbol is 85, the symbol table in section 5 has 5" in refusal(data).message


def test_group_with_a_member_that_does_not_exist(elf_class):
    data = bytearray(small_object(elf_class).to_bytes())
    struct.pack_into("<I", data, place_of(read_elf(bytes(data), "x"), 1) + 4, 88)
    assert "member 88 is no section" in refusal(data).message


def test_second_symbol_table(elf_class):
    data = small_object(elf_class).to_bytes()
    data = with_section(data, elf_class, 4, type=c.SHT_SYMTAB, size=0, entsize=SYM[elf_class].size)
    assert "a second symbol table" in refusal(data).message


@pytest.mark.parametrize("size", [0, 3, 4, 15, 16, 17, 51, 63])
def test_a_file_that_ends_in_its_header(size):
    data = small_object(64).to_bytes()[:size]
    with pytest.raises(LinkError) as caught:
        read_bytes(data, "cut.o")
    (found,) = caught.value.diagnostics
    assert found.slug == ("bad-object" if size >= 4 else "unsupported-input")


@pytest.mark.parametrize(
    ("change", "slug", "words"),
    [
        ({c.EI_CLASS: 3}, "bad-object", "class 3"),
        ({c.EI_DATA: 2}, "unsupported-input", "big-endian"),
        ({c.EI_DATA: 7}, "bad-object", "data encoding 7"),
        ({c.EI_VERSION: 2}, "bad-object", "version 2"),
        ({18: c.EM_AARCH64}, "unsupported-input", "machine AARCH64"),
        ({18: c.EM_386}, "unsupported-input", "a 64-bit ELF file for machine 386"),
    ],
)
def test_other_elf_files(change, slug, words):
    data = bytearray(small_object(64).to_bytes())
    for at, value in change.items():
        data[at] = value
    found = refusal(data)
    assert found.slug == slug and words in found.message


# --- What else a file can be ----------------------------------------------------------------------

SAMPLES = {
    "ar": b"!<arch>\nfoo.o/",
    "thin-ar": b"!<thin>\n",
    "pe": b"MZ" + bytes(58) + b"\x40\0\0\0" + b"PE\0\0",
    "mz": b"MZ" + bytes(100),
    "coff": b"\x64\x86\x03\0" + bytes(16) + b".text",
    "macho": b"\xcf\xfa\xed\xfe\x07\0\0\1",
    "bitcode": b"BC\xc0\xde5",
    "wasm": b"\0asm\1\0\0\0",
    "gzip": b"\x1f\x8b\x08",
    "ihex": b":100000000C9434000C9446000C9446000C9446006A\r\n",
    "srec": b"S00F000068656C6C6F202020202000003C\n",
    "script": b"SECTIONS { . = 0x7c00; }\n",
    "boot-sector": b"\xfa\0" + bytes(508) + b"\x55\xaa",
}


@pytest.mark.parametrize("key", list(SAMPLES))
def test_other_formats_are_named(key):
    assert sniff(SAMPLES[key]) == key
    if FORMATS[key].reader:
        return
    with pytest.raises(LinkError) as caught:
        read_bytes(SAMPLES[key], "that.file")
    (found,) = caught.value.diagnostics
    assert found.slug == "unsupported-input"
    assert found.message.startswith(f"that.file is {FORMATS[key].title}")
    assert found.help == (FORMATS[key].help,)


@pytest.mark.parametrize(("data", "words"), [(b"", "empty"), (b"\1\2\3\4", "of no known format")])
def test_unknown_files(data, words):
    assert sniff(data) == ""
    with pytest.raises(LinkError, match=f"x is {words}"):
        read_bytes(data, "x")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(LinkError) as caught:
        read(tmp_path / "no.o")
    (found,) = caught.value.diagnostics
    assert found.slug == "cannot-read"
    assert found.message == f"cannot find {tmp_path / 'no.o'}: No such file or directory"


def test_a_directory_cannot_be_read(tmp_path):
    with pytest.raises(LinkError, match="cannot read"):
        read(tmp_path)
