"""Law of executables: who loads by program headers finds each section at its place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pylink86 import elf_const as c
from pylink86.formats.elf_read import read_elf
from pylink86.model import Header, ObjectFile, SectionRow, Sections, Segment

HEADERS = {32: 52, 64: 64}
PHENT = {32: 32, 64: 56}


@st.composite
def executables(draw):
    """Groups of sections, one PT_LOAD around each; headers in any order, some not loaded at all."""
    elf_class = draw(st.sampled_from([32, 64]))
    page = draw(st.sampled_from([1, 0x10, 0x1000]))
    dot = draw(st.integers(0, 0x3000))
    made, segments = [], []
    for _ in range(draw(st.integers(1, 4))):
        start = dot
        end_of_bytes = dot
        empty_from_here = False
        for _ in range(draw(st.integers(1, 3))):
            dot += draw(st.integers(0, 40))
            size = draw(st.integers(0, 60))
            empty_from_here = empty_from_here or draw(st.integers(0, 4)) == 0
            kind = c.SHT_NOBITS if empty_from_here else c.SHT_PROGBITS
            made.append((kind, c.SHF_ALLOC, dot, size))
            dot += size
            end_of_bytes = end_of_bytes if empty_from_here else dot
        kept = draw(st.integers(-1, 0x10000))  # whatever the caller left in `offset` is ignored
        filesz = end_of_bytes - start
        segments.append(Segment(c.PT_LOAD, 7, kept, start, start, filesz, dot - start, page))
        dot += draw(st.integers(0, 0x1800))
    for _ in range(draw(st.integers(0, 2))):
        made.append((c.SHT_PROGBITS, 0, 0, draw(st.integers(0, 30))))
    made = draw(st.permutations(made))
    rows = [SectionRow(f".s{i}", *row) for i, row in enumerate(made)]
    contents = [b""] + [
        bytes([i + 1]) * size if kind != c.SHT_NOBITS else b""
        for i, (kind, _, _, size) in enumerate(made)
    ]
    header = Header(elf_class, {32: c.EM_386, 64: c.EM_X86_64}[elf_class], c.ET_EXEC)
    return ObjectFile("x", header, Sections.from_rows(rows), contents, segments=tuple(segments))


@given(executables())
def test_a_loader_finds_every_section_at_its_address(made):
    data = made.to_bytes()
    obj = read_elf(data, "x")
    memory = bytearray(0x10000)
    covered = set()
    for segment in obj.segments:
        if segment.filesz:
            assert segment.offset % segment.align == segment.vaddr % segment.align
            image = data[segment.offset : segment.offset + segment.filesz]
            assert len(image) == segment.filesz
            memory[segment.vaddr : segment.vaddr + segment.filesz] = image
            covered.update(range(segment.vaddr, segment.vaddr + segment.filesz))
    for index in range(1, len(made.sections)):
        addr, size = obj.sections.addr[index], obj.sections.size[index]
        assert bytes(obj.contents[index]) == made.contents[index]
        if obj.sections.flags[index] & c.SHF_ALLOC:
            if obj.sections.type[index] == c.SHT_NOBITS:
                assert not covered.intersection(range(addr, addr + size))
            else:
                assert memory[addr : addr + size] == made.contents[index]
                assert covered.issuperset(range(addr, addr + size))


@given(executables())
def test_nothing_but_a_segment_s_own_bytes_shares_the_file(made):
    """Contents, headers and tables lie apart, except for headers a segment holds on purpose."""
    obj = read_elf(made.to_bytes(), "x")
    elf_class = obj.header.elf_class
    spans = [(0, HEADERS[elf_class] + len(obj.segments) * PHENT[elf_class])]
    for kind, start, size in zip(
        obj.sections.type, obj.sections.offset, obj.sections.size, strict=True
    ):
        if size and kind not in (c.SHT_NULL, c.SHT_NOBITS):
            spans.append((start, start + size))
    assert obj.layout is not None
    spans.append((obj.layout.shoff, obj.layout.size))
    spans.sort()
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))
    assert spans[-1][1] == obj.layout.size
