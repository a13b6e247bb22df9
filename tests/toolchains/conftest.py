"""Compilers and build systems, with pylink86 in the place of their linker."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pylink86.cli.shim import write_shims

START = """
extern int answer(void);
static int counter = 3;
const char text[] = "kernel";
void _start(void) { counter += answer(); for (;;) {} }
"""
ANSWER = "int answer(void) { return 42; }\n"
SCRIPT = """
ENTRY(_start)
SECTIONS {
  . = 0x100000;
  .text : { *(.text*) }
  .rodata : { *(.rodata*) }
  .data : { *(.data*) }
  .bss : { *(.bss*) *(COMMON) }
  /DISCARD/ : { *(.eh_frame) *(.note*) *(.comment) }
}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a kernel in two C files, its script, and shims in `bin`."""
    (tmp_path / "start.c").write_text(START)
    (tmp_path / "answer.c").write_text(ANSWER)
    (tmp_path / "kernel.ld").write_text(SCRIPT)
    write_shims(tmp_path / "bin")
    return tmp_path


@pytest.fixture
def silent(project: Path) -> Callable[..., None]:
    """Run a command in the project; it has to succeed, and to say nothing unless `talks`."""

    def run(*words: str, talks: bool = False) -> None:
        done = subprocess.run(words, cwd=project, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert talks or said == ""

    return run
