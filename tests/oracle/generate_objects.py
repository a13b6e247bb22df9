"""Sets of objects and archives at random: what compilers emit for static programs, mixed.

Strong, weak, hidden and common names, COMDAT groups, function sections, mergeable strings and
constants, loads through the global offset table, thread-local variables in every model, functions
that are chosen at start-up, constructors, debug information.  Each file is assembly text; the last
ones may go into an archive.  The script is none, or a plain one."""

from __future__ import annotations

import random
from dataclasses import dataclass

NAMES = tuple(f"name{i}" for i in range(8))
THREAD = tuple(f"thread{i}" for i in range(3))
CHOSEN = ("chosen0", "chosen1")
GROUPS = ("shared0", "shared1")

LOADS = {
    64: (
        "call {n}", "call {n}@PLT", "mov {n}@GOTPCREL(%rip), %rax", "call *{n}@GOTPCREL(%rip)",
        "lea {n}(%rip), %rdi", "mov ${n}, %eax", "cmp {n}@GOTPCREL(%rip), %rcx", "jmp {n}",
    ),
    32: (
        "call {n}", "call {n}@PLT", "mov {n}@GOT(%ebx), %eax", "mov ${n}, %eax", "mov {n}, %ecx",
        "lea {n}@GOTOFF(%ebx), %eax", "call *{n}@GOT(%ebx)", "jmp {n}",
    ),
}  # fmt: skip

THREADS = {
    64: (
        "mov {n}@gottpoff(%rip), %rax", "mov %fs:{n}@tpoff, %eax",
        ".byte 0x66\nleaq {n}@tlsgd(%rip), %rdi\n.value 0x6666\nrex64\ncall __tls_get_addr@PLT",
        "leaq {n}@tlsld(%rip), %rdi\ncall __tls_get_addr@PLT\nleaq {n}@dtpoff(%rax), %rdx",
    ),
    32: (
        "mov %gs:{n}@ntpoff, %eax", "mov {n}@indntpoff, %eax", "mov {n}@gotntpoff(%ebx), %eax",
        "leal {n}@tlsgd(,%ebx,1), %eax\ncall ___tls_get_addr@PLT\nnop",
    ),
}  # fmt: skip

SCRIPT = """\
ENTRY(_start)
SECTIONS {
  . = 0x10000;
  .init : { *(.init) }
  .text : { *(.text .text.*) }
  .rodata : { *(.rodata .rodata.*) }
  .tdata : { *(.tdata .tdata.*) }
  .tbss : { *(.tbss .tbss.*) }
  .init_array : { KEEP(*(.init_array)) }
  .got : { *(.got) *(.got.plt) *(.igot.plt) }
  .data : { *(.data .data.*) }
  .bss : { *(.bss .bss.*) *(COMMON) }
}
"""


@dataclass(frozen=True)
class Objects:
    """texts: the files as assembly; archived: how many of the last ones are in an archive.
    options: for both linkers; script: text, "" for none."""

    bits: int
    dialect: str
    texts: tuple[str, ...]
    archived: int
    options: tuple[str, ...]
    script: str


LLD_OPTIONS = (
    ("-z", "now"), ("-z", "norelro"), ("-z", "separate-code"),
    ("-z", "separate-loadable-segments"), ("-z", "max-page-size=65536"), ("-z", "rel"),
    ("-z", "rela"), ("-z", "nognustack"), ("-z", "keep-text-section-prefix"),
    ("-z", "start-stop-gc"), ("-z", "nostart-stop-gc"), ("--no-rosegment",), ("-S",), ("-r",),
    ("-q",), ("--build-id=md5",), ("--build-id=tree",), ("--compress-debug-sections=zlib",),
    ("--image-base=0x10000",), ("-Ttext=0x300000",), ("--section-start=.data=0x500000",),
    ("-u", "name5"), ("-u", "nobody"), ("-e", "name2"), ("-e", "0x1234"),
    ("--defsym=name7=name0+4",), ("--defsym=other=0x12345",), ("--discard-none",),
    ("--discard-all",), ("--icf=safe",), ("--whole-archive",), ("--eh-frame-hdr",),
    ("-dynamic-linker=/lib/ld.so",), ("--warn-common",), ("-z", "muldefs"), ("--no-gc-sections",),
    ("--sort-section=name",), ("--sort-section=alignment",), ("-N",), ("--undefined-glob=name*",),
    ("--keep-unique=name1",), ("-n",), ("--strip-debug",),
)  # fmt: skip
"""What else LLD can be told; --wide takes up to three for each example."""


def more_options(seed: int, number: int) -> tuple[str, ...]:
    """Further options of LLD for an example, drawn apart from all else."""
    chance = random.Random(f"{seed}/{number}/options")
    chosen = chance.sample(LLD_OPTIONS, chance.randint(1, 3))
    return tuple(word for option in chosen for word in option)


def objects(seed: int, number: int, dialect: str) -> Objects:
    """An example by its number; two of GNU ld's faults are kept out (docs/DEVIATIONS.md): the end
    of a section behind a call of ___tls_get_addr, and indirect functions of i386 in a section with
    the global offset table."""
    chance = random.Random(f"{seed}/{number}/{dialect}")
    bits = chance.choice((64, 64, 32))
    count = chance.randint(1, 4)
    home = {name: chance.randrange(count) for name in (*NAMES, *THREAD, *CHOSEN)}
    used = [name for name in NAMES if chance.random() < 0.7] or [NAMES[0]]
    threads = [name for name in THREAD if chance.random() < 0.3]
    chosen = [name for name in CHOSEN if chance.random() < 0.15]
    texts = tuple(
        _file(chance, bits, number, home, used, threads, chosen) for number in range(count)
    )
    options = []
    if chance.random() < 0.4:
        options.append("--gc-sections")
    if chance.random() < 0.1:
        options.append("--no-relax")
    if chance.random() < 0.15:
        options.append(chance.choice(("-N", "-n", "-s", "-x", "-q", "--eh-frame-hdr")))
    if dialect == "lld" and chance.random() < 0.3:
        options.append(chance.choice(("-O0", "-O2", "--icf=all")))
    script = SCRIPT if chance.random() < 0.35 else ""
    if bits == 32 and chosen:
        script = ""
    return Objects(bits, dialect, texts, chance.randrange(count), tuple(options), script)


