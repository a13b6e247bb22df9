"""A Linker keeps parsed inputs by content: what is the same is not read again, what changed is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pylink86 import Linker, LinkError, link
from pylink86.elf_const import SHF_ALLOC
from pylink86.formats import elf_read

OBJECTS = Path(__file__).parents[2] / "fixtures" / "objects"
LAYOUT = OBJECTS.parent / "layouts/prefixed.ld"


@pytest.fixture
def objects(tmp_path: Path) -> list[str]:
    names = ("rust_hello_O2_pic.o", "boot_long_elf64.o")
    return [str(shutil.copy(OBJECTS / name, tmp_path)) for name in names]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the objects that are taken apart, as they are."""
    names: list[str] = []
    real = elf_read.read_elf

    def noted(data: bytes, name: str) -> object:
        names.append(name)
        return real(data, name)

    monkeypatch.setattr(elf_read, "read_elf", noted)
    return names


def change(path: str) -> None:
    """Another first byte of code."""
    data = bytearray(Path(path).read_bytes())
    file = elf_read.read_elf(bytes(data), path)
    at = max((s.index for s in file if s.flags & SHF_ALLOC), key=file.sections.size.__getitem__)
    data[file.sections.offset[at]] ^= 0xFF
    Path(path).write_bytes(data)


def test_only_what_changed_is_read_again(objects: list[str], read: list[str]):
    linker = Linker()
    first = linker.link(objects, LAYOUT, oformat="binary")
    assert read == objects
    change(objects[0])
    read.clear()
    second = linker.link(objects, LAYOUT, oformat="binary")
    assert read == objects[:1]
    assert second.inputs.files[1] is first.inputs.files[1]
    assert second.image != first.image
    assert second.image == link(objects, LAYOUT, oformat="binary").image


def test_what_a_link_does_not_use_is_let_go(objects: list[str], read: list[str]):
    linker = Linker()
    linker.link(objects, LAYOUT, oformat="binary")
    with pytest.raises(LinkError, match="_start"):
        linker.link(objects[1:], LAYOUT, oformat="binary")
    read.clear()
    linker.link(objects, LAYOUT, oformat="binary")
    assert read == objects[:1]


def test_the_same_bytes_under_another_name_are_another_file(objects: list[str], tmp_path: Path):
    linker = Linker()
    linker.link(objects, LAYOUT, oformat="binary")
    other = str(shutil.copy(objects[0], tmp_path / "other.o"))
    result = linker.link([other, objects[1]], LAYOUT, oformat="binary")
    assert result.inputs.files[0].name == other


def test_after_an_error_the_next_link_is_as_good(objects: list[str]):
    linker = Linker()
    with pytest.raises(LinkError):
        linker.link([*objects, "missing.o"], LAYOUT)
    result = linker.link(objects, LAYOUT, oformat="binary")
    assert result.image == link(objects, LAYOUT, oformat="binary").image
