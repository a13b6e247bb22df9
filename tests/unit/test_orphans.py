"""Places of orphans: the table of what both linkers do, one script a row.

Each row was read off GNU ld 2.40 and ld.lld-19; tests/oracle compares many more at random.
"""

from __future__ import annotations

import pytest

from pylink86 import link, read_bytes
from tests.cases.language import read_objects

SECTIONS = {
    ".x1": "section .x1 ax\n 01",
    ".x2": "section .x2 ax\n 02",
    ".r1": "section .r1 a\n 03",
    ".w1": "section .w1 wa\n 04",
    ".w2": "section .w2 wa\n 05",
    ".b1": "section .b1 wa nobits size=4",
    ".c1": "section .c1 -\n 06",
    ".text": "section .text ax\n 07",
    ".data": "section .data wa\n 08",
    ".rodata": "section .rodata a\n 09",
    ".bss": "section .bss wa nobits size=4",
}


def order(names: str, script: str, dialect: str) -> str:
    """Output sections in order of the link, by name."""
    text = "object a.o\n" + "\n".join(SECTIONS[name] for name in names.split())
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    result = link(inputs, script, dialect=dialect, oformat="binary")
    return " ".join(name for name, s in result.sections.items() if s.size)


ROWS = [
    # inputs, script, GNU ld, LLD
    (".text .data .bss .rodata", "", ".text .rodata .data .bss", ".rodata .text .data .bss"),
    (".bss .data .text", "", ".text .data .bss", ".text .data .bss"),
    (".x1 .w1 .x2 .w2", ".A : { *(.x1) } .B : { *(.w1) }", ".A .x2 .B .w2", ".A .x2 .B .w2"),
    (".x1 .x2 .r1", ".A : { *(.x1) }", ".A .x2 .r1", ".r1 .A .x2"),
    (".x1 .r1 .w1", ".A : { *(.x1) } .Z : { *(.w1) }", ".A .r1 .Z", ".r1 .A .Z"),
    (".x1 .w1 .b1", ".A : { *(.x1) }", ".A .w1 .b1", ".A .w1 .b1"),
    (".w1 .w2 .x2", ".text : { *(.w1) }", ".text .x2 .w2", None),
    (".x1 .b1 .w1", ".A : { *(.x1) } .B : { *(.b1) }", ".A .w1 .B", ".A .w1 .B"),
    (".x1 .c1 .w1", ".A : { *(.x1) }", ".A .w1 .c1", ".A .w1 .c1"),
    (".r1 .x1", ".A : { *(.r1) }", None, ".A .x1"),
]  # fmt: skip


@pytest.mark.parametrize(("names", "body", "gnu", "lld"), ROWS)
def test_order(names: str, body: str, gnu: str | None, lld: str | None) -> None:
    script = f"SECTIONS {{ {body} }}"
    if gnu is not None:
        assert order(names, script, "gnu") == gnu
    if lld is not None:
        assert order(names, script, "lld") == lld


def ends(script: str, dialect: str) -> dict[str, int]:
    text = "object a.o\n" + SECTIONS[".x1"] + "\n" + SECTIONS[".x2"]
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    result = link(inputs, script, dialect=dialect, oformat="binary")
    return {**result.symbols, **{name: s.vma for name, s in result.sections.items()}}


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_symbols_stay_with_the_section_before_the_orphan(dialect: str) -> None:
    found = ends(
        "SECTIONS { .A 0x1000 : { *(.x1) } p = .; . += 0x10; q = .; .B : { BYTE(1) } }", dialect
    )
    assert found["p"] == 0x1001
    if dialect == "gnu":
        assert (found[".x2"], found["q"], found[".B"]) == (0x1001, 0x1012, 0x1012)


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_orphans_of_one_name_are_one_section(dialect: str) -> None:
    text = "object a.o\nsection .o ax\n 01\nobject b.o\nsection .o ax\n 02\n"
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    result = link(inputs, "SECTIONS { .A : { BYTE(9) } }", dialect=dialect)
    assert result.sections[".o"].content == b"\x01\x02"


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_an_orphan_joins_the_section_of_its_name(dialect: str) -> None:
    text = "object a.o\n" + SECTIONS[".x1"] + "\n" + SECTIONS[".x2"]
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    result = link(inputs, "SECTIONS { .x2 0x1000 : { *(.x1) } .Z : { BYTE(9) } }", dialect=dialect)
    assert result.sections[".x2"].content == b"\x01\x02"
