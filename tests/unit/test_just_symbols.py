"""--just-symbols: names at their addresses, and nothing else of the file."""

from __future__ import annotations

from pathlib import Path

from pylink86 import ObjectFile, link, read_bytes
from tests.cases.language import read_objects

FIRST = """object first.o
section .text ax
 90 c3
symbol entry .text+1
symbol hidden_here .text+0 local
"""
SECOND = """object second.o
section .text ax
 e8 00*4
 reloc 1 R_X86_64_PC32 entry -4
symbol entry UNDEF
"""


def objects(text: str) -> list[ObjectFile]:
    return [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]


def test_addresses_of_a_program_that_was_linked_before(tmp_path: Path) -> None:
    first = link(objects(FIRST), "SECTIONS { .text 0x8000 : { *(.text) } }")
    (tmp_path / "first.elf").write_bytes(first.to_bytes("elf64-x86-64"))
    done = link(
        objects(SECOND),
        "SECTIONS { .text 0x1000 : { *(.text) } }",
        oformat="binary",
        just_symbols=(str(tmp_path / "first.elf"),),
    )
    assert done.image == bytes.fromhex("e8") + (0x8001 - 0x1005).to_bytes(4, "little")
    assert done.symbols["entry"] == 0x8001
    assert "hidden_here" not in done.symbols
