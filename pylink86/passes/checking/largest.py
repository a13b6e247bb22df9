"""What takes most of an output section: the answer to "it is 37 bytes too long".

The cure for nearly everything that does not fit is to make something smaller, so the messages name
the largest inputs and, in assembly where one input is a whole boot sector, the largest symbols.
"""

from __future__ import annotations

from collections.abc import Iterator

from ... import elf_const as c
from ..placement import INPUT, PlacedSection
from ..placing.locate import Addresses

LARGEST = 3

NO_LABELS = frozenset({c.STT_SECTION, c.STT_FILE, c.STT_TLS})


def largest_inputs(
    section: PlacedSection, addresses: Addresses, start: int = 0, end: int | None = None
) -> str:
    """`core.o(.text.fmt) 0x3100, kernel.o(.text) 0x2b80`: of those that lie in [start, end) of the
    section, the largest; "" when there is none."""
    sizes = sorted(
        (
            (piece.size, piece.origin)
            for piece in section.pieces
            if piece.kind == INPUT
            and isinstance(piece.origin, int)
            and piece.sec_off + piece.size > start
            and (end is None or piece.sec_off < end)
        ),
        key=lambda pair: (-pair[0], pair[1]),
    )
    return ", ".join(f"{addresses.describe(sid)} {size:#x}" for size, sid in sizes[:LARGEST])


def largest_symbols(
    section: PlacedSection, addresses: Addresses, start: int = 0, end: int | None = None
) -> str:
    """`print 0x40, gdt 0x18`: the symbols that take most of [start, end); "" when there is none.

    Compilers say how large a symbol is.  Assemblers do not: there a label reaches to the next one,
    or to the end of its input section; nasm's `print.loop` and gas's `.L1` belong to what is
    before.
    """
    stop = section.size if end is None else end
    ends = sorted(
        piece.sec_off + piece.size for piece in section.pieces if piece.kind == INPUT
    ) or [stop]
    labels = {at: (size, name) for at, size, name in _labels(section, addresses)}
    starts = sorted(at for at in labels if start <= at < stop)
    sized = []
    covered = start
    for at, following in zip(starts, [*starts[1:], stop]):
        size, name = labels[at]
        if at < covered:
            continue
        if size:
            covered = at + size
        else:
            size = min(following, next((e for e in ends if e > at), stop), stop) - at
        sized.append((size, at, name))
    sized.sort(key=lambda row: (-row[0], row[1]))
    return ", ".join(f"{name} {size:#x}" for size, _, name in sized[:LARGEST])


def _labels(section: PlacedSection, addresses: Addresses) -> Iterator[tuple[int, int, str]]:
    """(offset in the output section, size, name); of several at one place the best comes last."""
    starts = {
        piece.origin: piece.sec_off
        for piece in section.pieces
        if piece.kind == INPUT and isinstance(piece.origin, int)
    }
    base = addresses.table.base
    found = []
    for number in sorted({addresses.table.file[sid] for sid in starts}):
        obj = addresses.resolution.files[number]
        symbols = obj.symbols
        for symbol, shndx in enumerate(symbols.shndx):
            start = starts.get(base[number] + shndx) if shndx > 0 else None
            if start is None or symbols.info[symbol] & 0xF in NO_LABELS:
                continue
            name, size = symbols.name(symbol), symbols.size[symbol]
            if name and not name.startswith(".") and (size or "." not in name):
                at = start + symbols.value[symbol]
                found.append((size > 0, symbols.info[symbol] >> 4, at, size, name))
    found.sort(key=lambda row: row[:2])
    yield from ((at, size, name) for _, _, at, size, name in found)
