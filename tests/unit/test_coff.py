"""COFF objects among the inputs of a link: nasm -f win32/win64, compilers for Windows and UEFI."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from pylink86 import LinkError, ObjectFile, link
from pylink86 import elf_const as c
from pylink86.formats import read_linkable
from pylink86.formats.coff import read_coff

SOURCE = """\
section .text
global _start, shared
extern other
_start: call other
  mov ecx, [value]
  jmp .end
.end: ret
section .data align=8
shared: dd 5
value: dd shared, _start + 2
section .bss
room: resb 16
"""
OTHER = "section .text\nglobal other\nother: ret\n"
SCRIPT = "SECTIONS { .text 0x7c00 : { *(.text) } .data : { *(.data) } .bss : { *(.bss) } }"


def assembled(folder: Path, form: str, source: str = SOURCE, name: str = "a") -> str:
    if shutil.which("nasm") is None:
        pytest.skip("no nasm: install nasm")
    (folder / f"{name}.asm").write_text(source)
    out = folder / f"{name}.{form}.o"
    subprocess.run(["nasm", "-f", form, folder / f"{name}.asm", "-o", out], check=True)
    return str(out)


@pytest.mark.parametrize("dialect", ("gnu", "lld"))
def test_the_same_source_as_elf_gives_the_same_image(tmp_path: Path, dialect: str) -> None:
    other = assembled(tmp_path, "elf32", OTHER, "other")
    images = []
    for form in ("elf32", "win32"):
        result = link([assembled(tmp_path, form), other], SCRIPT, dialect=dialect, oformat="binary")
        images.append(result.image)
    assert images[0] == images[1]


def test_sections_symbols_and_relocations() -> None:
    obj = read_coff(_by_hand(), "a.obj")
    text = obj.section(".text")
    assert (text.type, text.flags, text.align) == (
        c.SHT_PROGBITS,
        c.SHF_ALLOC | c.SHF_EXECINSTR,
        16,
    )
    assert obj.header.machine == c.EM_X86_64
    assert [(s.name, s.binding, s.shndx) for s in map(obj.symbol, ("start", "a_long_name"))] == [
        ("start", c.STB_GLOBAL, 1),
        ("a_long_name", c.STB_GLOBAL, 0),
    ]
    (table,) = obj.relocation_sections[1]
    rels = obj.relocations(table)
    assert (rels.offset, rels.type, rels.addend) == ((1,), (2,), (7 - 4,))
    assert obj.symbols.name(rels.symbol[0]) == "a_long_name"


def _by_hand(kind: int = 4, place: int = 1) -> bytes:
    """call a_long_name + 7, as the PE format has it."""
    header = struct.pack("<HHIIIHH", 0x8664, 1, 0, 20 + 40 + 5 + 10, 2, 0, 0)
    flags = 0x60500020
    section = struct.pack("<8sIIIIIIHHI", b".text", 0, 0, 5, 60, 65, 0, 1, 0, flags)
    fixup = struct.pack("<IIH", place, 1, kind)
    start = struct.pack("<8sIhHBB", b"start", 0, 1, 0x20, 2, 0)
    other = struct.pack("<8sIhHBB", struct.pack("<II", 0, 4), 0, 0, 0x20, 2, 0)
    strings = b"a_long_name\0"
    return (
        header + section + b"\xe8\7\0\0\0" + fixup + start + other
        + struct.pack("<I", 4 + len(strings)) + strings
    )  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        _by_hand(kind=0x99),
        _by_hand(place=4),
        _by_hand()[:70],
        _by_hand()[:80],
        _by_hand()[:-14],
        _by_hand()[:12] + b"\xff\xff\xff\x7f" + _by_hand()[16:],
    ],
)
def test_damage_is_one_error(data: bytes) -> None:
    with pytest.raises(LinkError) as caught:
        read_coff(data, "a.obj")
    (found,) = caught.value.diagnostics
    assert found.slug == "bad-object"


def _clang(folder: Path, target: str, source: str, name: str) -> ObjectFile:
    clang = shutil.which("clang-19") or shutil.which("clang")
    if clang is None:
        pytest.skip("no clang: install clang-19")
    (folder / f"{name}.c").write_text(source)
    out = folder / f"{name}.obj"
    made = [clang, f"--target={target}", "-O1", "-fcommon", "-c", f"{name}.c"]
    subprocess.run([*made, "-o", out], cwd=folder, check=True)
    return read_linkable(out.read_bytes(), str(out))


@pytest.mark.parametrize(
    "target", ("x86_64-pc-windows-msvc", "x86_64-unknown-windows", "i686-pc-windows-gnu")
)
def test_what_clang_writes_can_be_linked(tmp_path: Path, target: str) -> None:
    body = "inline __attribute__((weak)) int twice(int x) { return x + x; }\n"
    shared = "int common_one; extern int table[4];\n"
    one = f"{shared}{body}int two(int); int start(void) {{ return two(twice(table[1])); }}\n"
    two = f"{shared}{body}int table[4] = {{1, 2}}; int two(int x) {{ return twice(x); }}\n"
    objs = [_clang(tmp_path, target, one, "one"), _clang(tmp_path, target, two, "two")]
    script = "SECTIONS { .text 0x8000 : { *(.text .text*) } .data : { *(.data) } }"
    for dialect in ("gnu", "lld"):
        assert link(objs, script, dialect=dialect).object_file.section(".text").addr == 0x8000


def test_of_comdat_sections_one_stays(tmp_path: Path) -> None:
    source = "struct A {{ static inline int f(int x) {{ return x * {0}; }} }};\n"
    objs = []
    for number in (3, 5):
        text = source.format(number) + f"int (*keep{number})(int) = A::f;\n"
        (tmp_path / "a.cc").write_text(text)
        clang = shutil.which("clang++-19") or shutil.which("clang++")
        if clang is None:
            pytest.skip("no clang++: install clang-19")
        out = tmp_path / f"{number}.obj"
        target = "--target=x86_64-pc-windows-gnu"
        subprocess.run([clang, target, "-O1", "-c", tmp_path / "a.cc", "-o", out], check=True)
        objs.append(read_linkable(out.read_bytes(), str(out)))
    result = link(objs, "SECTIONS { .all 0x8000 : { *(.text*) *(.data*) } }", dialect="gnu")
    words = bytes(result.object_file.section(".all").content)
    places = [result.symbols[name] - 0x8000 for name in ("keep3", "keep5")]
    found = [int.from_bytes(words[at : at + 8], "little") for at in places]
    assert found[0] == found[1]


def test_it_is_not_taken_for_elf_elsewhere() -> None:
    from pylink86 import read_bytes

    with pytest.raises(LinkError) as caught:
        read_bytes(_by_hand(), "a.obj")
    assert caught.value.diagnostics[0].slug == "unsupported-input"


def test_objects_of_gcc_without_code_are_named(tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("no gcc: install gcc")
    (tmp_path / "a.c").write_text("int f(void) { return 1; }\n")
    subprocess.run(["gcc", "-flto", "-c", "a.c", "-o", "a.o"], cwd=tmp_path, check=True)
    with pytest.raises(LinkError) as caught:
        link([str(tmp_path / "a.o")], SCRIPT)
    assert "gcc -flto" in caught.value.diagnostics[0].message
