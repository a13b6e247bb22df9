"""What takes part: files of the caller, of INPUT, of patterns; scripts that include scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86 import LinkError, LinkResult, link
from tests.cases.language import read_objects

ALL = "SECTIONS { .x 0x1000 : { *(.t) } }"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Objects a.o, b.o, c.o with a byte each, and lib/d.o."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lib").mkdir()
    for name, byte in (("a", "0a"), ("b", "0b"), ("c", "0c"), ("lib/d", "0d")):
        text = f"object {name}.o\nsection .t a\n {byte}\n"
        (tmp_path / f"{name}.o").write_bytes(read_objects(text)[0].encode())
    return tmp_path


def image(objs: list[str], script: str, **more: object) -> str:
    return linked(objs, script, **more).image.hex(" ")


def linked(objs: list[str], script: str, **more: object) -> LinkResult:
    return link(objs, script, oformat="binary", **more)


def slugs(objs: list[str], script: str, **more: object) -> list[str]:
    with pytest.raises(LinkError) as caught:
        linked(objs, script, **more)
    return [d.slug for d in caught.value.diagnostics]


def test_order_of_the_caller() -> None:
    assert image(["b.o", "a.o"], ALL) == "0b 0a"


def test_input_comes_after_the_caller_s_or_where_it_is_told() -> None:
    script = "INPUT(c.o) " + ALL
    assert image(["a.o", "b.o"], script) == "0a 0b 0c"
    assert image(["a.o", "b.o"], script, inputs_before_script=0) == "0c 0a 0b"
    assert image(["a.o", "b.o"], script, inputs_before_script=1) == "0a 0c 0b"
    assert image([], "INPUT(b.o, a.o)" + ALL) == "0b 0a"


def test_files_that_patterns_name_come_behind_those_of_input() -> None:
    script = "INPUT(c.o) SECTIONS { .x : { *(.none) b.o(.none) } .y : { *(.t) } }"
    assert image(["a.o"], script) == "0a 0c 0b"
    assert image(["a.o"], script, inputs_before_script=0) == "0c 0b 0a"
    assert image(["a.o"], script, dialect="lld", inputs_before_script=0) == "0c 0a"


def test_directories_to_look_in() -> None:
    assert slugs(["a.o"], "INPUT(d.o)" + ALL) == ["cannot-read"]
    assert image(["a.o"], "INPUT(d.o)" + ALL, search=("lib",)) == "0a 0d"


def test_everything_that_cannot_be_read_is_told() -> None:
    Path("bad.o").write_bytes(b"\x7fELF and no more")
    found = slugs(["x.o", "bad.o", "a.o"], "INPUT(y.o) SECTIONS { .x : { z.o(.t) } }")
    assert found == ["cannot-read", "bad-object", "cannot-read", "cannot-read"]


def test_a_folder_is_no_input() -> None:
    assert slugs(["lib"], ALL) == ["cannot-read"]


def test_include_at_every_level() -> None:
    Path("top.ld").write_text("base = 0x1000;\n")
    Path("memory.ld").write_text("m : ORIGIN = base, LENGTH = 0x100\n")
    Path("sections.ld").write_text(".x : { INCLUDE inner.ld } > m\n")
    Path("inner.ld").write_text("BYTE(1) *(.t)\n")
    script = "INCLUDE top.ld MEMORY { INCLUDE memory.ld } SECTIONS { INCLUDE sections.ld }"
    result = linked(["a.o"], script)
    assert result.image == b"\x01\x0a"
    assert result.sections[".x"].vma == 0x1000


def test_include_looks_beside_and_along_the_search_path() -> None:
    Path("lib/part.ld").write_text("x = 5;\n")
    assert slugs(["a.o"], "INCLUDE part.ld; " + ALL) == ["cannot-read"]
    assert linked(["a.o"], "INCLUDE part.ld; " + ALL, search=("lib",)).symbols["x"] == 5


def test_one_file_may_be_included_twice_but_not_in_itself() -> None:
    Path("part.ld").write_text("BYTE(7)\n")
    twice = "SECTIONS { .x : { INCLUDE part.ld *(.t) INCLUDE part.ld } }"
    assert image(["a.o"], twice) == "07 0a 07"
    Path("self.ld").write_text("INCLUDE ./self.ld\n")
    assert slugs(["a.o"], "INCLUDE self.ld; " + ALL) == ["include-cycle"]


def test_an_error_in_an_included_file_points_there() -> None:
    Path("part.ld").write_text("x = 1;\ny = = 2;\n")
    with pytest.raises(LinkError) as caught:
        linked(["a.o"], "INCLUDE part.ld; " + ALL)
    (found,) = caught.value.diagnostics
    assert found.slug == "script-syntax"
    assert str(found.span) == "part.ld:2:5"
