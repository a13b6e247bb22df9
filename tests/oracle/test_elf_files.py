"""Files made elsewhere: what the machine has, more sections than 16 bits count, readers of ours."""

from __future__ import annotations

import glob
import shutil
import subprocess

import attrs
import pytest

import fixtures
from pylink86 import elf_const as c
from pylink86 import read, read_bytes
from tests.samples import small_object

pytestmark = pytest.mark.peer

INSTALLED = ["/usr/lib/x86_64-linux-gnu/*.o", "/usr/lib/gcc/x86_64-linux-gnu/*/*.o"]


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}: install binutils")


def test_objects_of_the_c_library_survive():
    paths = [path for pattern in INSTALLED for path in glob.glob(pattern)]
    if not paths:
        pytest.skip("no objects in /usr/lib: install libc6-dev")
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        assert read_bytes(data, path).to_bytes() == data, path


@pytest.mark.parametrize("tool", ["ld", "as", "objcopy", "readelf"])
def test_linked_programs_survive(tool):
    need(tool)
    with open(shutil.which(tool), "rb") as file:
        data = file.read()
    obj = read_bytes(data, tool)
    assert obj.header.type in (c.ET_EXEC, c.ET_DYN) and obj.segments
    assert obj.to_bytes() == data


def test_a_program_laid_out_anew_still_runs(tmp_path):
    """Sections of a PT_LOAD keep their distances, so the loader sees the same memory."""
    need("ld")
    obj = read(shutil.which("ld"))
    path = tmp_path / "ld"
    path.write_bytes(attrs.evolve(obj, layout=None).to_bytes())
    path.chmod(0o755)
    mine = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    assert "GNU ld" in mine.stdout


def test_70000_sections_by_gas(tmp_path):
    need("as")
    count = 70_000
    text = "".join(f'.section .s{i},"a"\nx{i}: .byte {i & 255}\n' for i in range(count))
    text += '.section .last,"a"\n.globl top\ntop: .long top - ., x0, x69999\n'
    subprocess.run(["as", "-o", "many.o"], input=text, text=True, cwd=tmp_path, check=True)
    obj = read(tmp_path / "many.o")
    assert len(obj.sections) > count
    assert obj.to_bytes() == (tmp_path / "many.o").read_bytes()
    assert obj.symbol("top").section == obj.section(".last")
    assert obj.symbol("x69999").section.name == ".s69999"
    assert obj.section(".s69999").content == bytes([69999 & 255])
    assert attrs.evolve(obj, layout=None).to_bytes()[:4] == c.ELF_MAGIC


@pytest.mark.parametrize("elf_class", [32, 64])
def test_readelf_finds_nothing_wrong_with_what_is_made_in_memory(elf_class, tmp_path):
    need("readelf")
    (tmp_path / "x.o").write_bytes(small_object(elf_class).to_bytes())
    done = subprocess.run(
        ["readelf", "--all", "--wide", "--lint", "x.o"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "arning" not in done.stderr and "rror" not in done.stderr
    assert "COMDAT group section" in done.stdout and "outside" in done.stdout


@pytest.mark.parametrize("name", ["hello_O2_static", "boot_long_elf32", "c64_clang"])
def test_gnu_ld_links_what_was_laid_out_anew(name, tmp_path):
    """The same output as from the original object."""
    need("ld")
    obj = read(fixtures.path(name))
    (tmp_path / "a.o").write_bytes(fixtures.path(name).read_bytes())
    (tmp_path / "b.o").write_bytes(attrs.evolve(obj, layout=None).to_bytes())
    for file in ("a", "b"):
        emulation = {32: "elf_i386", 64: "elf_x86_64"}[obj.header.elf_class]
        command = ["ld", "-m", emulation, "-r", f"{file}.o", "-o", f"{file}.out"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    a, b = read(tmp_path / "a.out"), read(tmp_path / "b.out")
    assert a.sections.names == b.sections.names
    assert [bytes(x) for x in a.contents] == [bytes(x) for x in b.contents]
