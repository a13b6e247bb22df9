"""Prefixing against GNU objcopy: the same names in the same order, on every fixture.

objcopy also moves things: groups come first, each relocation section follows its target, the tables
of symbols and names come last and are never shared.  None of this is a name, so it is left out.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest

import fixtures
from pylink86 import elf_const as c
from pylink86 import read, read_bytes
from tests.samples import small_object

pytestmark = pytest.mark.peer

PREFIX = ".pre"
OPERATIONS = {
    "--prefix-sections": "prefix_sections",
    "--prefix-alloc-sections": "prefix_alloc_sections",
    "--prefix-symbols": "prefix_symbols",
}
PROGRAM = "int g = 3; int h(void); int main(void) { return g; }"


@pytest.fixture(scope="module", autouse=True)
def need_objcopy():
    if shutil.which("objcopy") is None:
        pytest.skip("needs GNU objcopy: install binutils")


def objcopy(data, option, tmp_path):
    (tmp_path / "in.o").write_bytes(data)
    subprocess.run(
        ["objcopy", f"{option}={PREFIX}", "in.o", "out.o"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=60,
    )
    return read(tmp_path / "out.o")


def names(obj):
    """What both agree on: names of sections in order, of what objcopy moves, of symbols."""
    sections = obj.sections
    tables = {0, obj.header.shstrndx, obj.symtab, sections.link[obj.symtab]}
    moved = (c.SHT_REL, c.SHT_RELA, c.SHT_GROUP)
    rows = [
        row
        for i, row in enumerate(zip(sections.names, sections.type, strict=True))
        if i not in tables
    ]
    symbols = obj.symbols
    return {
        "sections": [name for name, kind in rows if kind not in moved],
        "moved": sorted(row for row in rows if row[1] in moved),
        "symbol table": sections.names[obj.symtab],
        "symbols": [
            (name, sections.names[place] if place > 0 else place, value, size, other)
            for name, info, place, value, size, other in zip(
                symbols.names,
                symbols.info,
                symbols.shndx,
                symbols.value,
                symbols.size,
                symbols.other,
                strict=True,
            )
            if info & 0xF != c.STT_SECTION
        ],
    }


def agree(data, option, tmp_path):
    mine = getattr(read_bytes(data, "in.o"), OPERATIONS[option])(PREFIX).to_bytes()
    assert names(read_bytes(mine, "in.o")) == names(objcopy(data, option, tmp_path))
    return mine


@pytest.mark.parametrize("option", list(OPERATIONS))
@pytest.mark.parametrize("name", sorted(fixtures.entries()))
def test_fixture(name, option, tmp_path):
    agree(fixtures.path(name).read_bytes(), option, tmp_path)


@pytest.mark.parametrize("option", list(OPERATIONS))
@pytest.mark.parametrize("elf_class", [32, 64])
def test_object_made_in_memory(elf_class, option, tmp_path):
    agree(small_object(elf_class).to_bytes(), option, tmp_path)


@pytest.mark.parametrize("option", list(OPERATIONS))
@pytest.mark.parametrize("kind", ["-no-pie", "-pie", "-shared"])
def test_linked_file(kind, option, tmp_path):
    """.rela.dyn is a part of the program and prefixed; .rela.text of --emit-relocs is not."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc: install gcc")
    command = ["gcc", kind, "-fPIC", "-xc", "-", "-o", "linked", "-Wl,--emit-relocs"]
    subprocess.run(command, input=PROGRAM, text=True, cwd=tmp_path, check=True)
    agree((tmp_path / "linked").read_bytes(), option, tmp_path)


@pytest.mark.parametrize("option", list(OPERATIONS))
def test_objcopy_and_the_linker_read_the_result(option, tmp_path):
    mine = agree(fixtures.path("hello_O2_static").read_bytes(), option, tmp_path)
    (tmp_path / "mine.o").write_bytes(mine)
    subprocess.run(
        ["objcopy", "mine.o", "again.o"], cwd=tmp_path, check=True, stderr=subprocess.PIPE
    )
    assert names(read(tmp_path / "again.o")) == names(read_bytes(mine, "mine.o"))
