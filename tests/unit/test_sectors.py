"""The bundled boot sectors as objects, the layouts that go with them, and what is said of both."""

from __future__ import annotations

import configparser
import fnmatch
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pylink86 import LinkError
from pylink86 import elf_const as c
from pylink86.boot import sector
from pylink86.model import UNDEF, ObjectFile
from pylink86.script import nodes as n
from pylink86.script.defaults import SECTOR_KINDS, STAGE_LIMIT, STAGE_START, raw_layout
from pylink86.script.parser import parse_script

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "pylink86" / "boot" / "sectors"
GUIDE = (ROOT / "docs" / "boot-sectors.md").read_text(encoding="utf-8")

COMMON_NAMES = {
    "__stage_sectors",
    "__stage_entry",
    "__stage_bss_start",
    "__stage_bss_size",
    "__stage_stack",
}
NAMES = {
    "real": COMMON_NAMES,
    "protected": COMMON_NAMES,
    "long": COMMON_NAMES | {"__stage_page_tables"},
}


def code(kind: str) -> bytes:
    return bytes(sector(kind).section(".bootsector").content)


def wanted(obj: ObjectFile) -> set[str]:
    """The names an object leaves open."""
    names, shndx = obj.symbols.names, obj.symbols.shndx
    return {name for name, at in zip(names, shndx, strict=True) if name and at == UNDEF}


def assigned(script: n.Script) -> set[str]:
    """Every name a layout gives a value."""
    found = set()
    for command in script.commands:
        for item in command.items if isinstance(command, n.SectionsCommand) else (command,):
            inner = item.statements if isinstance(item, n.OutputSection) else (item,)
            found |= {s.name for s in inner if isinstance(s, n.Assignment)}
    return found


@pytest.mark.parametrize("kind", SECTOR_KINDS)
def test_sector_is_one_sector(kind: str) -> None:
    assert len(code(kind)) == 512
    assert code(kind)[510:] == b"\x55\xaa"
    loaded = [s.name for s in sector(kind) if s.flags & c.SHF_ALLOC]
    assert loaded == [".bootsector"]


@pytest.mark.parametrize("kind", SECTOR_KINDS)
def test_class_is_what_compilers_make_for_the_mode(kind: str) -> None:
    header = sector(kind).header
    expected = (64, c.EM_X86_64) if kind == "long" else (32, c.EM_386)
    assert (header.elf_class, header.machine) == expected


@pytest.mark.parametrize("kind", ["real", "protected"])
def test_room_for_a_partition_table(kind: str) -> None:
    assert code(kind)[440:510] == bytes(70)


def test_room_for_firmware_that_writes_a_parameter_block() -> None:
    assert code("real")[:3] == b"\xeb\x3c\x90"
    assert code("real")[3:62] == bytes(59)


@pytest.mark.parametrize("kind", SECTOR_KINDS)
def test_layout_defines_what_the_sector_wants(kind: str) -> None:
    assert wanted(sector(kind)) == NAMES[kind]
    assert assigned(parse_script(raw_layout(kind))) >= NAMES[kind]


def test_unknown_kind() -> None:
    with pytest.raises(LinkError) as caught:
        sector("unreal")
    (found,) = caught.value.diagnostics
    assert found.slug == "unknown-boot-sector"
    assert found.help == ("one of: real, protected, long",)


@pytest.mark.parametrize("kind", SECTOR_KINDS)
def test_layout_takes_an_entry(kind: str) -> None:
    text = raw_layout(kind, entry="kmain")
    assert n.Entry("__stage_entry") in parse_script(text).commands
    assert "PROVIDE(__stage_entry = DEFINED(kmain) ? kmain : __stage_start);" in text
    assert "_start ?" not in text
    assert "@" not in text


def test_limits_in_text_and_numbers_agree() -> None:
    for kind in SECTOR_KINDS:
        text = raw_layout(kind)
        assert f".stage {STAGE_START:#x} :" in text
        assert f"__stage_end <= {STAGE_LIMIT:#x}" in text
        assert f"{STAGE_LIMIT - STAGE_START:#x} bytes" in text
        assert f"{(STAGE_LIMIT - STAGE_START) // 512} sectors of 512" in text


def test_objects_are_what_the_sources_say() -> None:
    nasm = shutil.which("nasm")
    if nasm is None:
        pytest.skip("nasm is not installed (Debian and Ubuntu: apt-get install nasm)")
    version = subprocess.run([nasm, "-v"], capture_output=True, text=True).stdout
    if not version.startswith("NASM version 2.16"):
        pytest.skip(f"the objects were made by nasm 2.16; here is {version.strip()}")
    script = [sys.executable, str(ROOT / "scripts" / "build-sectors"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_sectors_are_installed_with_the_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    patterns = setup["options.package_data"]["pylink86.boot.sectors"].split(", ")
    for file in SOURCES.iterdir():
        if file.is_file() and file.suffix != ".py":
            assert any(fnmatch.fnmatch(file.name, p) for p in patterns), file.name


def test_sector_from_a_zip_file(tmp_path: Path) -> None:
    """The package may run from an archive, where its files have no path."""
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for file in sorted((ROOT / "pylink86").rglob("*")):
            if file.suffix in (".py", ".o"):
                out.write(file, file.relative_to(ROOT).as_posix())
    program = (
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "import pylink86.boot.sectors as s; assert '.zip' in s.__file__, s.__file__\n"
        "print(s.sector('long').section('.bootsector').size)"
    )
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "512"), done.stderr


def test_guide_names_every_symbol_and_message() -> None:
    for kind in SECTOR_KINDS:
        for name in wanted(sector(kind)):
            assert f"`{name}`" in GUIDE
    sources = "".join(f.read_text(encoding="utf-8") for f in SOURCES.glob("*.[ai][sn][mc]"))
    messages = [m.strip() for m in re.findall(r'call    fail\s+db      "([^"]+)"', sources)]
    assert sorted(messages) == ["A20 is shut", "Disk error", "No long mode"]
    for message in messages:
        assert f"| `{message}" in GUIDE
