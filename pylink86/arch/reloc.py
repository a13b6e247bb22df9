"""What a relocation type means, as data: the row type, the kinds, the range rules, the addends.

An assembler leaves holes where it does not know an address yet, and for each hole a relocation: a
place, a type, a symbol, an addend.  The type is a number that the processor's ABI document (psABI)
gives a formula (`S + A - P`), a width in bytes and a rule for values that do not fit.  `i386.py`
and `x86_64.py` hold those tables; this module says how a row is read.

The letters: S the symbol's value, A the addend, P the address of the place that is patched, Z the
symbol's size, G the offset of the symbol's slot in the global offset table, GOT that table's
address, L the address of the symbol's entry in the procedure linkage table, B where a shared object
was loaded.

Values that do not fit are where linkers disagree, so a row only names a rule and a `Reach` says
which values the rule takes in that linker.  Everything here was measured: a section with one
relocation per value around every power of two, symbols given values by a script, linked with
--noinhibit-exec; tests/oracle/test_ranges.py does it again.

A loop over relocation columns is meant to look like this; `judge` is only reached for odd values:

    table = patches(machine, REACHES["gnu"], in_place=False)
    for offset, kind_of_reloc, symbol, addend in zip(...):
        kind, lo, hi, mask, pack_into = table[kind_of_reloc]
        value = address[symbol] + addend - (place + offset if kind is PC else 0)
        if not lo <= value <= hi and judge(...) ...
        pack_into(content, offset, value & mask)
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from ..elf_tables import Buffer

# What the engine has to do, in the order it can do it: everything up to PLT needs only addresses.
NONE, ABS, PC, SIZE, PLT, PLT_ABS = range(6)
GOT, GOT_PC, GOT_BASE, GOT_OFF, PLT_OFF = range(6, 11)
TLS_GD, TLS_LD, TLS_IE, TLS_LE, TLS_OFFSET, TLS_DESC = range(11, 17)
DYNAMIC, OBSOLETE = range(17, 19)

KINDS = {
    NONE: ("none", ""),
    ABS: ("abs", ""),
    PC: ("pc", ""),
    SIZE: ("size", ""),
    PLT: ("plt", ""),
    PLT_ABS: ("plt-abs", ""),
    GOT: ("got", "a global offset table"),
    GOT_PC: ("got-pc", "a global offset table"),
    GOT_BASE: ("got-base", "a global offset table"),
    GOT_OFF: ("got-off", "a global offset table"),
    PLT_OFF: ("plt-off", "a global offset table"),
    TLS_GD: ("tls-gd", "thread-local storage (general dynamic)"),
    TLS_LD: ("tls-ld", "thread-local storage (local dynamic)"),
    TLS_IE: ("tls-ie", "thread-local storage (initial exec)"),
    TLS_LE: ("tls-le", "thread-local storage (local exec)"),
    TLS_OFFSET: ("tls-offset", "thread-local storage (an offset in the module's block)"),
    TLS_DESC: ("tls-desc", "thread-local storage (descriptors)"),
    DYNAMIC: ("dynamic", "a loader at run time: no object file holds this type"),
    OBSOLETE: ("obsolete", "a linker of long ago: the psABI no longer defines this type"),
}
"""For each kind its name in listings, and what it needs beyond addresses ("" when nothing)."""

OF_TABLE = frozenset((GOT, GOT_PC, GOT_BASE, GOT_OFF, PLT_OFF))
OF_THREADS = frozenset((TLS_GD, TLS_LD, TLS_IE, TLS_DESC))
OF_OFFSETS = frozenset((TLS_LE, TLS_OFFSET))
LOOKED_AT = OF_TABLE | OF_THREADS | OF_OFFSETS
"""Kinds that ask for something of the linker's own, or say that code has thread-local variables."""

APPLIED = frozenset((NONE, ABS, PC, SIZE, PLT, PLT_ABS))
"""Kinds a static link can compute from addresses alone; L is S when there is no linkage table."""

Rule = Literal["none", "word", "wrap", "signed", "unsigned", "field", "near", "segment", "size"]
"""none: nothing is written.  word: an absolute value as wide as the machine's addresses.  wrap: a
distance as wide as the addresses, right modulo 2^n.  field: an absolute value in 8 or 16 bits.
near: PC16 of x86-64.  segment: PC16 of i386, where IP wraps at 64 KiB.  size: SIZE32 of x86-64."""


