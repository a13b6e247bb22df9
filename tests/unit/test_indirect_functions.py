"""Functions that are chosen at start-up (STT_GNU_IFUNC): their entries, words and relocations."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import LinkError, LinkResult, link
from pylink86 import elf_const as c

SCRIPT = """
SECTIONS {
  . = 0x1000;
  .plt : { *(.plt .iplt) }
  .text : { *(.text) }
  .rela : { first = .; *(.rela.iplt .rela.dyn) last = .; }
  .data : { *(.data) *(.got .got.plt .igot.plt) }
}
"""


def _linked(tmp_path: Path, source: str, dialect: str, **settings: object) -> LinkResult:
    if shutil.which("as") is None:
        pytest.skip("no as: install binutils")
    out = tmp_path / "a.o"
    text = f".globl _start, choose\n.type choose, @gnu_indirect_function\nchoose: ret\n{source}\n"
    subprocess.run(["as", "--64", "-o", out], input=text.encode(), check=True)
    return link([str(out)], SCRIPT, dialect=dialect, **settings)


def _words(result: LinkResult, section: str, size: int) -> list[int]:
    content = bytes(result.object_file.section(section).content)
    return [int.from_bytes(content[i : i + size], "little") for i in range(0, len(content), size)]


@pytest.mark.parametrize(("dialect", "size"), [("gnu", 8), ("lld", 16)])
def test_a_call_goes_through_the_linkage_table(tmp_path: Path, dialect: str, size: int) -> None:
    result = _linked(tmp_path, "_start: call choose@PLT", dialect)
    image = result.object_file
    plt, text = image.section(".plt"), image.section(".text")
    assert (plt.addr, plt.size) == (0x1000, size)
    assert bytes(plt.content[:2]) == b"\xff\x25"
    distance = int.from_bytes(text.content[2:6], "little", signed=True)
    assert text.addr + 6 + distance == plt.addr
    place, kind, resolver = _words(result, ".rela", 8)
    word = plt.addr + 6 + int.from_bytes(plt.content[2:6], "little", signed=True)
    assert (place, kind, resolver) == (word, 37, text.addr)


def test_the_script_can_name_both_ends_of_the_relocations(tmp_path: Path) -> None:
    for dialect in ("gnu", "lld"):
        result = _linked(tmp_path, "_start: call choose@PLT", dialect)
        assert result.symbols["last"] - result.symbols["first"] == 24


def test_a_load_alone_needs_no_entry_in_gnu(tmp_path: Path) -> None:
    result = _linked(tmp_path, "_start: mov choose@GOTPCREL(%rip), %rax", "gnu")
    image = result.object_file
    assert ".plt" not in image.sections.names
    assert _words(result, ".rela", 8)[1:] == [37, image.section(".text").addr]


def test_a_pointer_in_data_is_found_out_at_start_up_in_gnu(tmp_path: Path) -> None:
    result = _linked(tmp_path, "_start: ret\n.data\n.quad choose", "gnu")
    data = result.object_file.section(".data")
    assert _words(result, ".rela", 8)[0] == data.addr
    assert bytes(data.content[:8]) == bytes(8)


def test_a_pointer_in_data_is_the_entry_in_lld(tmp_path: Path) -> None:
    result = _linked(tmp_path, "_start: ret\n.data\n.quad choose", "lld")
    image = result.object_file
    assert _words(result, ".data", 8)[0] == image.section(".plt").addr
    symbol = image.symbol("choose")
    assert (symbol.type, symbol.size, symbol.value) == (c.STT_FUNC, 0, image.section(".plt").addr)


def test_what_no_entry_can_serve_is_refused(tmp_path: Path) -> None:
    for source in (".quad choose + 4", ".long choose", ".quad choose@SIZE"):
        with pytest.raises(LinkError) as caught:
            _linked(tmp_path, f"_start: ret\n.data\n{source}", "gnu")
        (found,) = caught.value.diagnostics
        assert found.slug == "reloc-not-supported"
        assert "`choose' is chosen at run time" in found.message


def test_an_image_of_gnu_ld_has_no_relocations(tmp_path: Path) -> None:
    with pytest.raises(LinkError) as caught:
        _linked(tmp_path, "_start: call choose@PLT", "gnu", oformat="binary")
    assert [d.slug for d in caught.value.diagnostics] == ["reloc-not-supported"]
    assert _linked(tmp_path, "_start: call choose@PLT", "lld", oformat="binary").image


def test_an_offset_from_the_table_is_that_of_the_entry(tmp_path: Path) -> None:
    if shutil.which("as") is None:
        pytest.skip("no as: install binutils")
    out = tmp_path / "a.o"
    text = ".globl _start, f\n.type f, @gnu_indirect_function\nf: ret\n_start: ret\n"
    text += ".data\n.long f@GOTOFF\n"
    subprocess.run(["as", "--32", "-o", out], input=text.encode(), check=True)
    image = link([str(out)], dialect="gnu").object_file
    offset = int.from_bytes(image.section(".data").content[:4], "little", signed=True)
    table = image.symbol("_GLOBAL_OFFSET_TABLE_").value
    assert table + offset == image.section(".plt").addr
