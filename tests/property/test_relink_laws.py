"""A Linker's result is that of a link from scratch, whatever changed in between."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pylink86 import Linker, LinkError, link
from pylink86.formats import read_bytes
from tests.bench.inputs import generated
from tests.oracle.objects import Obj, Reloc, Sec, Sym

OBJECTS = Path(__file__).parents[2] / "fixtures" / "objects"
LAYOUT = OBJECTS.parent / "layouts/prefixed.ld"


def odd_object() -> bytes:
    """What a linker reads while it links: strings, debug data, a note, a GOT load; and plain data
    and code."""
    kind = "R_X86_64_"
    sections = (
        Sec(".text", "ax", data=b"\x48\x8b\x05" + bytes(13), relocs=(
            Reloc(3, kind + "GOTPCREL", "shared", -4), Reloc(8, kind + "PC32", 2, 0),
        )),
        Sec(".rodata.str1.1", "aMS", entsize=1, data=b"one\0two\0one\0"),
        Sec(".data", "wa", data=bytes(16), relocs=(Reloc(8, kind + "64", "shared"),)),
        Sec(".rodata", "a", data=b"\x02\xb0\xad\x1b" * 4),
        Sec(".debug_info", "", data=bytes(16), relocs=(Reloc(0, kind + "64", "start"),)),
        Sec(".note.x", "a", "note", 4, data=bytes(16)),
        Sec(".discarded", "a", data=bytes(8)),
    )  # fmt: skip
    symbols = (Sym("start", "global", "func", 1), Sym("shared", "global", "object", 3, 4, 8))
    return Obj("odd.o", "x86_64", sections, symbols).encode()


INPUTS = {
    "plain": [generated(number, 3).encode() for number in range(3)],
    "odd": [odd_object(), generated(0, 1).encode()],
    "image": [
        (OBJECTS / name).read_bytes() for name in ("rust_hello_O2_pic.o", "boot_long_elf64.o")
    ],
}
LAYOUTS = {
    "plain": None,
    "odd": "SECTIONS { . = 0x1000; .all : { *(.text .text.* .data .data.*) } /DISCARD/ : "
    "{ *(.discarded) } }",
    "image": str(LAYOUT),
}
ENTRIES = {"plain": "f0_0", "odd": "start", "image": ""}

changes = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1 << 20), st.integers(1, 255)),
    min_size=1,
    max_size=3,
)


def outcome(linked, *args, **options):
    """The bytes and what is said of them."""
    try:
        result = linked(*args, **options)
    except LinkError as problem:
        return [(d.slug, d.message, d.place) for d in problem.diagnostics]
    said = [(d.slug, d.message, d.place) for d in result.diagnostics]
    return result.image, result.entry, result.symbols, said


def inside_of_sections(data: bytes) -> list[int]:
    """Where contents lie that are more likely to matter than headers."""
    sections = read_bytes(data).sections
    return [
        offset + at
        for kind, offset, size in zip(sections.type, sections.offset, sections.size)
        if kind == 1
        for at in range(size)
    ]


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(INPUTS)),
    dialect=st.sampled_from(("gnu", "lld")),
    oformat=st.sampled_from(("", "binary")),
    collects=st.booleans(),
    anywhere=st.booleans(),
    rounds=st.lists(changes, min_size=1, max_size=3),
)
def test_linking_again_is_linking(name, dialect, oformat, collects, anywhere, rounds):
    contents = [bytearray(data) for data in INPUTS[name]]
    asked = {"dialect": dialect, "oformat": oformat, "gc_sections": collects}
    asked["entry"] = ENTRIES[name]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number}.o") for number in range(len(contents))]
        for path, data in zip(paths, contents):
            path.write_bytes(data)
        linker = Linker()
        outcome(linker.link, paths, LAYOUTS[name], **asked)
        for changed in rounds:
            for number, at, flip in changed:
                number %= len(contents)
                places = inside_of_sections(INPUTS[name][number])
                at = at % len(contents[number]) if anywhere else places[at % len(places)]
                contents[number][at] ^= flip
                paths[number].write_bytes(contents[number])
            again = outcome(linker.link, paths, LAYOUTS[name], **asked)
            assert again == outcome(link, paths, LAYOUTS[name], **asked)
