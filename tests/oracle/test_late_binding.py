"""GNU ld's linkage table in programs that run at any address: whole files.

Indirect functions and undefined names have entries for late binding there (.plt, .plt.sec,
.plt.got), with unwind records; names are listed for others or left to a loader; and what
gcc -static-pie makes of libc.a is the same file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pylink86.cli.pyld import main

pytestmark = pytest.mark.peer

EMULATIONS = {32: "elf_i386", 64: "elf_x86_64"}

MACROS = """\
.macro chosen n
.type \\n, @gnu_indirect_function
\\n: ret
.size \\n, 1
.endm
.macro shown n
.globl \\n
chosen \\n
.endm
"""

DEFINITIONS = """\
.text
shown alpha
shown beta
shown gamma
shown delta
shown eps
shown hid
.hidden hid
chosen own
chosen own2
chosen own3
.data
.word _start, gamma, eps, own3, hid
"""

USES = {
    64: "call alpha\ncall *beta@GOTPCREL(%rip)\nmov gamma@GOTPCREL(%rip), %rax\n"
    "lea delta(%rip), %rax\nmov own@GOTPCREL(%rip), %rax\n",
    32: "call alpha@PLT\ncall *beta@GOT(%ebx)\nmov gamma@GOT(%ebx), %eax\n"
    "call delta@PLT\nmov own@GOT(%ebx), %eax\n",
}

WEAK = {
    64: "call w1@PLT\ncmpq $0, w3@GOTPCREL(%rip)\ncall w3@PLT\nmov w4@GOTPCREL(%rip), %rax\n"
    "call *w5@GOTPCREL(%rip)\ncmpq $0, w6@GOTPCREL(%rip)\n",
    32: "call w1@PLT\ncmpl $0, w3@GOT(%ebx)\ncall w3@PLT\nmov w4@GOT(%ebx), %eax\n"
    "call *w5@GOT(%ebx)\ncmpl $0, w6@GOT(%ebx)\n",
}


def marks(bits: int) -> str:
    """Every target of an indirect jump begins with endbr."""
    align, size = (3, 16) if bits == 64 else (2, 12)
    return (
        f'.section .note.gnu.property,"a"\n.p2align {align}\n.long 4, {size}, 5\n.asciz "GNU"\n'
        f".long 0xc0000002, 4, 1\n.p2align {align}\n"
    )


def program(bits: int, unwound: bool, marked: bool) -> str:
    begin, end = (".cfi_startproc\n", ".cfi_endproc\n") if unwound else ("", "")
    text = f"{MACROS}.weak w1, w3, w4, w5, w6\n.text\n.globl _start\n_start:\n{begin}"
    text += USES[bits] + "call hid@PLT\ncall own2@PLT\n" + WEAK[bits] + end + DEFINITIONS
    text += marks(bits) if marked else ""
    return text.replace(".word", ".quad" if bits == 64 else ".long")


ALONE = "--no-dynamic-linker"
OPTIONS = {
    "plain": [ALONE, "--build-id"],
    "now": [ALONE, "-z", "now", "--eh-frame-hdr"],
    "without-records": [ALONE, "--no-ld-generated-unwind-info", "--hash-style=gnu"],
    "loaded": ["-dynamic-linker", "/lib/loader.so", "--build-id"],
    "exported": ["-E", ALONE, "--hash-style=sysv"],
    "exported-loaded": ["-E", "-z", "now"],
    "listed": ["--dynamic-list=list", "-s"],
    "kept": ["-E", "--gc-sections"],
    "asked-for-marks": ["-z", "ibt"],
}


@pytest.mark.parametrize("bits", EMULATIONS)
@pytest.mark.parametrize("unwound", [False, True], ids=["bare", "unwound"])
@pytest.mark.parametrize("marked", [False, True], ids=["", "marked"])
def test_the_linkage_table(
    bits: int, unwound: bool, marked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool in ("as", "ld"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (apt install binutils)")
    monkeypatch.chdir(tmp_path)
    source = program(bits, unwound, marked)
    subprocess.run(["as", f"--{bits}", "-o", "a.o"], input=source, text=True, check=True)
    Path("list").write_text("{ *a; w*; };")
    for more in OPTIONS.values():
        words = ["-m", EMULATIONS[bits], "-pie", *more, "a.o"]
        subprocess.run(["ld", *words, "-o", "theirs"], check=True)
        assert main([*words, "-o", "ours"], "pyld") == 0
        assert Path("ours").read_bytes() == Path("theirs").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="links with libc.a of Linux")
@pytest.mark.parametrize("bits", EMULATIONS)
def test_a_static_program_of_libc(bits: int, tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed (apt install gcc gcc-multilib)")
    from pylink86.cli.shim import main as shim

    assert shim([str(tmp_path / "bin")]) == 0
    (tmp_path / "p.c").write_text(
        '#include <stdio.h>\n#include <string.h>\nchar *names[] = {"a", "bc"};\n'
        'int main(int c, char **v) { printf("%s %zu", names[c], strlen(v[0])); return 0; }\n'
    )
    driver = ["gcc", f"-m{bits}", "-static-pie", "p.c", "-o"]
    done = subprocess.run([*driver, "theirs"], cwd=tmp_path, capture_output=True, timeout=120)
    if done.returncode:
        pytest.skip(f"no static libc of {bits} bits (apt install libc6-dev gcc-multilib)")
    subprocess.run([*driver, "ours", f"-B{tmp_path / 'bin'}"], cwd=tmp_path, check=True)
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


@pytest.mark.parametrize("many", [1, 5, 12, 70])
def test_tables_of_names(many: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets and filters by the number of names that are exported."""
    if shutil.which("ld") is None:
        pytest.skip("ld is not installed (apt install binutils)")
    monkeypatch.chdir(tmp_path)
    names = [f"name{at * 37}" for at in range(many)]
    source = ".globl _start\n_start: nop\n" + "".join(f".globl {n}\n{n}: nop\n" for n in names)
    for bits, emulation in EMULATIONS.items():
        subprocess.run(["as", f"--{bits}", "-o", "a.o"], input=source, text=True, check=True)
        words = ["-m", emulation, "-pie", ALONE, "--export-dynamic-symbol=name*", "a.o"]
        subprocess.run(["ld", *words, "-o", "theirs"], check=True)
        assert main([*words, "-o", "ours"], "pyld") == 0
        assert Path("ours").read_bytes() == Path("theirs").read_bytes()
