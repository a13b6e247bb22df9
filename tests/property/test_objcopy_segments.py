"""Laws of program headers that GNU objcopy makes anew, on files drawn at random, without a peer."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pylink86 import LinkError, read_bytes
from pylink86 import elf_const as c
from pylink86.ops.plan import Notes, Plan
from pylink86.ops.run import transform
from tests.oracle.objcopy_images import drawn_image


def run(data: bytes, **options) -> bytes:
    return transform(data, "a", Plan(**options), "gnu", Notes())


def loads(obj):
    return [seg for seg in obj.segments if seg.type == c.PT_LOAD]


def sound(seed: int) -> bool:
    """Is the file made for pages, and are its notes no room?  For others GNU objcopy keeps little
    of what it reads."""
    obj = read_bytes(drawn_image(random.Random(seed)), "a")
    notes = [seg.filesz for seg in obj.segments if seg.type == c.PT_NOTE]
    return all(notes) and all(seg.align == 0x1000 for seg in loads(obj))


seeds = st.sampled_from([seed for seed in range(400) if sound(seed)])


def contents(obj, data: bytes) -> dict[str, bytes]:
    sections = obj.sections
    return {
        name: data[sections.offset[n] : sections.offset[n] + sections.size[n]]
        for n, name in enumerate(sections.names)
        if sections.flags[n] & c.SHF_ALLOC and sections.type[n] != c.SHT_NOBITS
    }


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_a_copy_of_a_copy_is_the_copy(seed):
    once = run(drawn_image(random.Random(seed)))
    assert run(once) == once


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(0, 9))
def test_what_stays_keeps_addresses_and_contents(seed, which):
    data = drawn_image(random.Random(seed))
    before = read_bytes(data, "a")
    names = sorted(contents(before, data))
    gone = names[which % len(names)]
    try:
        made = run(data, remove_section=(gone,))
    except LinkError:
        return  # nothing is left that a segment could begin with
    after = read_bytes(made, "a")
    old, new = contents(before, data), contents(after, made)
    assert new == {name: text for name, text in old.items() if name != gone}
    where = dict(zip(before.sections.names, before.sections.addr, strict=True))
    for name, addr in zip(after.sections.names, after.sections.addr, strict=True):
        assert addr == where.get(name, 0)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(0, 9), st.sampled_from(["+", "-", "="]), st.sampled_from([0x10, 0x9000]))
def test_offsets_agree_with_addresses(seed, which, sign, number):
    """A loader maps pages: offset and address of a PT_LOAD agree modulo its alignment."""
    data = drawn_image(random.Random(seed))
    names = sorted(contents(read_bytes(data, "a"), data))
    try:
        made = run(data, change_section=(("lma", names[which % len(names)], sign, number),))
    except LinkError:
        return
    for seg in loads(read_bytes(made, "a")):
        if seg.filesz and seg.align == 0x1000:
            assert (seg.offset - seg.vaddr) % seg.align == 0


def test_a_moved_section_has_a_segment_of_its_own():
    """Observed: objcopy --change-section-lma .data+0x100000 of a file of ld."""
    data = next(
        data
        for data in (drawn_image(random.Random(seed)) for seed in range(200))
        if len(contents(read_bytes(data, "a"), data)) > 3
    )
    before = read_bytes(data, "a")
    name = sorted(contents(before, data), key=before.sections.names.index)[-1]
    made = run(data, change_section=(("lma", name, "+", 0x4000000),))
    segments = [(seg.vaddr, seg.paddr) for seg in loads(read_bytes(made, "a"))]
    addr = before.sections.addr[before.sections.names.index(name)]
    assert any(v == addr and p - v > 0x3000000 for v, p in segments)


@pytest.mark.parametrize("option", ["remove_section", "set_section_flags"])
def test_relro_is_lost_with_the_first_change(option):
    """Observed: objcopy -R .rodata of a file with PT_GNU_RELRO."""
    for seed in range(300):
        data = drawn_image(random.Random(seed))
        obj = read_bytes(data, "a")
        names = list(contents(obj, data))
        kinds = [seg.type for seg in obj.segments]
        if c.PT_GNU_RELRO in kinds and len(names) > 2 and kinds.count(c.PT_LOAD) == 1:
            break
    copied = read_bytes(run(data), "a")
    assert c.PT_GNU_RELRO in [seg.type for seg in copied.segments]
    value = (names[-1],) if option == "remove_section" else ((names[-1], ("alloc", "load")),)
    changed = read_bytes(run(data, **{option: value}), "a")
    assert c.PT_GNU_RELRO not in [seg.type for seg in changed.segments]
