"""Sources with debug data for indexes: two C++ files that share names, units written by hand."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .twins import need

FIRST = """
struct Foo { int x; int get() const; template<class T> T put(T v); };
namespace ns {
int var = 3;
static int own(int a) { return a * 3; }
inline int in(int b) { return b + 1; }
}
inline int Foo::get() const { return x; }
template<class T> T Foo::put(T v) { x = v; return v; }
enum E { A1, B1 };
typedef unsigned long ulong_t;
union U { int a; char b; };
E glob = B1; U uu; ulong_t ul;
int unused(int z) { return z ^ 77; }
int middle() { Foo f{3}; return f.get() + f.put(4) + ns::own(7) + ns::in(8); }
extern "C" int second();
extern "C" void _start() { second(); middle(); for (;;); }
"""

SECOND = """
struct Foo { int x; int get() const; template<class T> T put(T v); };
inline int Foo::get() const { return x; }
template<class T> T Foo::put(T v) { x = v; return v; }
namespace ns { inline int in(int b) { return b + 1; } }
static int table[4] = {1, 2, 3, 4};
extern "C" int second() {
  Foo f{9};
  return f.get() + f.put(3) + f.put('c') + table[f.x] + ns::in(3);
}
int dead() { return 4; }
"""


def compiled(folder: Path, compiler: str, sources: Mapping[str, str], *options: str) -> list[str]:
    """C++ sources by name, each as an object in a folder; the names of these."""
    need(compiler)
    objs = _objects(compiler, tuple(sources.items()), options)
    for name, data in objs.items():
        (folder / name).write_bytes(data)
    return [*objs]


@cache
def _objects(
    compiler: str, sources: tuple[tuple[str, str], ...], options: tuple[str, ...]
) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        for name, source in sources:
            (folder / f"{name}.cc").write_text(source)
        command = [compiler, *OPTIONS, *options, "-c", *(f"{name}.cc" for name, _ in sources)]
        subprocess.run(command, cwd=folder, check=True)
        return {f"{name}.o": (folder / f"{name}.o").read_bytes() for name, _ in sources}


OPTIONS = ("-O1", "-fno-inline", "-ffreestanding", "-fno-exceptions", "-ffunction-sections")

CODE = """
 .section .text.f1, "ax"
f1: .byte 0xc3, 0x90, 0x90
.Lf1e:
 .section .text.f2, "ax"
f2: .byte 0xc3, 0x90
.Lf2e:
 .section .text.s1, "ax"
s1: .byte 0xb8, 0, 0, 0, 0, 0xc3
 .section .text.s2, "ax"
s2: .byte 0xb8, 0, 0, 0, 0, 0xc3
 .text
 .globl _start
_start: .long f1 - ., s1 - ., s2 - .
"""

LOW_AND_SIZE = "0x11,1, 0x12,7"
"""Attributes with their forms: DW_AT_low_pc an address, DW_AT_high_pc eight bytes."""


def unit(
    number: int, attributes: str = LOW_AND_SIZE, values: str = ".quad f2, 5", version: int = 4
) -> str:
    """A unit of one entry, and its abbreviation."""
    five, four = (".byte 1, 8", "") if version >= 5 else ("", ".byte 8")
    return f"""
 .section .debug_abbrev
.Lab{number}: .uleb128 1, 0x11; .byte 0
 .uleb128 {attributes}
 .byte 0, 0, 0
 .section .debug_info
.Lcu{number}: .long .Lend{number} - . - 4
 .short {version}
 {five}
 .long .Lab{number}
 {four}
 .uleb128 1
 {values}
.Lend{number}:
"""


def names(
    table: str, number: int, entries: str, length: str = "0", unit: str = "", end: str = ".long 0"
) -> str:
    """A set of names of a unit.  entries: `offset kind name` each, with `;` between; length: what
    is wrong with the one it says it has."""
    rows = (entry.split() for entry in entries.split(";"))
    listed = "\n".join(f' .long {at}; .byte {kind}; .asciz "{name}"' for at, kind, name in rows)
    mark = f"{number}{table}"
    return f"""
 .section .debug_gnu_{table}
.Lp{mark}: .long .Lpe{mark} - . - 4 + {length}
 .short 2
 .long {unit or f".Lcu{number}"}, 30
{listed}
 {end}
