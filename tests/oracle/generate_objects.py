"""Sets of objects and archives at random: what compilers emit for static programs, mixed.

Strong, weak, hidden and common names, COMDAT groups, function sections, mergeable strings and
constants, loads through the global offset table, thread-local variables in every model, functions
that are chosen at start-up, constructors, debug information.  Each file is assembly text; the last
ones may go into an archive.  The script is none, or a plain one."""

from __future__ import annotations

import random
from collections.abc import Sequence
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
class Machine:
    """Bits of an address, and the instructions with names and with thread-local names."""

    bits: int
    loads: tuple[str, ...]
    threads: tuple[str, ...]


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


GNU_OPTIONS = (
    ("-z", "now"), ("-z", "norelro"), ("-z", "separate-code"), ("-z", "noseparate-code"),
    ("-z", "max-page-size=65536"), ("-z", "common-page-size=16384"), ("-z", "stack-size=4096"),
    ("-z", "execstack"), ("-z", "noexecstack"), ("-z", "start-stop-gc"), ("-z", "muldefs"),
    ("-z", "unique-symbol"), ("-z", "start-stop-visibility=hidden"), ("-S",), ("-r",), ("-q",),
    ("-X",), ("-x",), ("--build-id",), ("--build-id=md5",), ("--compress-debug-sections=zlib",),
    ("-Ttext=0x300000",), ("-Ttext-segment=0x10000",), ("--section-start=.data=0x500000",),
    ("-u", "name5"), ("-u", "nobody"), ("-e", "name2"), ("-e", "0x1234"), ("-e", "nobody"),
    ("--defsym=name7=name0+4",), ("--defsym=other=0x12345",), ("--defsym=name1=name2",),
    ("--wrap=name3",), ("--wrap=name1", "--wrap=name4"), ("--whole-archive",), ("-N",), ("-n",),
    ("--eh-frame-hdr",), ("--sort-section=name",), ("--sort-section=alignment",),
    ("--sort-common",), ("--sort-common=ascending",), ("-d",), ("--no-relax",), ("-O1",),
    ("--gc-sections",), ("--gc-sections", "--gc-keep-exported"), ("--no-gc-sections",), ("-E",),
    ("--unresolved-symbols=ignore-all",), ("--unique=.text*",), ("--orphan-handling=place",),
    ("--no-warn-mismatch",), ("--warn-common",), ("--embedded-relocs",), ("-s",),
    ("--retain-symbols-file=/dev/null",), ("--no-define-common",), ("-z", "ibt"), ("-z", "shstk"),
    ("-z", "nosectionheader"), ("--allow-multiple-definition",), ("--force-group-allocation",),
)  # fmt: skip
"""The same of GNU ld."""

MOVING_OPTIONS = (
    ("-z", "now"), ("-z", "norelro"), ("-z", "ibt"), ("-E",), ("--hash-style=gnu",),
    ("--hash-style=sysv",), ("--no-dynamic-linker",), ("-dynamic-linker", "/lib/loader.so"),
    ("--no-ld-generated-unwind-info",), ("--eh-frame-hdr",), ("--build-id",), ("--gc-sections",),
    ("-z", "text"), ("-z", "notext"), ("-S",), ("-s",), ("-x",), ("-q",), ("-Bsymbolic",),
    ("--export-dynamic-symbol=name*",), ("-z", "separate-code"), ("-z", "noseparate-code"),
    ("--defsym=name7=name0+4",), ("--wrap=name3",), ("-e", "name2"), ("-z", "muldefs"),
)  # fmt: skip
"""Of programs that run at any address (-pie)."""


def more_options(seed: int, number: int, dialect: str, moves: bool = False) -> tuple[str, ...]:
    """Further options for an example, drawn apart from all else."""
    chance = random.Random(f"{seed}/{number}/options")
    known = MOVING_OPTIONS if moves else GNU_OPTIONS if dialect == "gnu" else LLD_OPTIONS
    chosen = chance.sample(known, chance.randint(1, 3))
    return tuple(word for option in chosen for word in option)


def more_text(chance: random.Random, bits: int, number: int, names: Sequence[str]) -> str:
    """Less usual things for a file."""
    word = ".quad" if bits == 64 else ".long"
    name = chance.choice(names)
    parts = (
        f".protected {name}\n",
        f".internal {name}\n",
        '.section .gnu.linkonce.t.once,"ax"\n.weak once\nonce: nop\n.text\ncall once\n',
        f'.section .text.ordered{number},"ax"\nnop\n'
        f'.section .meta,"ao",@progbits,.text.ordered{number}\n.long {number}\n',
        f'.section .data.kept,"awR"\n.long {number}\n',
        f'.section bounds,"a"\n.long {number}\n.data\n{word} __start_bounds, __stop_bounds\n',
        f'.section .note.mine,"a",@note\n.p2align 2\n.long 4,4,{number}\n.asciz "ABC"\n.long 1\n',
        f".comm block{chance.randrange(3)},{chance.choice((3, 8, 40))},{chance.choice((1, 32))}\n",
        f'.section .tdata.x,"awT"\n.p2align {chance.randrange(5)}\n.long {number}\n',
        f".weak missing\n.data\n{word} missing\n.text\ncall missing\n",
        f'.section .fini_array.{chance.randrange(200):05},"aw"\n.p2align 3\n{word} {name}\n',
        f'.section .ctors.{chance.randrange(200):05},"aw"\n.p2align 3\n{word} {name}\n',
        '.section .debug_str,"MS",@progbits,1\n.asciz "here"\n.asciz "there"\n',
        f'.section .debug_line,"",@progbits\n{word} {name}, _start\n',
        f'.section .debug_ranges,"",@progbits\n{word} {name}, {name}+1\n',
        f'.section .gcc_except_table,"a"\n.long {number}\n',
        f'.section .stabstr,"",@3\n.asciz "text{number}"\n',
        f".set plain{number}, 0x{1000 + number:x}\n.globl plain{number}\n",
        f".text\n.cfi_startproc\n.cfi_personality 0, {name}\nnop\n.cfi_endproc\n",
        f'.section .bss.big{number},"aw",@nobits\n.p2align 5\n.zero 100\n',
        f'.ident "version {chance.randrange(2)}"\n',
        f'.section .rodata.cst16,"aM",@progbits,16\n.p2align 4\n.quad {chance.randrange(2)}, 0\n',
        '.section .gnu.warning.name6,"",@progbits\n.ascii "do not use name6"\n',
        f'.section .text.unlikely,"ax"\ncall {name}\n.section .text.hot,"ax"\ncall {name}\n',
        f".symver {name}, {name}@VERS_1\n",
    )
    return "".join(chance.sample(parts, chance.randint(1, 3)))


