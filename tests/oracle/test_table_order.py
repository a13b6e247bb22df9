"""LLD's tables in unusual layouts: slots given back, i386 loads without a base register, .tbss
alone, and thread-local offsets in data."""

from __future__ import annotations

import pytest

from pylink86.cli.pyld import main

from .twins import assemble, assert_same_file

pytestmark = pytest.mark.peer

STACK = '.section .note.GNU-stack,"",@progbits\n'
FAR = """\
.section .text.first,"ax"
  movl __start_data@GOTPCREL(%rip), %eax
  addq inner@GOTPCREL(%rip), %rax
  addq foo@GOTPCREL(%rip), %rax
.section .text,"ax"
.globl _start
_start:
  movl __stop_data@GOTPCREL(%rip), %eax
  movq __stop_data@GOTPCREL(%rip), %rax
.section foo,"aw",@progbits
.space 1
inner: .space 1
.section data,"aw",@progbits
.space 13
"""
PLACES = {
    "far": ("0x100000", "0x200000", "0x7fffffff", "0x80200000"),
    "near": ("0x100000", "0x200000", "0x400000", "0x500000"),
    "one-far": ("0x2000", "0x3000", "0x7fffffff", "0x80001000"),
    "turned": ("0x200000", "0x100000", "0x7fffffff", "0x80200000"),
}


@pytest.mark.parametrize("name", PLACES)
def test_slots_given_back_stand_in_the_order_of_the_output(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, text, foo, data = PLACES[name]
    inputs = [f".text.first {first} : {{ *(.text.first) }}", f".text {text} : {{ *(.text) }}"]
    inputs.sort(key=lambda line: int(line.split()[1], 16))
    rest = f".got 0x300000 : {{ *(.got) }} foo {foo} : {{ *(foo) }} data {data} : {{ *(data) }}"
    (tmp_path / "a.ld").write_text(f"SECTIONS {{ {' '.join(inputs)} {rest} }}")
    made = assemble(tmp_path / "a.o", STACK + FAR)
    assert_same_file("lld", ["-T", "a.ld", made], tmp_path)


@pytest.mark.parametrize("operand", ["foo@GOT", "foo@GOT(%ebx)"])
def test_a_slot_known_by_its_address_needs_no_table_base(operand, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = f".text\n.globl _start, foo\n_start: addl {operand}, %eax\nfoo: ret\n"
    made = assemble(tmp_path / "a.o", STACK + text, wide=False)
    assert_same_file("lld", ["-m", "elf_i386", made], tmp_path)


def test_a_slot_known_by_its_address_is_refused_with_pie(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = ".text\n.globl _start, foo\n_start: addl foo@GOT, %eax\nfoo: ret\n"
    made = assemble(tmp_path / "a.o", STACK + text, wide=False)
    assert main(["-m", "elf_i386", "-pie", made, "-o", "out"], "ld.lld") == 1
    assert "cannot be used against symbol 'foo'; recompile with -fPIC" in capsys.readouterr().err
    assert main(["-m", "elf_i386", "-pie", "-no-pie", made, "-o", "out"], "ld.lld") == 0
    assert main(["-m", "elf_i386", "-pie", made, "-o", "out"], "ld") == 0


THREADS = """\
.text
.globl _start
_start: nop
.long block@dtpoff
.section .tbss,"awT",@nobits
.zero 4
block: .zero 4
.section .rodata,"a"
.long block@dtpoff
.section .debug_info
.long block@dtpoff
"""


@pytest.mark.parametrize("wide", [True, False], ids=["x86_64", "i386"])
def test_thread_local_room_alone_and_offsets_in_it(wide, tmp_path, monkeypatch):
    """No padding of read-only data, and the offset counts from the thread pointer in memory."""
    monkeypatch.chdir(tmp_path)
    text = THREADS
    if wide:
        text = THREADS.replace(".long block@dtpoff\n", ".long block@dtpoff\n.quad block@dtpoff\n")
    made = assemble(tmp_path / "a.o", STACK + text, wide)
    machine = "elf_x86_64" if wide else "elf_i386"
    for more in ([], ["-z", "norelro"]):
        assert_same_file("lld", ["-m", machine, *more, made], tmp_path)
