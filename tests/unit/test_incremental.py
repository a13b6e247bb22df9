"""A Linker keeps parsed inputs by content: what is the same is not read again, what changed is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pylink86 import Linker, LinkError, incremental, link
from pylink86.elf_const import SHF_ALLOC
from pylink86.formats import elf_read
from tests.bench.inputs import generated

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


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A mark for each whole link."""
    marks: list[object] = []
    real = incremental.link

    def noted(*args: object, **options: object) -> object:
        marks.append(args)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(incremental, "link", noted)
    return marks


@pytest.fixture
def program(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{number}.o" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(generated(number, 3).encode())
    return [str(path) for path in paths]


@pytest.mark.parametrize("oformat", ["", "binary"])
def test_other_bytes_of_code_are_put_into_the_last_result(
    program: list[str], whole: list[object], oformat: str
):
    linker = Linker()
    first = linker.link(program, entry="f0_0", oformat=oformat)
    image = first.image
    change(program[1])
    second = linker.link(program, entry="f0_0", oformat=oformat)
    assert len(whole) == 1
    assert second.image == link(program, entry="f0_0", oformat=oformat).image != image
    assert first.to_bytes(first.oformat) == image, "the first result is what it was"
    change(program[2])
    third = linker.link(program, entry="f0_0", oformat=oformat)
    assert len(whole) == 1
    assert third.image == link(program, entry="f0_0", oformat=oformat).image


def test_what_is_asked_otherwise_is_a_whole_link(program: list[str], whole: list[object]):
    linker = Linker()
    linker.link(program, entry="f0_0")
    linker.link(program, entry="f1_0")
    linker.link(program[:2], entry="f1_0", ignored_symbols=tuple(f"f2_{i}" for i in range(20)))
    linker.link(program, entry="f1_0")
    assert len(whole) == 4


def test_a_changed_script_is_a_whole_link(program: list[str], whole: list[object], tmp_path: Path):
    script = tmp_path / "all.ld"
    linker = Linker()
    for address in (0x1000, 0x2000, 0x2000):
        script.write_text(f"SECTIONS {{ .all {address:#x} : {{ *(*) }} }}")
        result = linker.link(program, str(script), entry="f0_0")
        assert result.sections[".all"].vma == address
    assert len(whole) == 2


def test_what_was_looked_for_may_be_elsewhere_now(program: list[str], tmp_path: Path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    (second / "at.ld").write_text("place = 1;")
    linker = Linker()
    script = "INCLUDE at.ld\nSECTIONS { .all 0x1000 : { *(*) } }"
    search = (str(first), str(second))
    assert linker.link(program, script, entry="f0_0", search=search).symbols["place"] == 1
    (first / "at.ld").write_text("place = 2;")
    assert linker.link(program, script, entry="f0_0", search=search).symbols["place"] == 2