MOVING_LOADS = {
    64: (
        "call {n}@PLT", "mov {n}@GOTPCREL(%rip), %rax", "call *{n}@GOTPCREL(%rip)",
        "lea {n}(%rip), %rdi", "cmp {n}@GOTPCREL(%rip), %rcx", "jmp {n}@PLT", "call {n}",
    ),
    32: (
        "call {n}@PLT", "mov {n}@GOT(%ebx), %eax", "lea {n}@GOTOFF(%ebx), %eax",
        "call *{n}@GOT(%ebx)", "jmp {n}@PLT", "cmp {n}@GOT(%ebx), %ecx",
    ),
}  # fmt: skip
"""Code that does not know where it runs."""

MOVING_THREADS = {
    64: THREADS[64],
    32: (
        "mov {n}@gotntpoff(%ebx), %eax", "mov %gs:{n}@ntpoff, %eax",
        "leal {n}@tlsgd(,%ebx,1), %eax\ncall ___tls_get_addr@PLT\nnop",
    ),
}  # fmt: skip


def moving_objects(seed: int, number: int) -> Objects:
    """An example of position-independent code for GNU ld -pie."""
    example = objects(seed, number, "gnu", MOVING_LOADS, MOVING_THREADS)
    chance = random.Random(f"{seed}/{number}/moving")
    options = ["-pie", *(o for o in example.options if o not in ("-n", "-N"))]
    if chance.random() < 0.6:
        options.append("--no-dynamic-linker")
    script = example.script if "--no-ld-generated-unwind-info" in options else ""
    own = "___tls_get_addr" if example.bits == 32 else "__tls_get_addr"
    weak = f".weak far, away\n.text\n.globl {own}\n{own}: ret\n"
    forms = MOVING_LOADS[example.bits]
    weak += "".join(
        chance.choice(forms).format(n=chance.choice(("far", "away"))) + "\n"
        for _ in range(chance.choice((0, 0, 1, 2, 3)))
    )
    texts = (example.texts[0] + weak, *example.texts[1:])
    return Objects(example.bits, "gnu", texts, example.archived, tuple(options), script)


def objects(
    seed: int,
    number: int,
    dialect: str,
    loads: dict[int, tuple[str, ...]] = LOADS,
    threads_of: dict[int, tuple[str, ...]] = THREADS,
) -> Objects:
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
    machine = Machine(bits, loads[bits], threads_of[bits])
    texts = tuple(
        _file(chance, machine, number, home, used, threads, chosen) for number in range(count)
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
    machine: Machine,
    number: int,
    home: dict[str, int],
    used: list[str],
    threads: list[str],
    chosen: list[str],
) -> str:
    lines = [".text", f'.file "f{number}.c"']
    if number == 0:
        lines += [".globl _start", "_start:", *_code(chance, machine, used, threads, chosen)]
    for name in used:
        if home[name] == number:
            lines += _definition(chance, machine, name, used, threads, chosen)
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
                f"{group}: nop", *_code(chance, machine, used, threads, chosen)[:2],
                ".text", f"call {group}",
            ]  # fmt: skip
    lines += _data(chance, machine, used, number)
    return "\n".join(lines) + "\n"


def _code(
    chance: random.Random, machine: Machine, used: list[str], threads: list[str], chosen: list[str]
) -> list[str]:
    lines = []
    for _ in range(chance.randrange(5)):
        if threads and chance.random() < 0.3:
            lines.append(chance.choice(machine.threads).format(n=chance.choice(threads)))
        else:
            forms = machine.loads
            name = chance.choice([*used, *chosen])
            form = chance.choice(forms)
            if name in chosen and "GOTOFF" in form:
                form = forms[0]
            lines.append(form.format(n=name))
    return lines


def _definition(
    chance: random.Random,
    machine: Machine,
    name: str,
    used: list[str],
    threads: list[str],
    chosen: list[str],
) -> list[str]:
    word = ".quad" if machine.bits == 64 else ".long"
    kind = chance.choice(("code", "code", "function", "data", "bss", "common", "rodata", "weak"))
    bind = [f".globl {name}"]
    if chance.random() < 0.2:
        bind.append(f".hidden {name}")
    code = _code(chance, machine, used, threads, chosen)
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


def _data(chance: random.Random, machine: Machine, used: list[str], number: int) -> list[str]:
    word = ".quad" if machine.bits == 64 else ".long"
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
