"""--gc-sections: what keeps a section, step by step."""

from __future__ import annotations

import pytest

from pylink86 import LinkResult, link, read_bytes
from tests.cases.language import read_objects

LAYOUT = "SECTIONS { .text 0x1000 : { *(.text*) } .data : { *(.data*) *(.init_array) *(table) } }"


def collected(text: str, script: str = LAYOUT, **more: object) -> set[str]:
    """Names of the input sections that are left."""
    return {p.section.name for p in result_of(text, script, **more).pieces if p.section}


def result_of(text: str, script: str = LAYOUT, **more: object) -> LinkResult:
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    return link(inputs, script, oformat="binary", gc_sections=True, **more)


CHAIN = """
object a.o
section .text._start ax
  00*8
  reloc 0 R_X86_64_32 one
section .text.one ax
  00*8
  reloc 0 R_X86_64_32 .data.two
section .data.two wa
  00*8
  reloc 0 R_X86_64_32 three
section .text.three ax
  33
section .text.four ax
  00*8
  reloc 0 R_X86_64_32 .text.five
section .text.five ax
  00*8
  reloc 0 R_X86_64_32 .text.four
symbol _start .text._start+0
symbol one .text.one+0
symbol three .text.three+0 local
symbol four .text.four+0
"""


def test_what_the_entry_reaches_stays_and_a_circle_of_its_own_goes() -> None:
    assert collected(CHAIN) == {".text._start", ".text.one", ".data.two", ".text.three"}


def test_each_live_section_knows_who_led_to_it() -> None:
    result = result_of(CHAIN)
    names = result.table.name
    by = {names[sid]: names[other] for sid, other in result.live.through.items()}
    assert by == {
        ".text._start": ".text._start",
        ".text.one": ".text._start",
        ".data.two": ".text.one",
        ".text.three": ".data.two",
    }


@pytest.mark.parametrize(
    ("script", "more"),
    [
        (LAYOUT + " x = four;", {}),
        (LAYOUT + ' ASSERT(four != 0, "")', {}),
        (LAYOUT.replace("*(.text*)", "*(.text*) LONG(four)"), {}),
        (LAYOUT.replace("*(.text*)", "KEEP(*(.text.four)) *(.text*)"), {}),
        (LAYOUT, {"undefined": ("four",)}),
    ],
)
def test_what_else_is_a_root(script: str, more: dict[str, object]) -> None:
    assert {".text.four", ".text.five"} <= collected(CHAIN, script, **more)


def test_another_entry() -> None:
    assert collected(CHAIN, "ENTRY(four) " + LAYOUT) == {".text.four", ".text.five"}
    assert collected(CHAIN, "ENTRY(_start) " + LAYOUT, entry="four") == {".text.four", ".text.five"}


def test_tables_the_run_time_finds_by_itself() -> None:
    text = (
        CHAIN
        + """
section .init_array wa init_array align=8
  00*8
  reloc 0 R_X86_64_64 four
"""
    )
    assert {".init_array", ".text.four"} <= collected(text)


def test_start_and_stop_keep_the_sections_of_that_name() -> None:
    text = (
        CHAIN.replace("R_X86_64_32 one", "R_X86_64_32 __start_table")
        + """
section table a
  44
symbol __start_table UNDEF
"""
    )
    result = result_of(text, LAYOUT.replace("*(table) }", "} table : { *(table) }"))
    assert result.sections["table"].content == b"\x44"
    assert result.symbols["__start_table"] == result.sections["table"].vma


def test_sections_that_are_not_loaded_stay() -> None:
    text = CHAIN + 'section .comment -\n  "notes"\n'
    assert result_of(text).sections[".comment"].content == b"notes"


def test_a_dead_section_asks_for_nothing() -> None:
    """A reference out of a section that goes away needs no definition."""
    text = CHAIN.replace("R_X86_64_32 .text.four", "R_X86_64_32 nowhere") + "symbol nowhere UNDEF\n"
    assert ".text.five" not in collected(text)


def test_without_collection_everything_stays() -> None:
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(CHAIN)]
    result = link(inputs, LAYOUT, oformat="binary")
    assert {p.section.name for p in result.pieces if p.section} >= {".text.four", ".text.five"}
    assert not result.live.dead
    assert not result.live.through
