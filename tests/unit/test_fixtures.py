"""The committed objects are what the manifest says, and can be made again byte for byte."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.descriptions import describe_reloc_type
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

import fixtures
from fixtures import peers
from fixtures.rows import ROWS
from fixtures.tools import why_not

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "build-fixtures"
MOST_BYTES = 1_500_000


def relocation_types(name: str) -> set[str]:
    with fixtures.path(name).open("rb") as stream:
        elf = ELFFile(stream)
        return {
            describe_reloc_type(row["r_info_type"], elf)
            for section in elf.iter_sections()
            if isinstance(section, RelocationSection)
            for row in section.iter_relocations()
        }


def undefined(name: str) -> set[str]:
    with fixtures.path(name).open("rb") as stream:
        symbols = ELFFile(stream).get_section_by_name(".symtab").iter_symbols()
        return {s.name for s in symbols if s.name and s["st_shndx"] == "SHN_UNDEF"}


def section_bytes(name: str, section: str) -> bytes:
    with fixtures.path(name).open("rb") as stream:
        data: bytes = ELFFile(stream).get_section_by_name(section).data()
        return data


def test_every_object_is_in_the_manifest_and_every_row_is_an_object() -> None:
    present = {path.name for path in fixtures.OBJECTS.iterdir()}
    assert present == {f"{name}.o" for name in fixtures.entries()}
    assert [row.name for row in ROWS] == list(fixtures.entries())


@pytest.mark.parametrize("name", list(fixtures.entries()))
def test_object_has_the_recorded_bytes(name: str) -> None:
    entry, data = fixtures.entries()[name], fixtures.path(name).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["size"], entry["sha256"])
    assert data[4] == {"elf32": 1, "elf64": 2}[entry["class"]]


def test_sources_have_the_recorded_bytes() -> None:
    made_from = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in fixtures.SOURCES.iterdir()
    }
    assert made_from == fixtures.manifest()["sources"]


def test_no_build_folder_is_inside_and_all_is_small() -> None:
    everything = {path.name: path.read_bytes() for path in fixtures.OBJECTS.iterdir()}
    assert sum(map(len, everything.values())) < MOST_BYTES
    folders = re.compile(rb"/(tmp|home|root|work|Users|var)/")
    assert [name for name, data in everything.items() if folders.search(data)] == []


def test_linkable_objects_need_nothing_but_each_other() -> None:
    for name in fixtures.names(role="stage", linkable=True):
        assert undefined(name) <= {"_GLOBAL_OFFSET_TABLE_"}, name
    for name in fixtures.names(role="boot"):
        assert undefined(name) <= {"SECOND_STAGE_LENGTH", "_start"}, name


def test_stages_that_need_core_say_so() -> None:
    needy = fixtures.names(role="stage", linkable=False)
    assert {"bounds_debug", "numbers_O0_g", "numbers_O2"} <= set(needy)
    for name in needy:
        assert any("4core" in symbol for symbol in undefined(name)), name
        assert "R_X86_64_GOTPCREL" in relocation_types(name) or "static" in name


@pytest.mark.parametrize(
    ("family", "types"),
    [
        ("R_386_", {"8", "16", "PC16", "32", "PC32", "PLT32"}),
        ("R_X86_64_", {"8", "16", "PC16", "32", "32S", "64", "PC32", "PLT32"}),
    ],
)
def test_boot_sectors_carry_the_relocations_of_real_mode(family: str, types: set[str]) -> None:
    found = set[str]().union(*map(relocation_types, fixtures.names(role="boot")))
    assert {family + kind for kind in types} <= found


def test_whole_boot_sectors_end_in_the_signature() -> None:
    for name in fixtures.names(role="boot"):
        code = section_bytes(name, ".boot.text")
        if "split" in name:
            sizes = [len(section_bytes(name, f".boot.{part}")) for part in ("real", "data")]
            assert len(code) + sum(sizes) == 512 - 32  # the rest is .boot.bss
            code = section_bytes(name, ".boot.data")
        else:
            assert len(code) == 512
        assert code[-2:] == b"\x55\xaa"


def test_the_record_holds_every_pair_in_every_layout() -> None:
    rows = [(r["layout"], r["boot"], r["stage"], r["dialect"]) for r in fixtures.expected()]
    assert len(rows) == len(set(rows))
    assert set(rows) == {
        (layout, boot, stage, dialect)
        for boot, stage in fixtures.pairs()
        for layout in peers.LAYOUTS
        for dialect in peers.PROGRAMS
    }


def test_the_record_says_that_the_layouts_boot() -> None:
    """Prefixed objects everywhere, and files by name with GNU ld.

    Only LLD refuses two classes, and a bare file name takes the sector's debug sections along.
    """
    with_debug_sections = {"boot_long_stabs", "boot_gas_g"}
    for row in fixtures.expected():
        refused = row["dialect"] == "lld" and peers.is_mixed(row["boot"], row["stage"])
        if row["layout"] == "prefixed":
            assert row.get("boots") is (None if refused else True), row
        elif (row["layout"], row["dialect"]) == ("byfile", "gnu") and row["stage"]:
            assert row.get("boots") is (None if row["boot"] in with_debug_sections else True), row


def test_the_record_gives_each_row_an_image_or_a_reason() -> None:
    for row in fixtures.expected():
        assert ("refused" in row) != ("sha256" in row and "boots" in row)


def test_build_script_lists_every_row() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--list"], capture_output=True, text=True, check=True
    )
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == list(fixtures.entries())


@pytest.mark.peer
def test_objects_can_be_made_again() -> None:
    """Compares each object whose tools are here in the recorded versions; skips when none are."""
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True)
    summary = done.stdout.splitlines()[-1]
    assert done.returncode == 0, done.stdout
    if summary.startswith("0 compared"):
        pytest.skip("no tool is installed in the version of fixtures/manifest.json")


@pytest.mark.peer
@pytest.mark.parametrize("dialect", peers.PROGRAMS)
def test_peers_still_make_the_recorded_images(dialect: str) -> None:
    """Every 29th row, which meets every layout, many sectors and stages."""
    if reason := why_not(peers.PROGRAMS[dialect], "objcopy"):
        pytest.skip(reason)
    rows = [row for row in fixtures.expected() if row["dialect"] == dialect]
    for row in rows[::29]:
        answer = peers.link_with_peer(dialect, row["layout"], row["boot"], row["stage"])
        digest = answer.image and hashlib.sha256(answer.image).hexdigest()
        assert (digest, answer.refused) == (row.get("sha256"), row.get("refused")), row
