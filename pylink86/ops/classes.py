"""From ELF32 to ELF64 and back, so that the object still means the same.

People convert a 32-bit stage to link it with 64-bit code.  i386 objects keep the addend of a
relocation in the bytes it patches (SHT_REL), x86-64 objects beside it (SHT_RELA), and the numbers
of
relocation types differ.  GNU objcopy changes neither the kind of table nor moves an addend, and
llvm-objcopy keeps even the numbers: both write objects that link to wrong code without a word
(measured).  Here addends move, types are translated by what they do, and what has no counterpart,
or
a number that does not fit, is an error.

Source: psABI i386 and x86-64, their tables of relocation types.
"""

from __future__ import annotations

from .. import elf_const as c
from .assemble import packed_relocations
from .draft import RELOC, Relocs, complain, drop
from .inputs import OSABI, TARGETS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft, Sec

SAME = (
    # i386, x86-64, bytes patched
    (0, 0, 0),  # NONE
    (1, 10, 4),  # 32
    (2, 2, 4),  # PC32
    (4, 4, 4),  # PLT32
    (20, 12, 2),  # 16
    (21, 13, 2),  # PC16
    (22, 14, 1),  # 8
    (23, 15, 1),  # PC8
    (38, 32, 4),  # SIZE32
)
"""Relocation types that do the same in both worlds."""

TO_X86_64 = {i386: (x86_64, width) for i386, x86_64, width in SAME}
TO_I386 = {x86_64: (i386, width) for i386, x86_64, width in SAME} | {11: (1, 4)}
"""R_X86_64_32S (11) is a 32-bit address too; that it is sign-extended means nothing at 32 bits."""


def convert_class(draft: Draft, target: str, *, llvm: bool = False) -> None:
    """Make the draft a file of that format (and system, in llvm-objcopy); cannot-convert when it
    would not mean the same."""
    elf_class, machine = TARGETS[target]
    draft.osabi = OSABI.get(target, 0) if llvm else draft.osabi
    old_machine = draft.machine
    if (elf_class, machine) == (draft.elf_class, old_machine):
        return
    narrow = elf_class < draft.elf_class
    if narrow:
        _check_fits(draft)
    # The property note is made of 4-byte or 8-byte words, and only a promise to a loader.
    drop(draft, lambda sec: sec.name == ".note.gnu.property" and draft.relocatable)
    draft.elf_class, draft.machine = elf_class, machine
    for sec in draft.secs:
        if sec.role != RELOC or sec.relocs is None:
            continue
        if {machine, old_machine} == {c.EM_386, c.EM_X86_64}:
            convert = _to_rela if machine == c.EM_X86_64 else _to_rel
            sec.relocs = convert(sec, sec.relocs, draft)
        _encode_anew(draft, sec)


def _encode_anew(draft: Draft, sec: Sec) -> None:
    """The table's bytes are of the other class: have them made from its columns."""
    assert sec.relocs is not None
    with_addend = sec.relocs.with_addend
    sec.type = c.SHT_RELA if with_addend else c.SHT_REL
    old = ".rela" if sec.name.startswith(".rela") else ".rel"
    if sec.name.startswith(old):
        sec.name = (".rela" if with_addend else ".rel") + sec.name[len(old) :]
    sec.entsize = draft.word * (3 if with_addend else 2)
    sec.data = b""
    sec.size = sec.relocs.count * sec.entsize


def _check_fits(draft: Draft) -> None:
    """Addresses, sizes and values must be numbers of 32 bits."""
    top = 1 << 32
    if draft.entry >= top:
        _refuse(draft, f"its entry is {draft.entry:#x}")
    for sec in draft.secs:
        if sec.addr + sec.size > top:
            _refuse(draft, f"section {sec.name} reaches to {sec.addr + sec.size:#x}")
        if max(sec.size, sec.align, sec.entsize) >= top:
            _refuse(draft, f"section {sec.name} has {sec.size:#x} bytes, aligned to {sec.align:#x}")
    for sym in draft.syms:
        if sym.value >= top or sym.size >= top:
            _refuse(draft, f"symbol {sym.name} is {sym.value:#x}, {sym.size:#x} bytes")
    for seg in draft.segs:
        if max(seg.vaddr, seg.paddr) + seg.memsz > top or max(seg.memsz, seg.align) >= top:
            _refuse(draft, f"a segment reaches to {max(seg.vaddr, seg.paddr) + seg.memsz:#x}")


