"""--symbol-ordering-file: the list, what it moves, and what it says of lines that move nothing."""

from __future__ import annotations

import pytest

from pylink86 import link, read_bytes
from pylink86.passes.matching.symbol_order import read_symbol_order
from tests.cases.language import read_objects
from tests.oracle.twins import assemble, assert_same_file

OBJECTS = """
object a.o
section .text.one ax
  01
section .text.two ax
  02
section .text.three ax
  03 04
symbol one .text.one+0
symbol two .text.two+0 local
symbol three .text.three+0
symbol third .text.three+1
"""


def image(*names: str, script: str = "SECTIONS { .t 0x1000 : { *(.text*) } }"):
    objects = [read_bytes(o.encode(), o.obj.name) for o in read_objects(OBJECTS)]
    return link(objects, script, dialect="lld", oformat="binary", symbol_order=names)


def test_a_list_is_a_name_in_each_line():
    assert read_symbol_order("one\n# two\n\n  three \r\n") == ("one", "three")


def test_listed_sections_come_first():
    assert image("three", "two").image.hex() == "03040201"
    assert image().image.hex() == "01020304"


def test_a_section_has_the_best_place_of_its_symbols():
    assert image("third", "one", "three").image.hex() == "03040102"


def test_patterns_of_the_script_stay_in_order():
    script = "SECTIONS { .t 0x1000 : { *(.text.one) *(.text*) } }"
    assert image("three", "one", script=script).image.hex() == "01030402"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("one", "one"), "duplicate ordered symbol: one"),
        (("nobody",), "symbol ordering file: no such symbol: nobody"),
    ],
)
def test_lines_that_order_nothing_are_told(names, message):
    found = [d.message for d in image(*names).diagnostics if d.slug == "symbol-order"]
    assert found == [message]


SOURCE = """\
.section .note.GNU-stack,"",@progbits
.globl NAME, a_NAME, c_NAME, d_NAME
.section .text.NAME,"ax"
NAME: ret
.section .text.a,"ax"
a_NAME: .byte 1
.section .text.b,"ax"
b: .byte 2
.section .text.c,"ax"
c_NAME: .byte 3
c2: .byte 4
.section .data.d,"aw"
d_NAME: .byte 5
.section .data.e,"aw"
e: .byte 6
"""
SCRIPTS = {
    "no-script": "",
    "patterns": "SECTIONS { .x : { *(.text.a .text.c) *(.text*) } .d : { *(.data*) } }",
    "sorted": "SECTIONS { .x : { *(SORT(.text*)) } .d : { *(.data*) } }",
}


@pytest.mark.peer
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_order_is_lld_s(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    objects = [
        assemble(tmp_path / f"{n}.o", SOURCE.replace("NAME", n)) for n in ("_start", "other")
    ]
    (tmp_path / "order").write_text("c2\nb\nd_other\nc_start\ne\nother\n")
    (tmp_path / "a.ld").write_text(SCRIPTS[name])
    script = ["-T", "a.ld"] if SCRIPTS[name] else []
    words = ["--symbol-ordering-file", "order", "--no-warn-symbol-ordering"]
    assert_same_file("lld", [*words, *script, *objects], tmp_path)
