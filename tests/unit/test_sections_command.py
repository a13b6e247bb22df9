"""What `pylink86 sections` tells of object files, and that its scripts link: here and elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import attrs
import pytest

from pylink86 import elf_const as c
from pylink86 import link, read
from pylink86.cli import main, sections
from pylink86.explain.starter import boot_sections, patterns_for, starter_script
from pylink86.model import Header, ObjectFile, SectionRow, Sections, SymbolRow, Symbols
from tests.samples import small_object

ROOT = Path(__file__).parents[2]
OBJECTS = ROOT / "fixtures" / "objects"
BOOT32, BOOT64 = OBJECTS / "boot_long_elf32.o", OBJECTS / "boot_long_elf64.o"
STAGE = OBJECTS / "hello_O2_static.o"

PEERS = {
    "ld": (["ld"], "binutils"),
    "ld.lld-19": (["ld.lld-19"], "lld-19"),
}

COMPLETE = [
    ["boot_long_elf64", "hello_O2_static"],
    ["boot_split_elf64", "hello_O0_pic"],
    ["boot_gas_elf64", "c64_common"],
    ["boot_gas_g", "hello_O2_static_g"],
    ["boot_pm_elf32", "c32_data"],
    ["boot_split_elf32", "c32_sections"],
    ["rust_boot_split_elf64", "rust_c64_data"],
    ["hello16_elf32"],
    ["hello16_elf64"],
    ["hello_O1_pic"],
    ["c64_clang_g"],
    ["c32_unwind"],
    ["flags64"],
    ["flags32"],
    ["groups64"],
    ["merge32"],
    ["large_model"],
    ["prefix_sections_rust"],
]
"""Fixtures that define all they need, of one class each, because LLD mixes none."""


def fixture(name: str) -> Path:
    return OBJECTS / f"{name}.o"


# The tables


def test_tables_say_what_sections_are(capsys):
    assert main.main(["sections", str(BOOT32), "nosuch.o", str(STAGE)]) == 1
    out, err = capsys.readouterr()
    assert "cannot find nosuch.o" in err
    assert f"{BOOT32}: ELF32, 386\n" in out
    assert f"{STAGE}: ELF64, X86_64\n" in out
    row = r"^  \.boot\.text +0x200 +8 +19 +14  code, a boot sector: 55 AA at 510$"
    assert re.search(row, out, re.MULTILINE)
    assert "  needs: SECOND_STAGE_LENGTH, _start\n" in out
    assert re.search(r"^  \.rodata\.\S+ +0x1 +1 +- +1  read-only data$", out, re.MULTILINE)
    assert re.search(
        r"^  \.eh_frame +0x40 +8 +2 +-  read-only data, unwind table$", out, re.MULTILINE
    )
    assert ".symtab" not in out
    assert ".rela" not in out


@pytest.mark.parametrize(
    ("file", "name", "words"),
    [
        ("c64_common", ".bss", "zeroed memory"),
        ("c64_common", ".comment", "not loaded, equal strings merged"),
        ("merge64", ".rodata.cst4", "read-only data, equals merged"),
        ("hello_O0_static_g", ".debug_info", "debug information"),
        ("groups64", ".text.helper", "code, in a group of which one copy is kept"),
        ("flags64", ".gone", "not loaded, left out of the link"),
        ("flags64", ".kept", "read-only data, kept by --gc-sections"),
        ("flags64", ".noted", "read-only data, a note"),
        ("flags64", ".ctors_like", "data, functions to call first"),
        ("flags64", ".unwound", "read-only data, unwind table"),
        ("symbols64", ".tdata", "data, one copy per thread"),
    ],
)
def test_flags_in_words(file: str, name: str, words: str):
    assert sections.in_words(read(fixture(file)).section(name)) == words


def test_symbols_are_listed_by_what_they_are(capsys):
    assert main.main(["sections", str(fixture("c64_common")), str(fixture("symbols64"))]) == 0
    out = capsys.readouterr().out
    assert "  defines: colour, limit, _start\n" in out
    assert "  common: calls (4 bytes)\n" in out
    assert "weak_away (weak: may be missing)" in out
    assert "local" not in out


def test_long_lists_end_early_unless_all_is_asked_for(capsys, tmp_path):
    names = [f"name{number}" for number in range(30)]
    rows = [SymbolRow(name, 0, binding=c.STB_GLOBAL) for name in names]
    file = with_sections([(".text", c.SHF_EXECINSTR, b"\x90")])
    path = tmp_path / "needy.o"
    path.write_bytes(attrs.evolve(file, symbols=Symbols.from_rows(rows)).to_bytes())
    assert main.main(["sections", str(path)]) == 0
    assert re.search(
        r"needs: name0, .*, name11 and 18 more \(--all\)$", capsys.readouterr().out, re.M
    )
    assert main.main(["sections", "--all", str(path)]) == 0
    out = capsys.readouterr().out
    assert "(--all)" not in out
    assert all(name in out for name in names)


def test_every_fixture_has_a_table(capsys):
    objects = sorted(map(str, OBJECTS.glob("*.o")))
    assert sections.main(objects) == 0
    out = capsys.readouterr().out
    assert all(f"{name}: ELF" in out for name in objects)


def test_no_files(capsys):
    assert main.main(["sections"]) == 1
    assert "no input files" in capsys.readouterr().err
    assert main.main(["sections", "--help"]) == 0
    assert "--script" in capsys.readouterr().out
    assert main.main(["sections", "--scripts", str(STAGE)]) == 1
    assert "--script" in capsys.readouterr().err


def test_names_that_would_drive_a_terminal_are_escaped(capsys, tmp_path):
    file = small_object()
    path = tmp_path / "odd.o"
    path.write_bytes(with_sections([(".text\x1b[31m", c.SHF_EXECINSTR, b"\x90")]).to_bytes())
    assert main.main(["sections", str(path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert r".text\x1b[31m" in out
    assert file.name == "small.o"


def test_a_broken_file_is_an_error_and_the_others_are_shown(capsys, tmp_path):
    data = bytearray(STAGE.read_bytes())
    file = read(STAGE)
    target = file.section(".text._start").index
    table = file.relocation_sections[target][0]
    at = file.sections.offset[table]
    data[at : at + 8] = (1 << 40).to_bytes(8, "little")
    broken = tmp_path / "broken.o"
    broken.write_bytes(data)
    assert main.main(["sections", str(broken), str(BOOT32)]) == 1
    out, err = capsys.readouterr()
    assert "error[bad-object]" in err
    assert f"{BOOT32}: ELF32" in out
    assert main.main(["sections", "--script", str(broken)]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("error[")) == ("", 1)


# The starter script


def with_sections(rows: list[tuple[str, int, bytes]], name: str = "made.o") -> ObjectFile:
    """An object with these allocated sections: (name, flags besides A, content)."""
    headers = [
        SectionRow(name, c.SHT_PROGBITS, c.SHF_ALLOC | flags, size=len(data))
        for name, flags, data in rows
    ]
    return ObjectFile(
        name,
        Header(64, c.EM_X86_64),
        Sections.from_rows(headers),
        [b"", *(data for _, _, data in rows)],
        Symbols.from_rows([]),
    )


BOOT = bytes(510) + b"\x55\xaa"


@pytest.mark.parametrize(
    ("name", "patterns"),
    [
        (".text", (".text", ".text.*")),
        (".text._ZN5hello4halt17h38422bbf82b08b72E", (".text", ".text.*")),
        (".rust.text.main", (".rust.text", ".rust.text.*")),
        (".data.rel.ro.x", (".data", ".data.*")),
        (".note.gnu.property", (".note", ".note.*")),
        (".textual", (".textual",)),
        (".multiboot", (".multiboot",)),
        (".eh_frame", (".eh_frame",)),
        ("my_table", ("my_table",)),
        ("odd name*", ("odd?name?",)),
    ],
)
def test_families(name: str, patterns: tuple[str, ...]):
    assert patterns_for(name) == patterns


@pytest.mark.parametrize("names", COMPLETE, ids="+".join)
def test_every_section_is_placed_by_a_pattern(names: list[str]):
    files = [read(fixture(name)) for name in names]
    result = link(files, starter_script(files), oformat="binary")
    table = result.table
    orphans = [table.name[sid] for sid in result.claims.orphans if table.flags[sid] & c.SHF_ALLOC]
    assert orphans == []
    placed = {piece.section for piece in result.pieces if piece.section is not None}
    merged = set(result.placed.addresses.edits.moved)
    for number, file in enumerate(files):
        for section in file:
            lost = table.base[number] + section.index in merged
            if section.flags & c.SHF_ALLOC and not section.flags & c.SHF_EXCLUDE and section.size:
                assert lost or section in placed, str(section)


@pytest.mark.peer
@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("names", COMPLETE, ids="+".join)
def test_other_linkers_take_the_script(names: list[str], peer: str, tmp_path: Path):
    command, package = PEERS[peer]
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {peer}: apt-get install {package}")
    files = [read(fixture(name)) for name in names]
    script = tmp_path / "start.ld"
    script.write_text(starter_script(files))
    machine = "elf_i386" if files[0].header.elf_class == 32 else "elf_x86_64"
    out = tmp_path / "out"
    argv = [*command, "-m", machine, "-T", str(script), "-o", str(out)]
    argv += [str(fixture(name)) for name in names]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    made = {s.name for s in read(out) if s.flags & c.SHF_ALLOC and s.size}
    apart = {".numbers"} if names[0].startswith("flags") else set()
    assert made <= {".boot", ".stage", ".text", ".rodata", ".data", ".bss", *apart}
    ours = link(files, starter_script(files))
    theirs = {s.name: (s.addr, s.size) for s in read(out) if s.name in (".boot", ".stage")}
    assert theirs == {name: (ours.sections[name].vma, ours.sections[name].size) for name in theirs}


@pytest.mark.parametrize("boot", ["boot_long_elf64", "boot_split_elf64", "boot_gas_elf64"])
def test_a_boot_sector_goes_where_the_bios_puts_it(boot: str):
    files = [read(STAGE), read(fixture(boot))]
    result = link(files, starter_script(files), oformat="binary")
    assert result.sections[".boot"].vma == 0x7C00
    assert result.sections[".boot"].size == 512
    assert result.image[510:512] == b"\x55\xaa"
    assert result.sections[".stage"].vma == 0x7E00
    assert len(result.image) % 512 == 0
    assert result.symbols["SECOND_STAGE_LENGTH"] == len(result.image) // 512 - 1


def test_mixed_classes_link_here():
    files = [read(BOOT32), read(STAGE)]
    result = link(files, starter_script(files), oformat="binary")
    assert result.symbols["SECOND_STAGE_LENGTH"] == 1
    assert result.symbols["_start"] == 0x7E10


def test_a_boot_sector_called_as_the_stage_is_told_apart_by_its_file():
    files = [
        with_sections([(".text", c.SHF_EXECINSTR, b"\x90" * 40)], "kernel.o"),
        with_sections([(".text", c.SHF_EXECINSTR, BOOT)], "dir/boot.o"),
    ]
    script = starter_script(files)
    assert "KEEP(*boot.o(.text))" in script
    image = link(files, script, oformat="binary").image
    assert image[:512] == BOOT
    assert image[512:552] == b"\x90" * 40


def test_a_boot_sector_with_more_behind_it():
    files = [with_sections([(".all", c.SHF_EXECINSTR, BOOT + b"\x90" * 100)], "boot.o")]
    result = link(files, starter_script(files), oformat="binary")
    assert len(result.image) == 1024
    assert result.image[510:512] == b"\x55\xaa"


def test_no_boot_sector_without_its_mark():
    nearly = with_sections([(".text", c.SHF_EXECINSTR, bytes(512))])
    short = with_sections([(".text", c.SHF_EXECINSTR, b"\x55\xaa")])
    both = with_sections([(".a", c.SHF_EXECINSTR, bytes(256)), (".b", 0, BOOT[256:])])
    assert boot_sections([nearly, short]) == ()
    assert [section.name for section in boot_sections([nearly, both])] == [".a", ".b"]
    assert "0x7c00" not in starter_script([nearly, short])


def test_sixteen_bit_code_stays_low():
    file = read(fixture("hello16_elf32"))
    stage = ObjectFile(
        file.name,
        file.header,
        file.sections,
        [bytes(data)[:-2] + b"\0\0" if len(data) == 512 else data for data in file.contents],
        file.symbols,
        file.symtab,
    )
    assert ". = 0x7e00;" in starter_script([stage])
    assert ". = 0x100000;" in starter_script([read(fixture("c64_plain"))])


def test_names_nobody_defines_are_in_a_comment():
    script = starter_script([read(fixture("library_pic64"))])
    assert "No file defines these" in script
    assert "elsewhere" in script
    assert "_GLOBAL_OFFSET_TABLE_" not in script
    assert "*(.got .got.*)" in script


def test_the_command_prints_the_script_alone(capsys):
    assert main.main(["sections", "--script", str(BOOT64), str(STAGE)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out == starter_script([read(BOOT64), read(STAGE)])
    assert main.main(["sections", "--script", str(BOOT64), "nosuch.o"]) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("boot", ["boot_long_elf32", "boot_split_elf64"])
def test_what_is_linked_by_the_script_boots(boot: str, tmp_path: Path):
    pytest.importorskip("unicorn", reason="needs unicorn: pip install pylink86[emulate]")
    from pylink86.boot import run

    files = [read(fixture(boot)), read(STAGE)]
    image = tmp_path / "boot.img"
    link(files, starter_script(files), oformat="binary").write(image)
    machine = run(image)
    assert machine.screen.startswith("Hi")
