"""Maps, cross references, traces, memory usage and make rules: word for word what the peers write.

The links are the generator's, as raw images, and a few written ones.  Taken out before comparing:
- GNU ld's `*fill*` lines of size 0: what is left of gaps of an earlier round of its sizing;
- GNU ld's own empty tables, which its map of an ELF link lists as sections of the first input;
- LLD's own sections `.comment`, `.symtab`, `.shstrtab` and `.strtab`, which its map names even for
  a raw image that has none of them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import LinkResult, link, read_bytes
from pylink86.cli import pyld
from pylink86.explain.mapfile import gnu_map
from pylink86.explain.mapfile_lld import lld_map

from . import peers
from .generate import generate
from .objects import Obj, Reloc, Sec, Sym

EXAMPLES = 80
SEED = 5
DIALECTS = ("gnu", "lld")

EMPTY_FILL = re.compile(r"^ \*fill\* .* 0x0 .*\n", re.MULTILINE)
GNU_TABLES = re.compile(
    r"^\n\.(?:iplt|got|igot|rela?)\S* +0x\S+ +0x0.*\n(?: \.\S+ *\n? +0x\S+ +0x0 .*\n)+",
    re.MULTILINE,
)
OWN_NAMES = r"\.(?:comment|symtab|shstrtab|strtab)"
OWN_ROWS = re.compile(rf"^ +0 +0 .*(?: {OWN_NAMES}|<internal>:\({OWN_NAMES}\))\n", re.MULTILINE)


def needs(dialect: str) -> None:
    if peers.find(dialect) is None:
        pytest.skip(peers.missing(dialect))


def plain(dialect: str, text: str) -> str:
    """A map without what may rightly differ."""
    if dialect == "gnu":
        return GNU_TABLES.sub("", EMPTY_FILL.sub("", text))
    return OWN_ROWS.sub("", text)


def our_map(result: LinkResult) -> str:
    return gnu_map(result, "out") if result.dialect.name == "gnu" else lld_map(result)


@pytest.mark.peer
@pytest.mark.parametrize("dialect", DIALECTS)
def test_random_links_have_the_same_map(dialect: str) -> None:
    needs(dialect)
    compared = 0
    options = ("--oformat", "binary", "-Map=map")
    with peers.workplace() as folder:
        for number in range(EXAMPLES):
            example = generate(SEED, number, dialect)
            script = example.layout.text()
            peer = peers.ask(dialect, folder, example.objects, script, example.machine, options)
            if not peer.accepted:
                continue
            result = link(
                [read_bytes(obj.encode(), obj.name) for obj in example.objects],
                script,
                dialect=dialect,
                oformat="binary",
                emulation=peers.EMULATIONS[example.machine],
            )
            theirs = plain(dialect, (folder / "map").read_text())
            assert plain(dialect, our_map(result)) == theirs, f"example {number}\n{script}"
            compared += 1
    assert compared > EXAMPLES // 3


# Written links, by the commands

A = Obj(
    "a.o",
    "x86_64",
    (
        Sec(".text", "ax", "progbits", 16, bytes(20), relocs=(Reloc(3, "R_X86_64_32", "used"),)),
        Sec(".text.a_long_name_of_a_function", "ax", "progbits", 1, bytes(3)),
        Sec(".data", "wa", "progbits", 8, bytes(9), relocs=(Reloc(0, "R_X86_64_64", "wk"),)),
        Sec(".bss", "wa", "nobits", 16, b"", 40),
    ),
    (
        Sym("inner", "local", "func", 1, 4),
        Sym("_start", "global", "func", 1),
        Sym("far", "global", "func", 2),
        Sym("shared", "global", "object", "COMMON", 8, 8),
        Sym("buffer", "global", "object", "COMMON", 4, 24),
        Sym("_ZN5hello4haltE", "global", "func", 1, 8),
        Sym("wk", "weak"),
        Sym("used"),
        Sym("from_script"),
    ),
)
B = Obj(
    "b.o",
    "x86_64",
    (
        Sec(".text", "ax", "progbits", 1, bytes(7), relocs=(Reloc(0, "R_X86_64_32", "far"),)),
        Sec(".data", "wa", "progbits", 1, b"data"),
        Sec(".rodata.unused", "a", "progbits", 1, b"unused"),
    ),
    (
        Sym("used", "global", "func", 1, 2),
        Sym("a_name_that_is_longer_than_the_column_for_names_is_wide", "global", "object", 2, 1),
        Sym("shared", "global", "object", "COMMON", 8, 64),
        Sym("far"),
        Sym("_start"),
    ),
)

CODE = Sec(".text", "ax", "progbits", 1, bytes(5))

SCRIPT = """
MEMORY {
  low : ORIGIN = 0, LENGTH = 1023
  code (rx) : ORIGIN = 0x10000, LENGTH = 64K
  a_region_with_a_long_name (rw!x) : ORIGIN = 0x20000, LENGTH = 1000
  huge (wa) : ORIGIN = 0x40000000, LENGTH = 2048M
  none : ORIGIN = 0x90000000, LENGTH = 0
}
from_script = 0x1234 + 2 * 8;
SECTIONS {
  .text : { KEEP(*(.text)) *(EXCLUDE_FILE(x.o b.o) .text.*) . = ALIGN(16); } >code =0x90
  .data : AT(0x30000) {
    *(SORT_BY_NAME(.data*))
    BYTE(1) SHORT(from_script + 1) LONG(ADDR(.text)) QUAD(-1)
    end_of_data = .;
  } >a_region_with_a_long_name
  .one_name_of_length_21 : { BYTE(7) . += 900; BYTE(8) } >low
  .bss : { *(.bss COMMON) } >huge
  PROVIDE(nobody_asks = 3);
  PROVIDE(wk = DEFINED(from_script) ? ADDR(.text) + 4 : 5);
  ASSERT(end_of_data > 3, "moved")
}
"""


def run_peer(dialect: str, folder: Path, arguments: list[str]) -> tuple[str, str]:
    command = peers.find(dialect)
    assert command is not None
    done = subprocess.run([command, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for obj in (A, B):
        (tmp_path / obj.name).write_bytes(obj.encode())
    (tmp_path / "s.ld").write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


RAW = ["--oformat", "binary", "-o", "out"]
LINK = [*RAW, "-T", "s.ld", "a.o", "b.o"]

COMMANDS = {
    "trace": ["-t", *LINK],
    "cref": ["--cref", *LINK],
    "memory-usage": ["--print-memory-usage", *LINK],
    "trace-symbol": ["-y", "far", "-y", "shared", "-y", "from_script", "-y", "nobody", *LINK],
    "map-to-stdout": ["-M", *LINK],
    "map-and-cref": ["-M", "--cref", *LINK],
    "scripts-last": ["-M", *RAW, "a.o", "b.o", "-T", "s.ld"],
    "script-between": ["-M", *RAW, "a.o", "-T", "s.ld", "b.o"],
}


def run_ours(
    dialect: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> tuple[str, str]:
    program = peers.find(dialect)
    assert pyld.main([f"--dialect={dialect}", "-w", *arguments], program) == 0
    out, err = capsys.readouterr()
    return out, err


@pytest.mark.peer
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", COMMANDS)
def test_commands_print_the_same(
    name: str, dialect: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs(dialect)
    out, err = run_peer(dialect, folder, COMMANDS[name])
    mine, told = run_ours(dialect, COMMANDS[name], capsys)
    assert plain(dialect, mine) == plain(dialect, out)
    if dialect == "gnu":
        assert told == err


@pytest.mark.peer
@pytest.mark.parametrize("dialect", DIALECTS)
def test_maps_of_elf_links(dialect: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs(dialect)
    script = SCRIPT.replace("*(EXCLUDE", "*(.rodata*) *(EXCLUDE")
    (folder / "s.ld").write_text(script)
    quiet = ["--no-warn-rwx-segments"] if dialect == "gnu" else []
    arguments = ["-M", "-o", "out", *LINK[-4:], *quiet]
    out, _ = run_peer(dialect, folder, arguments)
    mine, _ = run_ours(dialect, arguments, capsys)
    assert plain(dialect, mine) == plain(dialect, out)


@pytest.mark.peer
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("width", ["32", "64"])
def test_maps_of_compiled_code(
    dialect: str, width: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unwind tables, strings, debug data, notes."""
    needs(dialect)
    fixtures = Path(__file__).parents[2] / "fixtures" / "objects"
    name = f"c{width}_unwind.o"
    (folder / name).write_bytes((fixtures / name).read_bytes())
    (folder / "c.ld").write_text(
        "SECTIONS { . = 0x7c00; .text : { *(.text*) } .rodata : { *(.rodata*) } }"
    )
    emulation = {"32": "elf_i386", "64": "elf_x86_64"}[width]
    arguments = ["-M", *RAW, "-m", emulation, "-T", "c.ld", name]
    out, _ = run_peer(dialect, folder, arguments)
    mine, _ = run_ours(dialect, arguments, capsys)
    assert plain(dialect, mine) == plain(dialect, out)


