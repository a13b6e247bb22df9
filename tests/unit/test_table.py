"""What `pyld --print-layout` draws: every byte accounted for, sensible for few and for many."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import attrs
import pytest

from pylink86 import elf_const as c
from pylink86 import link, read, read_bytes
from pylink86.cli import pyld
from pylink86.explain.overview import (
    Fold,
    Hole,
    about,
    fold,
    overview,
    sectors,
    short_names,
    size_in_words,
    with_holes_in_file,
    with_holes_in_memory,
)
from pylink86.explain.table import KEEP, layout_table
from pylink86.model import Header, ObjectFile, SectionRow, Sections, SymbolRow, Symbols

ROOT = Path(__file__).parents[2]
OBJECTS = ROOT / "fixtures" / "objects"
PREFIXED = ROOT / "fixtures" / "layouts" / "prefixed.ld"

KERNEL = """SECTIONS {
  . = 0x100000;
  .text : { *(.text*) }
  .rodata : { *(.rodata*) LONG(0x12345678) }
  .data : { *(.data*) }
  . = 0x200000;
  .bss : { *(.bss*) *(COMMON) _end = .; }
  SIZE = _end - 0x100000;
}"""


def hello():
    stage = read(OBJECTS / "hello_O2_static.o").prefix_alloc_sections(".rust")
    return link([stage, OBJECTS / "boot_long_elf32.o"], PREFIXED, oformat="binary")


def many(count: int) -> list[ObjectFile]:
    """Small objects with code and zeroed memory, every 500th a large one."""
    found = []
    for number in range(count):
        size = 0x4000 if number % 500 == 250 else 3 + number % 7
        rows = [
            SectionRow(".text", c.SHT_PROGBITS, c.SHF_ALLOC | c.SHF_EXECINSTR, size=size, align=16),
            SectionRow(".bss", c.SHT_NOBITS, c.SHF_ALLOC | c.SHF_WRITE, size=size, align=4),
        ]
        symbols = [SymbolRow(f"local{number}", 1, type=c.STT_FUNC, shndx=1)]
        file = ObjectFile(
            f"part/{number}.o",
            Header(64, c.EM_X86_64),
            Sections.from_rows(rows),
            [b"", bytes(size), b""],
            Symbols.from_rows(symbols),
        )
        found.append(written(file))
    return found


def written(file: ObjectFile) -> ObjectFile:
    """As it is when it was written to disk and read again, with the tables an ELF file has."""
    return read_bytes(file.to_bytes(), file.name)


def code_with(symbols: list[SymbolRow], name: str = "code.o") -> ObjectFile:
    """64 bytes of code with these symbols."""
    row = SectionRow(".text", c.SHT_PROGBITS, c.SHF_ALLOC | c.SHF_EXECINSTR, size=64)
    made = ObjectFile(
        name,
        Header(64, c.EM_X86_64),
        Sections.from_rows([row]),
        [b"", bytes(64)],
        Symbols.from_rows(symbols),
    )
    return written(made)


MANY = "SECTIONS { .text 0x8000 : { *(.text) . = ALIGN(512); } .bss : { *(.bss) } }"


def rows(text: str) -> list[re.Match[str]]:
    """The rows of sections and parts: memory range, file offset, size, words."""
    pattern = re.compile(
        r"^(?P<start>0x[0-9a-f]+)-(?P<end>0x[0-9a-f]+) +(?:(?P<file>0x[0-9a-f]+) +)?"
        r"(?P<size>0x[0-9a-f]+)  (?P<rest>.*)$",
        re.MULTILINE,
    )
    return list(pattern.finditer(text))


def test_the_table_of_a_boot_image():
    text = layout_table(overview(hello()), title="hello.img")
    lines = text.splitlines()
    assert lines[0].startswith("hello.img: raw image, 1,024 bytes = 2 sectors of 512")
    assert "0x7c00-0x7e00    0x0  0x200  0       .boot: code" in lines
    assert "0x7e00-0x8000  0x200  0x200  1       .hello_rust: code" in lines
    assert "  0x7c05                                 start16" in lines
    start = next(line for line in lines if line.endswith("hello_O2_static.o(.rust.text._start)"))
    assert start.startswith("0x7e10-0x7e63  0x210   0x53  1")
    fill = "padding: . = ALIGN(512), prefixed.ld:7 [de ad c0 de de ad c0 de ...]"
    assert lines[-5].endswith(fill)
    assert "padding: alignment of hello_O2_static.o(.rust.text._start)" in text
    assert lines[-3:] == [
        "set by the script:",
        "  SECOND_STAGE_LENGTH = 0x1 (1)",
        "neither in memory nor in the file (45 bytes): .comment",
    ]
    assert all(line == line.rstrip() for line in lines)


def test_the_table_of_an_elf_file():
    text = layout_table(overview(link([OBJECTS / "c64_common.o"], KERNEL)), title="kernel")
    assert text.startswith("kernel: elf64-x86-64, ")
    assert "sector" not in text
    assert re.search(r"^0x1001ac-0x1001b0 +0x\w+ +0x4    data: LONG\(0x12345678\)", text, re.M)
    assert re.search(r"^0x1001d8-0x200000 +0xffe28  ~ hole of 1,048,104 bytes ~$", text, re.M)
    assert re.search(r"^0x200000-0x200074 +0x74  \.bss: zeroed memory$", text, re.M)
    assert re.search(r"^  0x200074 +_end \(script\)$", text, re.M)
    assert re.search(r"^ +0x0 +0x40  \(ELF header\)$", text, re.M)
    assert "(.symtab)" in text
    assert re.search(r"\.comment: not loaded, no statement of the script names it$", text, re.M)
    assert "  SIZE = 0x100074 (1,048,692)" in text


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("count", [1, 3, 40, 3000])
def test_parts_tile_their_sections(count: int, full: bool):
    """The law: the rows of a section cover it, without hole or overlap, folded or not."""
    result = link(many(count), MANY, oformat="binary")
    text = layout_table(overview(result), full=full)
    end = None
    for row in rows(text):
        start, stop = int(row["start"], 16), int(row["end"], 16)
        assert stop - start == int(row["size"], 16)
        if re.search(r"(^| )\.(text|bss): ", row["rest"]):
            assert end is None or start >= end
            inner, outer = start, stop
        elif "hole" not in row["rest"]:
            assert start == inner
            inner = end = stop
            assert inner <= outer
            if row["file"]:
                assert int(row["file"], 16) == start - 0x8000


def test_many_inputs_are_folded():
    result = link(many(3000), MANY, oformat="binary")
    short = layout_table(overview(result))
    full = layout_table(overview(result), full=True)
    assert len(short.splitlines()) < 60
    assert len(full.splitlines()) > 6000
    assert short.count("... 499 inputs of 499 files, ") == 10
    assert all(f"{number}.o(.text)" in short for number in (250, 750, 1250, 1750, 2250, 2750))
    assert "--print-layout=full" in short
    assert "..." not in full.replace("...]", "")


def test_small_links_are_not_folded():
    text = layout_table(overview(link(many(12), MANY, oformat="binary")))
    assert "..." not in text.replace("...]", "")


def test_folding_keeps_the_largest_first_and_last():
    parts = overview(link(many(600), MANY)).memory[0].parts
    shown = fold(parts, 10)
    assert len(shown) < 30
    single = [part for part in shown if not isinstance(part, Fold)]
    assert parts[0] in single
    assert parts[-1] in single
    assert max(parts, key=lambda part: part.size) in single
    opened = [p for part in shown for p in (part.parts if isinstance(part, Fold) else [part])]
    assert opened == list(parts)
    assert all(len(part.parts) > 3 for part in shown if isinstance(part, Fold))
    assert fold(parts[: KEEP + 2], KEEP) == list(parts[: KEEP + 2])


def test_symbols_are_cut_short_unless_all_are_wanted():
    rows = [SymbolRow(f"here{n:02}", n, type=c.STT_FUNC, shndx=1) for n in range(40)]
    view = overview(link([code_with(rows)], MANY, oformat="binary"))
    assert "... 28 more symbols" in layout_table(view)
    assert "here39" in layout_table(view, full=True)


def test_names_that_would_drive_a_terminal_are_escaped():
    rows = [SymbolRow("red\x1b[31m", 1, type=c.STT_FUNC, shndx=1)]
    file = code_with(rows, "dir/bad\x07.o")
    text = layout_table(overview(link([file], MANY, oformat="binary")))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert r"red\x1b[31m" in text


def test_lines_are_cut_to_the_terminal():
    text = layout_table(overview(hello()), width=80)
    assert max(map(len, text.splitlines()[2:-3])) <= 80
    assert "~" in text


def test_colour_only_when_asked():
    assert "\x1b" not in layout_table(overview(hello()))
    assert "\x1b[1m" in layout_table(overview(hello()), colour=True)


def test_holes_and_overlaps():
    view = overview(link([OBJECTS / "c64_common.o"], KERNEL))
    holes = [h for h in with_holes_in_memory(view.memory) if isinstance(h, Hole)]
    assert [(h.start, h.size) for h in holes] == [(0x10017C, 4), (0x1001D8, 0xFFE28)]
    items = with_holes_in_file(view.in_file, view.file_size)
    assert sum(item.size for item in items if not getattr(item, "alloc", False)) > 0
    at = 0
    for item in items:
        start = item.start if isinstance(item, Hole) else item.file_off
        assert start == at
        at += item.size
    assert at == view.file_size
    first = view.memory[0]
    moved = attrs.evolve(view.memory[1], vma=first.vma + first.size - 3)
    assert with_holes_in_memory([first, moved])[1].size == -3
    assert "overlaps what is before it by 3 bytes" in layout_table(
        attrs.evolve(view, memory=(first, moved))
    )


def test_zeros_between_load_addresses():
    script = "SECTIONS { .text 0x1000 : { *(.text*) } .data 0x2000 : { *(.data* .rodata*) } }"
    text = layout_table(overview(link([OBJECTS / "c64_common.o"], script, oformat="binary")))
    assert re.search(r"^ +0x17c +0xe84 +0-7 +~ zeros in the file: 3,716 bytes", text, re.M)


def test_nothing_at_all():
    empty = ObjectFile("e.o", Header(64, c.EM_X86_64), Sections.from_rows([]), [b""])
    text = layout_table(overview(link([empty], MANY, oformat="binary")), title="none")
    assert text.startswith("none: raw image, 0 bytes = 0 sectors of 512")


def test_small_things():
    assert size_in_words(1) == "1 byte"
    assert size_in_words(1536) == "1,536 bytes"
    assert size_in_words(65536) == "64 KiB"
    assert size_in_words(3 << 30) == "3 GiB"
    assert about(1016320) == "992.5 KiB"
    assert about(0x3FF00000) == "1,023 MiB"
    assert about(9) == "9 bytes"
    assert sectors(0, 512) == (0, 0)
    assert sectors(511, 2) == (0, 1)
    assert sectors(512, 0) == (1, 1)
    assert short_names(["a/x.o", "b/x.o", "c/y.o"]) == {
        "a/x.o": "a/x.o", "b/x.o": "b/x.o", "c/y.o": "y.o"
    }  # fmt: skip


# The command


@pytest.fixture
def line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return [
        "--oformat=binary",
        "-T",
        str(PREFIXED),
        str(OBJECTS / "rust_hello_O2_pic.o"),
        str(OBJECTS / "boot_long_elf64.o"),
        "-o",
        "out.img",
    ]


def test_print_layout(line, capsys):
    assert pyld.main([*line, "--print-layout"], "pyld") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("out.img: raw image, ")
    assert ".hello_rust: code" in out
    assert pyld.main([*line, "--print-layout=full"], "pyld") == 0
    assert Path("out.img").stat().st_size == 1024


def test_print_layout_takes_full_and_nothing_else(line, capsys):
    assert pyld.main([*line, "--print-layout=fully"], "pyld") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "`fully' is not a value of --print-layout" in err
    assert not Path("out.img").exists()


def test_nothing_is_printed_after_an_error(line, capsys):
    assert pyld.main([*line, "--print-layout", "--defsym=x=nosuch"], "pyld") == 1
    assert capsys.readouterr().out == ""


def test_terminals_that_know_few_characters(line, monkeypatch):
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert pyld.main([*line, "--print-layout"], "pyld") == 0
    stdout.flush()
    assert b".hello_rust: code" in stdout.buffer.getvalue()
