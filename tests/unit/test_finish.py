"""ELF output: what link() writes is what other readers of ELF read."""

from __future__ import annotations

import io
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from pylink86 import LinkError, LinkResult, link, read_bytes
from pylink86 import elf_const as c
from tests.cases.language import parse_case, read_objects

CASES = Path(__file__).resolve().parent.parent / "cases"
DIALECTS = ("gnu", "lld")

TWO_CLASSES = """
object boot.o i386
section .boot ax align=16
  e9 00*4 fa f4
  reloc 1 R_386_PC32 main -4
symbol start .boot+0 func size=7
symbol here .boot+5 local
symbol main UNDEF
object main.o x86_64
section .text ax align=16
  48 b8 00*8 c3
  reloc 2 R_X86_64_64 value 0
section .data wa align=8
  11 22 33 44
section .bss wa nobits size=64 align=32
section .comment -
  "notes"
symbol main .text+0 func size=11
symbol value .data+2 object size=2
symbol room .bss+0 object size=64
symbol weak_one .data+0 weak
"""
LAYOUT = """
ENTRY(start)
SECTIONS {
  .boot 0x7c00 : { *(.boot) . = ALIGN(16); }
  .text 0x8000 : { *(.text) }
  .data 0x9000 : AT(0x8100) { *(.data) end_of_data = .; }
  .bss : { *(.bss) }
  HIDDEN(quiet = 7);
  absolute = 0x1234;
}
"""


def objects(text: str) -> list[object]:
    return [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]


def two_classes(oformat: str = "elf64-x86-64", dialect: str = "gnu") -> LinkResult:
    return link(objects(TWO_CLASSES), LAYOUT, dialect=dialect, oformat=oformat)


@cache
def case_links() -> list[tuple[str, str, str, LinkResult]]:
    """Every case that links as ELF: (case, dialect, format, result)."""
    found = []
    for path in sorted(CASES.rglob("*.txt")):
        case = parse_case(path.read_text(encoding="utf-8"))
        machines = {o.obj.machine for o in case.objects}
        form = "elf32-i386" if machines == {"i386"} else "elf64-x86-64"
        for dialect in case.dialects:
            try:
                inputs = [read_bytes(o.encode(), o.obj.name) for o in case.objects]
                result = link(inputs, case.script, dialect=dialect, oformat=form)
                result.to_bytes(form)
            except LinkError:
                continue
            found.append((f"{path.parent.name}/{path.stem}", dialect, form, result))
    return found


def test_most_cases_link_as_elf() -> None:
    assert len(case_links()) > 100


@pytest.mark.parametrize(("oformat", "elf_class"), [("elf64-x86-64", 64), ("elf32-i386", 32)])
def test_output_has_the_class_that_was_asked_for(oformat: str, elf_class: int) -> None:
    result = two_classes(oformat)
    header = read_bytes(result.to_bytes(oformat), "out").header
    assert (header.elf_class, header.type, header.entry) == (elf_class, c.ET_EXEC, 0x7C00)
    assert header.machine == (c.EM_X86_64 if elf_class == 64 else c.EM_386)


def test_raw_link_can_be_written_as_elf_of_its_machine() -> None:
    result = two_classes("binary")
    assert result.object_file.header.elf_class == 64
    assert read_bytes(result.to_bytes("elf32-i386"), "out").header.elf_class == 32


def test_addresses_that_32_bits_cannot_hold_are_refused() -> None:
    high = LAYOUT.replace("0x9000 : AT(0x8100)", "0x100000000 : AT(0x8100)")
    result = link(objects(TWO_CLASSES), high, oformat="elf64-x86-64")
    with pytest.raises(LinkError) as caught:
        result.to_bytes("elf32-i386")
    assert [d.slug for d in caught.value.diagnostics] == ["out-of-range-for-elf32"]
    negative = LAYOUT + "minus = -1;"
    wraps = link(objects(TWO_CLASSES), negative, oformat="elf32-i386")
    assert read_bytes(wraps.image, "out").symbol("minus").value == 0xFFFFFFFF


# Sections, symbols, segments as told by us and as read by others


def test_pyelftools_reads_the_sections_symbols_and_segments_we_tell_of() -> None:
    from elftools.elf.elffile import ELFFile

    for name, dialect, form, result in case_links():
        file = ELFFile(io.BytesIO(result.to_bytes(form)))
        where = f"{name} {dialect}"
        assert file["e_entry"] == result.entry & mask(form), where
        read = {s.name: s for s in file.iter_sections() if s.name}
        names = [s.name for s in result.placed.sections]
        for section in result.sections.values():
            if not section.size or names.count(section.name) > 1:
                continue
            other = read[section.name]
            in_memory = section.flags & c.SHF_ALLOC or dialect == "gnu"
            assert other["sh_addr"] == (section.vma if in_memory else 0), where
            if section.name == ".comment":  # with the linker's name in it
                continue
            assert other["sh_size"] == section.size, where
            assert other["sh_flags"] & ~c.SHF_LINK_ORDER == section.flags, where
            if section.type != c.SHT_NOBITS:
                assert other.data() == section.content, where
        table = file.get_section_by_name(".symtab")
        symbols = {s.name: s for s in table.iter_symbols()} if table is not None else {}
        for symbol in result.symbols.keys() - result.placed.nowhere:
            value = result.symbols[symbol]
            assert symbols[symbol]["st_value"] == value & mask(form), (where, symbol)
        local = [s["st_info"]["bind"] == "STB_LOCAL" for s in symbols.values()]
        assert local == sorted(local, reverse=True), where


