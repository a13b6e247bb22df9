"""Sections compressed with zstd: what the peers wrote is read, and they read what is written here.

Compressed bytes depend on the release of the library, so contents are compared, and bytes only
where both come out of the same one."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import LinkError, ops, read_bytes
from pylink86 import elf_const as c
from pylink86.cli import pyld
from pylink86.formats import compressed

SOURCE = """
.text
.globl _start
_start: nop
.section .debug_info,"",@progbits
.quad _start
.incbin "large"
.section .debug_str,"MS",@progbits,1
.rept 99
.asciz "a string that is long enough to be worth it"
.endr
"""
OBJCOPY = {"gnu": "objcopy", "llvm": "llvm-objcopy-19"}
LINKERS = {"gnu": "ld", "lld": "ld.lld-19"}


def has_zstd() -> bool:
    try:
        return bool(compressed.zstd(b"x"))
    except LinkError:
        return False


pytestmark = pytest.mark.skipif(
    not has_zstd(), reason="needs a zstd library: pip install zstandard, or Python 3.14"
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    if shutil.which("as") is None:
        pytest.skip("needs as: install binutils")
    folder = tmp_path_factory.mktemp("zstd")
    # More than a MiB, and not so easy that GNU objcopy takes the header for damaged.
    (folder / "large").write_bytes(bytes(random.Random(1).choices(range(16), k=1_200_000)))
    subprocess.run(["as", "-o", "a.o", "-"], input=SOURCE.encode(), cwd=folder, check=True)
    return folder / "a.o"


def run(peer: str, words: list[str]) -> None:
    if shutil.which(peer) is None:
        pytest.skip(f"needs {peer}: install binutils, llvm-19, lld-19")
    subprocess.run([peer, *words], check=True, capture_output=True, timeout=60)


def kinds(data: bytes) -> dict[str, int]:
    """The compressed sections and how they are."""
    sections = read_bytes(data, "x").sections
    return {
        sections.names[n]: int.from_bytes(data[sections.offset[n] :][:4], "little")
        for n in range(len(sections.names))
        if sections.flags[n] & c.SHF_COMPRESSED
    }


@pytest.mark.peer
@pytest.mark.parametrize("dialect", ["gnu", "llvm"])
def test_objcopy_reads_what_the_peer_wrote(dialect: str, source: Path, tmp_path: Path) -> None:
    packed, plain = tmp_path / "packed.o", tmp_path / "plain.o"
    run(OBJCOPY[dialect], ["--compress-debug-sections=zstd", str(source), str(packed)])
    assert set(kinds(packed.read_bytes()).values()) == {c.ELFCOMPRESS_ZSTD}
    run(OBJCOPY[dialect], ["--decompress-debug-sections", str(packed), str(plain)])
    mine = ops.objcopy_bytes(read_bytes(packed.read_bytes(), "a.o"), dialect, compress_debug="none")
    assert mine == plain.read_bytes()


@pytest.mark.peer
@pytest.mark.parametrize("dialect", ["gnu", "llvm"])
def test_the_peer_reads_what_objcopy_wrote(dialect: str, source: Path, tmp_path: Path) -> None:
    packed, again, plain = (tmp_path / name for name in ("packed.o", "again.o", "plain.o"))
    packed.write_bytes(
        ops.objcopy_bytes(read_bytes(source.read_bytes(), "a.o"), dialect, compress_debug="zstd")
    )
    assert c.ELFCOMPRESS_ZSTD in kinds(packed.read_bytes()).values()
    run(OBJCOPY["gnu"], ["--decompress-debug-sections", str(packed), str(again)])
    run(OBJCOPY["gnu"], [str(source), str(plain)])
    assert again.read_bytes() == plain.read_bytes()


@pytest.mark.peer
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_links(dialect: str, source: Path, tmp_path: Path) -> None:
    """LLD writes a frame for each MiB, so the debug information here is larger than that."""
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    words = ["--compress-debug-sections=zstd", str(source), "-o"]
    run(LINKERS[dialect], [*words, str(theirs)])
    assert pyld.main([f"--dialect={dialect}", *words, str(ours)], "pyld") == 0
    expanded = []
    for path in (theirs, ours):
        data = path.read_bytes()
        assert kinds(data)[".debug_info"] == c.ELFCOMPRESS_ZSTD
        out = tmp_path / f"{path.name}.plain"
        run(OBJCOPY["gnu"], ["--decompress-debug-sections", str(path), str(out)])
        expanded.append(debug_sections(out.read_bytes()))
        mine = ops.objcopy_bytes(read_bytes(data, "a"), "gnu", compress_debug="none")
        assert debug_sections(mine) == expanded[-1]
    assert expanded[0] == expanded[1]


def debug_sections(data: bytes) -> dict[str, bytes]:
    sections = read_bytes(data, "x").sections
    return {
        name: data[sections.offset[n] : sections.offset[n] + sections.size[n]]
        for n, name in enumerate(sections.names)
        if name.startswith(".debug")
    }


DAMAGED = {
    "cut": compressed.zstd(b"abc" * 99)[:-4] if has_zstd() else b"",
    "no-frame": b"no such thing",
    "shorter": compressed.zstd(b"abc") if has_zstd() else b"",
    "longer": compressed.zstd(bytes(1 << 20)) if has_zstd() else b"",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_contents_are_refused(name: str) -> None:
    with pytest.raises(LinkError) as caught:
        compressed.unzstd(DAMAGED[name], 297, "a.o(.debug_x)")
    assert caught.value.diagnostics[0].slug == "bad-object"
