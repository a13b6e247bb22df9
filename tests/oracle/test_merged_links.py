"""Whole links of real and made objects with strings and constants to merge: every byte is the
peers'."""

from __future__ import annotations

import random

import pytest

from .twins import assemble, assert_same_file, compile_c

pytestmark = pytest.mark.peer

FIRST = r"""
static const char *const names[] = {"hello world", "world", "abc", "xabc", "", "hello %d\n"};
const double numbers[] = {1.0, 2.5, 3.25};
double scale(double x) { return x * 3.25 + 2.5; }
float small(float x) { return x * 3.25f + 2.5f; }
const char *pick(int i) { return names[i]; }
const char *two(void) { return "world"; }
"""

SECOND = r"""
double scale2(double x) { return x * 3.25 + 7.5; }
float small2(float x) { return x * 3.25f + 9.5f; }
extern const char *two(void), *pick(int);
const char *mine(int i) { return i ? "xabc" : i > 4 ? "hello world" : "lo world"; }
const int *wide(void) { return (const int *)L"wide strings"; }
const int *wide2(void) { return (const int *)L"strings"; }
int _start(void) { return *mine(1) + *two() + *pick(3) + *wide() + *wide2(); }
"""

SCRIPT = """SECTIONS {
  . = 0x10000;
  .text : { *(.text*) }
  .rodata : { *(.rodata*) }
  .data : { *(.data*) }
  /DISCARD/ : { *(.eh_frame) *(.note*) }
}"""

COMPILERS = {
    "gcc": ("gcc", ("-O2", "-g")),
    "clang": ("clang-19", ("-O1", "-g")),
    "gcc-32": ("gcc", ("-m32", "-O2", "-g", "-mno-sse")),
    "unoptimized": ("gcc", ("-O0", "-g", "-gdwarf-4")),
}
LINKS = [
    ("gnu", []),
    ("gnu", ["-S"]),
    ("gnu", ["-r"]),
    ("lld", []),
    ("lld", ["-O0"]),
    ("lld", ["-O2"]),
    ("lld", ["-r", "-O0"]),
    ("lld", ["-r", "-O2"]),
    ("lld", ["-q"]),
]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(
    ("dialect", "options"), LINKS, ids=lambda v: v if v == str(v) else "".join(v)
)
def test_c_with_strings_and_debug_information(dialect, options, compiler, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tool, flags = COMPILERS[compiler]
    flags = (*flags, "-ffreestanding", "-fno-pic", "-fno-asynchronous-unwind-tables")
    (tmp_path / "a.ld").write_text(SCRIPT)
    words = [
        *options,
        *(["-m", "elf_i386"] if "-m32" in flags else []),
        *([] if "-r" in options else ["-T", "a.ld"]),
        compile_c(tmp_path / "a.o", FIRST, *flags, compiler=tool),
        compile_c(tmp_path / "b.o", SECOND, *flags, compiler=tool),
    ]
    assert_same_file(dialect, words, tmp_path)


def source(rng: random.Random, number: int) -> str:
    """A file with pieces to merge, and pointers to and into them."""
    words = ["", "o", "lo", "hello", "world", "lo world", "abc"]
    lines = [".globl _start", "_start:"] if number == 0 else []
    labels = []
    kinds = [
        ("strs", '"aMS",@progbits,1', ".asciz"),
        ("wide", '"aMS",@progbits,2', ".string16"),
        ("odd", '"aMS",@progbits,1\n.balign 4', ".asciz"),
    ]
    for name, flags, word in rng.sample(kinds, 2):
        lines.append(f".section .rodata.{name},{flags}")
        for _ in range(rng.randrange(1, 6)):
            labels.append(f"l{number}_{len(labels)}")
            lines += [f"{labels[-1]}:", f'{word} "{rng.choice(words)}"']
    for size in rng.sample([4, 8, 16, 32], 2):
        lines.append(f'.section .rodata.cst{size},"aM",@progbits,{size}\n.balign {size}')
        for _ in range(rng.randrange(1, 4)):
            labels.append(f"l{number}_{len(labels)}")
            lines += [f"{labels[-1]}:", f".fill {size}, 1, {rng.randrange(3)}"]
    lines.append(".text")
    lines += [f".long {rng.choice(labels)}" for _ in range(6)]
    lines += [f".long .rodata.{name}+1" for name in ("strs",) if f".rodata.{name}," in str(lines)]
    lines.append('.section .note.GNU-stack,"",@progbits')
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("machine", ["elf_x86_64", "elf_i386"])
@pytest.mark.parametrize(
    ("dialect", "level"), [("gnu", ""), ("lld", "-O0"), ("lld", "-O1"), ("lld", "-O2")]
)
def test_made_sections(dialect, level, machine, seed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = random.Random(f"{seed} {machine}")
    (tmp_path / "a.ld").write_text(SCRIPT)
    wide = machine == "elf_x86_64"
    objects = [assemble(tmp_path / f"{n}.o", source(rng, n), wide) for n in range(3)]
    options = [level] if level else []
    assert_same_file(dialect, ["-m", machine, *options, "-T", "a.ld", *objects], tmp_path)


STACK = '.section .note.GNU-stack,"",@progbits\n'
COMMENT = '.section .comment,"MS",@progbits,1\n'
COMMENTS = [
    f'.globl _start\n_start: ret\n{STACK}{COMMENT}.asciz "one"\n',
    STACK,
    f'{STACK}{COMMENT}.asciz "two"\n.asciz "one"\n',
]


@pytest.mark.parametrize("options", [[], ["-s"], ["-O0"], ["-r"]], ids=" ".join)
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_comments_are_strings_like_others(dialect, options, tmp_path, monkeypatch):
    """LLD puts its own name among them."""
    monkeypatch.chdir(tmp_path)
    objects = [assemble(tmp_path / f"{n}.o", text) for n, text in enumerate(COMMENTS)]
    assert_same_file(dialect, [*options, *objects], tmp_path)
