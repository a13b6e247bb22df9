"""Links through the global offset table and thread-local ones against both linkers, whole files.

Every form of load, before symbols of every kind; every thread-local model of gcc and clang.  What
differs by intent (LLD's `.comment`) is compared by section instead."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import ObjectFile, read
from pylink86 import elf_const as c
from pylink86.cli.pyld import main

pytestmark = pytest.mark.peer

PEERS = {"gnu": "ld", "lld": "ld.lld-19"}
EMULATIONS = {32: "elf_i386", 64: "elf_x86_64"}

LOADS = {
    64: """\
 mov {}@GOTPCREL(%rip), %rax
 mov {}@GOTPCREL(%rip), %r9
 mov {}@GOTPCREL(%rip), %r9d
 mov {}@GOTPCREL(%rip), %eax
 test %rax, {}@GOTPCREL(%rip)
 test %r10d, {}@GOTPCREL(%rip)
 test %ecx, {}@GOTPCREL(%rip)
 add {}@GOTPCREL(%rip), %rcx
 sub {}@GOTPCREL(%rip), %r11
 cmp {}@GOTPCREL(%rip), %edx
 xor {}@GOTPCREL(%rip), %r8d
 call *{}@GOTPCREL(%rip)
 jmp *{}@GOTPCREL(%rip)
 push {}@GOTPCREL(%rip)
 cmpq $0, {}@GOTPCREL(%rip)
 mov {}@GOTPCREL+4(%rip), %rax
 movabs ${}@GOT, %rax
 movabs ${}@GOTOFF, %rax
 call {}@PLT
""",
    32: """\
 mov {}@GOT(%ebx), %eax
 mov {}@GOT(%ebx), %ecx
 test %ecx, {}@GOT(%ebx)
 add {}@GOT(%ebx), %ecx
 cmp {}@GOT(%esi), %edx
 call *{}@GOT(%ebx)
 jmp *{}@GOT(%ebx)
 push {}@GOT(%ebx)
 lea {}@GOT(%ebx), %eax
 mov {}@GOT, %eax
 call *{}@GOT
 add {}@GOT, %ecx
 lea {}@GOTOFF(%ebx), %eax
 call {}@PLT
""",
}

FRAME = """\
.globl _start, glob, hid
.hidden hid
.weak weak
.text
_start: ret
glob: nop
{base}
.data
hid: .quad 0
loc: .quad 1
{loads}
"""

BASE = {
    64: "lea _GLOBAL_OFFSET_TABLE_(%rip), %rbx\nmovabs $_GLOBAL_OFFSET_TABLE_-glob, %rax",
    32: "add $_GLOBAL_OFFSET_TABLE_, %ebx",
}

NUMBERS = ".globl low\nlow = 0x1234\n"

LAYOUTS = {
    "none": "",
    "joined": "SECTIONS { .text 0x10000 : { *(.text*) } .got : { *(.got) *(.got.plt) } "
    ".data : { *(.data*) } .bss : { *(.bss*) } }",
    "named": "SECTIONS { .text 0x10000 : { *(.text*) } .got : { *(.got) } "
    ".data : { *(.data*) } .got.plt : { *(.got.plt) } .bss : { *(.bss*) } }",
    "orphan": "SECTIONS { .text 0x10000 : { *(.text*) } .data : { *(.data*) } "
    ".bss : { *(.bss*) } }",
}


def loads(bits: int) -> str:
    """A file with every form of load for symbols of every kind."""
    texts = [
        f'.section .text.{name},"ax"\n' + LOADS[bits].replace("{}", name)
        for name in ("loc", "glob", "hid", "low", "weak", "_start")
    ]
    if bits == 64:  # an offset from the table needs a place that is not far
        texts = [text.replace("$weak@GOTOFF", "$glob@GOTOFF") for text in texts]
    return FRAME.format(base=BASE[bits], loads="\n".join(texts))


def assemble(text: str, out: Path, bits: int, *options: str) -> Path:
    subprocess.run(["as", f"--{bits}", *options, "-o", out], input=text.encode(), check=True)
    return out


def both(folder: Path, dialect: str, args: list[str]) -> tuple[ObjectFile, ObjectFile]:
    """The peer's output and ours; skips when the peer is missing."""
    peer = PEERS[dialect]
    if shutil.which(peer) is None:
        pytest.skip(f"no {peer}: install binutils and lld-19")
    theirs, ours = folder / "theirs", folder / "ours"
    subprocess.run([peer, *args, "-o", str(theirs)], check=True, capture_output=True)
    assert main(["--dialect", dialect, *args, "-o", str(ours)]) == 0
    return tuple(map(_opened, (theirs, ours)))  # type: ignore[return-value]


