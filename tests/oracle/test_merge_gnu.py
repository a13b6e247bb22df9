"""Merged sections against the bytes of GNU ld with ELF output, and where every byte went."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess

import pytest

from pylink86.formats.elf_read import read_elf
from pylink86.passes.editing.merge_gnu import group_key, merge_in_place, mergeable

from .objects import FLAGS, Obj, Reloc, Sec
from .test_merge_order import section as any_section

pytestmark = pytest.mark.peer

BASE = 0x10000


def link(objects, tmp_path, commands):
    if shutil.which("ld") is None:
        pytest.skip("ld is not installed (apt install binutils)")
    for obj in objects:
        (tmp_path / obj.name).write_bytes(obj.encode())
    (tmp_path / "a.ld").write_text(f"SECTIONS {{ . = {BASE}; {commands} }}")
    done = subprocess.run(
        ["ld", "-T", "a.ld", "-o", "a.out", *[obj.name for obj in objects]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return read_elf((tmp_path / "a.out").read_bytes(), "a.out")


def one_group(rng):
    """Contents of three sections of one kind, made of few letters so that much is equal."""
    strings = rng.random() < 0.7
    entsize = rng.choice([1, 1, 1, 2, 4]) if strings else rng.choice([4, 8, 16])
    align = rng.choice([1, 1, 2, 4, 8])
    align = max(align, entsize) if strings else min(align, entsize)
    if strings:
        pool = [
            b"".join(
                bytes([rng.choice(b"ab")]) + bytes(entsize - 1) for _ in range(rng.randrange(5))
            )
            + bytes(entsize)
            for _ in range(5)
        ]
    else:
        pool = [rng.randbytes(entsize) for _ in range(4)]
    contents = [b"".join(rng.choice(pool) for _ in range(rng.randrange(1, 8))) for _ in range(3)]
    return strings, entsize, align, contents


@pytest.mark.parametrize("seed", range(30))
def test_every_byte_goes_where_gnu_ld_puts_it(seed, tmp_path):
    strings, entsize, align, contents = one_group(random.Random(seed))
    objects = []
    for number, data in enumerate(contents):
        pointers = tuple(Reloc(8 * at, "R_X86_64_64", 1, at) for at in range(len(data)))
        merged = Sec(".rodata", "aMS" if strings else "aM", align=align, data=data, entsize=entsize)
        table = Sec(f".ptr.{number}", "a", data=bytes(8 * len(data)), relocs=pointers)
        objects.append(Obj(f"{number}.o", sections=(merged, table)))
    tables = " ".join(f".ptr.{n} : {{ *(.ptr.{n}) }}" for n in range(3))
    image = link(objects, tmp_path, f".all : {{ *(.rodata) }} =0 {tables}")

    assert all(mergeable(len(d), entsize, align, strings, False) for d in contents)
    merged = merge_in_place(contents, entsize, align, strings)
    out = b""
    bases = []
    for content in merged.contents:
        out += bytes(-len(out) % align if content else 0)
        bases.append(BASE + len(out))
        out += content
    assert bytes(image.section(".all").content) == out
    for number, (data, found) in enumerate(zip(contents, merged.maps, strict=True)):
        table = bytes(image.section(f".ptr.{number}").content)
        pointers = struct.unpack(f"<{len(data)}Q", table)
        for at, pointer in enumerate(pointers):
            owner, offset = found(at)
            assert bases[owner] + offset == pointer, (number, at)


def expected(objects):
    """The output section of mixed sections: groups merged in place, the rest copied."""
    sections = [sec for obj in objects for sec in obj.sections]
    contents = [sec.data for sec in sections]
    groups = {}
    for index, sec in enumerate(sections):
        strings = "S" in sec.flags
        if "M" in sec.flags and mergeable(
            len(sec.data), sec.entsize, sec.align, strings, bool(sec.relocs)
        ):
            key = group_key(strings, sec.entsize, sec.align)
            groups.setdefault(key, []).append(index)
    for (strings, entsize, align), members in groups.items():
        merged = merge_in_place([contents[i] for i in members], entsize, align, strings)
        for index, content in zip(members, merged.contents, strict=True):
            contents[index] = content
    out = b""
    for sec, content in zip(sections, contents, strict=True):
        if content or not sec.data:
            out += bytes(-len(out) % sec.align) + content
    return out


@pytest.mark.parametrize("seed", range(30))
def test_which_sections_join(seed, tmp_path):
    rng = random.Random(seed)
    objects = [
        Obj(f"{n}.o", sections=tuple(any_section(rng, s) for s in range(rng.randrange(1, 7))))
        for n in range(4)
    ]
    assert set("aMSx") <= set(FLAGS)
    image = link(objects, tmp_path, ".all : { *(.rodata*) } =0")
    assert bytes(image.section(".all").content) == expected(objects)


def test_sections_of_different_output_sections_share_nothing(tmp_path):
    sec = Sec(".rodata", "aMS", data=b"same\0", entsize=1)
    objects = [Obj("0.o", sections=(sec,)), Obj("1.o", sections=(sec,))]
    image = link(objects, tmp_path, ".a : { 0.o(.rodata) } .b : { 1.o(.rodata) }")
    assert bytes(image.section(".a").content) == bytes(image.section(".b").content) == b"same\0"
