"""Programs that run at any address (-pie), byte for byte those of GNU ld and LLD, and running."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pylink86 import __version__
from pylink86.cli.pyld import main

pytestmark = pytest.mark.peer

PEERS = {"gnu": "ld", "lld": "ld.lld-19"}

PROGRAM = """\
.file "a.c"
.globl _start, gv, hid, called, ext, names
.hidden hid, called
.text
_start:
 .cfi_startproc
 call called@PLT
 ret
 .cfi_endproc
called: ret
hid: nop
.data
gv: .word gv + 5
.word hid
.word ptr + 8
.word wk
ptr: .word _start
.word 7
.section .data.rel.ro,"aw"
.word names
.word __start_list
.section list,"aw"
.word _start
.section .rodata.str1.1,"aMS",@progbits,1
names: .asciz "one"
.asciz "two"
.weak wk
.bss
ext: .zero 8
.section .note.GNU-stack,"",@progbits
"""

LOADS_64 = """\
.text
 mov gv@GOTPCREL(%rip), %rax
 mov names@GOTPCREL(%rip), %eax
 cmp gv@GOTPCREL(%rip), %rax
 test %rcx, hid@GOTPCREL(%rip)
 call *called@GOTPCREL(%rip)
 lea ext(%rip), %rdi
"""

LOADS_32 = """\
.text
 mov gv@GOT(%ebx), %eax
 cmp gv@GOT(%ebx), %eax
 lea ext@GOTOFF(%ebx), %eax
 add $_GLOBAL_OFFSET_TABLE_, %ebx
"""

SCRIPT = """\
SECTIONS {
  . = SIZEOF_HEADERS;
  .text : { *(.text) }
  . = ALIGN(4096);
  .data : { *(.data .data.*) }
  list : { *(list) }
  .rela.dyn : { *(.rela.*) }
  /DISCARD/ : { *(.dynsym .dynstr .hash .gnu.hash .dynamic .comment) *(.eh_frame) }
}
"""

BASE = {"gnu": "-Ttext-segment", "lld": "--image-base"}

LINKS = {
    "plain": ["-pie", "--no-dynamic-linker"],
    "now": ["-pie", "--no-dynamic-linker", "-z", "now", "--hash-style=gnu"],
    "sysv": ["-pie", "--no-dynamic-linker", "--hash-style=sysv", "-z", "norelro"],
    "gc": ["-pie", "--no-dynamic-linker", "--gc-sections"],
    "based": ["-pie", "--no-dynamic-linker", "BASE=0x200000"],
}


def assemble(name, source, bits):
    word = ".quad" if bits == 64 else ".long"
    text = source.replace(".word", word)
    subprocess.run(["as", f"--{bits}", "-o", name], input=text, text=True, check=True)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Makes the objects of one class; the words for a linker."""
    if shutil.which("as") is None:
        pytest.skip("as is not installed (apt install binutils)")
    monkeypatch.chdir(tmp_path)

    def make(bits):
        assemble("a.o", PROGRAM, bits)
        assemble("b.o", LOADS_64 if bits == 64 else LOADS_32, bits)
        return ["-m", "elf_x86_64" if bits == 64 else "elf_i386", "a.o", "b.o"]

    return make