class Row(NamedTuple):
    """One relocation type.

    formula: in the psABI's letters; "" where the psABI leaves the field empty.
    kind: one of the constants above.  width: bytes patched (0: none, 16: a TLS descriptor).
    """

    number: int
    name: str
    formula: str
    kind: int
    width: int
    rule: Rule
    source: str


Table = Mapping[int, Row]


def table(source: str, rows: Iterable[tuple[int, str, str, int, int, Rule]]) -> dict[int, Row]:
    """Rows by number, each with its source."""
    return {row[0]: Row(*row, source) for row in rows}


Range = tuple[int, int]
"""Lowest and highest value taken, both included."""

ANY: Range = (-(1 << 80), 1 << 80)


def signed_range(width: int) -> Range:
    return -1 << (8 * width - 1), (1 << (8 * width - 1)) - 1


def unsigned_range(width: int) -> Range:
    return 0, (1 << 8 * width) - 1


def either_range(width: int) -> Range:
    """Every value that reads right as a signed or as an unsigned number."""
    return -1 << (8 * width - 1), (1 << 8 * width) - 1


def wide_range(width: int) -> Range:
    """One bit wider than the field: GNU's "bitfield" takes -256..255 in a byte."""
    return -1 << 8 * width, (1 << 8 * width) - 1


def any_range(width: int) -> Range:
    return ANY


class Reach(NamedTuple):
    """Which values one linker takes.

    ranges: for each rule the range it takes, as a function of the width in bytes.
    in_place: what is compared with the range when the addend lies in the section (SHT_REL):
        "before" the value without the addend, "sum" the value that is written.
    """

    name: str
    ranges: Mapping[str, Callable[[int], Range]]
    in_place: tuple[Literal["before", "sum"], ...]


GNU_RANGES: Mapping[str, Callable[[int], Range]] = {
    "none": any_range,
    "word": any_range,
    "wrap": any_range,
    "signed": signed_range,
    "unsigned": unsigned_range,
    "field": wide_range,
    "near": wide_range,
    "segment": wide_range,
    "size": unsigned_range,
}

LLD_RANGES: Mapping[str, Callable[[int], Range]] = {
    "none": any_range,
    "word": any_range,
    "wrap": any_range,
    "signed": signed_range,
    "unsigned": unsigned_range,
    "field": either_range,
    "near": signed_range,
    "segment": wide_range,
    "size": signed_range,
}

REACHES = {
    "gnu": Reach("gnu", GNU_RANGES, ("before", "sum")),
    "gnu-generic": Reach("gnu-generic", GNU_RANGES, ("before",)),
    "lld": Reach("lld", LLD_RANGES, ("sum",)),
}
"""gnu-generic is GNU ld when the output is not the inputs' own ELF (--oformat binary, srec, ihex):
with an addend in place it looks at S - P only, so S = 0xff80 with 0x100 in place is taken by
R_386_16 and 0x0080 written; with ELF output both S - P and the sum must fit; LLD looks at the sum
alone."""

TRUE_RANGES: Mapping[str, Callable[[int], Range]] = {
    "none": any_range,
    "word": either_range,
    "wrap": wide_range,
    "signed": signed_range,
    "unsigned": unsigned_range,
    "field": either_range,
    "near": any_range,
    "segment": any_range,
    "size": either_range,
}
"""Values the reader of the field can get back; what is taken and lies outside is warned about
(reloc-wraps).  Distances in 16 bits belong to 16-bit code, where IP wraps: any is right."""

PACK: Mapping[int, Callable[..., None]] = {
    n: struct.Struct(f).pack_into for n, f in ((1, "<B"), (2, "<H"), (4, "<I"), (8, "<Q"))
}
UNPACK_SIGNED: Mapping[int, Callable[..., tuple[Any, ...]]] = {
    n: struct.Struct(f).unpack_from for n, f in ((1, "<b"), (2, "<h"), (4, "<i"), (8, "<q"))
}


def mask(width: int) -> int:
    """What of a value is written in `width` bytes: `value & mask(width)`."""
    return (1 << 8 * width) - 1


def signed(value: int, width: int) -> int:
    """A value as its `width` low bytes read as a signed number."""
    value &= (1 << 8 * width) - 1
    return value - (1 << 8 * width) if value >> (8 * width - 1) else value


