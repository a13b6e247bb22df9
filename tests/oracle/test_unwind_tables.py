"""Unwind tables against ld.lld: generated tables whole, real ones but for addresses."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from pylink86.arch import rows_for
from pylink86.arch.reloc import implicit_addend
from pylink86.elf_const import EM_386
from pylink86.formats.elf_read import read_elf
from pylink86.passes.editing.unwind import UnwindInput, merge_unwind

from .objects import Obj, Reloc, Sec, Sym

pytestmark = pytest.mark.peer

LLD = "ld.lld-19"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "objects"
SCRIPT = """SECTIONS { .text 0x10000 : { *(.text*) } .eh_frame : { *(.eh_frame) }
/DISCARD/ : { *(.dead*) *(.note*) *(.comment) } }"""


def link(objects, tmp_path, *options):
    """The .eh_frame section of the ELF file LLD makes of some (name, bytes), and its address."""
    if shutil.which(LLD) is None:
        pytest.skip(f"{LLD} is not installed (apt install lld-19)")
    for name, data in objects:
        (tmp_path / name).write_bytes(data)
    (tmp_path / "a.ld").write_text(SCRIPT)
    done = subprocess.run(
        [LLD, "-T", "a.ld", "-o", "a.out", "--noinhibit-exec", *options, *[n for n, _ in objects]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    table = read_elf((tmp_path / "a.out").read_bytes(), "a.out").section(".eh_frame")
    return bytes(table.content), table.addr


class Table:
    """An .eh_frame section in the making, with its relocations."""

    def __init__(self, wide):
        self.data = bytearray()
        self.relocs = []
        self.type = "R_X86_64_PC32" if wide else "R_386_PC32"

    def cie(self, variant, personality):
        at = len(self.data)
        body = struct.pack("<I", 0) + b"\1zR\0" + bytes([1, 0x78, 16, variant % 3])
        if personality:
            self.relocs.append(Reloc(at + 4 + len(body), self.type, personality))
            body += bytes(4)
        body += bytes(variant % 2)
        self.data += struct.pack("<I", len(body)) + body
        return at

    def fde(self, cie_at, section, padding):
        at = len(self.data)
        if section:
            self.relocs.append(Reloc(at + 8, self.type, section))
        body = struct.pack("<III", at + 4 - cie_at, 0, 16) + bytes(padding)
        self.data += struct.pack("<I", len(body)) + body


def random_object(rng, number, machine):
    """Functions live and dead, and a table with CIEs from a small set."""
    count = rng.randrange(1, 5)
    texts = [
        Sec(
            f"{rng.choice(['.text', '.text', '.dead'])}.{i}",
            flags="ax",
            align=16,
            data=b"\xc3" * 16,
        )
        for i in range(count)
    ]
    table = Table(machine == "x86_64")
    cies = []
    for _ in range(rng.randrange(1, 8)):
        if not cies or rng.random() < 0.3:
            cies.append(table.cie(rng.randrange(6), rng.choice(["", "", "pers1", "pers2"])))
        else:
            section = rng.randrange(0, count + 1)
            table.fde(rng.choice(cies), section, rng.choice([0, 0, 1, 3, 4]))
    if rng.random() < 0.3:
        table.data += bytes(4)
    align = rng.choice([4, 8])
    sec = Sec(".eh_frame", "a", align=align, data=bytes(table.data), relocs=tuple(table.relocs))
    symbols = (Sym("pers1"), Sym("pers2"))
    return Obj(f"{number}.o", machine, (*texts, sec), symbols)


def whole(objects, base):
    """What the table must be: records by merge_unwind, distances to 16-byte functions by hand."""
    address = {"pers1": 0, "pers2": 0}
    at = 0x10000
    for obj in objects:
        for i, sec in enumerate(obj.sections, 1):
            if sec.name.startswith(".text"):
                address[obj.name, i] = at
                at += 16

    def who(obj, reloc):
        return reloc.symbol if isinstance(reloc.symbol, str) else (obj.name, reloc.symbol)

    tables = [(obj, obj.sections[-1]) for obj in objects]
    inputs = [
        UnwindInput(s.data, s.align, [(r.offset, who(o, r), 0) for r in s.relocs], o.name)
        for o, s in tables
    ]
    unwind = merge_unwind(inputs, lambda symbol: symbol in address)
    for (obj, sec), offsets in zip(tables, unwind.maps, strict=True):
        for reloc in sec.relocs:
            out = offsets(reloc.offset)
            if out is not None:
                value = address[who(obj, reloc)] - (base + out)
                struct.pack_into("<I", unwind.content, out, value & 0xFFFFFFFF)
    return bytes(unwind.content)


@pytest.mark.parametrize("machine", ["x86_64", "i386"])
@pytest.mark.parametrize("seed", range(20))
def test_generated_tables_give_the_bytes_of_lld(seed, machine, tmp_path):
    rng = random.Random(seed)
    objects = [random_object(rng, n, machine) for n in range(3)]
    ends = Obj("e.o", machine, (Sec(".keep", "a", data=b"x"),))
    made = [(o.name, o.encode()) for o in (*objects, ends)]
    found, base = link(made, tmp_path, "--defsym=pers1=0", "--defsym=pers2=0")
    assert found == whole(objects, base)


def unwind_input(obj):
    """The table of a file that was read; symbols are global names or (file, index)."""
    table = obj.section(".eh_frame")
    relocs = []
    for index in obj.relocation_sections.get(table.index, ()):
        found = obj.relocations(index)
        for offset, symbol in zip(found.offset, found.symbol, strict=True):
            wide = obj.symbols.info[symbol] >> 4
            who = obj.symbols.name(symbol) if wide else (obj.name, obj.symbols.shndx[symbol])
            relocs.append((offset, who, 0))
    return UnwindInput(table.content, table.align, sorted(relocs, key=lambda r: r[0]), obj.name)


@pytest.mark.parametrize("wide", [32, 64])
def test_real_tables_are_lld_s_but_for_addresses(wide, tmp_path):
    every = [read_elf(p.read_bytes(), p.name) for p in sorted(FIXTURES.glob("*.o"))]
    files = [
        f
        for f in every
        if f.header.elf_class == wide and f.header.type == 1 and ".eh_frame" in f.sections.names
    ]
    assert len(files) >= 3
    made = [(f.name, (FIXTURES / f.name).read_bytes()) for f in files]
    found, _ = link(made, tmp_path, "-z", "muldefs", "--unresolved-symbols=ignore-all")
    inputs = [unwind_input(f) for f in files]
    unwind = merge_unwind(inputs, lambda symbol: True)
    assert len(unwind.fdes) >= 3
    mine, theirs = unwind.content, bytearray(found)
    assert len(mine) == len(theirs)
    for one, offsets in zip(inputs, unwind.maps, strict=True):
        for offset, _, _ in one.relocs:
            out = offsets(offset)
            mine[out : out + 4] = theirs[out : out + 4] = bytes(4)
    assert mine == theirs


def test_addends_in_place_move_with_their_record():
    """SHT_REL keeps addends in the bytes, so moving the bytes moves them."""
    table = Table(False)
    first = table.cie(0, "")
    table.fde(first, 1, 0)
    struct.pack_into("<i", table.data, table.relocs[0].offset, -5)
    other = UnwindInput(bytes(table.data), 4, [(table.relocs[0].offset, "f", 0)])
    unwind = merge_unwind([other, other], lambda symbol: True)
    row = rows_for(EM_386)[2]
    for offsets in unwind.maps:
        assert implicit_addend(unwind.content, offsets(table.relocs[0].offset), row) == -5
