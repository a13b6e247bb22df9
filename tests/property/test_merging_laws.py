"""Laws of sections that are taken apart: no byte that is asked for changes, nothing is there
twice."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from pylink86.arch import rows_for, word_of
from pylink86.arch.reloc import APPLIED, REACHES, accepted, fits, judge, patches, signed, truth
from pylink86.elf_const import EM_386, EM_X86_64
from pylink86.passes.editing.merge import merge_group, split
from pylink86.passes.editing.merge_gnu import merge_in_place
from pylink86.passes.editing.merge_gnu_packed import merge_packed
from pylink86.passes.editing.unwind import UnwindInput, merge_unwind, records

WIDTHS = st.sampled_from([1, 2, 4])
ALIGNS = st.sampled_from([1, 2, 4, 8, 16])


@st.composite
def string_sections(draw):
    """Some sections of strings of one character size, made of few letters."""
    entsize = draw(WIDTHS)
    letter = st.sampled_from([c.to_bytes(entsize, "little") for c in (0x61, 0x62)])
    text = st.lists(letter, max_size=4).map(b"".join)
    section = st.lists(text, min_size=1, max_size=6).map(
        lambda texts: b"".join(t + bytes(entsize) for t in texts)
    )
    return entsize, draw(st.lists(section, min_size=1, max_size=4))


@given(string_sections(), ALIGNS, st.booleans())
def test_every_string_is_found_where_its_map_says(made, align, tail):
    entsize, sections = made
    merged = merge_group([(s, align) for s in sections], entsize, True, tail)
    for section, offsets in zip(sections, merged.maps, strict=True):
        for start, piece in zip(*split(section, entsize, True), strict=True):
            out = offsets(start)
            assert merged.content[out : out + len(piece)] == piece
            assert out % align == 0
    different = {p for s in sections for p in split(s, entsize, True)[1]}
    assert len(merged.content) < sum(map(len, different)) + align * len(different)


@given(string_sections())
def test_merging_is_repeatable_and_merging_again_changes_nothing(made):
    entsize, sections = made
    once = merge_group([(s, 1) for s in sections], entsize, True)
    twice = merge_group([(once.content, 1)], entsize, True)
    assert once == merge_group([(s, 1) for s in sections], entsize, True)
    assert twice.content == once.content


PACKED = st.lists(st.sampled_from([b"\0", b"a", b"b", b"c"]), min_size=1, max_size=16).map(b"".join)


@given(st.lists(PACKED, min_size=1, max_size=4))
def test_strings_without_alignment_are_merged_alike_by_columns(sections):
    packed, merged = merge_packed(sections), merge_in_place(sections, 1, 1, True)
    assert packed.contents == merged.contents
    assert [vars(found) for found in packed.maps] == [vars(found) for found in merged.maps]


@given(string_sections(), ALIGNS)
def test_gnu_s_way_loses_no_string_either(made, align):
    entsize, sections = made
    merged = merge_in_place(sections, entsize, max(align, entsize), True)
    assert sum(map(len, merged.contents)) <= sum(map(len, sections)) + len(sections) * align
    for section, offsets in zip(sections, merged.maps, strict=True):
        for start, piece in zip(*split(section, entsize, True), strict=True):
            owner, out = offsets(start)
            assert merged.contents[owner][out : out + len(piece)] == piece


@given(
    st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=8), min_size=1, max_size=4),
    st.sampled_from([4, 8, 16]),
)
def test_constants_are_there_once(sections, size):
    contents = [b"".join(n.to_bytes(size, "little") for n in s) for s in sections]
    merged = merge_group([(c, size) for c in contents], size, False)
    assert len(merged.content) == size * len({n for s in sections for n in s})
    for numbers, offsets in zip(sections, merged.maps, strict=True):
        for index, number in enumerate(numbers):
            out = offsets(index * size)
            assert merged.content[out : out + size] == number.to_bytes(size, "little")


@st.composite
def unwind_tables(draw):
    """A table: CIEs of three kinds, FDEs that each belong to a function by number."""
    content, relocs, cies = b"", [], []
    for step in draw(st.lists(st.integers(0, 9), min_size=1, max_size=10)):
        at = len(content)
        if step < 3 or not cies:
            body = struct.pack("<II", 0, step % 3)
            cies.append(at)
        else:
            back = at + 4 - draw(st.sampled_from(cies))
            body = struct.pack("<III", back, 0, 16) + bytes(draw(st.integers(0, 5)))
            relocs.append((at + 8, draw(st.integers(0, 6)), 0))
        content += struct.pack("<I", len(body)) + body
    return UnwindInput(content, draw(st.sampled_from([4, 8])), relocs)


@given(st.lists(unwind_tables(), min_size=1, max_size=4), st.sets(st.integers(0, 6)))
def test_unwind_tables_stay_readable_and_keep_the_living(inputs, living):
    unwind = merge_unwind(inputs, living.__contains__)
    found = records(unwind.content, "made")
    assert len([r for r in found if r[2] is not None]) == len(unwind.fdes)
    ends = sum(size for _, size, _ in found)
    assert unwind.content[ends:] == bytes(4)
    kinds = [bytes(unwind.content[s : s + n]) for s, n, cie in found if cie is None]
    assert len(kinds) == len(set(kinds))
    cie_of = {start: cie for start, _, cie in found}
    for table, offsets in zip(inputs, unwind.maps, strict=True):
        alive = {at - 8 for at, symbol, _ in table.relocs if symbol in living}
        for start, size, cie in records(table.content, "input"):
            out = offsets(start)
            if cie is None:  # one that no living record refers to may be gone
                kept = unwind.content[out : out + size] if out is not None else None
                assert kept in (None, table.content[start : start + size])
            elif start in alive:
                at, length = cie_of[out], 4 + struct.unpack_from("<I", table.content, cie)[0]
                assert unwind.content[at : at + length] == table.content[cie : cie + length]
                same = slice(start + 8, start + size)
                assert unwind.content[out + 8 : out + size] == table.content[same]
            else:
                assert out is None


ROWS = [
    (row, word_of(machine), machine)
    for machine in (EM_386, EM_X86_64)
    for row in rows_for(machine).values()
    if row.kind in APPLIED and row.width
]


@settings(max_examples=300)
@given(
    st.sampled_from(ROWS),
    st.sampled_from(list(REACHES.values())),
    st.one_of(st.integers(-(2**64), 2**64), st.integers(-70000, 70000), st.integers(-300, 300)),
)
def test_the_quick_range_never_takes_what_judge_would_not(chosen, reach, value):
    row, word, machine = chosen
    patch = patches(rows_for(machine), reach, word, in_place=False)[row.number]
    verdict = judge(reach, row, value, word)
    if patch.lo <= value <= patch.hi:
        assert verdict == "fits"
    assert (verdict == "refused") == (not fits(reach, row, value, word))
    if verdict == "fits" and row.rule in ("signed", "unsigned", "field"):
        field = value & patch.mask
        assert signed(value, word) in (field, signed(field, row.width)) or truth(row, value)
    lo, hi = accepted(reach, row)
    assert lo <= 0 <= hi
