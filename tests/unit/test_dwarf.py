"""Source lines of object files: what the fixtures' compilers wrote, and files that are broken."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from pylink86.elf_const import SHF_EXECINSTR
from pylink86.explain import dwarf
from pylink86.explain.dwarf import line_table, source_line
from pylink86.formats.elf_read import read_elf

ROOT = Path(__file__).resolve().parents[2]
OBJECTS = ROOT / "fixtures" / "objects"
WITH_LINES = sorted(
    p.name
    for p in OBJECTS.glob("*.o")
    if b".debug_line" in p.read_bytes() and not re.match(r"exec|prefix_|compressed_zstd", p.name)
)


def load(name):
    return read_elf((OBJECTS / name).read_bytes(), name)


def code_sections(file):
    return [s for s in file if s.flags & SHF_EXECINSTR and s.size]


def line_of(source, words):
    """The number of the one line of a fixture source that holds some words."""
    lines = (ROOT / "fixtures" / "src" / source).read_text().splitlines()
    return next(n for n, text in enumerate(lines, 1) if words in text)


@pytest.mark.parametrize("name", ["hello_O0_static_g.o", "hello_O0_pic_g.o"])
def test_rust(name):
    file = load(name)
    start = file.section(".text._start")
    assert source_line(file, start.index, 0) == f"hello.rs:{line_of('hello.rs', 'fn _start')}"


@pytest.mark.parametrize(
    ("name", "prefix"), [("rust_hello_O0_static_g.o", ".rust"), ("prefix_sections_rust.o", ".k")]
)
def test_a_prefix_on_section_names_changes_nothing(name, prefix):
    file = load("hello_O0_static_g.o")
    plain, prefixed = line_table(file), line_table(load(name))
    for section in code_sections(file):
        other = load(name).section(prefix + section.name).index
        for offset in range(section.size):
            assert prefixed.find(other, offset) == plain.find(section.index, offset)


@pytest.mark.peer
@pytest.mark.parametrize("name", WITH_LINES)
def test_lines_agree_with_addr2line(name):
    if shutil.which("addr2line") is None:
        pytest.skip("addr2line is not installed (apt install binutils)")
    file = load(name)
    lines = line_table(file)
    assert lines is not None
    known = 0
    for section in code_sections(file)[:6]:
        offsets = range(0, section.size, max(1, section.size // 24))
        done = subprocess.run(
            ["addr2line", "-j", section.name, "-e", OBJECTS / name, *map(hex, offsets)],
            capture_output=True,
            text=True,
            check=True,
        )
        for offset, said in zip(offsets, done.stdout.splitlines(), strict=True):
            path, _, number = re.sub(r" \(discriminator \d+\)", "", said).rpartition(":")
            mine = lines.find(section.index, offset)
            if number.isdigit() and number != "0":
                assert mine == f"{Path(path).name}:{number}", (section.name, offset)
                known += 1
    assert known >= 10


def test_places_outside_have_no_line():
    file = load("hello_O0_static_g.o")
    start = file.section(".text._start")
    assert source_line(file, start.index, start.size) is None
    assert source_line(file, start.index, -1) is None
    assert source_line(file, 0, 0) is None
    assert source_line(file, len(file.sections) + 5, 0) is None


def test_no_debug_information_no_line():
    file = load("boot_pm_elf32.o")
    assert line_table(file) is None
    assert source_line(file, 1, 0) is None


@pytest.mark.parametrize("damaged", [".debug_line", ".debug_info", ".debug_abbrev"])
@pytest.mark.parametrize("name", ["hello_O0_static_g.o", "c32_clang_g.o", "compressed_zlib.o"])
def test_damaged_tables_give_no_error(name, damaged):
    file = load(name)
    index = file.section(damaged).index
    content = bytes(file.contents[index])
    for broken in (b"", content[: len(content) // 2], bytes(len(content)), b"\xff" * len(content)):
        contents = [*file.contents]
        contents[index] = broken
        hurt = attrs.evolve(file, contents=contents)
        for section in code_sections(hurt):
            found = source_line(hurt, section.index, 0)
            assert found is None or re.fullmatch(r"\S*:\d+", found)


def test_a_compressed_section_that_claims_too_much_is_not_unpacked():
    file = load("compressed_zlib.o")
    index = file.section(".debug_line").index
    content = bytearray(file.contents[index])
    content[8:16] = (1 << 40).to_bytes(8, "little")
    contents = [*file.contents]
    contents[index] = bytes(content)
    assert line_table(attrs.evolve(file, contents=contents)) is None


def test_a_table_is_decoded_once_for_all_messages(monkeypatch):
    decoded = []
    monkeypatch.setattr(dwarf, "line_table", lambda file, with_path: decoded.append(file))
    file = load("hello_O0_static_g.o")
    line = dwarf.source_lines()
    assert [line(file, 1, at) for at in range(5)] == [None] * 5
    assert decoded == [file]


def test_a_table_that_is_too_large_for_a_message_is_left_alone(monkeypatch):
    file = load("hello_O0_static_g.o")
    start = file.section(".text._start").index
    monkeypatch.setattr(dwarf, "LARGEST_FOR_MESSAGES", file.section(".debug_line").size)
    assert dwarf.source_lines()(file, start, 0)
    monkeypatch.setattr(dwarf, "LARGEST_FOR_MESSAGES", file.section(".debug_line").size - 1)
    assert dwarf.source_lines()(file, start, 0) is None
    assert source_line(file, start, 0)


def test_pyelftools_is_imported_only_when_asked():
    code = (
        "import sys, pylink86.explain.dwarf as d; assert 'elftools' not in sys.modules;"
        "from pylink86.formats.elf_read import read_elf;"
        f"p = {str(OBJECTS / 'hello_O0_static_g.o')!r};"
        "assert d.source_line(read_elf(open(p, 'rb').read(), 'x'), 4, 0) != '';"
        "assert 'elftools' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
