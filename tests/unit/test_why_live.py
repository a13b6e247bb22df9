"""--why-live: the chain from a symbol to a root."""

from __future__ import annotations

from pylink86 import LinkResult, link, read_bytes
from pylink86.explain.why_live import why_live
from tests.cases.language import read_objects

TEXT = """object a.o
section .text.start ax
 e8 00*4
 reloc 1 R_X86_64_PC32 middle -4
section .text.middle ax
 e8 00*4
 reloc 1 R_X86_64_PC32 end -4
section .text.end ax
 c3
section .text.unused ax
 cc
symbol _start .text.start+0
symbol middle .text.middle+0
symbol end .text.end+0
symbol unused .text.unused+0
symbol number ABS+3
"""


def linked(gc: bool) -> LinkResult:
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(TEXT)]
    script = "ENTRY(_start) SECTIONS { .text 0 : { *(.text.*) } }"
    return link(inputs, script, gc_sections=gc)


def test_the_chain_ends_at_a_root() -> None:
    assert why_live(linked(True), ["end"]).splitlines() == [
        "live symbol: end",
        ">>> a.o:(.text.end) is needed by a.o:(.text.middle)",
        ">>> a.o:(.text.middle) is needed by a.o:(.text.start)",
        ">>> a.o:(.text.start) is a root: the entry, KEEP(), -u, or its kind",
    ]


def test_what_has_no_chain() -> None:
    result = linked(True)
    assert "not live" in why_live(result, ["unused"])
    assert "no file defines it" in why_live(result, ["missing"])
    assert "a number" in why_live(result, ["number"])
    assert "without --gc-sections" in why_live(linked(False), ["end"])
