"""What links of real firmware and kernels showed, each cause made small: whole files, both peers.

Boot loaders and hypervisors keep relocations, sort their inputs, and give sections types; the
order of names, strings and relocations then tells linkers apart."""

from __future__ import annotations

import pytest

from .twins import assemble, assert_same_file, compile_c

pytestmark = pytest.mark.peer

FIRST = """
.section .rodata.zz.str1.1, "aMS", @progbits, 1
.asciz "first"
.asciz "shared"
.text
.globl _start
_start: nop
"""
SECOND = """
.section .rodata.aa.str1.1, "aMS", @progbits, 1
.asciz "second"
.asciz "shared"
.asciz "other"
"""


@pytest.mark.parametrize(
    "pattern",
    ["*(SORT_BY_NAME(.rodata*))", "*(.rodata.aa*) *(.rodata.zz*)", "*(.rodata*)"],
    ids=["sorted", "listed", "as-given"],
)
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_strings_merge_in_the_order_of_files(dialect, pattern, tmp_path, monkeypatch):
    """Which of two equal strings stays does not depend on where the script places them."""
    monkeypatch.chdir(tmp_path)
    objects = [assemble(tmp_path / "a.o", FIRST), assemble(tmp_path / "b.o", SECOND)]
    script = f"SECTIONS {{ .text : {{ *(.text) }} .rodata : {{ {pattern} }} }}"
    (tmp_path / "t.ld").write_text(script)
    assert_same_file(dialect, ["-T", "t.ld", *objects], tmp_path)


PROGRAM = """
int dead_common_to_be, dead_data = 5, used;
static int hidden;
int dead(void) { return hidden++; }
void _start(void) { used++; }
"""


@pytest.mark.parametrize("flags", [("-m32", "-fno-pic"), ()], ids=["32", "64"])
@pytest.mark.parametrize("options", [[], ["-x"], ["-X"], ["-S"]], ids=["", "x", "X", "S"])
def test_kept_relocations_to_what_is_dead(options, flags, tmp_path, monkeypatch):
    """GNU ld -q --gc-sections: debug data that names a dead variable keeps a relocation that does
    nothing."""
    monkeypatch.chdir(tmp_path)
    quiet = ("-fno-asynchronous-unwind-tables", "-fcf-protection=none", "-fno-pic")
    parts = ("-g", "-ffunction-sections", "-fdata-sections", *quiet, *flags)
    obj = compile_c(tmp_path / "a.o", PROGRAM, *parts)
    machine = ["-m", "elf_i386"] if flags else []
    assert_same_file("gnu", [*machine, "-q", "--gc-sections", *options, obj], tmp_path)


@pytest.mark.parametrize("more", ["", "BYTE(1)", "KEEP(*(.data))", ". += 3;"])
@pytest.mark.parametrize("kind", ["", "(OVERLAY)", "(NOLOAD)", "(INFO)", "(TYPE=SHT_PROGBITS)"])
def test_files_are_listed_by_sections_with_contents(kind, more, tmp_path, monkeypatch):
    """GNU ld: `.bss (OVERLAY)` is PROGBITS in the section table, and has no contents all the
    same."""
    monkeypatch.chdir(tmp_path)
    sources = (
        ".text\n.globl _start\n_start: nop\none: nop\n",
        ".bss\ntwo: .skip 4\n",
        '.section .late, "ax"\nthree: nop\n',
        ".data\nfour: .long 4\n",
    )
    objects = [assemble(tmp_path / f"{number}.o", text) for number, text in enumerate(sources)]
    (tmp_path / "t.ld").write_text(
        f"SECTIONS {{ .text : {{ *(.text) }} .bss {kind} : {{ KEEP(*(.bss)) {more} }}"
        " .late : { KEEP(*(.late)) } .data : { KEEP(*(.data)) } }"
    )
    assert_same_file("gnu", ["--gc-sections", "-T", "t.ld", *objects], tmp_path)


@pytest.mark.parametrize("options", [[], ["-q"]], ids=["", "q"])
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_code_in_a_section_that_is_not_in_memory(dialect, options, tmp_path, monkeypatch):
    """`.section .text_x` without flags: code that jumps there keeps it, and for GNU ld what it
    refers to; LLD does not look into it."""
    monkeypatch.chdir(tmp_path)
    source = """
    .text
    .globl _start
    _start: call there
    .section .text_x
    there: mov $word, %eax
    .section .data.one, "aw"
    word: .quad 1
    """
    (tmp_path / "t.ld").write_text(
        "SECTIONS { .text : { *(.text*) } .data : { *(.data*) } /DISCARD/ : { *(.comment) } }"
    )
    obj = assemble(tmp_path / "a.o", source)
    assert_same_file(dialect, ["--gc-sections", *options, "-T", "t.ld", obj], tmp_path)


@pytest.mark.parametrize(
    "options", [[], ["-q"], ["-r"], ["-r", "-N", "-d"]], ids=["", "q", "r", "r-N"]
)
@pytest.mark.parametrize("kind", ["(OVERLAY)", "(INFO)", "(NOLOAD)", ""])
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_bss_that_is_not_in_memory(dialect, kind, options, tmp_path, monkeypatch):
    """LLD leaves room for it in the file, GNU ld does not."""
    monkeypatch.chdir(tmp_path)
    source = """
    .text
    .globl _start
    _start: ret
    .data
    .quad _start
    .bss
    .skip 40
    .section .note.GNU-stack, "", @progbits
    """
    script = f".text : {{ *(.text) }} .bss {kind} : {{ *(.bss) }} .data : {{ *(.data) }}"
    (tmp_path / "t.ld").write_text(f"SECTIONS {{ {script} }}")
    obj = assemble(tmp_path / "a.o", source)
    assert_same_file(dialect, [*options, "-T", "t.ld", obj], tmp_path)


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_kept_relocations_to_strings_of_i386(dialect, tmp_path, monkeypatch):
    """-q --gc-sections: the addend is in the code already; strings before the one that is meant are
    gone in LLD."""
    monkeypatch.chdir(tmp_path)
    source = """
    .text
    .globl _start
    _start: mov $.Lsecond, %eax
    .section .rodata.str1.1, "aMS", @progbits, 1
    .asciz "first"
    .Lsecond: .asciz "second"
    .section .note.GNU-stack, "", @progbits
    """
    obj = assemble(tmp_path / "a.o", source, wide=False)
    assert_same_file(dialect, ["-m", "elf_i386", "-q", "--gc-sections", obj], tmp_path)
