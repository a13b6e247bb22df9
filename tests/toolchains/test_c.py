"""gcc, clang, make and CMake link kernels with pylink86, as their users call them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pylink86 import read
from tests.toolchains.conftest import START

FREESTANDING = ("-ffreestanding", "-fno-pic", "-nostdlib", "-static", "-O1")
FILES = ("start.c", "answer.c")


def needs(tool: str, package: str) -> pytest.MarkDecorator:
    missing = shutil.which(tool) is None
    return pytest.mark.skipif(missing, reason=f"needs {tool}: apt install {package}")


def check(kernel: Path, machine: int = 62) -> None:
    """A kernel at 1 MiB, linked by pylink86, whose entry is its code."""
    file = read(kernel)
    assert file.header.machine == machine
    text = next(s for s in file if s.name == ".text")
    assert text.addr == 0x100000
    assert text.addr <= file.header.entry < text.addr + text.size


@needs("gcc", "gcc")
@pytest.mark.parametrize("linker", [[], ["-fuse-ld=bfd"], ["-fuse-ld=lld"]])
def test_gcc_finds_it_by_B(project: Path, silent: Callable[..., None], linker: list[str]):
    silent("gcc", "-Bbin", *linker, *FREESTANDING, "-Wl,-T,kernel.ld", *FILES, "-o", "k.elf")
    check(project / "k.elf")


@needs("gcc", "gcc")
def test_gcc_adds_options_of_its_own(project: Path, silent: Callable[..., None]):
    """-plugin, -plugin-opt, --hash-style, -dynamic-linker, --build-id, --eh-frame-hdr ..."""
    given = ["-Wl,--build-id,--hash-style=both,--as-needed,-z,relro,-z,now", "-Wl,-Map=k.map"]
    silent(
        "gcc",
        "-Bbin",
        *FREESTANDING[:3],
        "-no-pie",
        "-g",
        *given,
        "-Tkernel.ld",
        *FILES,
        "-o",
        "k.elf",
    )
    check(project / "k.elf")
    assert "answer" in (project / "k.map").read_text()


@needs("gcc", "gcc-multilib")
def test_gcc_makes_32_bit_kernels(project: Path, silent: Callable[..., None]):
    silent("gcc", "-m32", "-Bbin", *FREESTANDING, "-Tkernel.ld", *FILES, "-o", "k.elf")
    check(project / "k.elf", machine=3)


@needs("clang-19", "clang-19")
@pytest.mark.parametrize("linker", [["-fuse-ld=lld", "-Bbin"], ["--ld-path=bin/ld.lld"]])
def test_clang(project: Path, silent: Callable[..., None], linker: list[str]):
    silent("clang-19", *linker, *FREESTANDING, "-Wl,-T,kernel.ld", *FILES, "-o", "k.elf")
    check(project / "k.elf")


MAKEFILE = """\
LD := ld
CFLAGS := -ffreestanding -fno-pic
kernel.elf: start.o answer.o kernel.ld
\t$(LD) -T kernel.ld --dependency-file=kernel.d -o $@ start.o answer.o
-include kernel.d
"""


@needs("make", "make")
@needs("gcc", "gcc")
def test_make_with_LD(project: Path, silent: Callable[..., None]):
    """The rule of --dependency-file makes a changed script a reason to link again."""
    (project / "Makefile").write_text(MAKEFILE)
    silent("make", "-s", f"LD={project}/bin/ld")
    check(project / "kernel.elf")
    rule = (project / "kernel.d").read_text()
    assert rule.startswith("kernel.elf:")
    assert {"start.o", "answer.o", "kernel.ld"} <= set(rule.replace("\\", " ").split())
    silent("make", "-s", "-q", f"LD={project}/bin/ld")


CMAKE = """\
cmake_minimum_required(VERSION 3.18)
project(kernel C)
add_executable(kernel start.c answer.c)
target_compile_options(kernel PRIVATE -ffreestanding -fno-pic)
target_link_options(kernel PRIVATE -nostdlib -static -no-pie -T${CMAKE_SOURCE_DIR}/kernel.ld)
"""
TOOLCHAIN = """\
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_C_COMPILER gcc)
set(CMAKE_C_COMPILER_WORKS TRUE)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-B${CMAKE_CURRENT_LIST_DIR}/bin")
"""


@needs("cmake", "cmake")
@needs("gcc", "gcc")
def test_cmake_with_a_toolchain_file(project: Path, silent: Callable[..., None]):
    (project / "CMakeLists.txt").write_text(CMAKE)
    (project / "toolchain.cmake").write_text(TOOLCHAIN)
    silent("cmake", "-S.", "-Bout", "-DCMAKE_TOOLCHAIN_FILE=toolchain.cmake", talks=True)
    silent("cmake", "--build", "out", talks=True)
    check(project / "out" / "kernel")


@needs("cmake", "cmake")
@needs("gcc", "gcc")
def test_cmake_with_CMAKE_LINKER(project: Path, silent: Callable[..., None]):
    (project / "CMakeLists.txt").write_text(
        CMAKE + 'set(CMAKE_C_LINK_EXECUTABLE "<CMAKE_LINKER> -T ${CMAKE_SOURCE_DIR}/kernel.ld '
        '<OBJECTS> -o <TARGET>")\n'
    )
    silent("cmake", "-S.", "-Bout", f"-DCMAKE_LINKER={project}/bin/ld", talks=True)
    silent("cmake", "--build", "out", talks=True)
    check(project / "out" / "kernel")


EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "build-systems"


@pytest.fixture
def example(project: Path) -> Path:
    """examples/build-systems, with `pyld` and `pyobjcopy` in `bin`."""
    for path in EXAMPLE.iterdir():
        if path.is_file():
            shutil.copy(path, project / path.name)
    for name, shim in (("pyld", "ld"), ("pyobjcopy", "objcopy")):
        shutil.copy(project / "bin" / shim, project / "bin" / name)
    return project


@needs("make", "make")
@needs("gcc", "gcc")
def test_the_makefile_example_links_again_when_the_script_changes(
    example: Path, silent: Callable[..., None]
):
    tools = [f"LD={example}/bin/pyld", f"OBJCOPY={example}/bin/pyobjcopy"]
    silent("make", "-s", *tools)
    check(example / "kernel.elf")
    image = (example / "kernel.bin").read_bytes()
    silent("make", "-s", "-q", *tools)
    script = example / "kernel.ld"
    script.write_text(script.read_text().replace("*(.text*)", "*answer.o(.text*) *(.text*)"))
    for path in example.glob("*"):  # clocks of file systems are coarse
        if path != script:
            os.utime(path, (1e9, 1e9))
    silent("make", "-s", *tools)
    assert (example / "kernel.bin").read_bytes() != image


@needs("cmake", "cmake")
@needs("gcc", "gcc")
def test_the_cmake_example(
    example: Path, silent: Callable[..., None], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", f"{example}/bin{os.pathsep}{os.environ['PATH']}")
    silent("cmake", "-S.", "-Bout", "-DCMAKE_TOOLCHAIN_FILE=toolchain.cmake", talks=True)
    silent("cmake", "--build", "out", talks=True)
    check(example / "out" / "kernel")


@needs("gcc", "gcc")
def test_a_failing_build_says_what_editors_look_for(project: Path):
    """The words of GNU ld come first, on the line that begins the message."""
    (project / "start.c").write_text(START.replace("answer()", "gone()").replace("answer", "gone"))
    line = ["gcc", "-Bbin", *FREESTANDING, "-Wl,-T,kernel.ld", *FILES, "-o", "k.elf"]
    done = subprocess.run(line, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "undefined reference to `gone'" in done.stderr.splitlines()[0]
    assert "\x1b[" not in done.stderr
    (project / "start.c").write_text(START + "int answer(void) { return 1; }\n")
    done = subprocess.run(line, cwd=project, capture_output=True, text=True, check=False)
    assert "multiple definition of `answer'" in done.stderr.splitlines()[0]
