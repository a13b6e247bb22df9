"""GNU ld's way to edit unwind tables, record by record, and reading what records say."""

from __future__ import annotations

import struct

import pytest

from pylink86.passes.editing.unwind import UnwindInput
from pylink86.passes.editing.unwind_gnu import edit_unwind
from pylink86.passes.editing.unwind_records import Unreadable, padding_start, read_cie

CIE_BODY = bytes(4) + b"\1zR\0\1\x78\x10\1\x1b" + b"\x0c\7\x08\x90\1"


def record(body: bytes) -> bytes:
    return struct.pack("<I", len(body)) + body


CIE = record(CIE_BODY + bytes(2))


def fde(back: int, program: bytes = b"", padding: int = 3) -> bytes:
    return record(struct.pack("<III", back, 0, 16) + b"\0" + program + bytes(padding))


def table(*functions: str) -> UnwindInput:
    """A CIE and an FDE for each function."""
    content, relocs = CIE, []
    for name in functions:
        relocs.append((len(content) + 8, name, 0))
        content += fde(len(content) + 4)
    return UnwindInput(content, 8, relocs, "a.o")


def edit(*inputs: UnwindInput, dead: str = "", relocatable: bool = False):
    return edit_unwind(inputs, [8] * len(inputs), 8, lambda s: s not in dead, relocatable)


def test_a_later_file_uses_the_first_ones_cie():
    found = edit(table("f"), table("g"))
    first, second = found.contents
    assert first.startswith(CIE) and len(second) == 20
    assert found.fdes == ((0, 24, 0, 0, 0x1B), (1, 0, 0, 0, 0x1B))
    assert found.maps[1](0) is None and found.maps[1](24 + 8) == 8


def test_all_but_the_last_end_where_the_next_can_begin():
    """24 + 20 bytes are 44; the last record grows by 4, and says so."""
    first, _ = edit(table("f"), table("g")).contents
    assert len(first) == 48 and first[24] == 20


def test_dead_functions_leave_with_their_cie():
    found = edit(table("f"), table("g"), dead="f")
    assert found.contents[0] == b"" and found.contents[1].startswith(CIE)


def test_padding_shrinks_to_four_bytes():
    content = CIE + fde(28, b"\x41", 14)
    found = edit(UnwindInput(content, 8, [(32, "f", 0)], "a.o"))
    assert found.contents[0] == CIE + fde(28, b"\x41", 2)


def test_relinking_shares_no_records_and_drops_dead_ones():
    first, second = edit(table("f"), table("g"), relocatable=True).contents
    assert first.startswith(CIE) and second.startswith(CIE)
    first, second = edit(table("f"), table("g"), dead="f", relocatable=True).contents
    assert first == b"" and second.startswith(CIE)


@pytest.mark.parametrize(
    "content",
    [CIE[:9] + b"zQ\0" + CIE[12:], CIE + fde(28, b"\x3f"), record(bytes(4) + b"\7" + bytes(15))],
    ids=["augmentation", "instruction", "version"],
)
def test_what_is_not_understood_stays_as_it_is(content):
    found = edit(UnwindInput(content, 8, [(32, "f", 0)], "a.o"), table("g"))
    assert found.contents[0] is None and not found.complete
    assert found.contents[1].startswith(CIE)


def test_only_the_last_end_counts():
    one = table("f")
    ended = UnwindInput(one.content + bytes(4), 8, one.relocs, "a.o")
    first, second = edit(ended, ended).contents
    assert first[-8:] == bytes(8) and len(first) == 48
    assert second[-4:] == bytes(4) and len(second) == 24


def test_a_cie_says_how_addresses_are_written():
    traits = read_cie(CIE, 8)
    assert (traits.encoding, traits.sized, traits.program) == (0x1B, True, 17)
    with pytest.raises(Unreadable):
        read_cie(CIE[:9] + b"armcc\0" + bytes(9), 8)


@pytest.mark.parametrize(
    ("program", "size"),
    [
        ("0000", 0),
        ("4100", 1),
        ("0e8001 00", 3),
        ("0f 03 770806 0000", 5),
        ("10 06 02 0000 00", 5),
        ("00410000", 2),
        ("04 00000000 00", 5),
    ],
)
def test_no_operations_at_the_end(program, size):
    code = bytes.fromhex(program)
    assert padding_start(code, 0, 0x1B, 8) == size
