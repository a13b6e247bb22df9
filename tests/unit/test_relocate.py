"""Relocations applied: each formula with numbers worked out by hand, and what is refused."""

from __future__ import annotations

import pytest

from pylink86 import LinkError, LinkResult, link, read_bytes
from tests.cases.language import read_objects

TARGET, PLACE = 0x2005, 0x1003
"""Where the symbol and the patched bytes are in the links below."""

OBJECT = """
object a.o {machine}
section .text ax
  {before}
  reloc 3 {kind} target {addend}
section .data wa
  22*16
symbol target .data+5 object size=9
"""
SCRIPT = "SECTIONS { .text 0x1000 : { *(.text) } .data 0x2000 : { *(.data) } }"


def patched(kind: str, addend: int, dialect: str = "gnu") -> bytes:
    """The bytes from PLACE on, of 16 that were 11."""
    machine = "i386" if kind.startswith("R_386") else "x86_64"
    text = OBJECT.format(machine=machine, kind=kind, addend=addend, before="11*16")
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    result = link(inputs, SCRIPT, dialect=dialect, oformat="binary")
    content = result.sections[".text"].content
    assert content[:3] == b"\x11\x11\x11"
    return content[3:]


def little(value: int, width: int) -> bytes:
    return (value % (1 << 8 * width)).to_bytes(width, "little")


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize(
    ("kind", "width", "value"),
    [
        ("R_X86_64_64", 8, TARGET - 4),
        ("R_X86_64_32", 4, TARGET - 4),
        ("R_X86_64_32S", 4, TARGET - 4),
        ("R_X86_64_16", 2, TARGET - 4),
        ("R_X86_64_PC64", 8, TARGET - 4 - PLACE),
        ("R_X86_64_PC32", 4, TARGET - 4 - PLACE),
        ("R_X86_64_PLT32", 4, TARGET - 4 - PLACE),
        ("R_X86_64_PC16", 2, TARGET - 4 - PLACE),
        ("R_X86_64_SIZE32", 4, 9 - 4),
        ("R_X86_64_SIZE64", 8, 9 - 4),
        ("R_386_32", 4, TARGET - 4),
        ("R_386_16", 2, TARGET - 4),
        ("R_386_PC32", 4, TARGET - 4 - PLACE),
        ("R_386_PLT32", 4, TARGET - 4 - PLACE),
        ("R_386_PC16", 2, TARGET - 4 - PLACE),
    ],
)
def test_formula_and_width(kind: str, width: int, value: int, dialect: str) -> None:
    after = patched(kind, -4, dialect)
    assert after[:width] == little(value, width)
    assert after[width:] == b"\x11" * (13 - width)


@pytest.mark.parametrize("kind", ["R_X86_64_NONE", "R_386_NONE"])
def test_none_patches_nothing(kind: str) -> None:
    assert patched(kind, 0) == b"\x11" * 13


def small(kind: str, value: int, dialect: str) -> LinkResult:
    machine = "i386" if kind.startswith("R_386") else "x86_64"
    text = f"object a.o {machine}\nsection .t ax\n 00*8\nreloc 0 {kind} x\nsymbol x UNDEF\n"
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    script = f"x = {value}; SECTIONS {{ .t 0x10 : {{ *(.t) }} }}"
    return link(inputs, script, dialect=dialect, oformat="binary")


@pytest.mark.parametrize(
    ("kind", "value", "gnu", "lld"),
    [
        ("R_X86_64_8", 255, "fits", "fits"),
        ("R_X86_64_8", 256, "refused", "refused"),
        ("R_X86_64_8", -128, "fits", "fits"),
        ("R_X86_64_8", -129, "wraps", "refused"),
        ("R_X86_64_PC8", 0x10 + 127, "fits", "fits"),
        ("R_X86_64_PC8", 0x10 - 128, "fits", "fits"),
        ("R_X86_64_16", 0xFFFF, "fits", "fits"),
        ("R_X86_64_16", 0x10000, "refused", "refused"),
        ("R_X86_64_32", 0xFFFFFFFF, "fits", "fits"),
        ("R_X86_64_32", 0x100000000, "refused", "refused"),
        ("R_X86_64_32", -1, "refused", "refused"),
        ("R_X86_64_32S", -1, "fits", "fits"),
        ("R_X86_64_32S", 0x80000000, "refused", "refused"),
        ("R_X86_64_64", -1, "fits", "fits"),
        ("R_X86_64_PC32", 0x10 + 0x7FFFFFFF, "fits", "fits"),
        ("R_X86_64_PC32", 0x10 + 0x80000000, "refused", "refused"),
        ("R_386_32", 0xFFFFFFFF, "fits", "fits"),
        ("R_386_32", 0x100000000, "wraps", None),
        ("R_386_16", 0xFFFF, "fits", "fits"),
        ("R_386_8", 300, "refused", "refused"),
    ],
)
def test_ranges(kind: str, value: int, gnu: str, lld: str | None) -> None:
    for dialect, expected in (("gnu", gnu), ("lld", lld)):
        if expected is None:
            continue
        try:
            result = small(kind, value, dialect)
            got = "wraps" if "reloc-wraps" in {d.slug for d in result.diagnostics} else "fits"
        except LinkError as problem:
            assert {d.slug for d in problem.diagnostics} == {"reloc-overflow"}
            got = "refused"
        assert got == expected, dialect


def test_every_misfit_is_told_once_a_symbol_with_three_places() -> None:
    rows = "\n".join(f"reloc {i} R_X86_64_8 {'x' if i < 6 else 'y'}" for i in range(8))
    text = f"object a.o\nsection .t ax\n 00*8\n{rows}\nsymbol x UNDEF\nsymbol y UNDEF\n"
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    with pytest.raises(LinkError) as caught:
        link(inputs, "x = 999; y = 999; SECTIONS { .t 0 : { *(.t) } }", oformat="binary")
    found = caught.value.diagnostics
    assert [d.slug for d in found] == ["reloc-overflow"] * 2
    assert [d.place for d in found] == ["a.o:(.t+0x0)", "a.o:(.t+0x6)"]
    assert "and 3 more references" in " ".join(found[0].notes)


def test_types_for_a_loader_are_refused_with_a_way_out() -> None:
    text = "object a.o\nsection .t ax\n 00*8\nreloc 0 R_X86_64_COPY x 0\nsymbol x .t+0\n"
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    with pytest.raises(LinkError) as caught:
        link(inputs, "SECTIONS { .t 0 : { *(.t) } }", oformat="binary")
    (found,) = caught.value.diagnostics
    assert found.slug == "reloc-not-supported"
    assert "a loader at run time" in found.message


def test_rel_addends_are_read_before_any_is_patched() -> None:
    """Two relocations of one place: both take the addend that lay there."""
    text = (
        "object a.o i386\nsection .t ax\n 00*8\nreloc 0 R_386_32 x 3\nreloc 0 R_386_32 x 3\n"
        "symbol x ABS+0x100\n"
    )
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    result = link(inputs, "SECTIONS { .t 0 : { *(.t) } }", oformat="binary")
    assert result.image[:4] == little(0x103, 4)
