"""Every ELF file we write is read by others without complaint: lief, pyelftools, readelf.

The inputs are what compilers made (fixtures/objects); the links are of each kind that writes ELF:
by the linker's own layout, by a script with regions and PHDRS, -r, -q, stripped, of the other
class, and the twin of a raw image.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from pylink86 import LinkError
from pylink86.cli import link_values, pyld
from pylink86.cli.inputs import read_line
from pylink86.cli.ld_options import KEYWORDS, LD
from pylink86.cli.options import parse

ROOT = Path(__file__).resolve().parents[2]
OBJECTS = ROOT / "fixtures" / "objects"

SCRIPT = """
ENTRY(_start)
MEMORY { rom : ORIGIN = 0x100000, LENGTH = 16M  ram : ORIGIN = 0x4000000, LENGTH = 16M }
PHDRS { headers PT_PHDR PHDRS; code PT_LOAD FILEHDR PHDRS FLAGS(5); data PT_LOAD; }
SECTIONS {
  . = ORIGIN(rom) + SIZEOF_HEADERS;
  .text : { *(.text .text.*) } > rom :code
  .rodata : { *(.rodata .rodata.*) } > rom :code
  .data : { *(.data .data.* .got .got.plt) end_of_data = .; } > ram AT> rom :data
  .bss : { *(.bss .bss.*) *(COMMON) } > ram :data
}
"""

KINDS = {
    "default": ["--warn-common"],
    "script": ["-T", "script.ld"],
    "gc": ["--gc-sections", "-T", "script.ld"],
    "relocatable": ["-r"],
    "relocations kept": ["-q"],
    "stripped": ["-s"],
    "no debug": ["-S", "-x"],
    "build id": ["--build-id=sha1", "--eh-frame-hdr"],
    "one segment": ["-N"],
    "other class": ["--oformat=elf32-i386", "-Ttext=0x8000"],
}
INPUTS = {
    "gcc64": ["c64_plain.o", "c64_data.o", "c64_common.o"],
    "clang64 -g": ["c64_clang_g.o"],
    "gcc32": ["c32_plain.o", "c32_data.o", "c32_common.o"],
    "clang32 -g": ["c32_clang_g.o"],
    "groups": ["groups64.o", "merge64.o"],
    "groups32": ["groups32.o", "merge32.o"],
    "unwind": ["c64_unwind.o"],
    "rustc -g": ["hello_O0_static_g.o"],
    "rustc": ["hello_O2_static.o"],
    "mixed": ["hello_O2_static.o", "boot_long_elf32.o"],
    "mixed -g": ["hello_O0_static_g.o", "boot_gas_g.o"],
}


@cache
def outputs() -> dict[str, bytes]:
    """Every link that works: what it is, and the file."""
    found = {}
    for what, names in INPUTS.items():
        for kind, options in KINDS.items():
            for dialect in ("gnu", "lld"):
                words = [str(ROOT / "script.ld") if w == "script.ld" else w for w in options]
                paths = [str(OBJECTS / name) for name in names]
                data = linked([*words, *paths], dialect)
                if data is not None:
                    found[f"{what}, {kind}, {dialect}"] = data
    return found


def linked(words: list[str], dialect: str) -> bytes | None:
    """The ELF file a command writes, or None when the objects do not fit it."""
    parsed = parse([w for w in words if not w.endswith("script.ld") and w != "-T"], LD, KEYWORDS)
    assert not parsed.problems
    parsed.values["dialect"] = dialect
    line = read_line(parsed)
    layout = SCRIPT if "-T" in words else None
    from pylink86 import link

    try:
        options = link_values.link_options(parsed.values, None)
        return link(line.objs, layout, dialect=dialect, options=options).image
    except LinkError as problem:
        slugs = {d.slug for d in problem.diagnostics if d.severity == "error"}
        assert slugs <= {"undefined-symbol", "out-of-range-for-elf32", "reloc-overflow",
                         "reloc-not-supported", "duplicate-symbol"}, slugs  # fmt: skip
        return None


def test_most_of_them_link() -> None:
    assert len(outputs()) > 100


def test_lief_reads_them(capfd: pytest.CaptureFixture[str]) -> None:
    import lief

    for name, data in outputs().items():
        binary = lief.ELF.parse(list(data))
        assert binary is not None, name
        assert list(binary.sections) or "-s" in name, name
        assert all(symbol.name is not None for symbol in binary.symbols), name
        assert capfd.readouterr() == ("", ""), name


def test_pyelftools_reads_them() -> None:
    from elftools.elf.elffile import ELFFile
    from elftools.elf.relocation import RelocationSection
    from elftools.elf.sections import NoteSection, SymbolTableSection

    for name, data in outputs().items():
        elf = ELFFile(io.BytesIO(data))
        for section in elf.iter_sections():
            assert section.data() is not None
            if isinstance(section, SymbolTableSection):
                assert all(symbol.name is not None for symbol in section.iter_symbols()), name
            elif isinstance(section, RelocationSection):
                symbols = elf.get_section(section["sh_link"])
                for relocation in section.iter_relocations():
                    assert symbols.get_symbol(relocation["r_info_sym"]) is not None, name
            elif isinstance(section, NoteSection):
                assert all(note["n_name"] is not None for note in section.iter_notes()), name
        for segment in elf.iter_segments():
            assert len(segment.data()) == segment["p_filesz"], name


def test_pyelftools_reads_their_debug_data() -> None:
    from elftools.elf.elffile import ELFFile

    units = 0
    for name, data in outputs().items():
        elf = ELFFile(io.BytesIO(data))
        if "relocatable" in name or not elf.has_dwarf_info():
            continue
        # With -q pyelftools would apply the relocations that are kept a second time.
        dwarf = elf.get_dwarf_info(relocate_dwarf_sections=False)
        for unit in dwarf.iter_CUs():
            units += 1
            assert unit.get_top_DIE().tag == "DW_TAG_compile_unit", name
            program = dwarf.line_program_for_CU(unit)
            assert program is None or program.get_entries() is not None, name
    assert units > 20


@pytest.mark.peer
def test_readelf_reads_them_without_complaint(tmp_path: Path) -> None:
    if shutil.which("readelf") is None:
        pytest.skip("needs readelf: apt install binutils")
    names = {}
    for number, (name, data) in enumerate(outputs().items()):
        names[f"{number}.elf"] = name
        (tmp_path / f"{number}.elf").write_bytes(data)
    command = ["readelf", "-a", "-W", *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == "", complaint(done.stderr, names)
    assert "Warning" not in done.stdout
    assert "<corrupt" not in done.stdout


def complaint(text: str, names: dict[str, str]) -> str:
    """The first lines of it, and which links the numbers are."""
    return "\n".join([*text.splitlines()[:5], str(names)])


def test_the_twin_of_a_mixed_image_keeps_its_32_bit_units(tmp_path: Path) -> None:
    """An ELF64 file, in which each unit of DWARF has addresses as wide as in its object."""
    from elftools.elf.elffile import ELFFile

    twin = tmp_path / "image.elf"
    words = ["--oformat=binary", "-Ttext=0x8000", "-o", str(tmp_path / "image.bin")]
    words += ["--prefix-symbols=c_", str(OBJECTS / "c32_clang_g.o"), "--prefix-symbols="]
    words += [str(OBJECTS / "hello_O0_static_g.o"), f"--elf-twin={twin}"]
    assert pyld.main(words, "pyld") == 0
    elf = ELFFile(io.BytesIO(twin.read_bytes()))
    assert elf.elfclass == 64
    widths = {}
    dwarf = elf.get_dwarf_info()
    for unit in dwarf.iter_CUs():
        lines = dwarf.line_program_for_CU(unit).get_entries()
        widths[unit["address_size"]] = next(e.state.address for e in lines if e.state is not None)
    assert set(widths) == {4, 8}
    text = elf.get_section_by_name(".text")
    assert text["sh_addr"] == 0x8000
    assert all(0x8000 <= start < 0x8000 + text["sh_size"] for start in widths.values())
