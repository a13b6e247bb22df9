"""Compressed debug sections: read among the inputs, written on request, damaged ones refused."""

from __future__ import annotations

import zlib

import pytest

from pylink86 import LinkError, link
from pylink86 import elf_const as c
from pylink86.dialect import GNU, LLD
from pylink86.formats import compressed
from pylink86.formats.compressed import expand, header
from pylink86.model import Header, ObjectFile, SectionRow, Sections, Symbols
from pylink86.passes.elf_options import ElfOptions
from pylink86.passes.finishing.compress import compress_sections

TEXT = b"what a debugger reads, " * 20


def packed(data: bytes = TEXT, size: int = -1, elf_class: int = 64) -> bytes:
    head = header(c.ELFCOMPRESS_ZLIB, len(data) if size < 0 else size, 4, elf_class)
    return head + zlib.compress(data)


@pytest.mark.parametrize("elf_class", [32, 64])
def test_the_header_says_size_and_alignment(elf_class):
    content = packed(elf_class=elf_class)
    found = expand(content, ".debug_x", c.SHF_COMPRESSED, 1, elf_class, "a.o(.debug_x)")
    assert found is not None
    assert (found.content, found.align, found.name) == (TEXT, 4, ".debug_x")


def test_the_old_form_is_known_by_its_name():
    content = b"ZLIB" + len(TEXT).to_bytes(8, "big") + zlib.compress(TEXT)
    found = expand(content, ".zdebug_x", 0, 8, 64, "a.o(.zdebug_x)")
    assert found is not None
    assert (found.content, found.align, found.name) == (TEXT, 8, ".debug_x")
    assert expand(TEXT, ".zdebug_x", 0, 1, 64, "") is None


DAMAGED = {
    "cut": packed()[:-9],
    "no-header": bytes(5),
    "unknown-kind": header(9, 1, 1, 64) + b"x",
    "claims-less": packed(size=5),
    "claims-more": packed(size=len(TEXT) + 1),
    "claims-everything": packed(size=1 << 60),
    "not-zlib": packed()[:24] + b"no such thing",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_contents_are_refused(name):
    with pytest.raises(LinkError) as caught:
        expand(DAMAGED[name], ".debug_x", c.SHF_COMPRESSED, 1, 64, "a.o(.debug_x)")
    assert caught.value.diagnostics[0].slug == "bad-object"
    assert caught.value.diagnostics[0].place == "a.o(.debug_x)"


def test_zstd_needs_a_library(monkeypatch):
    monkeypatch.setattr(compressed, "ZSTD_MODULES", ("no_such_library",))
    with pytest.raises(LinkError) as caught:
        compressed.zstd(b"x")
    assert caught.value.diagnostics[0].slug == "zstd-missing"


def an_object(content: bytes, flags: int, name: str = ".debug_x") -> ObjectFile:
    rows = [
        SectionRow(".text", c.SHT_PROGBITS, c.SHF_ALLOC | c.SHF_EXECINSTR, size=1),
        SectionRow(name, c.SHT_PROGBITS, flags, size=len(content)),
    ]
    return ObjectFile(
        "a.o", Header(64, c.EM_X86_64), Sections.from_rows(rows), (b"", b"\xc3", content),
        Symbols.from_rows(()),
    )  # fmt: skip


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_a_link_sees_it_as_it_was(dialect):
    result = link([an_object(packed(), c.SHF_COMPRESSED)], dialect=dialect)
    section = result.object_file.section(".debug_x")
    assert bytes(section.content) == TEXT
    assert not section.flags & c.SHF_COMPRESSED and section.align == 4


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_and_gives_it_back_compressed(dialect):
    options = ElfOptions(compress_debug="zlib")
    result = link([an_object(TEXT, 0)], dialect=dialect, elf=options)
    section = result.object_file.section(".debug_x")
    assert section.flags & c.SHF_COMPRESSED and section.size < len(TEXT)
    found = expand(bytes(section.content), ".debug_x", section.flags, 1, 64, "")
    assert found is not None and found.content == TEXT


@pytest.mark.parametrize("dialect", [GNU, LLD], ids=["gnu", "lld"])
def test_what_would_grow_stays(dialect):
    row = SectionRow(".debug_x", c.SHT_PROGBITS, size=9)
    options = ElfOptions(compress_debug="zlib")
    assert compress_sections([row], [b"too short"], options, 64, dialect) == ([row], [b"too short"])


def test_lld_s_parts_make_one_stream():
    data = TEXT * 5000
    row = SectionRow(".debug_x", c.SHT_PROGBITS, size=len(data))
    _, (content,) = compress_sections([row], [data], ElfOptions(compress_debug="zlib"), 64, LLD)
    assert zlib.decompress(content[24:]) == data
