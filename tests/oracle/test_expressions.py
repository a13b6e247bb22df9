"""Generated expressions, evaluated here and by GNU ld and LLD: value and section must agree.

One script assigns hundreds of symbols, `s = expr;`, in three places (inside an output section, in
another one as QUAD(expr), between output sections); the linkers' answers are read from the symbol
table and the section's bytes.  Nothing of the package but parser and evaluator takes part.
"""

from __future__ import annotations

import io
import os
import random
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from pylink86.diag import LinkError
from pylink86.dialect import DIALECTS
from pylink86.script.evaluate import assigned, evaluate, parts_of
from pylink86.script.nodes import Call, Expr
from pylink86.script.parser import parse_expression
from pylink86.script.values import ABSOLUTE, Constants, Value
from tests.oracle.objects import Obj, Sec, Sym
from tests.oracle.peers import find, missing, workplace

pytestmark = pytest.mark.peer
PER_BATCH = 150
MASK = (1 << 64) - 1
SEEDS = range(int(os.environ.get("PYLINK86_EXPRESSION_SEEDS", "4")))


@dataclass(eq=False)
class Place:
    """An output section of the fixed layout below."""

    name: str
    vma: int
    lma: int
    size: int
    align: int = 1


# The layout of SCRIPT, by hand; .t begins at an odd address so that offsets and addresses differ.
TEXT = Place(".t", 0x1003, 0x9003, 8)
DATA = Place(".d", 0x2345, 0x2345, 5)
SECTIONS = {".t": TEXT, ".d": DATA}
SYMBOLS = {
    "A": Value(0x30, ABSOLUTE),
    "BA": Value(0x1100, ABSOLUTE),
    "outside": Value(0x40, ABSOLUTE),
    "LA": Value(0x9003, ABSOLUTE),
    "T0": Value(0, TEXT),
    "T1": Value(4, TEXT),
    "T2": Value(5, TEXT),
    "D1": Value(4, DATA),
    "code": Value(1, TEXT),
}
SCRIPT = """
MEMORY {{ all : ORIGIN = 0, LENGTH = 1M region : ORIGIN = 0x8500, LENGTH = 0x20 }}
A = 0x30; BA = ABSOLUTE(0x1100);
SECTIONS {{
  .t 0x1003 : AT(0x9003) {{
    T0 = .; *(.text) T1 = .; BYTE(1) T2 = .; LA = LOADADDR(.t);
    {inside}
    BYTE(2) BYTE(3) BYTE(4)
  }} >all
  .d 0x2345 : AT(0x2345) {{ *(.data) D1 = .; BYTE(1) }} >all
  {between}
  .q 0x4000 : AT(0x4000) {{ {quads} }} >all
  /DISCARD/ : {{ *(.comment) *(.note*) }}
}}
"""
OBJECT = Obj(
    "a.o",
    sections=(
        Sec(".text", "ax", data=b"\x90\x90\x90\xc3"),
        Sec(".data", "wa", data=b"\1\2\3\4"),
    ),
    symbols=(Sym("code", place=1, value=1), Sym("outside", place="ABS", value=0x40)),
)


class Model(Constants):
    """What a linker knows at one place of SCRIPT."""

    def __init__(self, dialect: str, current: Place | None, dot: int) -> None:
        super().__init__(DIALECTS[dialect], current)
        self.address = dot

    def dot(self) -> Value | None:
        if self.current is not None:
            return Value(self.address - self.current.vma, self.current)
        if self.dialect.name == "lld" and self.address < 0x4000:
            return Value(self.address - DATA.vma, DATA)
        return Value(self.address, ABSOLUTE)

    def symbol(self, name: str) -> Value | None:
        return SYMBOLS.get(name)

    def is_defined(self, name: str) -> bool:
        return name in SYMBOLS

    def section(self, name: str) -> Place | None:
        return SECTIONS.get(name)

    def region(self, name: str) -> tuple[int, int] | None:
        return {"region": (0x8500, 0x20)}.get(name)

    def assertion_failed(self, node: Any) -> None:
        raise AssertionError(node)


