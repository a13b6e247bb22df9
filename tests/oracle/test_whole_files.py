"""Small programs whose whole file has to be LLD's: each case is one thing a random link found.

A case is assembly for each object and the options of the link.  LLD is asked each time; its
signature in `.comment` is given to it as LLD_VERSION."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from pylink86.cli.pyld import main as pyld
from tests.oracle import peers
from tests.oracle.elf_view import first_difference

EMULATIONS = {64: "elf_x86_64", 32: "elf_i386"}


class Links(NamedTuple):
    """texts: assembly, an object each.  options: of the link.  script: a linker script, "" for
    none."""

    texts: tuple[str, ...]
    options: tuple[str, ...] = ()
    bits: int = 64
    script: str = ""


START = ".globl _start\n_start: "
FRAME = ".cfi_startproc\nnop\n.cfi_def_cfa_offset 16\n.cfi_endproc\n"
TABLES = (
    START
    + """mov name@GOTPCREL(%rip), %rax
lea _GLOBAL_OFFSET_TABLE_(%rip), %rbx
name: ret
.data
.long 5
.section .tdata,"awT"
.long 1
"""
)
IN_DATA = """SECTIONS {
  . = 0x10000;
  .text : { *(.text) }
  .tdata : { *(.tdata) }
  .data : { *(.got) *(.data) }
  .bss : { *(.bss) }
}
"""
GROUP = """.section .text.one,"axG",@progbits,one,comdat
.weak one
one: call _start
"""
FORMS = {
    "rel": ("-z", "rel"),
    "rela": ("-z", "rela"),
    "apply": ("--apply-dynamic-relocs",),
    "notext": ("-z", "notext", "-z", "now"),
}
POINTERS = (
    START
    + """call later
