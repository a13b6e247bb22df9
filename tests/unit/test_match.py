"""Which statement takes which section, told through whole links."""

from __future__ import annotations

import pytest

from pylink86 import LinkResult, link, read_bytes
from tests.cases.language import read_objects


def order(objects: str, body: str, dialect: str = "gnu") -> str:
    """The first bytes of the inputs in the order they are placed, as hex digits."""
    found = read_objects(objects)
    inputs = [read_bytes(o.encode(), o.obj.name) for o in found]
    script = f"SECTIONS {{ .x 0x1000 : {{ {body} }} /DISCARD/ : {{ *(.*) }} }}"
    result: LinkResult = link(inputs, script, dialect=dialect, oformat="binary")
    return " ".join(
        bytes(p.section.content)[:1].hex() for p in result.pieces if p.section is not None
    )


def files(**sections: str) -> str:
    """`a="t.1:01 t.2:02"`: an object a.o with sections .t.1 and .t.2 of one byte each."""
    lines = []
    for name, rows in sections.items():
        lines.append(f"object {name}.o")
        for row in rows.split():
            section, _, rest = row.partition(":")
            data, _, align = rest.partition("/")
            lines.append(f"section .{section} a align={align or 1}\n {data}")
    return "\n".join(lines)


TWO = files(a="t:a1 d:a2 t:a3", b="d:b1 t:b2")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("*(.t)", "a1 a3 b2"),
        ("*(.t .d)", "a1 a2 a3 b1 b2"),
        ("*(.d .t)", "a1 a2 a3 b1 b2"),
        ("*(.d) *(.t)", "a2 b1 a1 a3 b2"),
        ("b.o(.t) *(.t)", "b2 a1 a3"),
        ("b.o; *(.t)", "b1 b2 a1 a3"),
        ("*b.o(.*) a.*(.d)", "b1 b2 a2"),
        ("?.o(.t) *(.d)", "a1 a3 b2 a2 b1"),
        ("*(.[!d])", "a1 a3 b2"),
        ("*(.?)", "a1 a2 a3 b1 b2"),
        ("*(.none) *(.d)", "a2 b1"),
        ("*(EXCLUDE_FILE(a.o) .t) *(.t)", "b2 a1 a3"),
        ("*(EXCLUDE_FILE(*) .t)", ""),
        ("*(EXCLUDE_FILE(a.o b.o) .t .d)", "a2 b1"),
        ("KEEP(*(.d)) *(.t)", "a2 b1 a1 a3 b2"),
    ],
)
def test_patterns_in_gnu_ld_s_dialect(body: str, expected: str) -> None:
    assert order(TWO, body) == expected


SORTED = files(a="t.b:0b/4 t.d:0d t.a:0a/16", b="t.c:0c/4 t.a:1a u:ff")


@pytest.mark.parametrize(
    ("body", "gnu", "lld"),
    [
        ("*(SORT(.t.*))", "0a 1a 0b 0c 0d", None),
        ("*(SORT_BY_ALIGNMENT(.t.*))", "0a 0b 0c 0d 1a", None),
        ("*(SORT_BY_ALIGNMENT(SORT_BY_NAME(.t.*)))", "0a 0b 0c 1a 0d", None),
        ("*(SORT_BY_NAME(SORT_BY_ALIGNMENT(.t.*)))", "0a 1a 0b 0c 0d", None),
        ("*(SORT_NONE(.t.*))", "0b 0d 0a 0c 1a", None),
        ("*(SORT(.t.*) .u)", "0a 1a 0b 0c 0d ff", None),
        ("*(.u SORT(.t.*))", "0a 1a 0b 0c 0d ff", "ff 0a 1a 0b 0c 0d"),
        ("*(SORT(.t.[cd]) .t.a)", "0c 0d 0a 1a", None),
    ],
)
def test_sorting(body: str, gnu: str, lld: str | None) -> None:
    assert order(SORTED, body, "gnu") == gnu
    assert order(SORTED, body, "lld") == (gnu if lld is None else lld)


def test_exclude_file_outside_counts_for_all_patterns() -> None:
    assert order(TWO, "EXCLUDE_FILE(a.o) *(.t .d)") == "b1 b2"
    assert order(TWO, "EXCLUDE_FILE(a.o) *(.t .d)", "lld") == "a1 a2 a3 b1 b2"


def test_a_section_is_taken_once() -> None:
    assert order(TWO, "*(.t) *(.t) *(*)") == "a1 a3 b2 a2 b1"


def test_ten_thousand_sections_of_one_file_stay_in_order() -> None:
    rows = " ".join(f"f{i}:{i % 256:02x}" for i in range(2000))
    found = order(files(a=rows), "*(.f*)").split()
    assert found == [f"{i % 256:02x}" for i in range(2000)]
