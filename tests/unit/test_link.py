"""link(): what it takes, what it gives back, and that a result can be asked for everything."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pylink86 import LinkError, LinkOptions, LinkResult, link, read_bytes
from pylink86.script.parser import parse_script
from tests.cases.language import read_objects

TEXT = """
object a.o
section .text ax align=16
  b8 00*4 c3
  reloc 1 R_X86_64_32 value
section .data wa
  11 22
symbol main .text+0 func size=6
symbol value .data+1 object size=1
"""
LAYOUT = """SECTIONS {
  .text 0x1000 : { *(.text) . = ALIGN(8); }
  .data 0x2000 : AT(0x1010) { *(.data) BYTE(0x33) }
  end = .;
}
"""


def a_o() -> bytes:
    return read_objects(TEXT)[0].encode()


def linked(**more: object) -> LinkResult:
    more.setdefault("oformat", "binary")
    return link([read_bytes(a_o(), "a.o")], LAYOUT, **more)


def slugs(caught: pytest.ExceptionInfo[LinkError]) -> list[str]:
    return [d.slug for d in caught.value.diagnostics if d.severity == "error"]


# What it takes


def test_inputs_and_layouts_of_every_kind(tmp_path: Path) -> None:
    path, script = tmp_path / "a.o", tmp_path / "a.ld"
    path.write_bytes(a_o())
    script.write_text(LAYOUT)
    inputs = (path, str(path), a_o(), bytearray(a_o()), memoryview(a_o()), read_bytes(a_o(), "a.o"))
    layouts = (script, str(script), LAYOUT, parse_script(LAYOUT))
    images = {link([i], x, oformat="binary").image for i in inputs for x in layouts}
    assert images == {linked().image}


def test_without_a_layout_every_section_is_an_orphan() -> None:
    result = link([a_o()], oformat="binary")
    assert list(result.sections) == [".text", ".data"]


def test_options_as_keywords_or_as_a_value() -> None:
    options = LinkOptions(oformat="binary", defsym=("extra = 5",))
    assert linked(defsym=("extra = 5",)).symbols == linked(options=options).symbols
    both = linked(options=options, defsym=("extra = 6",))
    assert both.symbols["extra"] == 6


def test_what_it_does_not_know_is_refused() -> None:
    with pytest.raises(LinkError) as caught:
        linked(dialect="sun")
    assert slugs(caught) == ["unknown-dialect"]
    with pytest.raises(LinkError) as caught:
        linked(oformat="elf64-toaster")
    assert slugs(caught) == ["unknown-format"]
    with pytest.raises(LinkError) as caught:
        linked().to_bytes("elf64-toaster")
    assert slugs(caught) == ["unknown-format"]
    with pytest.raises(TypeError):
        linked(no_such_option=1)


@pytest.mark.parametrize("text", ["x", "x=", "=1", ""])
def test_defsym_that_assigns_nothing(text: str) -> None:
    with pytest.raises(LinkError) as caught:
        linked(defsym=(text,))
    assert slugs(caught) == ["bad-option-value"]


def test_no_inputs() -> None:
    with pytest.raises(LinkError) as caught:
        link([], LAYOUT)
    assert slugs(caught) == ["no-inputs"]


def test_every_broken_input_is_told(tmp_path: Path) -> None:
    with pytest.raises(LinkError) as caught:
        link([b"no object", a_o()[:100], tmp_path / "nowhere.o"], LAYOUT)
    assert slugs(caught) == ["unsupported-input", "bad-object", "cannot-read"]


# What it gives back


def test_sections() -> None:
    text, data = linked().sections.values()
    assert (text.name, text.vma, text.lma, text.size, text.align) == (
        ".text",
        0x1000,
        0x1000,
        8,
        16,
    )
    assert text.content == bytes.fromhex("b80120 0000c3 6690".replace(" ", ""))
    assert (data.vma, data.lma, data.content) == (0x2000, 0x1010, b"\x11\x22\x33")
    assert text.loads
    assert data.loads


def test_symbols_and_entry() -> None:
    result = linked()
    assert result.symbols == {"main": 0x1000, "value": 0x2001, "end": 0x2003}
    assert linked(entry="main").entry == 0x1000
    assert linked(entry="0x1004").entry == 0x1004


def test_pieces_say_what_they_are_and_why() -> None:
    found = [(p.output, p.sec_off, p.size, p.kind, p.cause) for p in linked().pieces]
    assert found == [
        (".text", 0, 6, "input", "a.o(.text)"),
        (".text", 6, 2, "fill", ". = ALIGN(8)"),
        (".data", 0, 2, "input", "a.o(.data)"),
        (".data", 2, 1, "data", "BYTE(0x33)"),
    ]
    first = linked().pieces[0].section
    assert first is not None
    assert (first.name, first.file.name) == (".text", "a.o")
    spans = [p.span.line if p.span else None for p in linked().pieces]
    assert spans == [None, 2, None, 3]


def test_pieces_of_padding_name_the_input_that_wanted_it() -> None:
    text = "object a.o\nsection .a a\n 11\nsection .b a align=4\n 22\n"
    inputs = [read_bytes(read_objects(text)[0].encode(), "a.o")]
    result = link(inputs, "SECTIONS { .x : { *(.a .b) } }", oformat="binary")
    assert [p.cause for p in result.pieces] == ["a.o(.a)", "alignment of a.o(.b)", "a.o(.b)"]


def test_write(tmp_path: Path) -> None:
    out = tmp_path / "out.img"
    linked().write(out)
    assert out.read_bytes() == linked().image
    linked().write(out, "elf64-x86-64")
    assert out.read_bytes()[:4] == b"\x7fELF"
    with pytest.raises(LinkError) as caught:
        linked().write(tmp_path / "no" / "folder")
    assert slugs(caught) == ["cannot-write"]


def test_one_result_in_every_format() -> None:
    result = linked()
    elf = read_bytes(result.to_bytes("elf64-x86-64"), "out")
    assert bytes(elf.section(".data").content) == result.sections[".data"].content
    assert result.to_bytes("binary") == result.image


def test_inputs_are_not_changed() -> None:
    obj = read_bytes(a_o(), "a.o")
    before = obj.to_bytes()
    link([obj], LAYOUT, oformat="binary")
    link([obj], LAYOUT, dialect="lld", oformat="binary")
    assert obj.to_bytes() == before


def test_an_object_may_be_linked_into_many_images() -> None:
    obj = read_bytes(a_o(), "a.o")
    images = [link([obj], LAYOUT.replace("0x2000", hex(at)), oformat="binary").image
              for at in (0x2000, 0x3000, 0x2000)]  # fmt: skip
    assert images[0] == images[2] != images[1]


# Diagnostics


def test_warnings_are_in_the_result_and_can_be_silenced_or_fatal() -> None:
    text = "object a.o\nsection .a a\n 00\nreloc 0 R_X86_64_8 x\nsymbol x UNDEF\n"
    inputs = [read_bytes(read_objects(text)[0].encode(), "a.o")]
    script = "x = -200; SECTIONS { .a 0x1000 : { *(.a) } }"
    found = [d.slug for d in link(inputs, script, oformat="binary").diagnostics]
    assert found == ["reloc-wraps"]
    assert link(inputs, script, oformat="binary", silenced=("reloc-wraps",)).diagnostics == ()
    with pytest.raises(LinkError) as caught:
        link(inputs, script, oformat="binary", fatal_warnings=True)
    assert slugs(caught) == ["reloc-wraps"]


def test_a_good_link_says_nothing() -> None:
    assert linked().diagnostics == ()


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    linked()
    with pytest.raises(LinkError):
        link([a_o()], "SECTIONS { .a : { *(.text) . = 1 / 0; } }")
    assert capfd.readouterr() == ("", "")


def test_the_collector_runs_again_afterwards() -> None:
    import gc

    linked()
    assert gc.isenabled()
    with pytest.raises(LinkError):
        link([], LAYOUT)
    assert gc.isenabled()


def test_reading_from_a_stream_s_bytes() -> None:
    assert link([io.BytesIO(a_o()).getvalue()], LAYOUT, oformat="binary").image == linked().image
