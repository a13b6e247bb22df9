"""Where the data begins without a script, in GNU ld's dialect: whether a page is saved."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86.cli.pyld import main

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