def _refuse(draft: Draft, why: str) -> None:
    complain(
        "cannot-convert",
        f"{draft.name} does not fit in a 32-bit file: {why}",
        place=draft.name,
        help=["link it at addresses below 4 GiB"],
    )


def _to_rela(sec: Sec, relocs: Relocs, draft: Draft) -> Relocs:
    """Addends out of the patched bytes, which become zero."""
    target = sec.target
    content = bytearray(target.data if target is not None else b"")
    types, addends = [], []
    offsets, kinds, symbols, _ = relocs.columns()
    for offset, kind, given in zip(offsets, kinds, _addends(relocs)):
        new, width = _translated(TO_X86_64, kind, sec, offset, draft, c.EM_386)
        addend = given
        if not relocs.with_addend and width:
            _check_inside(offset, width, content, sec, draft)
            addend = int.from_bytes(content[offset : offset + width], "little", signed=True)
            content[offset : offset + width] = bytes(width)
        types.append(new)
        addends.append(addend)
    if target is not None and target.type != c.SHT_NOBITS and not relocs.with_addend:
        target.data = bytes(content)
    table = packed_relocations(zip(offsets, types, symbols, addends), draft, True)
    return Relocs(table, draft.elf_class, True)


def _to_rel(sec: Sec, relocs: Relocs, draft: Draft) -> Relocs:
    """Addends into the bytes that will be patched."""
    target = sec.target
    content = bytearray(target.data if target is not None else b"")
    types = []
    offsets, kinds, symbols, _ = relocs.columns()
    for offset, kind, addend in zip(offsets, kinds, _addends(relocs)):
        new, width = _translated(TO_I386, kind, sec, offset, draft, c.EM_X86_64)
        types.append(new)
        if not relocs.with_addend or not width:
            continue
        _check_inside(offset, width, content, sec, draft)
        if not -(1 << 8 * width - 1) <= addend < 1 << 8 * width:
            complain(
                "cannot-convert",
                f"{_place(sec, offset, draft)}: the addend {addend:#x} does not fit in the "
                f"{width} bytes it is kept in",
                place=draft.name,
            )
        content[offset : offset + width] = (addend & (1 << 8 * width) - 1).to_bytes(width, "little")
    if target is not None and target.type != c.SHT_NOBITS:
        target.data = bytes(content)
    table = packed_relocations(zip(offsets, types, symbols), draft, False)
    return Relocs(table, draft.elf_class, False)


def _addends(relocs: Relocs) -> tuple[int, ...]:
    addend = relocs.columns()[3]
    return (0,) * relocs.count if addend is None else addend


def _check_inside(offset: int, width: int, content: bytearray, sec: Sec, draft: Draft) -> None:
    if offset + width > len(content):
        complain(
            "bad-object",
            f"{_place(sec, offset, draft)}: the relocation lies outside its section",
            place=draft.name,
        )


def _place(sec: Sec, offset: int, draft: Draft) -> str:
    return f"{draft.name}({sec.target.name if sec.target is not None else ''}+{offset:#x})"


def _translated(
    table: dict[int, tuple[int, int]], kind: int, sec: Sec, offset: int, draft: Draft, machine: int
) -> tuple[int, int]:
    """The type's counterpart and its width; cannot-convert when it has none."""
    found = table.get(kind)
    if found is not None:
        return found
    from ..arch import reloc_name

    name = reloc_name(machine, kind)
    return complain(
        "cannot-convert",
        f"{_place(sec, offset, draft)}: {name} has no counterpart in the other class",
        place=draft.name,
        help=["pylink86 links objects of both classes in one image: no conversion is needed"],
    )