nop
.type later,@gnu_indirect_function
later: ret
target: ret
.data
.long 5
.balign 8
.quad 0
@WORD@ target
"""
)

CASES = {
    "common-stays-first-when-a-table-joins": Links(
        (
            START
            + "nop\n.bss\nown: .zero 9\n.comm block,8,16\n.text\nmov own@GOTPCREL(%rip), %rax\n",
        )
    ),
    "a-load-that-became-a-distance-keeps-an-empty-table": Links(
        (START + "mov data@GOTPCREL(%rip), %rax\n.data\ndata: .long 1\n",)
    ),
    "a-load-that-became-a-number-keeps-none": Links(
        (START + "cmp data@GOTPCREL(%rip), %rax\n.data\ndata: .long 1\n",)
    ),
    "the-index-of-unwind-tables-is-not-garbage": Links(
        (START + FRAME,), ("--gc-sections", "--eh-frame-hdr")
    ),
    "unwind-tables-stand-at-their-relocations": Links(
        (
            START + FRAME,
            '.section .rodata,"a"\n.globl x\nx: .long 5\n.text\nmov $x, %eax\n' + FRAME,
        ),
        ("-q",),
    ),
    "now-guards-the-addresses-of-functions": Links((TABLES,), ("-z", "now")),
    "the-table-guards-the-section-it-is-in": Links((TABLES,), (), 64, IN_DATA),
    "an-empty-table-does-too": Links((START + "nop\n.data\n.long 1\n",), (), 64, IN_DATA),
    "copies-in-and-out-of-a-group-are-the-same": Links(
        (
            START
            + 'call one\n.section .text.one,"axG",@progbits,one,comdat\n.weak one\none: nop\n',
            ".globl two\ntwo: nop\n",
        ),
        ("--icf=all",),
    ),
    "the-loader-is-named-first": Links(
        (POINTERS.replace("@WORD@", ".quad"),), ("-dynamic-linker", "/lib/ld.so", "--build-id")
    ),
    "the-loader-of-no-one": Links(
        (POINTERS.replace("@WORD@", ".quad"),),
        ("-dynamic-linker", "/lib/ld.so", "--no-dynamic-linker"),
    ),
    "the-loader-with-n": Links(
        (POINTERS.replace("@WORD@", ".quad"),), ("-dynamic-linker=/lib/ld.so", "-n")
    ),
    "an-own-section-names-the-loader": Links(
        (START + 'nop\n.section .interp,"a"\n.asciz "/mine"\n',), ("-dynamic-linker", "/x")
    ),
    **{
        f"moving-{bits}-{'-'.join(words).replace('--', '')}": Links(
            (POINTERS.replace("@WORD@", ".quad" if bits == 64 else ".long"),),
            ("-pie", "--no-dynamic-linker", *(w for o in words for w in FORMS[o])),
            bits,
        )
        for bits in (64, 32)
        for words in (["rel"], ["rela"], ["rel", "apply"], ["rela", "apply"], ["notext"])
    },
    "names-that-expressions-read-come-first": Links(
        (START + "nop\n.data\n.long 1\n",),
        script="b = 1; SECTIONS { .text start : { *(.text) } .data : AT(a) { *(.data) } "
        "start = 64; x = 1 ? b : nobody; a = 4096; }",
    ),
    "names-of-what-a-condition-leaves-out": Links(
        (START + "nop\n",),
        script="b = 1; SECTIONS { .d : ONLY_IF_RW { *(.text) c = 5; d = c; QUAD(later) } "
        ".text : { *(.text) } later = ADDR(.text); }",
    ),
    "groups-of-which-nothing-is-left-stay": Links(
        (START + "nop\n" + GROUP + ".comm unused,8,8\n", GROUP),
        ("-r", "--gc-sections", "-e", "_start"),
    ),
    "relocations-in-groups-stay-apart": Links(
        (START + "call one\n" + GROUP,), ("-r",), script="SECTIONS { .text : { *(.text*) } }"
    ),
    "names-that-are-asked-for-have-the-first-slots": Links(
        (
            START + "call *one@GOT(%ebx)\ncall *two@GOT(%ebx)\n",
            ".globl one, two\none: nop\ntwo: nop\n",
        ),
        ("-u", "two"),
        32,
    ),
    "headers-alone-are-no-code": Links(
        (START + 'nop\n.section .rodata,"a"\n.long 1\n.data\n.long 2\n',),
        ("--no-rosegment", "--section-start=.data=0x500000"),
    ),
    "read-only-data-alone-is-no-code": Links(
        ('.section .rodata,"a"\n.globl _start\n_start: .long 1\n.data\n.long 2\n',),
        ("--no-rosegment",),
        script="SECTIONS { . = 0x10000; .rodata : { *(.rodata) } .data : { *(.data) } }",
    ),
    "thread-bss-before-bss-makes-no-segment-longer": Links(
        (START + 'nop\n.bss\n.zero 1\n.section .tbss,"awT",@nobits\n.zero 2\n',),
        script="PHDRS { all PT_LOAD; } SECTIONS { .text : { *(.text) } }",
    ),
    "separate-code-without-pages": Links(
        (START + 'nop\n.section .text.b,"ax"\n.p2align 6\nnop\n.data\n.long 2\n',),
        ("-n", "-z", "separate-code"),
    ),
    "a-name-of-defsym-belongs-to-no-file": Links(
        (START + "mov $hidden, %eax\nlea _GLOBAL_OFFSET_TABLE_(%rip), %rax\n.hidden hidden\n",),
        ("--defsym=hidden=_start+4", "-q"),
    ),
    "what-a-script-assigns-keeps-no-section": Links(
        (
            START + 'call one\ncall two\n.section .text.one,"ax"\n.globl one\none: nop\n'
            '.section .text.two,"ax"\n.globl two\ntwo: ret\n',
        ),
        ("--gc-sections", "--defsym=one=0x200000"),
    ),
    "the-name-of-a-loader-has-a-section-symbol": Links(
        (START + "nop\n",), ("-q", "-dynamic-linker=/lib/ld.so")
    ),
    "relocations-of-unwind-tables-are-garbage": Links(
        (START + "mov $x, %eax\n" + FRAME, '.section .rodata,"a"\n.globl x\nx: .long 5\n'),
        ("-q", "--gc-sections"),
    ),
}


@pytest.mark.skipif(peers.find("lld") is None, reason=peers.missing("lld"))
@pytest.mark.parametrize("name", CASES)
def test_whole_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLD_VERSION", "the same")
    case = CASES[name]
    files = []
    for number, text in enumerate(case.texts):
        files.append(f"{number}.o")
        made = ["as", f"--{case.bits}", "-o", files[-1]]
        subprocess.run(made, input=text.encode(), check=True)
    words = ["-m", EMULATIONS[case.bits], *case.options, *files]
    if case.script:
        Path("script.ld").write_text(case.script)
        words += ["-T", "script.ld"]
    subprocess.run([str(peers.find("lld")), *words, "-o", "theirs"], check=True)
    assert pyld(["--dialect", "lld", *words, "-o", "ours"]) == 0
    theirs, ours = Path("theirs").read_bytes(), Path("ours").read_bytes()
    assert first_difference(theirs, ours, "lld") is None
    assert theirs == ours
