"""--gdb-index: whole files compared with ld.lld's, and gdb finds by it what it should."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import link, read
from pylink86.cli.pyld import main
from pylink86.passes.elf_options import ElfOptions

from .debug_sources import CODE, FIRST, LISTS, RANGES, SECOND, compiled, names, unit
from .twins import assemble, assert_same_file

COMPILERS = {"clang": "clang-19", "gcc": "g++"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pair(folder: Path, compiler: str, *options: str) -> list[str]:
    """Two objects that share names and COMDAT functions."""
    return compiled(folder, COMPILERS[compiler], {"a": FIRST, "b": SECOND}, *options)


def index(data: bytes, folder: Path) -> bytes:
    (folder / "out").write_bytes(data)
    return bytes(read(folder / "out").section(".gdb_index").content)


# Compilers


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("machine", ["-m64", "-m32"])
@pytest.mark.parametrize("version", [4, 5])
def test_compiled(compiler: str, machine: str, version: int, here: Path):
    objs = pair(here, compiler, machine, f"-gdwarf-{version}", "-ggnu-pubnames")
    data = assert_same_file("lld", ["--gdb-index", *objs], here)
    assert b"ns::var\0" in index(data, here)
    collected = assert_same_file("lld", ["--gdb-index", "--gc-sections", *objs], here)
    assert len(index(collected, here)) <= len(index(data, here)) - 2 * 20  # unused, dead


@pytest.mark.parametrize(
    "options",
    [
        ["-g"],
        ["-g", "-gz", "-ggnu-pubnames"],
        ["-gdwarf-4", "-ggnu-pubnames", "-fdebug-types-section"],
        ["-gdwarf-5", "-ggnu-pubnames", "-fdebug-types-section"],
        ["-gdwarf-4", "-ggnu-pubnames", "-gsplit-dwarf"],
        ["-gdwarf-5", "-ggnu-pubnames", "-gsplit-dwarf"],
        ["-gdwarf-5", "-gdwarf64", "-ggnu-pubnames"],
    ],
    ids=" ".join,
)
def test_kinds_of_debug_data(options: list[str], here: Path):
    objs = pair(here, "clang", *options)
    assert_same_file("lld", ["--gdb-index", *objs], here)


@pytest.mark.parametrize(
    "options",
    [
        ["--icf=all"],
        ["--compress-debug-sections=zlib"],
        ["--build-id"],
        ["-s"],
        ["-S"],
        ["-T", "order.ld"],
        ["-T", "gone.ld"],
        ["-T", "no-info.ld"],
        ["--no-gdb-index"],
        ["-pie"],
    ],
    ids=" ".join,
)
def test_options(options: list[str], here: Path):
    script = "SECTIONS { .text : { *(.text*) } .gdb_index : { *(.gdb_index) } }"
    (here / "order.ld").write_text(script)
    (here / "gone.ld").write_text("SECTIONS { /DISCARD/ : { *(.gdb_index) } }")
    (here / "no-info.ld").write_text("SECTIONS { /DISCARD/ : { *(.debug_info) } }")
    objs = pair(here, "clang", "-g", "-ggnu-pubnames", "-fPIC")
    assert_same_file("lld", ["--gdb-index", *options, *objs], here)


def test_many_names(here: Path):
    """More than fit into the smallest table, and objects without names or without debug data."""
    many = "\n".join(f"int name{i};" for i in range(900))
    objs = pair(here, "clang", "-g", "-ggnu-pubnames")
    objs += compiled(here, "clang-19", {"many": many}, "-g", "-ggnu-pubnames")
    objs += [assemble(here / "plain.o", ".byte 1")]
    data = assert_same_file("lld", ["--gdb-index", *objs], here)
    assert len(index(data, here)) > 2048 * 8


def test_without_debug_data(here: Path):
    obj = assemble(here / "a.o", ".globl _start\n_start: ret")
    assert_same_file("lld", ["--gdb-index", obj], here)


def test_images_have_none(here: Path):
    objs = pair(here, "clang", "-g", "-ggnu-pubnames")
    assert_same_file("lld", ["--gdb-index", "--oformat=binary", *objs], here)


def test_gnu_dialect_has_the_same_names(here: Path):
    objs = pair(here, "clang", "-g", "-ggnu-pubnames")
    result = link(objs, elf=ElfOptions(gdb_index=True), dialect="gnu")
    assert b"ns::var\0" in bytes(result.sections[".gdb_index"].content)
    assert ".debug_gnu_pubnames" not in result.sections


@pytest.mark.parametrize("compiler", COMPILERS)
def test_gdb_reads_it(compiler: str, here: Path):
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed (apt install gdb)")
    objs = pair(here, compiler, "-g", "-ggnu-pubnames")
    assert_same_file("lld", ["--gdb-index", *objs], here)
    words = ["gdb", "-nx", "-batch", "-ex", "info line middle", "-ex", "ptype Foo", "ours"]
    said = subprocess.run(words, cwd=here, capture_output=True, text=True, check=True)
    assert "starts at address" in said.stdout
    assert "type = struct Foo {" in said.stdout
    assert not said.stderr


# Units and names written by hand

OPEN = ".section .debug_info\n"
MADE = {
    "names": unit(0) + unit(1)
    + names("pubnames", 0, "1 0x30 foo;2 0x30 foo;3 0x90 foo;4 0 zero;5 0xff zero")
    + names("pubtypes", 0, "1 0x10 foo;1 0x10 Bar") + names("pubnames", 1, "1 0x30 foo;2 3 FOO"),
    "set of no unit": unit(0) + names("pubnames", 0, "1 0x30 x", unit=".Lcu0+40"),
    "set without end": unit(0) + names("pubnames", 0, "1 0x30 x", end="")
    + names("pubtypes", 0, "1 0x30 y"),
    "set too long": unit(0) + names("pubnames", 0, "1 0x30 x", "400"),
    "set too short": unit(0) + names("pubnames", 0, "1 0x30 x", "-2"),
    "address and end": unit(0, "0x11,1,0x12,1", ".quad s2, s2+6"),
    "end first": unit(0, "0x12,7,0x11,1", ".quad 9, f2"),
    "odd sizes": unit(0, "0x11,1,0x12,15", ".quad f2; .uleb128 300")
    + unit(1, "0x11,1,0x12,13", ".quad f2; .sleb128 30"),
    "nowhere": unit(0, values=".quad 0x1234, 10") + unit(1, values=".quad f2, 0") + unit(2),
    "only a start": unit(0, "0x11,1", ".quad f1") + unit(1),
    "list": unit(0, "0x55,0x17", ".long .Lr") + unit(1, "0x11,1,0x55,0x17", ".quad s1; .long .Lr2")
    + unit(2, "0x52,1,0x55,0x17", ".quad s1; .long .Lr2") + RANGES,
    "list without end": unit(0) + unit(1, "0x55,0x17", ".long .Lopen") + RANGES,
    "list outside": unit(0) + unit(1, "0x55,0x17", ".long 4000") + RANGES,
    "new lists": unit(0, "0x55,0x17", ".long .Lra", 5)
    + unit(1, "0x11,1,0x55,0x17", ".quad f2; .long .Lrd", 5)
    + unit(2, "0x55,0x17,0x73,0x17", ".long .Lrc, .Ladb", 5) + LISTS,
    "numbered lists": unit(0, "0x55,0x23,0x74,0x17,0x73,0x17", ".byte 0; .long .Lrb, .Ladb", 5)
    + unit(1, "0x55,0x23,0x74,0x17,0x73,0x17", ".byte 1; .long .Lrb, .Ladb", 5)
    + unit(2, "0x55,0x23,0x73,0x17", ".byte 0; .long .Ladb", 5) + LISTS,
    "numbered addresses": unit(0, "0x11,0x1b,0x12,6,0x73,0x17", ".byte 2; .long 3, .Ladb", 5)
    + unit(1, "0x11,0x1b,0x12,0x1b,0x73,0x17", ".byte 0, 1; .long .Ladb", 5)
    + unit(2, "0x11,0x29,0x12,0x0b", ".byte 1, 4", 5)
    + unit(3, "0x11,0x1b,0x12,6,0x73,0x17", ".byte 2; .long 3, .Ladb+900", 5) + LISTS,
    "unknown kind in list": unit(0, "0x55,0x17", ".long .Lbad", 5) + LISTS,
    "new list without end": unit(0, "0x55,0x17", ".long .Lopen", 5) + LISTS,
    "entry ends early": unit(0) + unit(1, values=".quad f2; .byte 5"),
    "all forms": unit(
        0,
        "1,8,2,9,3,0x0a,4,3,5,4,6,0xc,7,0xd,8,0xe,9,0xf,0x0a,0x10,0x0b,0x13,0x0d,0x15,0x0e,0x16,"
        "0x0f,0x19,0x10,0x1a,0x11,1,0x17,0x1e,0x18,0x20,0x19,0x21; .sleb128 -3;"
        ".uleb128 0x1a,0x1f,0x12,0x0b",
        '.asciz "x"; .byte 3,1,2,3; .byte 2,1,1; .short 1; .byte 9; .long 1; .byte 9,1;'
        ".sleb128 -200; .long 4; .uleb128 900; .long 3,4; .uleb128 300; .byte 5; .short 9;"
        ".uleb128 500; .quad f1,1,2,4; .long 8; .byte 3",
        5,
    ) + unit(1),
    "no entry": unit(0) + OPEN + ".long 8; .short 4; .long .Lab0; .byte 8, 0",
    "kinds of units": unit(0) + OPEN + "".join(
        f".long 1f-.-4; .short 5; .byte {kind}, 8; .long .Lab0; {more}"
        " .byte 1; .quad f1, 3\n1:\n"
        for kind, more in ((2, ".quad 12; .long 24;"), (3, ""), (4, ".quad 12;"),
                           (6, ".quad 12; .long 24;"), (0x80, ""))
    ),
    "wide": unit(0) + OPEN
    + ".long -1; .quad 1f-.-8; .short 4; .quad .Lab0; .byte 8, 1; .quad f1, 3\n1:\n"
    ".section .debug_gnu_pubnames\n.long -1; .quad 1f-.-8; .short 2; .quad .Lend0, 30, 1\n"
    '.byte 0x30; .asciz "wide"; .quad 0\n1:\n',
    "section of a group": unit(0)
    + '.section .debug_info, "G", @progbits, grp, comdat\n'
    ".long 1f-.-4; .short 4; .long .Lab0; .byte 8, 1; .quad f1, 3\n1:\n",
    "two sections": unit(0) + '.section .debug_info, "", @progbits, unique, 3\n'
    ".long 1f-.-4; .short 4; .long .Lab0; .byte 8, 1; .quad f1, 3\n1:\n",
    "unit ends early": unit(0) + OPEN + ".long 100; .short 4",
    "unit too long": unit(0) + OPEN + ".long 100; .short 4; .long .Lab0; .byte 8, 1; .quad f1, 3",
    "one byte": unit(0) + OPEN + ".byte 1",
    "reserved length": unit(0) + OPEN + ".long 0xfffffff3; .short 4; .long 0, 0, 0",
    "version 6": unit(0) + unit(1, version=6) + unit(2),
    "address of 3 bytes": unit(0) + OPEN + ".long 8; .short 4; .long .Lab0; .byte 3, 0",
    "unknown abbreviation": unit(0) + OPEN + ".long 8; .short 4; .long .Lab0; .byte 8, 9",
    "no abbreviations": unit(0) + OPEN + ".long 8; .short 4; .long 9000; .byte 8, 1",
    "unknown form": unit(0) + unit(1, "0x11,1,0x12,99") + unit(2),
    **{
        f"strings at {base} of {length}": unit(
            0, "0x72,0x17,0x11,1,0x12,7", f".long {base}; .quad f1, 2", 5
        ) + f".section .debug_str_offsets\n.Lso: .long {length}; .short 5, 0; .long 0, 4"
        for base, length in (("0", 12), (".Lso+8", 12), (".Lso+8", 13), (".Lso+8", 3),
                             (".Lso+7", 12), (".Lso+12", 12), (".Lso+500", 12))
    },
    "only a group": '.section .debug_info, "G", @progbits, grp, comdat\n.long 0',
    "empty": OPEN,
}  # fmt: skip
"""What it is -> source behind CODE."""


@pytest.mark.parametrize("source", MADE.values(), ids=MADE)
def test_made(source: str, here: Path):
    obj = assemble(here / "a.o", CODE + source + "\n")
    assert_same_file("lld", ["--gdb-index", obj], here)
    assert_same_file("lld", ["--gdb-index", "--gc-sections", "--icf=all", obj], here)


def test_symbols_of_other_files(here: Path):
    """A name that another file defines has that file's offset in this file's section."""
    code = ".text\n.byte 7\n.globl other, late\nother: .byte 1\nlate: .byte 3\n"
    first = assemble(here / "a.o", code)
    units = unit(0, values=".quad other, 5") + unit(1, values=".quad late, 5")
    weak = ".text\n.weak late\nlate: .byte 1\n"
    second = assemble(here / "b.o", CODE + units + weak)
    assert_same_file("lld", ["--gdb-index", first, second], here)
    assert_same_file("lld", ["--gdb-index", second, first], here)


def test_relinking_does_not_go_with_it(here: Path, capsys: pytest.CaptureFixture[str]):
    obj = assemble(here / "a.o", CODE)
    assert main(["-r", "--gdb-index", obj, "-o", "o"], "pyld") == 1
    assert "-r and --gdb-index may not be used together" in capsys.readouterr().err
