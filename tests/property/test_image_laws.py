"""Any kernel finds in memory what its ELF file says, and may do there what its segments say."""

from __future__ import annotations

import importlib.util
import struct

import pytest
from boot.kernels import ALL_WELL, Segment, elf
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pylink86 import boot
from pylink86.boot.image.kernel import read_kernel
from pylink86.boot.image.sse import decode
from pylink86.boot.machine import Machine
from pylink86.boot.paging import LEVELS

needs_emulator = pytest.mark.skipif(
    importlib.util.find_spec("unicorn") is None,
    reason="unicorn is not installed (pip install pylink86[emulate])",
)
EXIT = bytes.fromhex("b010e6f4f4ebfd")  # mov al, 0x10; out 0xf4, al; hlt
PAGE = 4096
BASES = (0x8000, 0x200000, 0x7F_FFFF_E000, 0x4000_0000_0000, 0xFFFFFFFF80000000)


@st.composite
def layouts(draw: st.DrawFn) -> list[Segment]:
    """Segments in order, touching, sharing pages or far apart; the first begins with code."""
    at = draw(st.sampled_from(BASES)) + draw(st.integers(0, 3000))
    found = []
    for number in range(draw(st.integers(1, 7))):
        data = draw(st.binary(max_size=40)) * draw(st.integers(0, 300))
        data = EXIT + data if number == 0 else data
        size = len(data) + draw(st.sampled_from([0, 1, 100, 4096, 70_000]))
        flags = 5 if number == 0 else draw(st.sampled_from([4, 5, 6, 7]))
        found.append(Segment(at, data, size, flags))
        at += size + draw(st.sampled_from([0, 1, 511, 4096, 0x1FFFFF, 0x40000000]))
    return found


def physical(machine: Machine, address: int) -> tuple[int, int]:
    """The frame behind an address, and the flags of its last entry, by walking the tables."""
    table = machine.registers["cr3"]
    entry = 0
    for _, shift, _ in LEVELS["4-level"][1]:
        entry = int.from_bytes(machine.memory(table + (address >> shift & 511) * 8, 8), "little")
        assert entry & 1, f"{address:#x} is not mapped"
        table = entry & 0xFFFFFFFFFF000
    return table, entry


@needs_emulator
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(layouts(), st.booleans())
def test_memory_at_entry_is_what_the_file_says(layout: list[Segment], floppy: bool) -> None:
    file = elf(layout, layout[0].vaddr)
    assume(sum(s.memsz for s in layout) < 1 << 20)
    disk = boot.disk_image(file, kernel_stack_size=2, medium="floppy" if floppy else "disk")
    machine = boot.run(disk.to_bytes(), floppy=floppy)
    assert machine.exit_code == ALL_WELL, machine.explain()
    flags: dict[int, int] = {}
    for segment in layout:
        wanted = segment.data + bytes(segment.memsz - len(segment.data))
        for page in range(segment.vaddr & -PAGE, segment.vaddr + segment.memsz, PAGE):
            start, end = max(page, segment.vaddr), min(page + PAGE, segment.vaddr + segment.memsz)
            if start >= end:
                continue
            frame, entry = physical(machine, page)
            found = machine.memory(frame + start - page, end - start)
            assert found == wanted[start - segment.vaddr : end - segment.vaddr]
            flags[page] = flags.get(page, 0) | segment.flags
            assert entry >> 1 & 1 >= segment.flags >> 1 & 1
    for page, allowed in flags.items():
        _, entry = physical(machine, page)
        assert entry >> 1 & 1 == allowed >> 1 & 1, "writable"
        assert entry >> 63 == 1 - (allowed & 1), "executable"


@needs_emulator
@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([0x10000, 0x100000, 0x1234567]),
    st.lists(st.tuples(st.binary(max_size=2000), st.integers(0, 5000), st.integers(0, 9000))),
)
def test_a_32_bit_kernel_is_where_its_load_addresses_say(
    start: int, rows: list[tuple[bytes, int, int]]
) -> None:
    """Runs and load addresses differ: only the latter count without paging."""
    layout = [Segment(start + 0xC0000000, EXIT, 16, 5, paddr=start)]
    at = start + 16
    for data, zeros, gap in rows:
        size = len(data) + zeros
        layout.append(Segment(at + 0xC0000000, data, size, 6, paddr=at))
        at += size + gap
    assume(at < 0x70000 or start >= 0x100000)
    disk = boot.disk_image(elf(layout, start, bits=32))
    machine = boot.run(disk.to_bytes())
    assert machine.exit_code == ALL_WELL, machine.explain()
    for segment in layout:
        assert segment.paddr is not None
        wanted = segment.data.ljust(segment.memsz, b"\0")
        assert machine.memory(segment.paddr, segment.memsz) == wanted


@settings(max_examples=100, deadline=None)
@given(layouts(), st.data())
def test_a_damaged_file_is_refused_or_read(layout: list[Segment], data: st.DataObject) -> None:
    """Never another exception than LinkError."""
    from pylink86 import LinkError

    file = bytearray(elf(layout, layout[0].vaddr))
    for _ in range(data.draw(st.integers(1, 6))):
        file[data.draw(st.integers(4, min(len(file), 400) - 1))] = data.draw(st.integers(0, 255))
    try:
        boot.disk_image(read_kernel(bytes(file)))
    except LinkError as error:
        assert error.diagnostics


@given(st.binary(max_size=20))
def test_any_bytes_have_a_length(code: bytes) -> None:
    assert 0 <= decode(code, 0).size <= 15 + 8


words = st.one_of(st.integers(0, 0xFFFFFFFF), st.integers(0xFF000, 0x102000), st.just(0xFFFFFFFF))


@given(st.lists(words, min_size=9, max_size=9), st.integers(0, 7) | st.just(0x10003), st.booleans())
def test_any_multiboot_header_is_honoured_or_refused(
    fields: list[int], flags: int, second: bool
) -> None:
    """Never another exception than LinkError, and nothing lands where the loader is."""
    from pylink86 import LinkError

    if second:
        tags = struct.pack("<HHI4I", 2, flags & 1, 24, *fields[:4])
        tags += struct.pack("<HHII4x", 3, 0, 12, fields[4]) + struct.pack("<HHI", 0, 0, 8)
        size = 16 + len(tags)
        header = struct.pack("<4I", 0xE85250D6, 0, size, -(0xE85250D6 + size) & 0xFFFFFFFF) + tags
    else:
        header = struct.pack(
            "<3I9I", 0x1BADB002, flags, -(0x1BADB002 + flags) & 0xFFFFFFFF, *fields
        )
    # Program header and ELF header are 84 bytes: the header is aligned to 8 bytes behind 4 more.
    data = bytes(4) + header + EXIT
    file = elf([Segment(0x100000, data, len(data), 5)], 0x100000, bits=32)
    try:
        disk = boot.disk_image(file)
    except LinkError as error:
        assert error.diagnostics
        return
    for block in disk.plan.blocks[1:]:
        assert block.address >= 0x9000
        assert block.end <= 0x70000 or block.address >= 0x100000
