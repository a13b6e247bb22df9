"""64-bit code with 32-bit addresses (`as --x32`): ELF32 files of machine x86-64, as both linkers
make them; and raw images without a script, whose sections LLD packs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import elf_const as c
from pylink86 import read
from pylink86.cli import pyld
from tests.cases.seen import seen

from . import peers

SOURCE = """
.text
.globl _start
_start:
    mov value(%rip), %eax
    mov $message, %edi
    ret
.section .rodata,"a"
message: .asciz "hello"
.data
value: .long message
"""
LINES = (
    ["-m", "elf32_x86_64"],
    ["-m", "elf32_x86_64", "-Ttext=0x8000"],
    ["-m", "elf32_x86_64", "-r"],
    ["-m", "elf32_x86_64", "-q"],
    ["-m", "elf32_x86_64", "--oformat=binary", "-Ttext=0x8000"],
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if shutil.which("as") is None:
        pytest.skip("needs as: apt install binutils")
    monkeypatch.chdir(tmp_path)
    subprocess.run(["as", "--x32", "-o", "a.o", "-"], input=SOURCE.encode(), check=True)
    return tmp_path


@pytest.mark.peer
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize("options", LINES, ids=" ".join)
def test_output_is_the_peers(options: list[str], dialect: str, folder: Path) -> None:
    peer = peers.find(dialect)
    if peer is None:
        pytest.skip(peers.missing(dialect))
    subprocess.run([peer, *options, "a.o", "-o", "theirs"], check=True)
    assert pyld.main([f"--dialect={dialect}", *options, "a.o", "-o", "ours"], "pyld") == 0
    ours, theirs = ((folder / name).read_bytes() for name in ("ours", "theirs"))
    assert seen(ours, "_start", segments=True) == seen(theirs, "_start", segments=True)


@pytest.mark.peer
@pytest.mark.parametrize("options", [[], ["-Ttext=0x8000"], ["-Tdata=0x300000"], ["-N"]], ids=str)
def test_lld_packs_a_raw_image_without_a_script(options: list[str], folder: Path) -> None:
    peer = peers.find("lld")
    if peer is None:
        pytest.skip(peers.missing("lld"))
    source = SOURCE + ".bss\n.skip 5\n"
    subprocess.run(["as", "-o", "b.o", "-"], input=source.encode(), check=True)
    line = ["--oformat=binary", *options, "b.o", "-o"]
    subprocess.run([peer, *line, "theirs"], check=True)
    assert pyld.main(["--dialect=lld", *line, "ours"], "pyld") == 0
    assert (folder / "ours").read_bytes() == (folder / "theirs").read_bytes()


def test_a_raw_image_of_lld_has_no_padding_for_relro(folder: Path) -> None:
    """LLD itself finds that its padding overlaps the data."""
    source = SOURCE + '.section .data.rel.ro,"aw"\n.quad 1\n'
    subprocess.run(["as", "-o", "b.o", "-"], input=source.encode(), check=True)
    assert pyld.main(["--dialect=lld", "--oformat=binary", "b.o", "-o", "ours"], "pyld") == 0
    assert len((folder / "ours").read_bytes()) < 100


TABLES = """
.globl _start
_start:
    mov one@GOTPCREL(%rip), %eax
    mov two@GOTPCREL(%rip), %eax
    lea _GLOBAL_OFFSET_TABLE_(%rip), %ebx
one: ret
two: ret
"""
LATE = """
.globl _start
_start: call later
.type later, @gnu_indirect_function
later: ret
.data
value: .long value
"""


def assembled(text: str, *options: str) -> None:
    words = ["as", *options, "-o", "b.o", "-"]
    subprocess.run(words, input=text.encode(), check=True)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("dialect", "text"), [("gnu", TABLES), ("gnu", LATE), ("lld", LATE)], ids=str
)
def test_tables_are_the_peers(dialect: str, text: str, folder: Path) -> None:
    peer = peers.find(dialect)
    if peer is None:
        pytest.skip(peers.missing(dialect))
    assembled(text, "--x32", "-mrelax-relocations=no")
    line = ["-m", "elf32_x86_64", "b.o", "-o"]
    subprocess.run([peer, *line, "theirs"], check=True)
    assert pyld.main([f"--dialect={dialect}", *line, "ours"], "pyld") == 0
    ours, theirs = (read(folder / name) for name in ("ours", "theirs"))
    assert list(ours.sections.names) == list(theirs.sections.names)
    loaded = [i for i, flags in enumerate(ours.sections.flags) if flags & c.SHF_ALLOC]
    assert [bytes(ours.contents[i]) for i in loaded] == [bytes(theirs.contents[i]) for i in loaded]


@pytest.mark.peer
def test_slots_have_eight_bytes(folder: Path) -> None:
    assembled(TABLES, "--x32", "-mrelax-relocations=no")
    assert pyld.main(["--dialect=lld", "b.o", "-o", "ours"], "pyld") == 0
    made = read(folder / "ours")
    at = made.sections.names.index(".got")
    step = [made.symbols.value[made.symbols.names.index(name)] for name in ("one", "two")]
    slots = bytes(made.contents[at])
    assert [int.from_bytes(slots[i : i + 8], "little") for i in (0, 8)] == step


@pytest.mark.peer
def test_an_image_names_no_loader(folder: Path) -> None:
    assembled("ret\n")
    words = ["--dialect=lld", "--oformat=binary", "-dynamic-linker", "/lib/ld.so", "b.o"]
    assert pyld.main([*words, "-o", "ours"], "pyld") == 0
    assert (folder / "ours").read_bytes() == b"\xc3"


@pytest.mark.peer
@pytest.mark.usefixtures("folder")
def test_the_inputs_decide_without_m() -> None:
    assert pyld.main(["a.o", "-o", "plain"], "pyld") == 0
    assert pyld.main(["-m", "elf32_x86_64", "a.o", "-o", "named"], "pyld") == 0
    header = read("plain").header
    assert (header.elf_class, header.machine) == (32, c.EM_X86_64)
    assert Path("plain").read_bytes() == Path("named").read_bytes()
