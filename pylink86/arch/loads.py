"""Loads through the global offset table that need no table: the instructions before and after.

Position-independent code asks the table for an address (`mov foo@GOTPCREL(%rip), %rax`), in case
`foo` turns out to be in a shared library.  In a static link it never is, so a linker may put the
address itself, or the distance to it, into an instruction of the same length.  Assemblers mark the
instructions for which that is safe with relocation types of their own (GOTPCRELX, GOT32X).

Which of the possible rewritings a linker makes is a matter of taste, so each dialect has its table.
Source: psABI x86-64 B.2, psABI i386 B; the choices by linking every form with both linkers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..elf_tables import Buffer
from .padding import ADDR32, USUAL_PADDING, CallPadding
from .rewrite import Rewrite

MOV, TEST, BINARY, CALL, JMP, OTHER = "mov", "test", "binary", "call", "jmp", "other"
"""Operations that may be rewritten; binary: add or adc sub sbb and xor cmp."""

PLAIN, X, REX = "plain", "x", "rex"
"""What an assembler says of an instruction: nothing, that it may be rewritten, and that it may and
begins with a REX prefix."""


class Load(NamedTuple):
    """An instruction that reads a slot: opcode and ModRM stand right before the place.

    place: offset of its displacement in the section.  rex: its prefix, 0 when it has none.
    """

    place: int
    opcode: int
    modrm: int
    rex: int

    @property
    def operation(self) -> str:
        if self.opcode == 0xFF:
            return {2: CALL, 4: JMP}.get(self.modrm >> 3 & 7, OTHER)
        if self.opcode & 0xC7 == 0x03:
            return BINARY
        return {0x8B: MOV, 0x85: TEST}.get(self.opcode, OTHER)

    @property
    def register(self) -> int:
        return self.modrm >> 3 & 7


class Types(NamedTuple):
    """Numbers of the relocations that the new instructions have."""

    distance: int
    number: int
    signed_number: int
    tail: int
    """Addend of a distance: from the place to the end of the instruction, negative."""


X86_64_TYPES = Types(distance=2, number=10, signed_number=11, tail=-4)
"""R_X86_64_PC32, R_X86_64_32, R_X86_64_32S."""

I386_TYPES = Types(distance=2, number=1, signed_number=1, tail=-4)
"""R_386_PC32, R_386_32."""

R_386_GOTOFF = 9

Form = Callable[[Load, Types], Rewrite]


def lea(load: Load, types: Types) -> Rewrite:
    """mov foo@GOTPCREL(%rip), %rax -> lea foo(%rip), %rax"""
    code = bytes((0x8D, load.modrm)) + bytes(4)
    return Rewrite(load.place - 2, code, load.place, types.distance, types.tail)


def direct_call(load: Load, types: Types) -> Rewrite:
    """call *foo@GOTPCREL(%rip) -> addr32 call foo"""
    code = bytes((ADDR32, 0xE8)) + bytes(4)
    return Rewrite(load.place - 2, code, load.place, types.distance, types.tail)


def padded(call: Rewrite, padding: CallPadding) -> Rewrite:
    """A direct call with another padding: call *foo@GOTPCREL(%rip) -> call foo; nop"""
    if not padding.behind:
        return call._replace(code=bytes((padding.byte,)) + call.code[1:])
    return call._replace(code=call.code[1:] + bytes((padding.byte,)), place=call.place - 1)


def direct_jump(load: Load, types: Types) -> Rewrite:
    """jmp *foo@GOTPCREL(%rip) -> jmp foo; nop"""
    code = b"\xe9" + bytes(4) + b"\x90"
    return Rewrite(load.place - 2, code, load.place - 1, types.distance, types.tail)


def immediate(load: Load, types: Types) -> Rewrite:
    """mov foo@GOTPCREL(%rip), %rax -> mov $foo, %rax
    test %rax, foo@GOTPCREL(%rip) -> test $foo, %rax
    add foo@GOTPCREL(%rip), %rax -> add $foo, %rax
    """
    opcode, extension = {
        MOV: (0xC7, 0),
        TEST: (0xF7, 0),
        BINARY: (0x81, load.opcode >> 3 & 7),
    }[load.operation]
    code = bytes((opcode, 0xC0 | extension << 3 | load.register)) + bytes(4)
    start = load.place - 2
    kind = types.number
    if load.rex:  # the register is the other operand now: REX.R becomes REX.B
        code = bytes((load.rex & ~5 | load.rex >> 2 & 1,)) + code
        start -= 1
        kind = types.signed_number if load.rex & 8 else types.number
    return Rewrite(start, code, load.place, kind, 0)


def from_table(load: Load, types: Types) -> Rewrite:
    """mov foo@GOT(%ebx), %eax -> lea foo@GOTOFF(%ebx), %eax"""
    code = bytes((0x8D, load.modrm)) + bytes(4)
    return Rewrite(load.place - 2, code, load.place, R_386_GOTOFF, 0)


_BRANCHES: Mapping[tuple[str, str], Form] = {
    (mark, operation): form
    for mark in (X, REX)
    for operation, form in ((CALL, direct_call), (JMP, direct_jump))
}

GNU_64: Mapping[tuple[str, str], Form] = {
    **_BRANCHES,
    (PLAIN, MOV): lea,
    **{(mark, op): immediate for mark in (X, REX) for op in (MOV, TEST, BINARY)},
}
"""GNU ld puts the address itself into everything that is marked, and the distance where the REX
prefix cannot be changed because nobody says there is one."""

LLD_64: Mapping[tuple[str, str], Form] = {
    **_BRANCHES,
    (X, MOV): lea,
    (REX, MOV): lea,
    (REX, TEST): immediate,
    (REX, BINARY): immediate,
}
"""LLD prefers the distance, and leaves what is not marked alone."""

GNU_32: Mapping[tuple[str, str], Form] = {
    **_BRANCHES,
    **{(X, op): immediate for op in (MOV, TEST, BINARY)},
}
"""i386 with GNU ld: `mov foo@GOT(%ebx), %eax` -> `mov $foo, %eax`; LLD rewrites nothing there."""

_DISTANCES: Mapping[tuple[str, str], Form] = {**_BRANCHES, (X, MOV): lea, (REX, MOV): lea}

GNU_64_MOVING: Mapping[tuple[str, str], Form] = {**_DISTANCES, (PLAIN, MOV): lea}
LLD_64_MOVING = _DISTANCES
"""In a program that runs anywhere only distances are known."""

GNU_32_MOVING: Mapping[tuple[str, str], Form] = {**_BRANCHES, (X, MOV): from_table}
"""i386 code has the table's own address in a register, to which it can add the distance."""

