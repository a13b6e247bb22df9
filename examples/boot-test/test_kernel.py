"""Build a bootable image and test what it does when it runs.  Needs gcc, no nasm and no QEMU."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import boot, link
from pylink86.script.defaults import raw_layout

HERE = Path(__file__).parent
FLAGS = ["-m64", "-O2", "-ffreestanding", "-mno-red-zone", "-fno-pic"]


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """The machine after the kernel ran: screen, serial port, registers, memory, reason."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed (apt install gcc)")
    kernel = tmp_path_factory.mktemp("build") / "kernel.o"
    subprocess.run(["gcc", *FLAGS, "-c", HERE / "kernel.c", "-o", kernel], check=True)
    result = link([boot.sector("long"), kernel], raw_layout("long"), oformat="binary")
    return boot.run(result.image)


def test_ends_with_success(machine):
    assert (machine.reason, machine.exit_code) == ("exit code", 0), machine.explain()


def test_greets(machine):
    assert machine.lines[0] == "Hello from 64 bits"
    assert machine.memory(0xB8000, 2) == b"H\x1f"


def test_the_loader_clears_bss(machine):
    assert machine.serial == b"bss is zero\n"


def test_runs_in_long_mode(machine):
    assert machine.registers["cr0"] >> 31 == 1
