"""Programs in C without a library, linked by gcc with this linker and with the system's: they run,
and print the same; and of how many the whole file is the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .test_indirect_links import PEERS, START
from .twins import OUR_NAME

pytestmark = pytest.mark.peer

MAIN = r"""
typedef unsigned long word;
word length(const char *text);
void say(const char *text);
void say_number(word number);
extern const char *const names[];
extern int counter;
static __thread int own = 3;
static word buffer[64];
static word (*const steps[])(const char *) = { length, length };
__attribute__((weak)) void missing(void);

static int kind(int number)
{
    switch (number) {
    case 0: return 7;
    case 1: return 11;
    case 2: return 13;
    case 3: return 2;
    case 4: return 40;
    default: return -1;
    }
}

int run(int count)
{
    for (int at = 0; names[at]; at++) {
        say(names[at]);
        say_number(steps[at & 1](names[at]) + kind(at + count));
    }
    for (int at = 0; at < 64; at++)
        buffer[at] = at * counter;
    say_number(buffer[63]);
    say_number(missing ? 1 : own == 4);
    return 7;
}
"""

PARTS = r"""
typedef unsigned long word;
const char *const names[] = { "a program", "of two files", "gram", 0 };
int counter = 5;

word length(const char *text)
{
    word size = 0;
    while (text[size])
        size++;
    return size;
}

static void out(const char *text, word size)
{
#ifdef __x86_64__
    long done;
    __asm__ volatile("syscall" : "=a"(done) : "0"(1L), "D"(1L), "S"(text), "d"(size)
                     : "rcx", "r11", "memory");
#else
    long done;
    __asm__ volatile("int $0x80" : "=a"(done) : "0"(4L), "b"(1L), "c"(text), "d"(size) : "memory");
#endif
}

void say(const char *text)
{
    out(text, length(text));
    out("\n", 1);
}

void say_number(word number)
{
    char text[24];
    int at = 23;
    text[at] = 0;
    do
        text[--at] = '0' + number % 10;
    while (number /= 10);
    say(text + at);
}
"""

ENTRY = {
    64: """
.file "entry.s"
.globl _start
_start: xor %ebp, %ebp
lea block(%rip), %rsi
mov %rsi, (%rsi)
mov $158, %eax
mov $0x1002, %edi
syscall
mov $1, %edi
call run
mov %eax, %edi
mov $60, %eax
syscall
.bss
.balign 16
.zero 64
block: .zero 64
.section .note.GNU-stack,"",@progbits
""",
    32: """
.file "entry.s"
.globl _start
_start: xor %ebp, %ebp
push $1
call run
mov %eax, %ebx
mov $1, %eax
int $0x80
.section .note.GNU-stack,"",@progbits
""",
}
"""Where the program starts; %fs has to point behind a block for what is thread-local."""

EXPECTED = b"a program\n20\nof two files\n25\ngram\n6\n315\n0\n"
ALONE = ["-nostdlib", "-fno-stack-protector", "-fno-tree-loop-distribute-patterns"]
"""Nothing of a C library, strlen() neither."""

KINDS = {
    "static": ["-static", "-fno-pie", "-no-pie", "-O2"],
    "sections": ["-static", "-fno-pie", "-no-pie", "-Os", "-ffunction-sections", "-fdata-sections",
                 "-Wl,--gc-sections"],
    "pic": ["-static", "-no-pie", "-fpic", "-O1"],
}  # fmt: skip


def linked(folder: Path, dialect: str, bits: int, kind: str) -> tuple[Path, Path]:
    """The program by this linker and by the system's."""
    if shutil.which("gcc") is None or sys.platform != "linux":
        pytest.skip("gcc for Linux is missing: install gcc and gcc-multilib")
    peer = shutil.which(PEERS[dialect])
    if peer is None:
        pytest.skip(f"no {PEERS[dialect]}: install binutils and lld-19")
    # %gs needs a descriptor on i386, so nothing is thread-local there.
    source = MAIN if bits == 64 else MAIN.replace("__thread ", "")
    for name, text in (("main.c", source), ("parts.c", PARTS), ("entry.s", ENTRY[bits])):
        (folder / name).write_text(text)
    package = str(Path(__file__).resolve().parents[2])
    ours = START.format(python=sys.executable, package=package, dialect=dialect)
    made = []
    for name, shim in (("ours", ours), ("theirs", f'#!/bin/sh\nexec {peer} "$@"\n')):
        (folder / name).mkdir()
        (folder / name / "ld").write_text(shim)
        (folder / name / "ld").chmod(0o755)
        words = [f"-m{bits}", *ALONE, *KINDS[kind]]
        words += ["-B", name, "entry.s", "main.c", "parts.c", "-o", f"{name}.out"]
        done = subprocess.run(
            ["gcc", *words], cwd=folder, capture_output=True, text=True,
            env={**os.environ, "LLD_VERSION": OUR_NAME},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        made.append(folder / f"{name}.out")
    return made[0], made[1]


@pytest.mark.parametrize(
    ("bits", "kind"), [(64, "static"), (64, "pic"), (32, "static"), (32, "sections")]
)
@pytest.mark.parametrize("dialect", PEERS)
def test_a_program_without_a_library(dialect: str, bits: int, kind: str, tmp_path: Path) -> None:
    ours, theirs = linked(tmp_path, dialect, bits, kind)
    said = [subprocess.run([file], capture_output=True) for file in (ours, theirs)]
    assert [run.returncode for run in said] == [7, 7]
    assert [run.stdout for run in said] == [EXPECTED, EXPECTED]
    assert ours.read_bytes() == theirs.read_bytes()