MARKS_64 = {9: PLAIN, 41: X, 42: REX}
"""R_X86_64_GOTPCREL, GOTPCRELX, REX_GOTPCRELX."""

MARKS_32 = {43: X}
"""R_386_GOT32X."""


FORMS: Mapping[tuple[str, int, bool], Mapping[tuple[str, str], Form]] = {
    ("gnu", 8, False): GNU_64,
    ("gnu", 8, True): GNU_64_MOVING,
    ("gnu", 4, False): GNU_32,
    ("gnu", 4, True): GNU_32_MOVING,
    ("lld", 8, False): LLD_64,
    ("lld", 8, True): LLD_64_MOVING,
    ("lld", 4, False): {},
    ("lld", 4, True): {},
}
"""What each linker does, by bytes in an address; the last says that the symbol moves."""


def rewrite_load(
    content: Buffer,
    place: int,
    kind: int,
    addend: int,
    word: int,
    dialect: str,
    moves: bool = False,
    padding: CallPadding = USUAL_PADDING,
) -> Rewrite | None:
    """What a load through the table becomes when its symbol is at a known place, or None.

    content: of the section; place: offset of the relocation; kind, addend: its type and addend;
    word: bytes in an address of the machine; dialect: "gnu" or "lld";
    moves: the address is not known, only distances are; padding: of direct calls.
    """
    if word == 8:
        mark = MARKS_64.get(kind)
        forms, types, start = FORMS[dialect, word, moves], X86_64_TYPES, -4
    else:
        mark = MARKS_32.get(kind)
        forms, types, start = FORMS[dialect, word, moves], I386_TYPES, 0
    if mark is None or addend != start or place < (3 if mark == REX else 2):
        return None
    rex = content[place - 3] if mark == REX else 0
    load = Load(place, content[place - 2], content[place - 1], rex)
    form = forms.get((mark, load.operation))
    if form is None:
        return None
    rewrite = form(load, types)
    if form is direct_call:
        rewrite = padded(rewrite, padding)
    if dialect == "lld" and form is immediate:  # it takes what fits a signed number, REX.W or not
        rewrite = rewrite._replace(type=types.signed_number)
    return rewrite


def is_distance(rewrite: Rewrite) -> bool:
    """Whether a rewritten load holds the distance to its symbol, not the address."""
    return rewrite.addend != 0


def has_no_base(content: Buffer, place: int) -> bool:
    """Whether an i386 instruction with a displacement at `place` has no base register, so that the
    displacement is an address: ModRM says mod 0, r/m 5."""
    return place > 0 and content[place - 1] & 0xC7 == 0x05
