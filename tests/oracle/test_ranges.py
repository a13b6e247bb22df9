"""Every applied relocation type with values around every boundary, against GNU ld and LLD.

One object holds a relocation per value, a script gives the symbols their values, and
--noinhibit-exec makes the linker write even what it complains about: so one run shows what is
refused and what is written, for a raw image and for ELF.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from pylink86.arch import rows_for, word_of
from pylink86.arch.reloc import (
    ABS,
    PC,
    PLT,
    REACHES,
    implicit_addend,
    judge,
    mask,
    signed,
)
from pylink86.elf_const import EM_386, EM_X86_64

PEERS = {"gnu": "ld", "lld": "ld.lld-19"}
BASE, STRIDE = 0x4000, 16
ADDENDS = (0, 1, -1, 16, -16, 127, -128)

pytestmark = pytest.mark.peer


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (apt install binutils lld-19)")


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)
    return done.stderr


def boundaries(word: int) -> list[int]:
    found = {0, 1, -1}
    for bits in (7, 8, 15, 16, 31, 32, 33, 63):
        for sign in (1, -1):
            found |= {sign * (1 << bits) + step for step in (-17, -2, -1, 0, 1, 2, 16)}
    top = 8 * word if word == 4 else 63
    return sorted(v for v in found if -1 << top <= v < 1 << top)


def section(elf: bytes, name: bytes) -> bytes:
    """The bytes of a section of a little ELF file (independent of the package's own reader)."""
    wide = elf[4] == 2
    shoff = struct.unpack_from("<Q" if wide else "<I", elf, 0x28 if wide else 0x20)[0]
    count, strndx = struct.unpack_from("<HH", elf, 0x3C if wide else 0x30)
    form, size = ("<IIQQQQ", 64) if wide else ("<IIIIII", 40)
    heads = [struct.unpack_from(form, elf, shoff + i * size) for i in range(count)]
    for head in heads:
        begin = heads[strndx][4] + head[0]
        if elf[begin : elf.index(b"\0", begin)] == name:
            return elf[head[4] : head[4] + head[5]]
    raise KeyError(name)


def link(peer, output, machine, row, cases, place, tmp_path):
    """For each (symbol part, addend): was it taken; and the content after and before the link."""
    name, width = row.name, row.width
    text = ['.section .text,"ax"']
    script = [f"SECTIONS {{ . = {BASE}; .text : {{ *(.text) }} /DISCARD/ : {{ *(.note*) }}"]
    for i, (value, addend) in enumerate(cases):
        if machine == EM_386:
            text += [f".reloc ., {name}, s{i}", f".quad {addend & mask(width):#x}, 0"]
        else:
            text += [f".reloc ., {name}, s{i}{addend:+d}", ".quad 0, 0"]
        at = place(i) if place else 0
        script.append(f"s{i} = {(value + at) & mask(8):#x};")
    (tmp_path / "a.s").write_text("\n".join([*text, ""]))
    (tmp_path / "a.ld").write_text("\n".join([*script, "}"]))
    wide = machine == EM_X86_64
    assert not run("as", "--64" if wide else "--32", "a.s", "-o", "a.o", cwd=tmp_path)
    (tmp_path / "a.out").unlink(missing_ok=True)
    said = run(
        PEERS[peer],
        *("-m", "elf_x86_64" if wide else "elf_i386", "-T", "a.ld", "a.o", "-o", "a.out"),
        *("--noinhibit-exec", "--verbose" if peer == "gnu" else "--error-limit=0"),
        *(("--oformat", "binary") if output == "raw" else ()),
        cwd=tmp_path,
    )
    complaint = r"\(\.text\+0x([0-9a-f]+)\): relocation"
    refused = {int(at, 16) // STRIDE for at in re.findall(complaint, said)}
    written = (tmp_path / "a.out").read_bytes()
    if output == "elf":
        written = section(written, b".text")
    before = section((tmp_path / "a.o").read_bytes(), b".text")
    return [i not in refused for i in range(len(cases))], written, before


def applied():
    for machine in (EM_386, EM_X86_64):
        for row in rows_for(machine).values():
            if row.kind in (ABS, PC, PLT):
                yield pytest.param(machine, row, id=row.name)


@pytest.mark.parametrize("output", ["raw", "elf"])
@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(("machine", "row"), list(applied()))
def test_same_values_taken_and_same_bytes_written(peer, output, machine, row, tmp_path):
    need("as", PEERS[peer])
    word = word_of(machine)
    pc = row.kind in (PC, PLT)
    values = boundaries(word)
    cases = [(v, a) for v in values for a in ADDENDS if abs(v) < 1 << 62 or not a]
    taken, written, before = link(
        peer,
        output,
        machine,
        row,
        cases,
        (lambda i: BASE + STRIDE * i) if pc else None,
        tmp_path,
    )
    reach = REACHES["gnu-generic" if (peer, output) == ("gnu", "raw") else peer]
    verdicts = set()
    for i, (value, addend) in enumerate(cases):
        if word == 4:
            assert addend == implicit_addend(before, STRIDE * i, row)
        total = value + addend
        verdict = judge(reach, row, total, word, before=value if word == 4 else None)
        verdicts.add(verdict)
        assert taken[i] == (verdict != "refused"), (hex(value), addend, verdict)
        if taken[i]:
            now = written[STRIDE * i : STRIDE * (i + 1)]
            assert int.from_bytes(now[: row.width], "little") == total & mask(row.width)
            assert not any(now[row.width :])
    assert "fits" in verdicts
    assert row.rule in ("word", "wrap") or "refused" in verdicts


SIZES = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**64 - 2**31, 2**64 - 2**31 - 1, 2**63 - 1)


@pytest.mark.parametrize(
    ("peer", "output", "machine", "name"),
    [
        # GNU's raw path writes the value of the symbol instead of its size: not something to
        # follow. LLD 19 does not know R_386_SIZE32.
        ("gnu", "elf", EM_X86_64, "R_X86_64_SIZE32"),
        ("gnu", "elf", EM_X86_64, "R_X86_64_SIZE64"),
        ("gnu", "elf", EM_386, "R_386_SIZE32"),
        ("lld", "elf", EM_X86_64, "R_X86_64_SIZE32"),
        ("lld", "raw", EM_X86_64, "R_X86_64_SIZE32"),
        ("lld", "raw", EM_X86_64, "R_X86_64_SIZE64"),
    ],
)
def test_sizes(peer, output, machine, name, tmp_path):
    need("as", PEERS[peer])
    row = next(r for r in rows_for(machine).values() if r.name == name)
    sizes = [s for s in SIZES if machine == EM_X86_64 or s < 2**32]
    lines, sized = [], []
    for i, size in enumerate(sizes):
        lines += [f".reloc ., {name}, s{i}", ".quad 0, 0"]
        sized += [f".globl s{i}", f".set s{i}, {i + 0x1230}", f".size s{i}, {size}"]
    (tmp_path / "a.s").write_text("\n".join([*lines, ""]))
    (tmp_path / "b.s").write_text("\n".join([*sized, ""]))
    (tmp_path / "a.ld").write_text("SECTIONS { .text : { *(.text) } /DISCARD/ : { *(.note*) } }")
    wide = machine == EM_X86_64
    for file in "ab":
        assert not run(
            "as", "--64" if wide else "--32", f"{file}.s", "-o", f"{file}.o", cwd=tmp_path
        )
    said = run(
        PEERS[peer],
        *("-m", "elf_x86_64" if wide else "elf_i386", "-T", "a.ld", "a.o", "b.o", "-o", "a.out"),
        *("--noinhibit-exec", "--verbose" if peer == "gnu" else "--error-limit=0"),
        *(("--oformat", "binary") if output == "raw" else ()),
        cwd=tmp_path,
    )
    refused = {int(at, 16) // STRIDE for at in re.findall(r"\+0x([0-9a-f]+)\): relocation", said)}
    written = (tmp_path / "a.out").read_bytes()
    written = section(written, b".text") if output == "elf" else written
    for i, size in enumerate(sizes):
        verdict = judge(REACHES[peer], row, size, word_of(machine))
        assert (i in refused) == (verdict == "refused"), hex(size)
        if verdict != "refused":
            now = written[STRIDE * i : STRIDE * i + row.width]
            assert signed(int.from_bytes(now, "little"), row.width) == signed(size, row.width)
