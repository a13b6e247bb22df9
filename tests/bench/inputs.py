"""The links that `scripts/bench` times: `python tests/bench/inputs.py FOLDER CASE...` makes their
inputs in a folder and prints, as JSON, the words for a linker.

hello is a boot sector and a Rust stage (committed objects) as a raw image; kern a Rust kernel that
formats numbers, with the garbage collection that leaves little of `core`; std every object of
Rust's standard library, 19 MB; s1000 and s4000 are as many objects of a large project that compiles
each function into a section of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))

from tests.oracle.objects import Obj, Reloc, Sec, Sym  # noqa: E402

FIXTURES = ROOT / "fixtures"
TARGET = "lib/rustlib/x86_64-unknown-linux-gnu/lib"
FUNCTIONS, CONSTANTS, VARIABLES, BUFFERS = 20, 8, 8, 4
"""Sections of one generated object, 40 in all; a function has three relocations."""


def hello(folder: Path) -> list[str]:
    objects = FIXTURES / "objects"
    layout = FIXTURES / "layouts/prefixed.ld"
    names = ("rust_hello_O2_pic.o", "boot_long_elf64.o")
    return ["--oformat=binary", "-T", str(layout), *(str(objects / name) for name in names)]


def kern(folder: Path) -> list[str]:
    kernel = folder / "kernel.o"
    source = ROOT / "tests/oracle/kernel_fmt.rs"
    options = ["--edition", "2024", "-O", "-C", "panic=abort", "--crate-type", "lib"]
    subprocess.run(["rustc", *options, "--emit", "obj", source, "-o", kernel], check=True)
    return ["--gc-sections", str(kernel), *_rlibs("core", "compiler_builtins")]


def std(folder: Path) -> list[str]:
    rlibs = _rlibs("core", "compiler_builtins", "alloc", "std")
    return ["--unresolved-symbols=ignore-all", "--whole-archive", *rlibs]


def s1000(folder: Path) -> list[str]:
    return _many(folder, 1000)


def s4000(folder: Path) -> list[str]:
    return _many(folder, 4000)


CASES: dict[str, Callable[[Path], list[str]]] = {
    "hello": hello, "kern": kern, "std": std, "s1000": s1000, "s4000": s4000,
}  # fmt: skip
"""What each case is called, and what makes its inputs in a folder: the words for a linker."""


def _rlibs(*names: str) -> list[str]:
    """Libraries of the installed Rust."""
    if shutil.which("rustc") is None:
        sys.exit("error: no rustc: install Rust 1.85 or newer from https://rustup.rs")
    root = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, check=True)
    folder = Path(root.stdout.decode().strip()) / TARGET
    return [str(next(folder.glob(f"lib{name}-*.rlib"))) for name in names]


def _many(folder: Path, count: int) -> list[str]:
    """Generated objects, the names of all of them in a response file."""
    words = folder / f"s{count}.txt"
    paths = [folder / f"s{count}_{number:04}.o" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(generated(number, count).encode())
    words.write_text("".join(f"{path}\n" for path in paths))
    return ["-e", "f0_0", f"@{words}"]


def generated(number: int, count: int) -> Obj:
    """One object: functions that call the next file's and refer to its own constants and data."""
    sections = [*_functions(number, count)]
    symbols = [Sym(f"f{number}_{i}", "global", "func", i + 1, 0, 64) for i in range(FUNCTIONS)]
    for i in range(CONSTANTS):
        sections.append(Sec(f".rodata.c{number}_{i}", "a", align=8, data=bytes(range(24))))
    for i in range(VARIABLES):
        sections.append(Sec(f".data.v{number}_{i}", "wa", align=8, data=bytes(16)))
        place = len(sections)
        symbols.append(Sym(f"v{number}_{i}", "global", "object", place, 0, 16))
    for i in range(BUFFERS):
        sections.append(Sec(f".bss.b{number}_{i}", "wa", "nobits", 16, size=64))
    following = (number + 1) % count
    symbols += [Sym(f"f{following}_{i}") for i in range(FUNCTIONS)]
    return Obj(f"s{number}.o", "x86_64", tuple(sections), tuple(symbols))


def _functions(number: int, count: int) -> Iterator[Sec]:
    following = (number + 1) % count
    for i in range(FUNCTIONS):
        relocations = (
            Reloc(8, "R_X86_64_PLT32", f"f{following}_{i}", -4),
            Reloc(24, "R_X86_64_PC32", FUNCTIONS + 1 + i % CONSTANTS, 4),
            Reloc(40, "R_X86_64_32S", f"v{number}_{i % VARIABLES}"),
        )
        name = f".text.f{number}_{i}"
        yield Sec(name, "ax", align=16, data=b"\x90" * 64, relocs=relocations)


if __name__ == "__main__":
    where, *names = sys.argv[1:]
    print(json.dumps({name: CASES[name](Path(where)) for name in names}))