@dataclass
class Generator:
    """Random expressions both linkers can be asked about.

    Left out: divisors and alignments that are no constants, since a linker's first walk sees other
    values than the last and may divide by zero; SIZEOF of the section being laid out, which LLD
    counts as far as it is; `.` in QUAD(), which LLD refuses; words a linker does not have.
    """

    random: random.Random
    dialect: str
    where: str
    leaves: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.leaves = ["0", "1", "5", "0x1000", "0x234a", "1K", "-1", *SYMBOLS]
        if self.has_dot:
            self.leaves += [".", ".", "."]
        self.leaves += ["ADDR(.t)", "ADDR(.d)", "LOADADDR(.t)", "LOADADDR(.d)", "SIZEOF(.d)"]
        self.leaves += ["ALIGNOF(.d)", "DEFINED(T1)", "DEFINED(nope)", "CONSTANT(MAXPAGESIZE)"]
        self.leaves += ["ORIGIN(region)", "LENGTH(region)", '"T1"', 'SIZEOF(".d")', "0x10 + 0x20"]
        if self.where == "between":
            self.leaves.append("SIZEOF(.t)")
        if self.dialect == "gnu":
            self.leaves += ["NEXT(16)", "BLOCK(8)", "17o", "101b", "20h", "0x2K"]

    @property
    def has_dot(self) -> bool:
        return self.where != "quads" or self.dialect == "gnu"

    def number(self) -> str:
        return self.random.choice(("1", "2", "3", "7", "0x10", "0x1f", "A"))

    def align(self) -> str:
        odd = ("3", "12", "0x30") if self.dialect == "gnu" else ()
        return self.random.choice(("0", "1", "2", "16", "0x100", "0x1000", *odd))

    def make(self, depth: int) -> str:
        pick = self.random.random()
        if depth == 0 or pick < 0.15:
            return self.random.choice(self.leaves)
        if pick < 0.62:
            return self.binary(depth)
        if pick < 0.72:
            return f"{self.random.choice('-~!')}({self.make(depth - 1)})"
        if pick < 0.78:
            return f"({self.make(depth - 1)} ? {self.make(depth - 1)} : {self.make(depth - 1)})"
        return self.function(depth)

    def binary(self, depth: int) -> str:
        ops = ["+", "-", "*", "&", "|", "<<", ">>", "==", "!=", "<", "<=", ">", ">=", "&&", "||"]
        ops += ["+", "-", "+", "-", "/", "%"] + (["^"] if self.dialect == "lld" else [])
        op = self.random.choice(ops)
        left = self.make(depth - 1)
        right = self.number() if op in "/%" else self.make(depth - 1)
        return (
            f"({left}) {op} ({right})" if self.random.random() < 0.8 else f"({left} {op} {right})"
        )

    def function(self, depth: int) -> str:
        kinds = ("ABSOLUTE", "ALIGN2", "MAX", "MIN", "LOG2CEIL", "SEG", "ALIGN1")
        kind = self.random.choice(kinds[: 7 if self.has_dot else 6])
        if kind == "ALIGN1":
            return f"ALIGN({self.align()})"
        if kind == "SEG":
            return f'SEGMENT_START("x", {self.make(depth - 1)})'
        inner = self.make(depth - 1)
        if kind == "ALIGN2":
            return f"ALIGN({inner}, {self.align()})"
        if kind in ("MAX", "MIN"):
            return f"{kind}({inner}, {self.make(depth - 1)})"
        return f"{kind}({inner})"


@dataclass
class Asked:
    """One expression at one place, and what we make of it."""

    name: str
    text: str
    value: Value


