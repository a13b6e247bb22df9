"""Thread-local variables of a static program: the sequences before and after.

Each thread has a block of memory of its own, and %fs (64 bits) or %gs (32 bits) points at its end.
A library does not know where in that block its variables lie, so compilers emit calls and table
look-ups: general dynamic (GD) and descriptors ask for one variable, local dynamic (LD) for the
module's part, initial exec (IE) reads an offset from a table.  In a static program the offset is a
constant (local exec, LE), and a linker rewrites all four to that.  Both linkers do so alike.

Source: ELF Handling For Thread-Local Storage 5; psABI x86-64 1.0, 5; tried with gcc and clang."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..elf_tables import Buffer
from .rewrite import Rewrite

TPOFF32 = 23
"""R_X86_64_TPOFF32."""
LE_32 = 17
"""R_386_TLS_LE: a negative offset from %gs:0."""
LE_32_POSITIVE = 34
"""R_386_TLS_LE_32: the same as a positive number, to be subtracted."""

R_386_TLS_GOTIE = 16


class Sequence(NamedTuple):
    """One row: what stands around a relocation, and what replaces it.

    before: bytes from `at` bytes before the place on; `..` is any byte, `p4` the four bytes of the
    relocation.  after: the new bytes; `t4` the four bytes of the new relocation, missing when there
    is none.  type: of the new relocation.  swallows: the call's relocation goes, too.
    """

    at: int
    before: str
    after: str
    type: int
    swallows: bool = False


X86_64: Mapping[int, tuple[Sequence, ...]] = {
    19: (  # R_X86_64_TLSGD
        # data16 lea x@tlsgd(%rip), %rdi; data16 data16 rex.W call __tls_get_addr@PLT
        # -> mov %fs:0, %rax; lea x@tpoff(%rax), %rax
        Sequence(
            4,
            "66 48 8d 3d p4 66 66 48 e8 .. .. .. ..",
            "64 48 8b 04 25 00 00 00 00 48 8d 80 t4",
            TPOFF32,
            True,
        ),
        # the same with call *__tls_get_addr@GOTPCREL(%rip) (-fno-plt)
        Sequence(
            4,
            "66 48 8d 3d p4 66 48 ff 15 .. .. .. ..",
            "64 48 8b 04 25 00 00 00 00 48 8d 80 t4",
            TPOFF32,
            True,
        ),
        # lea x@tlsgd(%rip), %rdi; movabs $__tls_get_addr@PLTOFF, %rax; add %rbx, %rax; call *%rax
        # (-mcmodel=large) -> the same and nopw 0(%rax, %rax)
        Sequence(
            3,
            "48 8d 3d p4 48 b8 .. .. .. .. .. .. .. .. 48 01 d8 ff d0",
            "64 48 8b 04 25 00 00 00 00 48 8d 80 t4 66 0f 1f 44 00 00",
            TPOFF32,
            True,
        ),
    ),
    20: (  # R_X86_64_TLSLD
        # lea x@tlsld(%rip), %rdi; call __tls_get_addr@PLT -> data16 data16 data16 mov %fs:0, %rax
        Sequence(
            3,
            "48 8d 3d p4 e8 .. .. .. ..",
            "66 66 66 64 48 8b 04 25 00 00 00 00",
            0,
            True,
        ),
        Sequence(
            3,
            "48 8d 3d p4 ff 15 .. .. .. ..",
            "66 66 66 66 64 48 8b 04 25 00 00 00 00",
            0,
            True,
        ),
        # ... movabs $__tls_get_addr@PLTOFF, %rax; add %rbx, %rax; call *%rax
        # -> data16 cs nopw 0(%rax, %rax); mov %fs:0, %rax
        Sequence(
            3,
            "48 8d 3d p4 48 b8 .. .. .. .. .. .. .. .. 48 01 d8 ff d0",
            "66 66 2e 0f 1f 84 00 00 00 00 00 66 66 64 48 8b 04 25 00 00 00 00",
            0,
            True,
        ),
    ),
    35: (Sequence(0, "ff 10", "66 90", 0),),  # R_X86_64_TLSDESC_CALL: call *(%rax) -> nop
}

I386: Mapping[int, tuple[Sequence, ...]] = {
    18: (  # R_386_TLS_GD -> mov %gs:0, %eax; sub $x@tpoff, %eax
        Sequence(  # lea x@tlsgd(, %ebx, 1), %eax; call ___tls_get_addr@PLT
            3, "8d 04 1d p4 e8 .. .. .. ..", "65 a1 00 00 00 00 81 e8 t4", LE_32_POSITIVE, True
        ),
        Sequence(  # lea x@tlsgd(%reg), %eax; call ___tls_get_addr@PLT; nop
            2, "8d .. p4 e8 .. .. .. .. 90", "65 a1 00 00 00 00 81 e8 t4", LE_32_POSITIVE, True
        ),
        Sequence(  # lea x@tlsgd(%reg), %eax; call *___tls_get_addr@GOT(%reg)
            2, "8d .. p4 ff .. .. .. .. ..", "65 a1 00 00 00 00 81 e8 t4", LE_32_POSITIVE, True
        ),
        Sequence(  # lea x@tlsgd(%reg), %eax; addr32 call ___tls_get_addr
            2, "8d .. p4 67 e8 .. .. .. ..", "65 a1 00 00 00 00 81 e8 t4", LE_32_POSITIVE, True
        ),
    ),
    19: (  # R_386_TLS_LDM -> mov %gs:0, %eax; nop; lea 0(%esi, 1), %esi
        Sequence(  # lea x@tlsldm(%reg), %eax; call ___tls_get_addr@PLT
            2, "8d .. p4 e8 .. .. .. ..", "65 a1 00 00 00 00 90 8d 74 26 00", 0, True
        ),
        Sequence(  # lea x@tlsldm(%reg), %eax; call *___tls_get_addr@GOT(%reg)
            2, "8d .. p4 ff .. .. .. .. ..", "65 a1 00 00 00 00 8d b6 00 00 00 00", 0, True
        ),
    ),
    40: (Sequence(0, "ff 10", "66 90", 0),),  # R_386_TLS_DESC_CALL: call *(%eax) -> nop
}

Opened = tuple[int, list[int | None], bytes, int, Sequence]
"""How far before the place, what stands there, what replaces it, where in that the new place is."""


def _opened(row: Sequence) -> Opened:
    """A row as numbers; a byte of the relocation may be any."""
    before: list[int | None] = []
    for word in row.before.split():
        before += [None] * 4 if word == "p4" else [None if word == ".." else int(word, 16)]
    words = row.after.split()
    place = words.index("t4") if "t4" in words else -1
    code = bytes.fromhex(row.after.replace("t4", "00 00 00 00"))
    return row.at, before, code, place, row


OPENED = {
    word: {kind: [_opened(row) for row in rows] for kind, rows in table.items()}
    for word, table in ((8, X86_64), (4, I386))
}


def rewrite_thread(
    content: Buffer, place: int, kind: int, word: int, calls: bool, dialect: str
) -> Rewrite | None:
    """What a thread-local access becomes in a static program, or None when it has to stay.

    content: of the section; place, kind: of the relocation; word: bytes in an address; calls:
    whether another relocation follows right behind (that of the call); dialect: "gnu" or "lld".
    """
    if (kind, word, dialect) == (R_386_TLS_GOTIE, 4, "lld"):
        lea = _added_32(content, place)
        if lea is not None:
            return lea
    for at, before, code, new_place, row in OPENED[word].get(kind, ()):
        start = place - at
        if start < 0 or start + len(before) > len(content) or (row.swallows and not calls):
            continue
        found = content[start : start + len(before)]
        if all(want is None or want == byte for want, byte in zip(before, found)):
            where = start + new_place if new_place >= 0 else place
            return Rewrite(start, code, where, row.type, 0, row.swallows)
    table = _OFFSETS.get((word, kind))
    return table(content, place) if table is not None else None


def _offset_64(content: Buffer, place: int) -> Rewrite | None:
    """mov x@gottpoff(%rip), %reg -> mov $x@tpoff, %reg
    add x@gottpoff(%rip), %reg -> lea x@tpoff(%reg), %reg; add $x@tpoff for %rsp and %r12
    """
    if place < 3:
        return None
    rex, opcode, modrm = content[place - 3 : place]
    if modrm & 0xC7 != 0x05 or rex & 0xFB != 0x48:
        return None
    register, high = modrm >> 3 & 7, rex >> 2 & 1
    if opcode == 0x8B:
        code = bytes((0x48 | high, 0xC7, 0xC0 | register))
    elif opcode != 0x03:
        return None
    elif register == 4:
        code = bytes((0x48 | high, 0x81, 0xC4))
    else:
        code = bytes((0x48 | high * 5, 0x8D, 0x80 | register << 3 | register))
    return Rewrite(place - 3, code + bytes(4), place, TPOFF32, 0)


def _descriptor_64(content: Buffer, place: int) -> Rewrite | None:
    """lea x@tlsdesc(%rip), %reg -> mov $x@tpoff, %reg"""
    if place < 3:
        return None
    rex, opcode, modrm = content[place - 3 : place]
    if modrm & 0xC7 != 0x05 or rex & 0xFB != 0x48 or opcode != 0x8D:
        return None
    code = bytes((0x48 | rex >> 2 & 1, 0xC7, 0xC0 | modrm >> 3 & 7))
    return Rewrite(place - 3, code + bytes(4), place, TPOFF32, 0)


def _offset_32(content: Buffer, place: int) -> Rewrite | None:
    """mov x@indntpoff, %eax (5 bytes) -> mov $x@ntpoff, %eax
    mov x@indntpoff, %reg; mov x@gotntpoff(%reg), %reg -> mov $x@ntpoff, %reg
    add the same -> add $x@ntpoff, %reg
    """
    if place >= 1 and content[place - 1] == 0xA1:
        return Rewrite(place - 1, b"\xb8" + bytes(4), place, LE_32, 0)
    return _immediate_32(content, place, LE_32)


def _added_32(content: Buffer, place: int) -> Rewrite | None:
    """add x@gotntpoff(%reg1), %reg2 -> lea x@ntpoff(%reg2), %reg2, in LLD"""
    if place < 2 or content[place - 2] != 0x03:
        return None
    register = content[place - 1] >> 3 & 7
    code = bytes((0x8D, 0x80 | register << 3 | register)) + bytes(4)
    return Rewrite(place - 2, code, place, LE_32, 0)


def _positive_32(content: Buffer, place: int) -> Rewrite | None:
    """mov x@gottpoff(%reg), %reg -> mov $x@tpoff, %reg; sub the same -> sub $x@tpoff, %reg"""
    return _immediate_32(content, place, LE_32_POSITIVE)


def _immediate_32(content: Buffer, place: int, kind: int) -> Rewrite | None:
    if place < 2:
        return None
    opcode, register = content[place - 2], content[place - 1] >> 3 & 7
    new = {
        0x8B: (0xC7, 0xC0 | register),
        0x03: (0x81, 0xC0 | register),
        0x2B: (0x81, 0xE8 | register),
    }.get(opcode)
    if new is None:
        return None
    return Rewrite(place - 2, bytes(new) + bytes(4), place, kind, 0)


def _descriptor_32(content: Buffer, place: int) -> Rewrite | None:
    """lea x@tlsdesc(%ebx), %eax -> lea x@ntpoff, %eax"""
    if place < 2 or content[place - 2] != 0x8D:
        return None
    code = bytes((0x8D, 0x05 | content[place - 1] & 0x38)) + bytes(4)
    return Rewrite(place - 2, code, place, LE_32, 0)


_OFFSETS: Mapping[tuple[int, int], Callable[[Buffer, int], Rewrite | None]] = {
    (8, 22): _offset_64,  # R_X86_64_GOTTPOFF
    (8, 34): _descriptor_64,  # R_X86_64_GOTPC32_TLSDESC
    (4, 15): _offset_32,  # R_386_TLS_IE
    (4, 16): _offset_32,  # R_386_TLS_GOTIE
    (4, 33): _positive_32,  # R_386_TLS_IE_32
    (4, 39): _descriptor_32,  # R_386_TLS_GOTDESC
}
