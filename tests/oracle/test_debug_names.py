"""--debug-names: whole files compared with ld.lld's, and LLVM finds nothing wrong with them."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from pylink86 import link, read
from pylink86.cli.pyld import main
from pylink86.passes.elf_options import ElfOptions

from .debug_sources import FIRST, HEAD, SECOND, compiled, table
from .twins import assemble, assert_same_file, link_both, need

NAMES = ("-gdwarf-5", "-gpubnames")
STRINGS = 'int zu; extern "C" int zv() { return zu; }'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def three(folder: Path, *options: str) -> list[str]:
    """Two objects that share names and COMDAT functions, and one before them, so that their strings
    do not stay where they are."""
    return compiled(folder, "clang-19", {"z": STRINGS, "a": FIRST, "b": SECOND}, *options)


def verify(path: Path) -> None:
    need("llvm-dwarfdump-19")
    command = ["llvm-dwarfdump-19", "--debug-names", "--verify", path]
    said = subprocess.run(command, capture_output=True, text=True)
    assert "Verifying .debug_names" in said.stdout
    assert said.returncode == 0, said.stdout


# Compilers


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--gc-sections"],
        ["--gdb-index"],
        ["--compress-debug-sections=zlib"],
        ["--build-id"],
        ["-O2"],
        ["-O0"],
        ["-S"],
        ["-s"],
        ["--no-debug-names"],
        ["-T", "order.ld"],
        ["-T", "gone.ld"],
        ["-T", "no-info.ld"],
        ["--oformat=binary"],
    ],
    ids=" ".join,
)
def test_options(options: list[str], here: Path):
    script = "SECTIONS { .text : { *(.text*) } .debug_names : { *(.debug_names) } }"
    (here / "order.ld").write_text(script)
    (here / "gone.ld").write_text("SECTIONS { /DISCARD/ : { *(.debug_names) } }")
    (here / "no-info.ld").write_text("SECTIONS { /DISCARD/ : { *(.debug_info) } }")
    assert_same_file("lld", ["--debug-names", *options, *three(here, *NAMES)], here)


@pytest.mark.parametrize(
    "options",
    [
        ["-gdwarf-5", "-gpubnames", "-gz"],
        ["-gdwarf-5", "-gpubnames", "-gsplit-dwarf"],
        ["-gdwarf-5", "-gpubnames", "-fdebug-types-section"],
        ["-gdwarf-5", "-glldb"],
        ["-gdwarf-4", "-gpubnames"],
        ["-gdwarf-5"],
        [],
    ],
    ids=" ".join,
)
def test_kinds_of_debug_data(options: list[str], here: Path):
    objs = three(here, *options)
    assert_same_file("lld", ["--debug-names", *objs], here)


def test_relinked_object_with_several_tables(here: Path):
    need("ld.lld-19")
    objs = three(here, *NAMES)
    subprocess.run(["ld.lld-19", "-r", *objs[1:], "-o", "r.o"], cwd=here, check=True)
    assert_same_file("lld", ["--debug-names", objs[0], "r.o"], here)
    verify(here / "ours")


def test_many_names_and_units(here: Path):
    """Names in many buckets, and unit numbers of two bytes."""
    many = "\n".join(f"int name{i};" for i in range(1100))
    objs = three(here, *NAMES) + compiled(here, "clang-19", {"many": many}, *NAMES)
    words = ["--debug-names", "-z", "muldefs", *objs]
    assert_same_file("lld", words, here)
    assert_same_file("lld", [*words, *(["z.o"] * 260)], here)


def test_strings_of_32_bit_objects(here: Path):
    """LLD forgets where in .debug_str a name is when the object says so in the place itself; all
    else is the same (docs/DEVIATIONS.md)."""
    objs = three(here, *NAMES, "-m32")
    link_both("lld", ["--debug-names", *objs], here)
    verify(here / "ours")
    theirs, ours = (section(here / name) for name in ("peer", "ours"))
    assert theirs != ours
    assert without_strings(theirs) == without_strings(ours)


def section(path: Path) -> bytes:
    return bytes(read(path).section(".debug_names").content)


def without_strings(content: bytes) -> bytes:
    _, _, units, _, _, buckets, names, _, mark = struct.unpack_from("<IH2x7I", content)
    start = 36 + mark + 4 * (units + buckets + names)
    return content[:start] + content[start + 4 * names :]


def test_gnu_dialect(here: Path):
    objs = three(here, *NAMES)
    result = link(objs, elf=ElfOptions(debug_names=True), dialect="gnu")
    result.write(here / "ours")
    verify(here / "ours")


def test_gnu_dialect_without_the_option_joins_nothing(here: Path):
    objs = three(here, *NAMES)
    sizes = [read(obj).section(".debug_names").size for obj in objs]
    result = link(objs, dialect="gnu")
    assert len(result.sections[".debug_names"].content) == sum(sizes)


# Tables written by hand

VALUE = ".byte 1; .long 17"
AROUND = ".byte 2; .long 18; .long .Le0_0 - .Lpool0"
MADE = {
    "around": table({"foo": f"{VALUE}; {AROUND}", "bar": AROUND}),
    "around nothing": table({"foo": ".byte 1; .long 17, 100"}, "1:0x34:3,0x13,4,0x13"),
    "sizes": table({"foo": ".byte 1, 7; .short 8; .long 9; .byte 7; .short 8; .long 9"},
                   "1:0x34:3,0x11,0x2001,0x12,0x2002,0x13,0x2003,0x0b,0x2004,5,0x2005,6"),
    "no buckets": table({"foo": VALUE}, buckets=0),
    "many buckets": table({"foo": VALUE}, buckets=9),
    "no names": table({}, buckets=0),
    "no units": table({"foo": VALUE}, units=()),
    "other mark": table({"foo": VALUE}, mark="GNU0"),
    "no mark": table({"foo": VALUE}, mark=""),
    "units": table({"foo": ".byte 1,1; .long 17", "bar": ".byte 1,0; .long 18",
                    "baz": ".byte 1,9; .long 18"}, "1:0x34:1,0x0b,3,0x13", (".Lcu0", ".Lcu1")),
    "wide unit": table({"foo": ".byte 1; .long 1, 17"}, "1:0x34:1,6,3,0x13", (".Lcu0", ".Lcu1")),
    "units not said": table({"foo": VALUE}, units=(".Lcu0", ".Lcu1")),
    "types": table({"foo": VALUE}, types=1),
    "too long": table({"foo": VALUE}, grow="100"),
    "letters": table(dict.fromkeys(("ÄpfelS", "äpfels", "İı", "ß", "ſ", "\u212a", "SS"), VALUE)),
    "kinds": table(
        {"foo": ";".join(f".uleb128 {n}; .long {n}" for n in range(1, 120))},
        ";".join(f"{n}:{0x40 + n}:3,0x13" for n in range(1, 120)),
    ),
    "kinds in the same slot": table(
        {"foo": ";".join(f".uleb128 {64 * n}; .long {n}" for n in (5, 3, 9, 1))},
        ";".join(f"{64 * n}:{0x40 + n}:3,0x13" for n in (5, 3, 9, 1, 2, 17, 33)),
    ),
    "two tables": table({"foo": VALUE})
    + table({"bar": ".byte 1; .long 18, 0", "foo": ".byte 1; .long 20, 0"}, "1:0x35:3,0x13,4,0x13",
            (".Lcu1",), key="x", lines=" "),
    "empty": ".section .debug_names\n",
}  # fmt: skip


@pytest.mark.parametrize("source", MADE.values(), ids=MADE)
def test_made(source: str, here: Path):
    first = assemble(here / "z.o", HEAD + table({"zzz": VALUE}))
    second = assemble(here / "a.o", HEAD + source)
    assert_same_file("lld", ["--debug-names", "-e0", first, second], here)
    assert_same_file("lld", ["--debug-names", "-e0", second], here)


BAD = {
    "unsupported version: 4": table({"foo": VALUE}, version=4),
    "unrecognized form encoding 20 in abbrev table": table(
        {"foo": ".byte 1; .quad 1"}, "1:0x34:3,0x14"
    ),
    "unrecognized form encoding 25 in abbrev table": table({"foo": ".byte 1"}, "1:0x34:3,0x19"),
    "invalid form for DW_IDX_parent": table({"foo": ".byte 1, 0"}, "1:0x34:4,0x0f"),
    "abbrev code not found in abbrev table: 9": table({"foo": ".byte 9"}),
    "Duplicate abbreviation code.": table({"foo": VALUE}, "1:0x34:3,0x13;1:0x35:3,0x13"),
    "Section too small: cannot read abbreviations.": table({"foo": VALUE}, grow_kinds="400"),
    "Incorrectly terminated abbreviation table.": table({"foo": VALUE}, end=""),
    "index entry is out of bounds": table({"foo": VALUE}).replace(".byte 0\n.Lne0", ".Lne0"),
    "ends early": table({"foo": ".byte 1; .short 3"}).replace(".byte 0\n.Lne0", ".Lne0"),
}  # fmt: skip


@pytest.mark.parametrize("says", BAD)
def test_bad(says: str, here: Path, capsys: pytest.CaptureFixture[str]):
    """LLD refuses what we do, in these words for the most part."""
    need("ld.lld-19")
    obj = assemble(here / "a.o", HEAD + BAD[says] + "\n")
    words = ["--debug-names", "-e0", obj, "-o", "out"]
    peer = subprocess.run(["ld.lld-19", *words], cwd=here, capture_output=True, text=True)
    assert main(["--dialect=lld", *words], "pyld") == peer.returncode == 1
    assert says in capsys.readouterr().err
    assert says in peer.stderr or says == "ends early"


def test_wide_tables(here: Path, capsys: pytest.CaptureFixture[str]):
    objs = three(here, *NAMES, "-gdwarf64")
    assert main(["--dialect=lld", "--debug-names", *objs, "-o", "out"], "pyld") == 1
    assert "found DWARF64, which is currently unsupported" in capsys.readouterr().err


def test_relinking_does_not_go_with_it(here: Path, capsys: pytest.CaptureFixture[str]):
    obj = assemble(here / "a.o", HEAD + table({"foo": VALUE}))
    assert main(["-r", "--debug-names", obj, "-o", "o"], "pyld") == 1
    assert "-r and --debug-names may not be used together" in capsys.readouterr().err
