"""The debug twin of a raw image, and the gdb commands that load it, read by gdb itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import link, read
from pylink86.cli import pyld
from pylink86.explain.gdb import code_ranges, named_width

FIXTURES = Path(__file__).parents[2] / "fixtures" / "objects"
BOOT = FIXTURES / "boot_long_elf32.o"

SCRIPT = """
ENTRY(boot)
SECTIONS {
  .boot 0x7c00 : { *(.boot*) }
  .text 0x7e00 : { *(.text* .rodata* .data* .bss*) . = ALIGN(512); }
  SECOND_STAGE_LENGTH = (. - ADDR(.text)) >> 9;
  /DISCARD/ : { *(.note* .eh_frame*) }
}
"""

STAGE = """
int counter;
static int twice(int x) { return 2 * x; }
int _start(void) { counter = twice(counter); return counter; }
"""


def needs(program: str, package: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"needs {program}: apt install {package}")
    return path


@pytest.fixture(params=["-m32", "-m64"])
def linked(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an image, its twin and its gdb script: an ELF32 boot sector with code of three
    widths, and a stage of the class that is asked for, with DWARF."""
    gcc = needs("gcc", "gcc gcc-multilib")
    (tmp_path / "stage.c").write_text(STAGE)
    (tmp_path / "k.ld").write_text(SCRIPT)
    command = [gcc, request.param, "-g", "-O0", "-ffreestanding", "-fno-pic", "-c", "stage.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    arguments = ["-T", "k.ld", str(BOOT), "stage.o", "--oformat", "binary", "-o", "os.img"]
    twin = ["--elf-twin", "os.elf", "--gdb-script=os.gdb"]
    assert pyld.main([*arguments, *twin, "-w"], "pyld") == 0
    return tmp_path


def gdb(folder: Path, *commands: str) -> str:
    """What gdb says to the commands after it has read the script; errors of its own fail."""
    words = [needs("gdb", "gdb"), "-nx", "-batch", "-x", "os.gdb"]
    for command in commands:
        words += ["-ex", command]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert not re.search("rror|nvalid|warning", done.stderr), done.stderr
    return done.stdout


@pytest.mark.peer
def test_gdb_finds_symbols_and_lines(linked: Path) -> None:
    said = gdb(linked, "info symbol 0x7c00", "info line _start", "info line twice", "ptype counter")
    assert "boot in section .boot" in said
    assert 'Line 4 of "stage.c"' in said
    assert "type = int" in said


@pytest.mark.peer
def test_gdb_reads_code_by_address(linked: Path) -> None:
    stage = {b"\x01": "i386", b"\x02": "i386:x86-64"}[(linked / "stage.o").read_bytes()[4:5]]
    asked = {"start16": "i8086", "start32": "i386", "start64": "i386:x86-64", "_start": stage}
    for label, expected in asked.items():
        said = gdb(linked, f"pylink86-architecture-at &{label}", "show architecture")
        assert said.rstrip().endswith(f'"{expected}".'), said


@pytest.mark.peer
def test_gdb_disassembles_each_part(linked: Path) -> None:
    """The first instruction is a far jump with 16 bits of segment and offset."""
    said = gdb(linked, "pylink86-architecture-at 0x7c00", "x/i 0x7c00")
    assert re.search(r"ljmp +\$0x0,\$0x7c05", said), said


@pytest.mark.peer
def test_twin_and_image_hold_the_same_bytes(linked: Path) -> None:
    objcopy = needs("objcopy", "binutils")
    subprocess.run([objcopy, "-O", "binary", "os.elf", "copy"], cwd=linked, check=True)
    assert (linked / "copy").read_bytes() == (linked / "os.img").read_bytes()
    assert read(linked / "os.elf").section(".debug_info").size > 0


def test_ranges_of_a_boot_sector() -> None:
    result = link(
        [read(BOOT), read(FIXTURES / "hello_O1_static.o")], SCRIPT, oformat="binary", entry="boot"
    )
    ranges = code_ranges(result)
    assert [found.width for found in ranges] == [16, 32, 64]
    labels = {
        name: result.resolution.files[0].symbol(name).value for name in ("start32", "start64")
    }
    assert [found.start - 0x7C00 for found in ranges] == [0, *labels.values()]
    assert ranges[-1].end >= result.sections[".text"].vma


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("start32", 32), ("boot.start32", 32), ("code16", 16), ("_bits64", 64), ("entry_32", 32),
        ("long_mode", 64), ("real_mode_start", 16), ("protectedmode", 32),
        ("switch_to_long_mode_now", 0), ("restart32", 0), ("start32.loop", 0), ("CODE", 0),
        ("enter_long_mode", 0),
    ],
)  # fmt: skip
def test_labels_that_name_a_width(name: str, width: int) -> None:
    assert named_width(name) == width


def test_a_twin_that_is_the_output_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "os.img"
    script = tmp_path / "k.ld"
    script.write_text(SCRIPT.replace("ENTRY(boot)", "_start = 0x7e00;"))
    arguments = ["-T", str(script), str(BOOT), "--oformat=binary", "-o", str(out), "-w"]
    assert pyld.main([*arguments, f"--elf-twin={out}"], "pyld") == 1
    assert "is the output itself" in capsys.readouterr().err
