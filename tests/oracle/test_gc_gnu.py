"""--gc-sections in GNU ld's dialect: what is a root, and what stays that is not in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from .twins import assemble, assert_same_file, link_both, sections

pytestmark = pytest.mark.peer

ROOTS = """\
.globl _start
_start: nop
.section .init,"ax"
nop
.section .jcr,"aw"
.long 1
.section .init_array,"aw"
.quad 1
.section .ctors,"aw"
.quad 2
.section .note.x,"a",@note
.long 1,0,0
.section .kept,"aR"
.long 5
.section .text.f,"ax"
f: .cfi_startproc
nop
.cfi_endproc
.section .text.g,"ax"
.globl g
g: .cfi_startproc
call nowhere
.cfi_endproc
"""
"""What a run-time finds by itself, with and without a KEEP() around it."""

PLAIN = "ENTRY(_start) SECTIONS { . = 0x10000; .text : { *(.text .text.*) } }"
SCRIPTS = {
    "own": "",
    "orphans": PLAIN,
    "named": PLAIN.replace("} }", "} .x : { *(.init .jcr .init_array .ctors) *(.eh_frame) } }"),
    "kept": PLAIN.replace(
        "} }", "} .a : { KEEP(*(.init_array)) } .eh_frame : { KEEP(*(.eh_frame)) } }"
    ),
}


@pytest.mark.parametrize("more", [[], ["-r", "-e", "_start"], ["-u", "f"]], ids=" ".join)
@pytest.mark.parametrize("name", SCRIPTS)
def test_only_notes_are_roots(
    name: str, more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", ROOTS)
    (tmp_path / "a.ld").write_text(SCRIPTS[name])
    layout = ["-T", "a.ld"] if SCRIPTS[name] else []
    assert_same_file("gnu", ["--gc-sections", *more, *layout, made], tmp_path)


ASIDE = """\
.globl _start
_start: nop
.section .remark,"",@progbits
.quad 1
.section .about,"",@progbits
.quad _start
.section .note.aside,"",@note
.quad _start
.section .debug_info,"",@progbits
.quad .told, f
.section .told,"",@progbits
.quad _start
.section .debug_line.text.a,"",@progbits
.quad _start
.section .debug_line.text.f,"",@progbits
.quad _start
.section .text.f,"ax"
f: nop
.section .group_about,"G",@progbits,one
.quad _start
.section .debug_all,"G",@progbits,two
.quad _start
.section .group_remark,"G",@progbits,three
.quad 1
.section .debug_part,"G",@progbits,four
.quad 1
.section .text.part,"axG",@progbits,four
.quad 1
"""
"""A section of each kind that is not in memory: with references and without, debug information in
pieces, groups of one kind and of several."""

LEFT = """\
.section .note.only,"a",@note
.long 1,0,0
.section .debug_info,"",@progbits
.quad 2
.section .comment,"",@progbits
.quad 2
"""


def test_what_is_not_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = [assemble(tmp_path / "a.o", ASIDE), assemble(tmp_path / "b.o", LEFT)]
    ours = assert_same_file("gnu", ["--gc-sections", *files], tmp_path)
    assert b".remark" in ours and b".about" not in ours and b".comment" not in ours


EMPTY = ".globl _start\n_start:\n.data\n.quad 1\n"
ASKS = ".globl _start\n_start: lea block(%rip), %rax\n"
COMMON = '.comm block,8,8\n.section .debug_info,"",@progbits\n.quad 7\n'


def test_an_empty_section_of_the_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", EMPTY)
    for words in (["--gc-sections"], []):
        assert_same_file("gnu", [*words, made], tmp_path)


def test_a_common_block_keeps_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = [assemble(tmp_path / "a.o", ASKS), assemble(tmp_path / "b.o", COMMON)]
    ours = assert_same_file("gnu", ["--gc-sections", *files], tmp_path)
    assert b".debug_info" in ours


ASKS_FOR_THREADS = """\
.globl _start
_start:
leaq t@tlsld(%rip), %rdi
call __tls_get_addr@PLT
leaq t@dtpoff(%rax), %rdx
call foo
.weak bar
call bar
.section .text.dead,"ax"
call dead
.section .tdata,"awT"
.globl t
t: .long 7
"""


@pytest.mark.parametrize("more", [[], ["--gc-sections"], ["-u", "baz"], ["-u", "bar"]])
def test_undefined_names_that_are_listed(
    more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of live code with --gc-sections, and those of -u; not those that are only weak."""
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", ASKS_FOR_THREADS)
    assert_same_file("gnu", [*more, "--unresolved-symbols=ignore-all", made], tmp_path)


DEAD = """\
.globl _start
_start: nop
.section .text.f,"ax"
.cfi_startproc
nop
.cfi_endproc
"""


def test_an_index_without_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that there is no list.  GNU ld leaves the last four bytes as memory was."""
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", DEAD)
    files = link_both("gnu", ["--gc-sections", "--eh-frame-hdr", made], tmp_path)
    theirs, ours = ({row[0]: row[-1] for row in sections(data)} for data in files)
    assert theirs[".eh_frame_hdr"][:8] == ours[".eh_frame_hdr"][:8]
    assert ours[".eh_frame_hdr"][2:4] == b"\xff\xff"


ALIVE = ".globl _start\n_start: .cfi_startproc\nnop\n.cfi_endproc\n"
FUNCTION = """\
.section .text.{0},"ax"
.globl {0}
{0}: .cfi_startproc
nop
.cfi_endproc
"""


@pytest.mark.parametrize("root", ["g", "h", "_start"])
@pytest.mark.parametrize("option", ["-q", "-r"])
def test_relocations_of_tables_without_records(
    option: str, root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are none, and stay as long as a table behind them has records."""
    monkeypatch.chdir(tmp_path)
    sources = [ALIVE, FUNCTION.format("f") + FUNCTION.format("g"), FUNCTION.format("h")]
    files = [assemble(tmp_path / f"{at}.o", text) for at, text in enumerate(sources)]
    assert_same_file("gnu", ["--gc-sections", option, "-u", root, *files], tmp_path)