def compared(dialect, words, monkeypatch):
    """Both files of a link."""
    if shutil.which(PEERS[dialect]) is None:
        pytest.skip(f"{PEERS[dialect]} is not installed (apt install binutils lld-19)")
    monkeypatch.setenv("LLD_VERSION", f"Linker: pylink86 {__version__}")
    done = subprocess.run(
        [PEERS[dialect], *words, "-o", "theirs"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert main([f"--dialect={dialect}", *words, "-o", "ours"], "pyld") == 0
    return Path("theirs").read_bytes(), Path("ours").read_bytes()


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("dialect", PEERS)
def test_the_whole_file_is_the_peers(dialect, name, bits, program, monkeypatch):
    options = [word.replace("BASE", BASE[dialect]) for word in LINKS[name]]
    theirs, ours = compared(dialect, [*program(bits), *options], monkeypatch)
    assert theirs == ours


@pytest.mark.parametrize("dialect", PEERS)
def test_a_script_may_leave_the_tables_out(dialect, program, monkeypatch, tmp_path):
    (tmp_path / "s.ld").write_text(SCRIPT)
    options = ["-pie", "--no-dynamic-linker", "--no-ld-generated-unwind-info", "-T", "s.ld"]
    words = [*program(64), *(o for o in options if dialect == "gnu" or "unwind" not in o)]
    theirs, ours = compared(dialect, words, monkeypatch)
    assert theirs == ours


PARTS = """\
SECTIONS {
  . = 0x1000;
  .text : { *(.text) }
  .data : { *(.data .data.*) }
  .got : { *(.got*) }
  .first : { *(.rel*.data.rel.ro) }
  .middle : { *(.rel*.list) }
  .dynsym : { *(.dynsym) }
  LIST : { *(.rel*) }
  .dynamic : { *(.dynamic) }
  .hash : { *(.hash) }
  list : { *(list) }
  /DISCARD/ : { *(.eh_frame .comment) MORE }
}
"""
"""As U-Boot has it: relocations of some sections are the business of others."""


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("more", ["", "*(.dynstr .gnu*)"], ids=["with-names", "without"])
def test_parts_of_the_list_go_where_a_script_says(more, bits, program, monkeypatch, tmp_path):
    name = ".rela.dyn" if bits == 64 else ".rel.dyn"
    (tmp_path / "s.ld").write_text(PARTS.replace("MORE", more).replace("LIST", name))
    options = ["-pie", "--no-dynamic-linker", "--no-ld-generated-unwind-info", "-T", "s.ld"]
    theirs, ours = compared("gnu", [*program(bits), *options], monkeypatch)
    assert theirs == ours


def test_short_addresses_are_written_as_they_are(program, monkeypatch):
    """GNU ld lets 16-bit start-up code be in a program that moves, as U-Boot's for i386 is."""
    words = program(32)
    assemble("c.o", ".code16\nlow: movw $low, %ax\n", 32)
    options = ["c.o", "-pie", "--no-dynamic-linker", "-z", "notext"]
    theirs, ours = compared("gnu", [*words, *options], monkeypatch)
    assert theirs == ours


@pytest.mark.parametrize("table", [".dynsym", ".hash", ".gnu.hash"])
def test_a_table_that_is_pointed_to_may_not_leave(table, program, capsys, tmp_path):
    (tmp_path / "s.ld").write_text(f"SECTIONS {{ /DISCARD/ : {{ *({table}) }} }}")
    words = [*program(64), "-pie", "-T", "s.ld", "-o", "out"]
    assert main(["--dialect=gnu", *words], "pyld") == 1
    assert f"could not find section {table}" in capsys.readouterr().err


@pytest.mark.parametrize("dialect", PEERS)
def test_an_address_in_code_is_refused(dialect, program, capsys):
    words = program(64)
    assemble("c.o", '.section .rodata,"a"\n.quad _start\n', 64)
    words += ["c.o", "-pie", "-z", "text", "-o", "out"]
    assert main([f"--dialect={dialect}", *words], "pyld") == 1
    message = capsys.readouterr().err
    assert "[reloc-in-read-only]" in message and "(.rodata+0x0)" in message
    assert not Path("out").exists()
    assert main([f"--dialect={dialect}", *words, "-z", "notext"], "pyld") == 0


@pytest.mark.parametrize("dialect", PEERS)
def test_a_short_address_is_refused(dialect, program, capsys):
    words = program(64)
    assemble("c.o", ".text\nmov $gv, %eax\n", 64)
    assert main([f"--dialect={dialect}", *words, "c.o", "-pie", "-o", "out"], "pyld") == 1
    message = capsys.readouterr().err
    assert "relocation R_X86_64_32" in message and "gv'" in message and "-fPI" in message


@pytest.mark.parametrize("dialect", PEERS)
def test_images_stay_where_they_are(dialect, program, monkeypatch):
    """-pie, -z relro and -z now mean nothing for a flat image."""
    words = program(64)
    assert main([f"--dialect={dialect}", *words, "--oformat=binary", "-o", "one"], "pyld") == 0
    more = ["-pie", "-z", "relro", "-z", "lazy", "--oformat=binary", "-o", "two"]
    assert main([f"--dialect={dialect}", *words, *more], "pyld") == 0
    assert Path("one").read_bytes() == Path("two").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="runs a Linux program")
@pytest.mark.parametrize("dialect", PEERS)
def test_a_static_program_of_libc_moves_and_runs(dialect, tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed (apt install gcc)")
    from pylink86.cli.shim import main as shim

    assert shim([str(tmp_path / "bin")]) == 0
    (tmp_path / "p.c").write_text(
        '#include <stdio.h>\n#include <string.h>\nchar *names[] = {"a", "bc"};\n'
        "int main(int c, char **v) {\n"
        '  printf("%s %zu %d\\n", names[c], strlen(names[1]), c);\n  return 7;\n}\n'
    )
    driver = ["gcc", "-static-pie", f"-B{tmp_path / 'bin'}", "p.c", "-o", "p"]
    if dialect == "lld":
        driver.append("-fuse-ld=lld")
    subprocess.run(driver, cwd=tmp_path, check=True, timeout=120)
    done = subprocess.run(["./p"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("bc 2 1\n", 7)
