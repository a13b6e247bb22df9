"""Loads of undefined names through the global offset table, in GNU ld's dialect: what is wanted
keeps its slot, what may be missing is 0."""

from __future__ import annotations

from pathlib import Path

import pytest

from .twins import assemble, assert_same_file

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