.Lpe{mark}:
"""


RANGES = """
 .section .debug_ranges
.Lr: .quad 4, 4
 .quad f1, .Lf1e
 .quad f2, .Lf2e
 .quad -1, s2
 .quad 1, 3
 .quad 0, 0
.Lr2: .quad 0, 2
 .quad 1, 3
 .quad 0, 0
.Lopen: .quad f1, .Lf1e
"""

LISTS = """
 .section .debug_rnglists
 .long .Lrne - . - 4
 .short 5
 .byte 8, 0
 .long 3
.Lrb: .long .Lra - .Lrb, .Lrc - .Lrb, .Lrd - .Lrb
.Lra: .byte 5; .quad f1
 .byte 4; .uleb128 0, 3
 .byte 6; .quad f2, .Lf2e
 .byte 7; .quad s1; .uleb128 6
 .byte 0
.Lrc: .byte 1; .uleb128 1
 .byte 4; .uleb128 0, 2
 .byte 2; .uleb128 0, 1
 .byte 3; .uleb128 2, 5
 .byte 3; .uleb128 9, 5
 .byte 7; .quad f1; .uleb128 0
 .byte 0
.Lrd: .byte 4; .uleb128 1, 2
 .byte 0
.Lbad: .byte 4; .uleb128 1, 2
 .byte 9
 .byte 0
.Lopen: .byte 4; .uleb128 1, 2
 .byte 6; .quad f1
.Lrne:
 .section .debug_addr
 .long .Lade - . - 4
 .short 5
 .byte 8, 0
.Ladb: .quad f1, .Lf1e, s2
.Lade:
"""

# .debug_names

HEAD = """
 .text
 _start: ret
 .section .debug_abbrev
.Lab: .byte 1, 0x11, 0, 0, 0, 0
 .section .debug_info
.Lcu0: .long 9; .short 5; .byte 1, 8; .long .Lab; .byte 1
.Lcu1: .long 9; .short 5; .byte 1, 8; .long .Lab; .byte 1
"""

KINDS = "1:0x34:3,0x13, 4,0x19; 2:0x2e:3,0x13, 4,0x13"
"""Abbreviations: number, tag, attributes each with its form (3: place, 4: what is around it)."""


def table(
    entries: dict[str, str],
    kinds: str = KINDS,
    units: tuple[str, ...] = (".Lcu0",),
    mark: str = "LLVM0700",
    buckets: int = 1,
    types: int = 0,
    version: int = 5,
    grow: str = "0",
    grow_kinds: str = "0",
    end: str = ".byte 0",
    key: str = "0",
    lines: str = "",
) -> str:
    """An index of names, each with its entries as assembly, without the 0 behind them.  grow,
    grow_kinds: what is wrong with the sizes it says it has; lines: of the section, instead of
    aligning it."""
    texts = list(entries)
    words = [lines or ".balign 4"]
    words += [f".Ln{key}: .long .Lne{key} - . - 4 + {grow}", f".short {version}, 0"]
    words += [f".long {len(units)}, {types}, 0, {buckets}, {len(texts)}"]
    words += [f".long .Lpool{key} - .Lkinds{key} + {grow_kinds}, {len(mark)}", f'.ascii "{mark}"']
    words += [f".long {unit}" for unit in units] + [".long 0"] * types
    words += [".long 1"] * buckets + [".long 0"] * (len(texts) if buckets else 0)
    words += [f".long .Ls{key}_{i}" for i in range(len(texts))]
    words += [f".long .Le{key}_{i} - .Lpool{key}" for i in range(len(texts))]
    words += [f".Lkinds{key}:"]
    for kind in filter(None, kinds.split(";")):
        code, tag, attributes = kind.split(":")
        words += [f".uleb128 {code}, {tag}", f".uleb128 {attributes}", ".byte 0, 0"]
    words += [end, f".Lpool{key}:"]
    for i, text in enumerate(texts):
        words += [f".Le{key}_{i}: {entries[text]}", ".byte 0"]
    words += [f".Lne{key}:", '.section .debug_str, "MS", @progbits, 1']
    words += [f'.Ls{key}_{i}: .asciz "{text}"' for i, text in enumerate(texts)]
    return '.section .debug_names, "", @progbits\n' + "\n".join(words) + "\n"
