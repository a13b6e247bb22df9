"""pyobjcopy against GNU objcopy and llvm-objcopy: option lists drawn at random, the same bytes.

`scripts/differential-objcopy` draws thousands; here is a handful of them, and every option once.
"""

from __future__ import annotations

import shutil

import pytest

import fixtures
from tests.oracle import objcopy_lists as lists
from tests.oracle.objcopy_files import missing

pytestmark = pytest.mark.peer

OBJECTS = (
    "c64_clang_g",
    "c32_common",
    "groups64",
    "symbols32",
    "hello_O2_static",
    "boot_split_elf32",
)

SINGLE = {
    "gnu": (
        "", "-g", "-S", "-x", "-X", "--strip-unneeded", "--prefix-sections=.p", "-j .text",
        "--prefix-alloc-sections=.p", "--prefix-symbols=p_", "--only-keep-debug", "--weaken",
        "--rename-section .text=.code", "--set-section-flags .bss=alloc,load,contents",
        "--localize-hidden", "-R .comment", "--remove-relocations *", "-O binary", "-O verilog",
        "-O srec", "-O ihex", "-O srec --srec-len 8 --srec-forceS3", "--compress-debug-sections",
        "--decompress-debug-sections", "--add-symbol n=.text:4", "--set-section-alignment .text=64",
        "-O verilog --verilog-data-width 4", "--reverse-bytes=4 -O binary", "-K main -S",
        "-O binary --gap-fill 0xff --pad-to 0x900", "--change-section-address .text+0x100",
    ),
    "llvm": (
        "", "-g", "-S", "-x", "-X", "--strip-all-gnu", "--strip-unneeded", "--strip-sections",
        "--strip-non-alloc", "--prefix-alloc-sections=.p", "--prefix-symbols=p_", "-j .text",
        "--only-keep-debug", "--weaken", "--rename-section .text=.code,alloc", "--localize-hidden",
        "--set-section-flags .bss=alloc,load,contents", "-R .comment", "-O binary",
        "--set-section-type .text=7", "--compress-debug-sections", "--add-symbol n=.text:4,local",
        "--set-symbol-visibility *=hidden -w", "--allow-broken-links -R .text", "--extract-dwo",
    ),
}  # fmt: skip


@pytest.fixture(params=list(lists.PEERS))
def dialect(request):
    if shutil.which(lists.PEERS[request.param]) is None:
        pytest.skip(f"needs {lists.PEERS[request.param]}: install binutils, llvm-19")
    return request.param


def check(subject, words, dialect, tmp_path):
    peer = lists.theirs(words, subject, dialect, tmp_path)
    mine = lists.ours(words, subject, dialect)
    fine = lists.agree(mine, peer) or lists.misnames(mine, peer, subject, dialect)
    assert fine, f"{subject.name} ({subject.how}): {' '.join(words)}"


@pytest.mark.parametrize("name", OBJECTS)
def test_every_option_by_itself(name, dialect, tmp_path):
    for text in SINGLE[dialect]:
        if (dialect, name, text) == ("gnu", "groups64", "--remove-relocations *"):
            continue  # GNU objcopy 2.40 says itself that it failed (elf.c:3580)
        check(lists.fixture(name), text.split(), dialect, tmp_path)


def test_lists_drawn_at_random(dialect, tmp_path):
    for subject, words in lists.lists(dialect, first=1, count=80):
        check(subject, words, dialect, tmp_path)


def test_files_drawn_at_random(dialect, tmp_path):
    """Objects of gas and nasm, linked files of both linkers, and program headers of no linker."""
    if missing():
        pytest.skip(f"needs {', '.join(missing())}: install binutils, nasm, lld-19")
    for subject, words in lists.made_lists(dialect, first=1, count=60):
        check(subject, words, dialect, tmp_path)


def test_a_table_of_segments_that_covers_sections(tmp_path):
    """A PT_PHDR with the load addresses of .text; -R makes GNU lay the segments out anew."""
    if missing():
        pytest.skip(f"needs {', '.join(missing())}: install binutils, nasm, lld-19")
    check(lists.generated(1116703), ["-R", ".rel.dyn"], "gnu", tmp_path)


@pytest.mark.parametrize("name", sorted(set(fixtures.entries()) - set(lists.UNREADABLE)))
def test_plain_copies(name, dialect, tmp_path):
    check(lists.fixture(name), [], dialect, tmp_path)
    check(lists.fixture(name), ["--strip-debug"], dialect, tmp_path)
