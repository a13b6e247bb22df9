"""Build ids against those of GNU ld and LLD: whole files, the id included."""

from __future__ import annotations

import pytest

from .twins import assemble, assert_same_file

pytestmark = pytest.mark.peer

START = """\
.globl _start
.text
_start: ret
.data
.long 1
.section .note.GNU-stack,"",@progbits
"""

WITH_ID = """\
.globl other
.text
other: nop
.section .note.gnu.build-id,"a",@note
.long 4, 4, 3, 0x554e47, 9
.section .note.other,"a",@note
.long 4, 4, 1, 0x6261, 7
.section .note.GNU-stack,"",@progbits
"""

SCRIPT = "SECTIONS { . = 0x1000; .all : { *(.note*) *(.text) } .data : { *(.data) } }"

LINKS = {
    "plain": [],
    "script": ["-T", "a.ld"],
    "stripped": ["-s"],
    "relink": ["-r"],
    "raw": ["-T", "a.ld", "--oformat", "binary"],
}
STYLES = {"gnu": ("md5", "sha1", "0xab:cd-ef"), "lld": ("md5", "sha1", "fast", "tree", "0xabcde")}


@pytest.mark.parametrize("options", LINKS)
@pytest.mark.parametrize(
    ("dialect", "style"), [(d, style) for d, styles in STYLES.items() for style in styles]
)
def test_the_note_and_the_file_around_it(dialect, style, options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ld").write_text(SCRIPT)
    objects = [assemble(tmp_path / "a.o", START), assemble(tmp_path / "b.o", WITH_ID)]
    assert_same_file(dialect, [f"--build-id={style}", *LINKS[options], *objects], tmp_path)


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_a_file_of_32_bits(dialect, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", START, wide=False)
    assert_same_file(dialect, ["-m", "elf_i386", "--build-id", made], tmp_path)


@pytest.mark.parametrize("style", ["md5", "fast"])
def test_more_than_a_mebibyte(style, tmp_path, monkeypatch):
    """LLD hashes each MiB by itself."""
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", f"{START}.section .rodata\n.fill 0x120000, 1, 7\n.byte 9")
    assert_same_file("lld", [f"--build-id={style}", made], tmp_path)


NO_PLACE = "SECTIONS { . = 0x10000; .text : { *(.text) } .rodata : { *(.rodata) } }"
FILES = {
    "alone": ['.section .rodata,"a"\n.long 1\n'],
    "notes-first": ['.section .note.a,"a",@note\n.long 4\n', ".text\nnop\n"],
    "notes-later": [".text\nnop\n", '.section .note.a,"a",@note\n.long 4\n'],
    "strings": ['.section .stabstr,"",@3\n.asciz "text"\n'],
}


@pytest.mark.parametrize("files", FILES)
def test_a_script_without_a_place_for_it(files, tmp_path, monkeypatch):
    """GNU ld puts its own note first of all, unless another note has been placed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.ld").write_text(NO_PLACE)
    texts = [START, *FILES[files]] if files == "strings" else FILES[files]
    objects = [assemble(tmp_path / f"n{at}.o", text) for at, text in enumerate(texts)]
    assert_same_file("gnu", ["-T", "s.ld", "--build-id", *objects], tmp_path)


def test_tables_of_strings_count(tmp_path, monkeypatch):
    """Of string tables only those of the file itself are left out of the hash."""
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", START + '.section .stabstr,"",@3\n.asciz "text"\n')
    assert_same_file("gnu", ["--build-id", made], tmp_path)
    assert_same_file("gnu", ["-r", "--build-id", made], tmp_path)