@pytest.mark.peer
@pytest.mark.parametrize("dialect", DIALECTS)
def test_sections_left_out(dialect: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As ELF: GNU ld ignores --gc-sections for raw images."""
    needs(dialect)
    arguments = ["--gc-sections", "--print-gc-sections", "-e", "_start", "-o", "out", *LINK[-4:]]
    quiet = ["--no-warn-rwx-segments"] if dialect == "gnu" else []
    out, err = run_peer(dialect, folder, [*arguments, *quiet])
    mine, told = run_ours(dialect, arguments, capsys)
    assert "removing unused section" in out + err
    assert (mine, told if dialect == "gnu" else "") == (out, err if dialect == "gnu" else "")


@pytest.mark.peer
@pytest.mark.parametrize("dialect", DIALECTS)
def test_archives_in_maps_and_rules(
    dialect: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Members by the name and file they were taken for; archives once in the rule."""
    needs(dialect)
    ar = shutil.which("ar")
    if ar is None:
        pytest.skip("needs ar: apt install binutils")
    (folder / "c.o").write_bytes(Obj("c.o", "x86_64", (CODE,), (Sym("idle", place=1),)).encode())
    for archive, member in (("lib.a", "b.o"), ("libunused_with_a_long_name.a", "c.o")):
        subprocess.run([ar, "rc", archive, member], cwd=folder, check=True)
    arguments = [*RAW, "-M", "-t", "--dependency-file=out.d", "-T", "s.ld", "a.o", "lib.a"]
    arguments += ["libunused_with_a_long_name.a", "-u", "idle"]
    out, _ = run_peer(dialect, folder, arguments)
    rule = (folder / "out.d").read_text()
    mine, _ = run_ours(dialect, arguments, capsys)
    # LLD prints the trace when it is done with the map, or not at all before a pipe is closed.
    assert sorted(plain(dialect, mine).splitlines()) == sorted(plain(dialect, out).splitlines())
    assert (folder / "out.d").read_text() == rule


@pytest.mark.peer
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("order", ["scripts-last", "script-between", "script-first"])
def test_make_rules(
    dialect: str, order: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs(dialect)
    (folder / "inner.ld").write_text("inner = 1;\n")
    (folder / "s.ld").write_text("INCLUDE inner.ld\n" + SCRIPT)
    (folder / "b $c.o").write_bytes(B.encode())
    files = {
        "scripts-last": ["a.o", "b $c.o", "-T", "s.ld"],
        "script-between": ["a.o", "-T", "s.ld", "b $c.o"],
        "script-first": ["-T", "s.ld", "a.o", "b $c.o"],
    }[order]
    arguments = [*RAW, "--dependency-file=out.d", *files]
    run_peer(dialect, folder, arguments)
    theirs = (folder / "out.d").read_text()
    run_ours(dialect, arguments, capsys)
    assert (folder / "out.d").read_text() == theirs


@pytest.mark.peer
def test_mangled_names_stay_when_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs("lld")
    arguments = ["-M", "--no-demangle", *LINK]
    out, _ = run_peer("lld", folder, arguments)
    mine, _ = run_ours("lld", arguments, capsys)
    assert "_ZN5hello4haltE" in mine
    assert plain("lld", mine) == plain("lld", out)


@pytest.mark.parametrize("path", ["maps", "%.map"])
def test_map_named_after_the_output(
    path: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """GNU ld: a directory, or a percent sign in the name."""
    (folder / "maps").mkdir()
    run_ours("gnu", [f"-Map={path}", *LINK], capsys)
    assert (folder / {"maps": "maps/out.map", "%.map": "out.map"}[path]).exists()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_mapfile_parser_reads_our_maps(dialect: str) -> None:
    parser = pytest.importorskip(
        "mapfile_parser", reason="needs mapfile-parser: pip install mapfile-parser"
    )
    result = link(
        [read_bytes(obj.encode(), obj.name) for obj in (A, B)],
        SCRIPT,
        dialect=dialect,
        oformat="binary",
    )
    found = parser.MapFile()
    found.parseMapContents(our_map(result))
    assert found.findSymbolByName("far").symbol.vram == result.symbols["far"]
    assert found.findSymbolByName("used").symbol.vram == result.symbols["used"]
    assert found.findSymbolByName("used").section.filepath == Path("b.o")
    text = next(segment for segment in found if segment.name == ".text")
    assert (text.vram, text.size) == (0x10000, result.sections[".text"].size)
