"""Loads of undefined names through the global offset table, in GNU ld's dialect: what is wanted
keeps its slot, what may be missing is 0."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pylink86.cli.pyld import main

from .twins import PEERS, assemble, assert_same_file, need

pytestmark = pytest.mark.peer

FORMS = {
    True: (
        "mov {}@GOTPCREL(%rip), %rax", "call *{}@GOTPCREL(%rip)", "jmp *{}@GOTPCREL(%rip)",
        "add {}@GOTPCREL(%rip), %rax", "test %rcx, {}@GOTPCREL(%rip)",
        "mov {}@GOTPCREL(%rip), %eax",
    ),
    False: (
        "mov {}@GOT(%ebx), %eax", "call *{}@GOT(%ebx)", "jmp *{}@GOT(%ebx)",
        "add {}@GOT(%ebx), %eax", "test %ecx, {}@GOT(%ebx)", "mov {}@GOT, %eax",
    ),
}  # fmt: skip


@pytest.mark.parametrize("more", [[], ["--gc-sections"], ["--no-relax"]], ids=" ".join)
@pytest.mark.parametrize("wide", (True, False))
def test_undefined_loads(
    wide: bool, more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [".globl _start", "_start: nop"]
    for number, form in enumerate(FORMS[wide]):
        lines += [form.format(f"wanted{number}"), f".weak weak{number}"]
        lines.append(form.format(f"weak{number}"))
    made = assemble(tmp_path / "a.o", "\n".join(lines) + "\n", wide)
    emulation = "elf_x86_64" if wide else "elf_i386"
    words = ["-m", emulation, *more, "--unresolved-symbols=ignore-all", made]
    assert_same_file("gnu", words, tmp_path)


CALLS = {
    True: """\
.globl _start
_start:
leaq t@tlsld(%rip), %rdi
call *__tls_get_addr@GOTPCREL(%rip)
.byte 0x66
leaq t@tlsgd(%rip), %rdi
.byte 0x66
rex64
call *__tls_get_addr@GOTPCREL(%rip)
""",
    False: """\
.globl _start
_start:
leal t@tlsgd(%ebx), %eax
call *___tls_get_addr@GOT(%ebx)
nop
""",
}
"""What -fno-plt makes of thread-local variables."""
VARIABLE = '.section .tdata,"awT"\n.globl t\nt: .long 7\n'
FUNCTION = ".text\n.globl {0}\n{0}: ret\n"


@pytest.mark.parametrize("defined", (False, True))
@pytest.mark.parametrize("wide", (True, False))
def test_a_call_that_goes_with_its_sequence(
    wide: bool, defined: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slot of the function that would have been called stays if nobody defines it."""
    monkeypatch.chdir(tmp_path)
    name = "__tls_get_addr" if wide else "___tls_get_addr"
    source = CALLS[wide] + (FUNCTION.format(name) if defined else "") + VARIABLE
    made = assemble(tmp_path / "a.o", source, wide)
    for more in ([], ["--gc-sections"], ["-z", "now"]):
        words = ["-m", "elf_x86_64" if wide else "elf_i386", *more, made]
        assert_same_file("gnu", words, tmp_path)


@pytest.mark.parametrize("dialect", PEERS)
def test_one_file_that_insists_is_enough(
    dialect: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A weak reference is 0 only where every file is ready to do without the name."""
    monkeypatch.chdir(tmp_path)
    need(PEERS[dialect])
    weak = assemble(tmp_path / "a.o", ".weak q\n.globl _start\n_start: .quad q\n")
    strong = assemble(tmp_path / "b.o", ".globl q, r\nr: nop\n")
    words = [weak, strong, "-o", str(tmp_path / "out")]
    done = subprocess.run([PEERS[dialect], *words], capture_output=True, text=True)
    assert done.returncode and "undefined" in done.stderr
    assert main([f"--dialect={dialect}", *words], "pyld") == 1
    assert "undefined-symbol" in capsys.readouterr().err