def ask(dialect: str, where: str, seed: int) -> list[Asked]:
    """Expressions for one place; those we refuse are left out, and two oddities of LLD.

    An offset of -1 means the end of the section (`s = . - 1` at its begin), and the outer of two
    ALIGN() replaces the inner one.
    """
    generator = Generator(random.Random(f"{dialect} {where} {seed}"), dialect, where)
    found: list[Asked] = []
    quads = Place(".q", 0x4000, 0x4000, 8 * PER_BATCH)
    while len(found) < PER_BATCH:
        dot, current = {
            "inside": (TEXT.vma + 5, TEXT),
            "between": (DATA.vma + 5, None),
            "quads": (quads.vma + 8 * len(found), quads),
        }[where]
        if where == "quads" and DIALECTS[dialect].data_is_outside:
            current = None
        text = generator.make(generator.random.randrange(1, 5))
        env = Model(dialect, current, dot)
        try:
            tree = parse_expression(text)
            value = evaluate(tree, env)
        except LinkError:
            continue
        if dialect == "lld" and any(is_odd(part, env) for part in parts_of(tree)):
            continue
        value = value if where == "quads" else assigned(value, env)
        found.append(Asked(f"{where}_{len(found)}", text, value))
    return found


def is_odd(part: Expr, env: Model) -> bool:
    """Whether LLD has a value of its own for this part (see `ask`)."""
    inner = [e for e in parts_of(part) if isinstance(e, Call) and e.name == "ALIGN"]
    if isinstance(part, Call) and part.name == "ALIGN" and len(inner) > 1:
        return True
    try:
        value = evaluate(part, env)
    except LinkError:
        return False
    return value.section is not None and value.number == MASK


def link(dialect: str, script: str) -> bytes:
    command = find(dialect)
    if command is None:
        pytest.skip(missing(dialect))
    with workplace() as folder:
        (folder / "t.ld").write_text(script)
        (folder / "a.o").write_bytes(OBJECT.encode())
        arguments = [command, "-m", "elf_x86_64", "-T", "t.ld", "a.o", "-o", "out"]
        arguments += ["-z", "max-page-size=4096", "--no-check-sections", "-e", "0"]
        done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr[:500]
        return Path(folder / "out").read_bytes()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_generated_expressions(dialect: str, seed: int) -> None:
    asked = {where: ask(dialect, where, seed) for where in ("inside", "between", "quads")}
    lines = {
        where: "\n".join(f"{one.name} = {one.text};" for one in asked[where])
        for where in ("inside", "between")
    }
    quads = "\n".join(f"QUAD({one.text})" for one in asked["quads"])
    elf = ELFFile(io.BytesIO(link(dialect, SCRIPT.format(quads=quads, **lines))))
    symbols = {s.name: s for s in elf.get_section_by_name(".symtab").iter_symbols()}
    wrong = []
    for where in ("inside", "between"):
        for one in asked[where]:
            symbol = symbols[one.name]
            index = symbol["st_shndx"]
            theirs = index if isinstance(index, str) else elf.get_section(index).name
            ours = shown_in(one.value, where)
            if (symbol["st_value"], theirs) != (one.value.absolute(), ours):
                wrong.append(
                    f"{where}: {one.text}: {symbol['st_value']:#x} in {theirs}, "
                    f"here {one.value.absolute():#x} in {ours}"
                )
    data = elf.get_section_by_name(".q").data()
    for index, one in enumerate(asked["quads"]):
        word = int.from_bytes(data[8 * index : 8 * index + 8], "little")
        if word != one.value.absolute():
            wrong.append(f"QUAD({one.text}): {word:#x}, here {one.value.absolute():#x}")
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:20])


def shown_in(value: Value, where: str) -> str:
    """The section the symbol table names; GNU ld shows what comes from `.` in the one around it."""
    if value.is_absolute:
        around = ".t" if where == "inside" else ".d"
        return around if value.from_dot else "SHN_ABS"
    return str(value.section.name)
