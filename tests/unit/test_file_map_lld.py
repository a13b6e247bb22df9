"""Where sections lie in the files of LLD's dialect when addresses do not rise."""

from __future__ import annotations

import pytest

from pylink86 import LinkError, link, read_bytes
from pylink86.elf_const import PT_LOAD
from tests.cases.language import read_objects

OBJECT = "object a.o\nsection .a wa\n 11*16\nsection .b wa\n 22*8\nsection .c wa\n 33*4\n"


def linked(script: str):
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(OBJECT)]
    return link(inputs, f"SECTIONS {{ {script} }}", dialect="lld", oformat="elf64-x86-64")


def test_a_segment_reaches_to_the_end_of_every_section() -> None:
    """`.b` ends highest and is not the last: LLD leaves it out, and writes tables over it."""
    out = linked(".a 0x1000 : {*(.a)} .b 0x1800 : {*(.b)} .c 0x1400 : {*(.c)}").object_file
    load = next(s for s in out.segments if s.type == PT_LOAD and s.flags & 2)
    assert (load.filesz, load.memsz) == (0x808, 0x808)
    start = out.sections.offset[out.sections.names.index(".b")]
    tables = [
        at for at, name in zip(out.sections.offset, out.sections.names) if name.endswith("tab")
    ]
    assert min(tables) >= start + 8


def test_a_section_below_the_first_of_its_segment_is_refused() -> None:
    with pytest.raises(LinkError) as problem:
        linked(".a 0x1800 : {*(.a)} .b 0x1400 : {*(.b)}").to_bytes("elf64-x86-64")
    assert problem.value.diagnostics[0].slug == "file-overlap"