def mask(form: str) -> int:
    return (1 << 64) - 1 if form == "elf64-x86-64" else (1 << 32) - 1


def test_segments_hold_every_loaded_byte_once() -> None:
    for name, dialect, form, result in case_links():
        if any(word in scripts()[name] for word in (":NONE", "OVERLAY", "PT_LOAD AT(")):
            continue
        data = result.to_bytes(form)
        segments = [s for s in read_bytes(data, "out").segments if s.type == c.PT_LOAD]
        for section in result.sections.values():
            if not section.flags & c.SHF_ALLOC or not section.size:
                continue
            inside = [
                s
                for s in segments
                if s.vaddr <= section.vma and section.vma + section.size <= s.vaddr + s.memsz
            ]
            assert len(inside) == 1, (name, dialect, section.name)
            segment = inside[0]
            distance = segment.paddr - segment.vaddr
            assert (distance - section.lma + section.vma) & mask(form) == 0, (name, dialect)
            assert segment.memsz >= segment.filesz, (name, dialect)
            if section.type != c.SHT_NOBITS:
                at = segment.offset + section.vma - segment.vaddr
                assert data[at : at + section.size] == section.content, (name, dialect)
            assert (segment.offset - segment.vaddr) % (segment.align or 1) == 0, (name, dialect)


def test_lief_reads_every_output_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    import lief

    for name, dialect, form, result in case_links():
        binary = lief.ELF.parse(list(result.to_bytes(form)))
        assert binary is not None, (name, dialect)
        in_order = sorted(result.placed.sections, key=lambda s: s.plan.header)
        ours = list(dict.fromkeys(s.name for s in in_order if s.size))
        theirs = list(dict.fromkeys(s.name for s in binary.sections))
        assert [n for n in theirs if n in ours] == [n for n in ours if n in theirs], (name, dialect)
        assert set(ours) <= set(theirs), (name, dialect)
    said = capfd.readouterr()
    assert said.err == ""


@pytest.mark.peer
def test_readelf_reads_every_output_without_complaint(tmp_path: Path) -> None:
    if shutil.which("readelf") is None:
        pytest.skip("needs readelf: apt install binutils")
    names = []
    for number, (_, _, form, result) in enumerate(case_links()):
        name = f"{number}.elf"
        (tmp_path / name).write_bytes(result.to_bytes(form))
        names.append(name)
    done = subprocess.run(
        ["readelf", "-a", "-W", *names], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr == ""
    assert "Warning" not in done.stdout
    assert "<corrupt" not in done.stdout


@pytest.mark.peer
def test_objcopy_makes_our_raw_image_of_our_elf(tmp_path: Path) -> None:
    """Raw output goes by load address in GNU ld's dialect, and so does objcopy -O binary.

    Section types such as (INFO) count in ELF output only (passes/ordering/section_types.py).
    """
    if shutil.which("objcopy") is None:
        pytest.skip("needs objcopy: apt install binutils")
    compared = 0
    for name, dialect, form, result in case_links():
        if dialect != "gnu" or not result.image or "section-type" in name:
            continue
        # An address of the file's, not of the sections; orders that count in ELF only (orphans
        # beside a section of relocations have another place there, load addresses behind OVERLAY).
        words = ("PT_LOAD AT(", ".rela", "OVERLAY")
        if "link-order" in name or any(word in scripts()[name] for word in words):
            continue
        try:
            raw = link(list(result.resolution.files[:-1]), scripts()[name], oformat="binary")
        except LinkError:
            continue
        (tmp_path / "in.elf").write_bytes(result.to_bytes(form))
        out = tmp_path / "out.bin"
        subprocess.run(["objcopy", "-O", "binary", "in.elf", "out.bin"], cwd=tmp_path, check=True)
        assert out.read_bytes() == raw.image, name
        compared += 1
    assert compared > 60


@cache
def scripts() -> dict[str, str]:
    return {
        f"{p.parent.name}/{p.stem}": parse_case(p.read_text(encoding="utf-8")).script
        for p in CASES.rglob("*.txt")
    }


def test_hidden_symbols_are_local_and_the_others_keep_their_kind() -> None:
    out = read_bytes(two_classes().image, "out")
    kinds = {
        name: (out.symbol(name).binding, out.symbol(name).type, out.symbol(name).size)
        for name in ("start", "here", "quiet", "absolute", "weak_one", "room", "value")
    }
    assert kinds == {
        "start": (c.STB_GLOBAL, c.STT_FUNC, 7),
        "here": (c.STB_LOCAL, c.STT_NOTYPE, 0),
        "quiet": (c.STB_LOCAL, c.STT_NOTYPE, 0),
        "absolute": (c.STB_GLOBAL, c.STT_NOTYPE, 0),
        "weak_one": (c.STB_WEAK, c.STT_NOTYPE, 0),
        "room": (c.STB_GLOBAL, c.STT_OBJECT, 64),
        "value": (c.STB_GLOBAL, c.STT_OBJECT, 2),
    }
    homes = {
        name: section.name if (section := out.symbol(name).section) is not None else None
        for name in ("start", "end_of_data", "absolute", "room")
    }
    assert homes == {"start": ".boot", "end_of_data": ".data", "absolute": None, "room": ".bss"}
