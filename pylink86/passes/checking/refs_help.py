"""Why a reference leads nowhere or does not fit, and what people do about it in boot images.

Read only when there is such a reference: a table of the names compilers ask for by themselves, the
nearest spelling, the mangled twin, and what 8- and 16-bit code does where 32 bits would do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ... import elf_const as c
from ...arch.reloc import PC, PLT, Row
from ..names.mangled import crate_of, source_name
from ..near import nearest
from ..placement import Placement
from ..placing.counts import sector_counts
from .refs import signed_hex, symbol_name

if TYPE_CHECKING:
    from .refs import Misfit

# References to what nobody defines

MEMORY = (
    "compilers call it by themselves, and without a C library nobody has it: write it, or for Rust "
    "link compiler_builtins with its feature `mem'"
)
LIBGCC = (
    "64-bit arithmetic in 32-bit code calls it: link the file that `gcc -m32 "
    "-print-libgcc-file-name' names"
)
UNWIND = 'stack unwinding wants it: build with -C panic=abort (Cargo.toml: panic = "abort")'
BOUNDARY = (
    "it marks the start or end of a section: write it into the script, such as `_end = .;' behind "
    "the last section"
)
ASKED_FOR_BY_COMPILERS = {
    **dict.fromkeys(
        ("_end", "end", "_edata", "edata", "_etext", "etext", "__bss_start", "__bss_end",
         "__bss_stop", "__executable_start"),
        BOUNDARY,
    ),
    **dict.fromkeys(("memcpy", "memset", "memmove", "memcmp", "bcmp", "strlen"), MEMORY),
    **dict.fromkeys(
        ("__divdi3", "__moddi3", "__udivdi3", "__umoddi3", "__udivmoddi4", "__divmoddi4",
         "__muldi3", "__ashldi3", "__ashrdi3", "__lshrdi3"),
        LIBGCC,
    ),
    **dict.fromkeys(("rust_eh_personality", "_Unwind_Resume"), UNWIND),
    "__stack_chk_fail": "gcc's stack protector wants it: compile with -fno-stack-protector",
    "_GLOBAL_OFFSET_TABLE_": "position-independent code wants it: compile with -fno-pic -fno-pie "
    "(gcc, clang) or -C relocation-model=static (rustc)",
    "__tls_get_addr": "thread-local variables want it: a boot image has no threads",
    "rust_begin_unwind": "it is what #[panic_handler] makes: write one in the crate",
}  # fmt: skip
"""Names that no source file defines, and whose fault they are."""

PRECOMPILED = frozenset({"core", "alloc", "std", "compiler_builtins"})

DEFINE = "link the object that defines it, or define it in the script or with --defsym"


def undefined_help(name: str, placed: Placement) -> list[str]:
    """What to do about a name nobody defines: what is known of it, what it is near to."""
    if name in ASKED_FOR_BY_COMPILERS:
        return [ASKED_FOR_BY_COMPILERS[name]]
    if crate_of(name) in PRECOMPILED:
        return [
            f"it is in Rust's precompiled `{crate_of(name)}': link its .rlib too, which rustc does "
            "by itself when it calls the linker (-C linker=pylink86-ld)"
        ]
    known = [*placed.addresses.resolution.definer, *placed.symbols]
    twin = _twin(name, placed)
    if twin:
        return [twin, DEFINE]
    hidden = next((file for file, local, _ in _locals(placed) if local == name), None)
    if hidden is not None:
        return [
            f"{hidden} has `{name}', but keeps it to itself: `global {name}' (nasm), "
            f"`.globl {name}' (gas), or no `static' (C)"
        ]
    near = nearest(name, known)
    return [*([f"did you mean `{near}'?"] if near is not None else []), DEFINE]


def _twin(name: str, placed: Placement) -> str | None:
    """The same function under the name that Rust or C++ gave it."""
    found: tuple[str, str] | None = None
    for known in placed.addresses.resolution.definer:
        if known.startswith(("_R", "_Z")) and (source_name(known) or ("", ""))[1] == name:
            found = known, source_name(known)[0]  # type: ignore[index]
            break
    else:
        for _, local, kind in _locals(placed):
            if kind == c.STT_FUNC and local.startswith(("_R", "_Z")):
                origin = source_name(local)
                if origin is not None and origin[1] == name:
                    found = local, origin[0]
                    break
    if found is None:
        return None
    if found[1] == "rust":
        return (
            f"`{found[0]}' is this function under Rust's mangled name: put #[unsafe(no_mangle)] "
            '(before edition 2024: #[no_mangle]) on it, and pub extern "C"'
        )
    return f"`{found[0]}' is this function under C++'s mangled name: declare it extern \"C\""


def _locals(placed: Placement) -> Iterator[tuple[str, str, int]]:
    """(file, name, type) of every local symbol that is defined."""
    resolution = placed.addresses.resolution
    for number, obj in enumerate(resolution.files[:-1]):
        symbols = obj.symbols
        for index in range(1, resolution.first_global[number]):
            kind = symbols.info[index] & 0xF
            if symbols.shndx[index] > 0 and kind not in (c.STT_SECTION, c.STT_FILE):
                yield obj.name, symbols.name(index), kind


# Values that do not fit


def misfit_facts(
    placed: Placement, slug: str, name: str, found: Misfit
) -> tuple[str, list[str], list[str]]:
    """Message, notes and help for a value that does not fit its field."""
    row, (lo, hi), bits = found.row, found.range, 8 * found.row.width
    value = found.value
    if row.kind not in (PC, PLT) and value < -(1 << 30):
        value &= (1 << 64) - 1  # an address in the upper half, as people write it
    notes = [
        f"the value is {signed_hex(value)}; {row.name} ({row.formula}, {bits} bits) takes "
        f"{signed_hex(lo)} to {signed_hex(hi)}",
        *_target(placed, found.place[0], found.symbol),
    ]
    help_ = _cure(row, name)
    if row.width == 1 and name in sector_counts(placed):
        file, index, offset = found.place
        obj = placed.addresses.resolution.files[file]
        notes[0] = (
            f"{name} is {found.value} sectors, the 8-bit operand at {obj.name}:"
            f"({obj.sections.names[index]}+{offset:#x}) counts at most 255"
        )
        notes[1:] = ["a BIOS reads at most 127 sectors in one call"]
        help_ = [
            "keep the count in 16 bits (mov cx, " + name + ") and read in a loop of small calls",
            "or let a bundled sector load the stage, up to 961 sectors: pyld --boot-sector=long",
        ]
    if slug == "reloc-overflow":
        return f"relocation truncated to fit: {row.name} against `{name}'", notes, help_
    low = found.value & ((1 << bits) - 1)
    notes.append(f"written is {low:#x}, which reads back as {low:#x} or {low - (1 << bits)}")
    return f"{row.name} against `{name}' is written cut short", notes, help_


def _target(placed: Placement, file: int, symbol: int) -> list[str]:
    """Which output section put the target where it is."""
    where = placed.addresses
    first = where.resolution.first_global[file]
    if symbol >= first:
        name = where.resolution.global_names[file][symbol - first]
        if name in placed.symbols:
            return [
                f"`{name}' is set by the script to {signed_hex(placed.symbols[name].absolute())}"
            ]
        file, symbol = where.resolution.definer.get(name, (file, symbol))
    found = where.of_symbol(file, symbol) if symbol else None
    if found is None or isinstance(found, int):
        return []
    section = placed.sections[found[0]]
    name = symbol_name(where.resolution.files[file], symbol)
    forgotten = "" if section.plan.node is not None else ", and which the script does not place"
    return [
        f"`{name}' is at {section.vma + found[1]:#x}, in output section `{section.name}' which "
        f"starts at {section.vma:#x}{forgotten}"
    ]


def _cure(row: Row, name: str) -> list[str]:
    """What to change, by the width of the field and whether it holds a distance."""
    return CURES[row.width, row.kind in (PC, PLT)](name)


CURES = {
    (1, False): lambda name: [
        "use an operand of 16 bits or more, or make the value fit (-128 to 255)"
    ],
    (1, True): lambda name: [f"a short jump reaches 127 bytes: write `jmp near {name}'"],
    (2, False): lambda name: [
        f"16-bit code with segment 0 reaches addresses below 0x10000: place `{name}' there",
        f"or reach it through a segment: `{name}_seg = {name} >> 4;' in the script, mov ax, "
        f"{name}_seg, mov ds, ax, and offset {name} & 15",
        f"a jump into 32-bit code wants a 32-bit offset: jmp dword 0x08:{name}",
    ],
    (2, True): lambda name: [
        f"a 16-bit jump or call stays within 64 KiB: place `{name}' nearer, or jump far, into "
        f"32-bit code with jmp dword 0x08:{name}"
    ],
    (4, False): lambda name: [
        f"a 32-bit field holds addresses below 4 GiB: place `{name}' there",
        "or compile for high addresses: -mcmodel=kernel for the top 2 GiB, else -mcmodel=large "
        "(rustc: -C code-model=kernel or large)",
    ],
    (4, True): lambda name: [
        "a 32-bit distance reaches 2 GiB: place the two nearer to each other, or compile with "
        "-mcmodel=large (rustc: -C code-model=large)"
    ],
    (8, False): lambda name: ["give it a smaller value"],
    (8, True): lambda name: ["place the target nearer"],
}
"""By width in bytes and whether the field is relative to its place: what people do instead."""