def _opened(path: Path) -> ObjectFile:
    found = read(path)
    assert isinstance(found, ObjectFile)
    return found


def described(file: ObjectFile, dialect: str) -> list[object]:
    """Sections with all their bytes, symbols and segments; of LLD's `.comment` only that it is
    there, which moves what is not in memory."""
    symbols = file.symbols
    rows = zip(
        symbols.names, symbols.value, symbols.size, symbols.info, symbols.other, symbols.shndx
    )
    found: list[object] = [list(rows), file.segments, file.header.entry]
    for section in file:
        signed = dialect == "lld" and section.name in (".comment", ".strtab")
        found.append(
            (
                section.name, section.type, section.flags, section.addr, section.align,
                section.entsize, section.link, section.info,
                b"" if signed or section.type == c.SHT_SYMTAB else bytes(section.content),
            )
        )  # fmt: skip
    return found


def compare(folder: Path, dialect: str, args: list[str]) -> None:
    theirs, ours = both(folder, dialect, args)
    wanted, got = described(theirs, dialect), described(ours, dialect)
    assert len(wanted) == len(got)
    for want, have in zip(wanted, got):
        assert have == want


@pytest.mark.parametrize("dialect", PEERS)
@pytest.mark.parametrize("bits", (32, 64))
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("marked", ("yes", "no"))
def test_every_load(tmp_path: Path, dialect: str, bits: int, layout: str, marked: str) -> None:
    text = loads(bits)
    if (layout, dialect) == ("joined", "gnu"):  # where GNU ld has the sign of an offset wrong
        text = "\n".join(line for line in text.split("\n") if "@GOT, %rax" not in line)
    code = assemble(text, tmp_path / "a.o", bits, f"-mrelax-relocations={marked}")
    numbers = assemble(NUMBERS, tmp_path / "b.o", bits)
    args = ["-m", EMULATIONS[bits], str(code), str(numbers)]
    if LAYOUTS[layout]:
        script = tmp_path / "s.ld"
        script.write_text(LAYOUTS[layout])
        args += ["-T", str(script)]
    compare(tmp_path, dialect, args)
    if layout == "orphan":
        compare(tmp_path, dialect, [*args, "--no-relax"])


@pytest.mark.parametrize("bits", (32, 64))
@pytest.mark.parametrize("marked", ("yes", "no"))
def test_raw_images_of_lld(tmp_path: Path, bits: int, marked: str) -> None:
    """The whole image, and what objcopy makes of GNU ld's ELF file is what we make in raw."""
    code = assemble(loads(bits), tmp_path / "a.o", bits, f"-mrelax-relocations={marked}")
    numbers = assemble(NUMBERS, tmp_path / "b.o", bits)
    script = tmp_path / "s.ld"
    script.write_text(LAYOUTS["orphan"])
    args = ["-m", EMULATIONS[bits], str(code), str(numbers), "-T", str(script)]
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    raw = ["--oformat", "binary"]
    subprocess.run(["ld.lld-19", *args, *raw, "-o", theirs], check=True)
    assert main(["--dialect", "lld", *args, *raw, "-o", str(ours)]) == 0
    assert ours.read_bytes() == theirs.read_bytes()
    subprocess.run(["ld", *args, "-o", tmp_path / "elf"], check=True, capture_output=True)
    subprocess.run(["objcopy", "-O", "binary", tmp_path / "elf", theirs], check=True)
    assert main(["--dialect", "gnu", *args, *raw, "-o", str(ours)]) == 0
    assert ours.read_bytes() == theirs.read_bytes()


