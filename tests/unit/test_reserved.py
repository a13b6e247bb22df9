"""Names that the linker gives a value itself."""

from __future__ import annotations

from pylink86 import LinkResult, link, read_bytes
from tests.cases.language import read_objects


def linked(symbol: str, script: str | None, dialect: str, **more: object) -> LinkResult:
    text = (
        "object a.o\nsection .text ax\n 90*8\n reloc 0 R_X86_64_64 "
        f"{symbol} 0\nsection .data wa\n 11*4\nsymbol {symbol} UNDEF weak\n"
    )
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    return link(inputs, script, dialect=dialect, oformat="elf64-x86-64", **more)


def value(symbol: str, script: str | None, dialect: str, **more: object) -> int | None:
    found = linked(symbol, script, dialect, **more).placed.symbols.get(symbol)
    return None if found is None else found.absolute()


ROOM = "SECTIONS { . = 0x10000 + SIZEOF_HEADERS; .text : { *(.text) } .data : { *(.data) } }"
NO_ROOM = "SECTIONS { .text 0x1008 : { *(.text) } .data : { *(.data) } }"


def test_the_header_is_where_it_is_loaded() -> None:
    assert value("__ehdr_start", ROOM, "gnu") == value("__ehdr_start", ROOM, "lld") == 0x10000


def test_a_header_that_is_not_loaded_has_no_name_in_gnu_ld_and_0_in_lld() -> None:
    assert value("__ehdr_start", NO_ROOM, "gnu") is None
    assert value("__ehdr_start", NO_ROOM, "lld") == 0


def test_ends_have_names_only_without_sections() -> None:
    assert value("_end", ROOM, "lld") is None
    assert value("_end", None, "lld") == linked("_end", None, "lld").placed.end


def test_what_the_script_assigns_is_not_made() -> None:
    script = ROOM.replace(" }", " } __ehdr_start = 5;", 1)
    assert value("__ehdr_start", script, "lld") == value("__ehdr_start", script, "gnu") == 5


def test_nothing_is_made_that_nobody_asks_for() -> None:
    assert not linked("other", ROOM, "lld").placed.symbols
