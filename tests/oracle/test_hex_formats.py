"""S-records, Intel HEX and Verilog files: byte for byte what GNU ld and objcopy write.

GNU ld writes each input section, gap and data statement by itself, so its records end where they
do; objcopy writes whole sections.  The first is our linker's answer, the second that of the writers
when they are given whole sections.  For `verilog`, which GNU ld lists but cannot link to, objcopy
on GNU ld's ELF file is what the linker's answer is compared with.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import LinkError, link, read, read_bytes
from pylink86.formats.images import Block, Image, write_image

from . import peers
from .generate import generate
from .objects import Obj, Sec, Sym

EXAMPLES = 60
FORMATS = ("srec", "ihex")
NAME = "out"


def objcopy() -> str:
    path = shutil.which("objcopy")
    if path is None:
        pytest.skip("needs objcopy: apt install binutils")
    return path


def needs_ld() -> None:
    if peers.find("gnu") is None:
        pytest.skip(peers.missing("gnu"))


def ours(objects: tuple[Obj, ...], script: str, form: str) -> bytes | None:
    try:
        inputs = [read_bytes(obj.encode(), obj.name) for obj in objects]
        return link(inputs, script, oformat=form).to_bytes(form, NAME)
    except LinkError:
        return None


@pytest.mark.peer
@pytest.mark.parametrize("form", FORMATS)
def test_random_links_give_the_same_records(form: str) -> None:
    needs_ld()
    compared = 0
    with peers.workplace() as folder:
        for number in range(EXAMPLES):
            example = generate(11, number, "gnu")
            script = example.layout.text()
            options = ("--oformat", form)
            theirs = peers.ask("gnu", folder, example.objects, script, example.machine, options)
            mine = ours(example.objects, script, form)
            assert mine == theirs.image, f"example {number}\n{script}"
            compared += theirs.accepted
    assert compared > EXAMPLES // 2


CODE = Sec(".text", "ax", "progbits", 1, bytes(range(1, 38)))
DATA = Sec(".data", "wa", "progbits", 1, b"hello")
ZERO = Sec(".bss", "wa", "nobits", 4, b"", 9)
OBJECT = Obj("a.o", "x86_64", (CODE, DATA, ZERO), (Sym("_start", "global", "func", 1, 4),))

SCRIPTS = {
    "two-byte-addresses": "SECTIONS { .text 0x7c00 : { *(.text) } }",
    "last-two-byte-address": "SECTIONS { .text : { *(.text) } .d 0xfffb : { *(.data) } }",
    "first-three-byte-address": "SECTIONS { .text : { *(.text) } .d 0xfffc : { *(.data) } }",
    "four-byte-addresses": "SECTIONS { .text 0x7c00 : { *(.text) } .d 0x1000000 : { *(.data) } }",
    "across-64-KiB": "SECTIONS { .text 0x2fff3 : { *(.text) } }",
    "across-1-MiB": "SECTIONS { .text 0xffff5 : { *(.text) } }",
    "segment-then-linear": "SECTIONS { .text 0x3fff8 : { *(.text) } .d 0x200000 : { *(.data) } }",
    "negative": "SECTIONS { .text 0xffffffff80001000 : { *(.text) } }",
    "load-addresses": "SECTIONS { .text 0x8000 : AT(0x500) { *(.text) } .d 9 : { *(.data) } }",
    "holes-and-fill": "SECTIONS { .text 5 : { *(.text) . = . + 40; LONG(0) } = 0x1234 }",
    "data-statements": "SECTIONS { .text 5 : { BYTE(1) BYTE(2) QUAD(3) *(.text) SHORT(4) } }",
    "bss-among-data": "SECTIONS { .text : { *(.text) } .d : { *(.data) *(.bss) BYTE(1) } }",
    "nothing": "SECTIONS { /DISCARD/ : { *(*) } }",
    "entry-above-1-MiB": "ENTRY(far) SECTIONS { .text 7 : { *(.text) } } far = 0x123456;",
    "entry-below-1-MiB": "ENTRY(far) SECTIONS { .text 7 : { *(.text) } } far = 0xabcde;",
}


@pytest.mark.peer
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", SCRIPTS)
def test_ld_writes_the_same(case: str, form: str) -> None:
    needs_ld()
    with peers.workplace() as folder:
        options = ("--oformat", form)
        theirs = peers.ask("gnu", folder, (OBJECT,), SCRIPTS[case], "x86_64", options)
    assert theirs.accepted, theirs.message
    assert ours((OBJECT,), SCRIPTS[case], form) == theirs.image


@pytest.mark.peer
@pytest.mark.parametrize("form", (*FORMATS, "verilog"))
@pytest.mark.parametrize("case", [case for case in SCRIPTS if case != "nothing"])
def test_objcopy_writes_the_same(case: str, form: str, tmp_path: Path) -> None:
    needs_ld()
    answer = peers.ask(
        "gnu", tmp_path, (OBJECT,), SCRIPTS[case], "x86_64", ("--no-warn-rwx-segments",)
    )
    assert answer.accepted, answer.message
    subprocess.run([objcopy(), "-O", form, "out", "copy"], cwd=tmp_path, check=True)
    result = link([read(tmp_path / "a.o")], SCRIPTS[case], oformat=form)
    sections = [s for s in result.sections.values() if s.loads and s.size]
    blocks = tuple(Block(s.lma, s.content, s.name) for s in sorted(sections, key=lambda s: s.lma))
    copied = (tmp_path / "copy").read_bytes()
    assert write_image(form, Image(blocks, result.entry, "copy")) == copied
    if form == "verilog":
        assert result.to_bytes("verilog") == copied


@pytest.mark.peer
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", [case for case in SCRIPTS if case not in ("nothing", "negative")])
def test_reading_finds_what_objcopy_finds(case: str, form: str, tmp_path: Path) -> None:
    image = ours((OBJECT,), SCRIPTS[case], form)
    assert image is not None
    (tmp_path / "in").write_bytes(image)
    subprocess.run([objcopy(), "-I", form, "-O", "binary", "in", "flat"], cwd=tmp_path, check=True)
    module = {"srec": "srec:read_srec", "ihex": "ihex:read_ihex"}[form]
    name, function = module.split(":")
    reader = getattr(__import__(f"pylink86.formats.{name}", fromlist=[function]), function)
    obj = reader(image, "in")
    blocks = tuple(Block(s.addr, s.content) for s in obj)
    assert write_image("binary", Image(blocks)) == (tmp_path / "flat").read_bytes()
    entry = link([read_bytes(OBJECT.encode())], SCRIPTS[case]).entry
    # S9, the end of a file of two-byte addresses, holds no more of the entry.
    assert obj.header.entry == (entry & 0xFFFF if image.startswith(b"S9", -12) else entry)


@pytest.mark.peer
def test_addresses_beyond_intel_hex_are_refused_by_both() -> None:
    needs_ld()
    script = "SECTIONS { .text 0xfffffff0 : { *(.text) } }"
    with peers.workplace() as folder:
        theirs = peers.ask("gnu", folder, (OBJECT,), script, "x86_64", ("--oformat", "ihex"))
    assert not theirs.accepted
    assert "out of range for Intel Hex" in theirs.message
    with pytest.raises(LinkError, match="0x100000000 out of range for Intel Hex file"):
        link([read_bytes(OBJECT.encode())], script, oformat="ihex").to_bytes("ihex")