THREADS = """
__thread int a = 1; __thread int b; static __thread char c = 3; extern __thread int e;
static __thread int bb;
int ga(void) { return a + b; } int *pe(void) { return &e; } int lc(void) { return c + bb; }
int *plc(void) { return &bb; } void set(int x) { e = x; bb = x; }
int _start(void) { return ga() + *pe() + lc(); }
void *__tls_get_addr(void *p) { return p; } void *___tls_get_addr(void *p) { return p; }
"""

OTHER = "__thread int e = 7; __thread char zz[40] __attribute__((aligned(64)));"

MODELS = ("global-dynamic", "local-dynamic", "initial-exec", "local-exec")


def compiled(text: str, out: Path, *command: str) -> Path:
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]}: install it")
    fixed = ["-O1", "-fno-asynchronous-unwind-tables", "-xc", "-", "-c", "-o", str(out)]
    subprocess.run([*command, *fixed], input=text.encode(), check=True)
    return out


@pytest.mark.parametrize("dialect", PEERS)
@pytest.mark.parametrize("bits", (32, 64))
@pytest.mark.parametrize("compiler", ("gcc", "clang-19"))
def test_every_thread_model(tmp_path: Path, dialect: str, bits: int, compiler: str) -> None:
    other = compiled(OTHER, tmp_path / "b.o", compiler, f"-m{bits}", "-fPIC")
    for model in MODELS:
        for pic in (["-fPIC"], ["-fno-pic"], ["-fPIC", "-fno-plt"]):
            if compiler == "clang-19" and bits == 32 and "-fno-plt" in pic:
                continue  # GNU ld knows no such sequence
            code = compiled(
                THREADS, tmp_path / "a.o", compiler, f"-m{bits}", f"-ftls-model={model}", *pic
            )
            compare(tmp_path, dialect, ["-m", EMULATIONS[bits], str(code), str(other)])


@pytest.mark.parametrize("dialect", PEERS)
@pytest.mark.parametrize("bits", (32, 64))
def test_descriptors(tmp_path: Path, dialect: str, bits: int) -> None:
    other = compiled(OTHER, tmp_path / "b.o", "gcc", f"-m{bits}", "-fPIC")
    code = compiled(THREADS, tmp_path / "a.o", "gcc", f"-m{bits}", "-fPIC", "-mtls-dialect=gnu2")
    compare(tmp_path, dialect, ["-m", EMULATIONS[bits], str(code), str(other)])


PIC = """
extern int ext; extern int f(int); extern int weak_one __attribute__((weak)); static int loc;
int *pl(void) { return &loc; }
int g(int x) { return f(x) + ext + (&weak_one != 0) + loc; }
int _start(void) { int (*volatile q)(int) = f; return q(3) + g(2); }
"""
PIC_OTHER = "int ext = 5; int ext2[4]; int f(int x) { return x + ext; }"


@pytest.mark.parametrize("dialect", PEERS)
@pytest.mark.parametrize(
    "command",
    (
        ["gcc", "-m64", "-fPIC"],
        ["gcc", "-m64", "-fPIE", "-fno-plt"],
        ["gcc", "-m64", "-fPIC", "-mcmodel=large"],
        ["gcc", "-m64", "-mcmodel=large"],
        ["gcc", "-m32", "-fPIC"],
        ["gcc", "-m32", "-fPIE", "-fno-plt"],
        ["clang-19", "-m64", "-fPIC"],
        ["clang-19", "-m32", "-fPIC"],
    ),
    ids=" ".join,
)
def test_position_independent_code(tmp_path: Path, dialect: str, command: list[str]) -> None:
    code = compiled(PIC, tmp_path / "a.o", *command)
    other = compiled(PIC_OTHER, tmp_path / "b.o", *command)
    bits = 32 if "-m32" in command else 64
    compare(tmp_path, dialect, ["-m", EMULATIONS[bits], str(code), str(other)])