def accepted(reach: Reach, row: Row) -> Range:
    """The values a linker takes for a row, both ends included."""
    return reach.ranges[row.rule](row.width)


def fits(reach: Reach, row: Row, value: int, word: int) -> bool:
    """Whether the linker takes a value; word: bytes in an address of the input's machine (4 or 8).

    Both linkers compute modulo the word of the input file, so 0x100000005 is 5 to R_386_8.
    """
    lo, hi = accepted(reach, row)
    return lo <= signed(value, word) <= hi


def truth(row: Row, value: int) -> bool:
    """Whether what is written reads back as the value, signed or unsigned.

    value: exact, or modulo 2^64 (addresses above 2^63 may be given either way).
    """
    if row.width >= 8:
        return True
    lo, hi = TRUE_RANGES[row.rule](row.width)
    return lo <= signed(value, 8) <= hi


def judge(
    reach: Reach, row: Row, value: int, word: int, before: int | None = None
) -> Literal["fits", "wraps", "refused"]:
    """What becomes of a value: written as it is, written cut short (reloc-wraps), or an error.

    before: the value without the addend, when the addend lies in the section (SHT_REL), else None.
    An addend of a whole word may be a negative number: `end - 0xfff00000` is compiled as
    `end + 0x100000`, and only `end` has to be an address.
    Source: GNU ld 2.40 and LLD 19 as described at REACHES; tests/oracle/test_ranges.py.
    """
    looked_at = (
        [value]
        if before is None
        else [before if what == "before" else value for what in reach.in_place]
    )
    if not all(fits(reach, row, v, word) for v in looked_at):
        return "refused"
    meant = value if before is None or row.width < word else before
    return "fits" if truth(row, meant) else "wraps"


class Patch(NamedTuple):
    """What a tight loop needs of a row.

    kind: as in Row.  lo, hi: values inside are taken and true: write them; outside, ask `judge`.
    mask: `value & mask` is what `pack_into(buffer, offset, ...)` writes.
    """

    kind: int
    lo: int
    hi: int
    mask: int
    pack_into: Callable[..., None]


def patches(rows: Table, reach: Reach, word: int, in_place: bool) -> dict[int, Patch]:
    """The rows that can be applied from addresses alone, by number, ready for a loop.

    word: bytes in an address of the input's machine.  in_place: addends lie in the section; then
    rows where a linker looks at the value without the addend get an empty range, so that `judge`
    decides. A type that is missing here is explained by its Row (see `needs`) or unknown.
    """
    found = {number: patch_of(row, reach, word, in_place) for number, row in rows.items()}
    return {number: patch for number, patch in found.items() if patch is not None}


def patch_of(row: Row, reach: Reach, word: int, in_place: bool) -> Patch | None:
    """One row of `patches`; None when addresses alone cannot say what to write."""
    if row.kind not in APPLIED or row.kind == NONE:
        return None
    lo, hi = quick_range(reach, row, word)
    if in_place and "before" in reach.in_place and accepted(reach, row) != ANY:
        lo, hi = 1, 0
    return Patch(row.kind, lo, hi, mask(row.width), PACK[row.width])


def quick_range(reach: Reach, row: Row, word: int) -> Range:
    """Values that need no second look: taken, true, and not changed by computing modulo the
    word."""
    lo, hi = accepted(reach, row)
    if row.width < 8:
        true_lo, true_hi = TRUE_RANGES[row.rule](row.width)
        lo, hi = max(lo, true_lo), min(hi, true_hi)
    if row.width < word:
        word_lo, word_hi = signed_range(word)
        lo, hi = max(lo, word_lo), min(hi, word_hi)
    return lo, hi


def implicit_addend(content: Buffer | bytearray, offset: int, row: Row) -> int:
    """The addend an SHT_REL relocation finds in the place it patches, sign-extended from its width.

    Both linkers read it so for every width (measured: 0xff in R_386_8 is -1, 0x8000 in R_386_16 is
    -32768).  The caller has checked that the place lies inside the section.
    """
    if row.width not in UNPACK_SIGNED:
        return 0
    value: int = UNPACK_SIGNED[row.width](content, offset)[0]
    return value


def needs(row: Row) -> str:
    """What a type that cannot be applied from addresses alone needs: "a global offset table"; else
    ""."""
    return KINDS[row.kind][1]
