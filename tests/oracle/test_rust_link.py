"""A Rust program against the precompiled core library: whole files equal to both linkers'.

Some 300 archive members, sections by the thousand, loads through the global offset table, unwind
tables, merged strings and constants, and what --gc-sections leaves of them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86.cli.pyld import main

from .test_tables import PEERS, described
from .test_tables import both as linked

pytestmark = pytest.mark.peer

SOURCE = Path(__file__).parent / "kernel_fmt.rs"
TARGET = "lib/rustlib/x86_64-unknown-linux-gnu/lib"
KINDS = {
    "pic": ["-O", "-C", "relocation-model=pic"],
    "static": ["-O", "-C", "relocation-model=static"],
    "debug": ["-g", "-C", "relocation-model=pic"],
}
LAYOUT = """
ENTRY(_start)
SECTIONS {
  .text 0x100000 : { *(.text .text.*) }
  .rodata : { *(.rodata .rodata.*) }
  .data : { *(.data .data.*) }
  .got : { *(.got) }
  .got.plt : { *(.got.plt) }
  .bss : { *(.bss .bss.*) *(COMMON) }
  /DISCARD/ : { *(.eh_frame*) *(.gcc_except_table*) *(.comment) *(.note*) }
}
"""


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """For each kind the object and the two libraries."""
    if shutil.which("rustc") is None:
        pytest.skip("no rustc: install Rust 1.85 or newer")
    folder = tmp_path_factory.mktemp("rust")
    root = subprocess.run(
        ["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True
    ).stdout.strip()
    libraries = [
        str(next((Path(root) / TARGET).glob(f"lib{name}-*.rlib")))
        for name in ("core", "compiler_builtins")
    ]
    found = {}
    for kind, options in KINDS.items():
        out = folder / f"{kind}.o"
        fixed = ["--edition", "2024", "-C", "panic=abort", "--crate-type", "lib", "--emit", "obj"]
        subprocess.run(["rustc", *fixed, *options, SOURCE, "-o", out], check=True)
        found[kind] = [str(out), *libraries]
    return found


@pytest.mark.parametrize("dialect", PEERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gc", ((), ("--gc-sections",)), ids=("all", "gc"))
def test_whole_file(
    tmp_path: Path, objects: dict[str, list[str]], dialect: str, kind: str, gc: tuple[str, ...]
) -> None:
    args = [*objects[kind], *gc]
    if kind != "static":  # the others by the linkers' own layout
        script = tmp_path / "kernel.ld"
        script.write_text(LAYOUT)
        args += ["-T", str(script)]
    theirs, ours = linked(tmp_path, dialect, args)
    wanted, got = described(theirs, dialect), described(ours, dialect)
    assert len(wanted) == len(got)
    for want, have in zip(wanted, got):
        assert have == want


def test_raw_image_of_lld(tmp_path: Path, objects: dict[str, list[str]]) -> None:
    script = tmp_path / "kernel.ld"
    script.write_text(LAYOUT)
    args = [*objects["pic"], "--gc-sections", "-T", str(script), "--oformat", "binary"]
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    subprocess.run(["ld.lld-19", *args, "-o", theirs], check=True)
    assert main(["--dialect", "lld", *args, "-o", str(ours)]) == 0
    assert ours.read_bytes() == theirs.read_bytes()
