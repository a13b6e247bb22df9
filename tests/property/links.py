"""Strategies that make whole links: objects without relocations, and a layout for them.

Small on purpose: three sections in two files meet every rule of placing there is, and a failing
example can be read.
"""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from tests.oracle.objects import Obj, Sec

FLAGS = ("ax", "a", "wa", "wax")
NAMES = (".text", ".text.b", ".data", ".rodata", ".bss")
FILLS = ("", "=0x90", "=0xdeadc0de", "=0x0102", "=144", "=0", "=(1 + 2)")


class Link(NamedTuple):
    """objects, and the script's parts: output sections as (name, statements, fill)."""

    objects: tuple[Obj, ...]
    outputs: tuple[tuple[str, tuple[str, ...], str], ...]
    start: int

    @property
    def script(self) -> str:
        lines = ["SECTIONS {", f"  . = {self.start:#x};"]
        for name, statements, fill in self.outputs:
            lines.append(f"  {name} : {{ {' '.join(statements)} }} {fill}")
        return "\n".join([*lines, "  end_of_all = .;", "}", ""])


def sections() -> st.SearchStrategy[Sec]:
    """One input section; no two bytes in a row are equal, so that a wrong offset shows."""

    def make(name: str, flags: str, power: int, size: int, first: int) -> Sec:
        if name == ".bss":
            return Sec(name, "wa", "nobits", 1 << power, size=size)
        data = bytes((first + i) % 255 + 1 for i in range(size))
        return Sec(name, flags, "progbits", 1 << power, data)

    return st.builds(
        make,
        st.sampled_from(NAMES),
        st.sampled_from(FLAGS),
        st.integers(0, 6),
        st.integers(1, 40),
        st.integers(0, 254),
    )


def objects() -> st.SearchStrategy[tuple[Obj, ...]]:
    names = ("a.o", "b.o", "c.o")
    files = st.lists(st.lists(sections(), min_size=1, max_size=4), min_size=1, max_size=3)
    return files.map(
        lambda found: tuple(
            Obj(name, "x86_64", tuple(inner)) for name, inner in zip(names, found, strict=False)
        )
    )


def statements() -> st.SearchStrategy[str]:
    small = st.integers(0, 40)
    return st.one_of(
        st.sampled_from([f"*({name})" for name in (*NAMES, ".text*", ".text .data")]),
        st.sampled_from(["*(SORT_BY_ALIGNMENT(.t*))", "a.o(.data)", "KEEP(*(.rodata))"]),
        small.map(lambda n: f". += {n};"),
        small.map(lambda n: f". = . + {n};"),
        st.integers(0, 7).map(lambda n: f". = ALIGN({1 << n});"),
        st.sampled_from(["BYTE(0x11)", "SHORT(0x2211)", "LONG(0x44332211)", "QUAD(-2)"]),
        st.sampled_from(["mark = .;", "FILL(0xa1b2c3d4)"]),
    )


def links() -> st.SearchStrategy[Link]:
    bodies = st.lists(statements(), min_size=1, max_size=6)
    output = st.tuples(bodies.map(tuple), st.sampled_from(FILLS))
    return st.builds(
        lambda files, found, start: Link(
            files, tuple((f".out{i}", *rest) for i, rest in enumerate(found)), start
        ),
        objects(),
        st.lists(output, min_size=1, max_size=4),
        st.sampled_from([0, 0x1000, 0x7C01, 0x7E00, 0x100000]),
    )