def _file(
    chance: random.Random,
    bits: int,
    number: int,
    home: dict[str, int],
    used: list[str],
    threads: list[str],
    chosen: list[str],
) -> str:
    lines = [".text", f'.file "f{number}.c"']
    if number == 0:
        lines += [".globl _start", "_start:", *_code(chance, bits, used, threads, chosen)]
    for name in used:
        if home[name] == number:
            lines += _definition(chance, bits, name, used, threads, chosen)
        elif chance.random() < 0.1:
            lines += [f".weak {name}", ".data", f"{name}: .long {number}"]
    for name in threads:
        if home[name] == number:
            where = chance.choice(('.tdata,"awT"', '.tbss,"awT",@nobits'))
            value = ".long 7" if "tdata" in where else ".zero 4"
            lines += [f".globl {name}", f".section {where}", ".p2align 2", f"{name}: {value}"]
    for name in chosen:
        if home[name] == number:
            lines += [".text", f".globl {name}", f".type {name}, @gnu_indirect_function"]
            lines += [f"{name}: ret", f".size {name}, 1"]
    for group in GROUPS:
        if chance.random() < 0.3:
            lines += [
                f'.section .text.{group},"axG",@progbits,{group},comdat', f".weak {group}",
                f"{group}: nop", *_code(chance, bits, used, threads, chosen)[:2],
                ".text", f"call {group}",
            ]  # fmt: skip
    lines += _data(chance, bits, used, number)
    return "\n".join(lines) + "\n"


def _code(
    chance: random.Random, bits: int, used: list[str], threads: list[str], chosen: list[str]
) -> list[str]:
    lines = []
    for _ in range(chance.randrange(5)):
        if threads and chance.random() < 0.3:
            lines.append(chance.choice(THREADS[bits]).format(n=chance.choice(threads)))
        else:
            forms = LOADS[bits]
            name = chance.choice([*used, *chosen])
            form = chance.choice(forms)
            if name in chosen and "GOTOFF" in form:
                form = forms[0]
            lines.append(form.format(n=name))
    return lines


def _definition(
    chance: random.Random,
    bits: int,
    name: str,
    used: list[str],
    threads: list[str],
    chosen: list[str],
) -> list[str]:
    word = ".quad" if bits == 64 else ".long"
    kind = chance.choice(("code", "code", "function", "data", "bss", "common", "rodata", "weak"))
    bind = [f".globl {name}"]
    if chance.random() < 0.2:
        bind.append(f".hidden {name}")
    code = _code(chance, bits, used, threads, chosen)
    if kind == "common":
        return [f".comm {name},{chance.choice((4, 8, 24))},{chance.choice((4, 8, 16))}"]
    if kind == "weak":
        return [f".weak {name}", ".text", f"{name}:", *code]
    return [*bind, *{
        "code": [".text", f"{name}:", *code],
        "function": [f'.section .text.{name},"ax"', ".p2align 4", f"{name}:", *code],
        "data": [f'.section .data.{name},"aw"', ".p2align 3", f"{name}: {word} {used[0]}"],
        "bss": [".bss", ".p2align 3", f"{name}: .zero {chance.randint(1, 20)}"],
        "rodata": ['.section .rodata,"a"', ".p2align 2", f"{name}: .long {len(name)}"],
    }[kind]]  # fmt: skip


def _data(chance: random.Random, bits: int, used: list[str], number: int) -> list[str]:
    word = ".quad" if bits == 64 else ".long"
    lines = []
    if chance.random() < 0.5:
        lines.append('.section .rodata.str1.1,"aMS",@progbits,1')
        words = ("hello", "lo", "world", "ld", "a longer string", "string", "")
        for at in range(chance.randint(1, 4)):
            lines.append(f'.LC{at}: .asciz "{chance.choice(words)}"')
        lines += [".data", f"{word} .LC0"]
    if chance.random() < 0.3:
        lines += ['.section .rodata.cst8,"aM",@progbits,8', ".p2align 3"]
        lines += [f".quad {chance.randrange(4)}" for _ in range(chance.randint(1, 3))]
    if chance.random() < 0.3:
        lines += ['.section .init_array,"aw"', ".p2align 3", f"{word} {chance.choice(used)}"]
    if chance.random() < 0.3:
        lines += [".data", f"local{number}: {word} {chance.choice(used)}, local{number}"]
    if chance.random() < 0.3:
        lines += ['.section .debug_info,"",@progbits', f"{word} {chance.choice(used)}"]
    if chance.random() < 0.3:
        lines += [".text", ".cfi_startproc", "nop", ".cfi_def_cfa_offset 16", ".cfi_endproc"]
    if chance.random() < 0.2:
        lines += ['.section custom,"aw"', f".long {number}", ".weak __start_custom", ".data"]
        lines.append(f"{word} __start_custom")
    if chance.random() < 0.6:
        lines.append('.section .note.GNU-stack,"",@progbits')
    return lines
