"""Where the data begins without a script, in GNU ld's dialect: pages saved, and RELRO."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86.cli.pyld import main

from .twins import assemble, assert_same_file

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("options", ((), ("-z", "max-page-size=0x200000"), ("-n",)))
@pytest.mark.parametrize(("constants", "data"), [(16, 8), (16, 4090), (2048, 4090), (4000, 2000)])
def test_data_begins_with_a_page_where_that_saves_one(
    tmp_path: Path, constants: int, data: int, options: tuple[str, ...]
) -> None:
    if shutil.which("as") is None or shutil.which("ld") is None:
        pytest.skip("no ld: install binutils")
    source = (
        f".globl _start\n_start: nop\n.section .rodata\n.zero {constants}\n.data\n.zero {data}\n"
    )
    out, theirs, ours = (tmp_path / name for name in ("a.o", "theirs", "ours"))
    subprocess.run(["as", "--64", "-o", out], input=source.encode(), check=True)
    args = ["-m", "elf_x86_64", *options, str(out)]
    subprocess.run(["ld", *args, "-o", theirs], check=True, capture_output=True)
    assert main(["--dialect", "gnu", *args, "-o", str(ours)]) == 0
    assert ours.read_bytes() == theirs.read_bytes()


START = ".globl _start\n_start: .cfi_startproc\nnop\n.cfi_endproc\n"
BARE = ".globl _start\n_start: nop\n"
THREAD = '.section .tdata,"awT"\n.balign 16\n.zero 4\n'
THREAD_BSS = '.section .tbss,"awT",@nobits\n.balign {}\n.zero 40\n'
ARRAY = '.section .init_array,"aw"\n.quad _start\n'
CONSTANT = '.section .data.rel.ro,"aw"\n.balign 32\n.zero {}\n'
SOURCES = {
    "an unwind table": START + ".data\n.zero 8\n",
    "with .tbss alone": START + THREAD_BSS.format(4) + ".data\n.zero 8\n",
    ".tbss alone": BARE
    + ".section .rodata\n.zero 45\n"
    + THREAD_BSS.format(1)
    + ".data\n.zero 8\n",
    ".tbss last, with a gap": BARE + THREAD + THREAD_BSS.format(64) + ".data\n.zero 8\n",
    ".tbss last, without": BARE + THREAD + THREAD_BSS.format(4) + ".bss\n.zero 8\n",
    "stacked": START + THREAD + ARRAY + CONSTANT.format(4000) + ".data\n.zero 8\n",
    "more than a page": BARE + CONSTANT.format(5000) + ARRAY,
    "nothing": BARE + ".section .rodata\n.zero 0x400\n",
    "joined": BARE + '.section .rodata,"aw"\n.zero 64\n' + ARRAY,
}
"""What stands between DATA_SEGMENT_ALIGN and DATA_SEGMENT_RELRO_END of ld's own script."""


@pytest.mark.parametrize("options", ([], ["-z", "norelro"], ["-z", "max-page-size=0x10000"]))
@pytest.mark.parametrize("name", SOURCES)
def test_the_part_that_is_read_only_later_ends_with_a_page(
    name: str, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", SOURCES[name])
    assert_same_file("gnu", [*options, made], tmp_path)
