""".note.gnu.property of several files in one link, whole files against both peers."""

from __future__ import annotations

import pytest

from .twins import assemble, assert_same_file, compile_c

pytestmark = pytest.mark.peer

STACK = '.section .note.GNU-stack,"",@progbits\n'


def note(*words: str) -> str:
    """A file with one property note; words: of its properties."""
    return (
        f'{STACK}.section .note.gnu.property,"a",@note\n.balign 8\n.long 4, 2f-1f, 5\n'
        f'.asciz "GNU"\n1:\n' + "".join(f".long {word}\n" for word in words) + "2:\n"
    )


START = f"{STACK}.text\n.globl _start\n_start: ret\n"
IBT = note("0xc0000002, 4, 1, 0")
BOTH = note("0xc0000002, 4, 3, 0")
SHADOW = note("0xc0000002, 4, 2, 0")
NEEDS = note("0xc0008002, 4, 1, 0", "0xc0010002, 4, 3, 0")
NEEDS_MORE = note("0xc0008002, 4, 4, 0", "0xc0010002, 4, 5, 0")
SIZES = note("1, 8, 0x1000, 0", "2, 0", "0xb0000000, 4, 5, 0", "0xb0008000, 4, 1, 0")
MORE_SIZES = note("1, 8, 0x2000, 0", "0xb0000000, 4, 3, 0", "0xc0000002, 4, 0, 0")
BROKEN = note("0xc0000002, 8, 1, 0")

GROUPS = {
    "agree": [BOTH, BOTH],
    "some-agree": [IBT, BOTH, BOTH],
    "disagree": [IBT, SHADOW],
    "one-lacks": [IBT, START],
    "lacks-first": [START, BOTH],
    "needs": [NEEDS, NEEDS_MORE],
    "needs-and-lacks": [START, NEEDS, NEEDS_MORE],
    "sizes": [SIZES, MORE_SIZES],
    "sizes-and-lacks": [START, MORE_SIZES, SIZES],
}


@pytest.mark.parametrize("options", [[], ["-r"]], ids=["link", "relink"])
@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_notes_are_joined(dialect, name, options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sources = [*GROUPS[name]]
    if START not in sources:
        sources[0] += START.removeprefix(STACK)
    objects = [assemble(tmp_path / f"{n}.o", text) for n, text in enumerate(sources)]
    assert_same_file(dialect, [*options, *objects], tmp_path)


def test_what_cannot_be_read_stays_in_gnu_ld(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sources = [START + BROKEN.removeprefix(STACK), BOTH]
    objects = [assemble(tmp_path / f"{n}.o", text) for n, text in enumerate(sources)]
    assert_same_file("gnu", objects, tmp_path)


def test_a_note_that_leaves_aligns_nothing(tmp_path, monkeypatch):
    """What follows its output section begins where the section in front of it ended."""
    monkeypatch.chdir(tmp_path)
    odd = START + '.section .note.x, "a", @note\n.byte 1, 2, 3\n'
    objects = [assemble(tmp_path / f"{n}.o", text) for n, text in enumerate((odd, BOTH))]
    script = tmp_path / "t.ld"
    script.write_text(
        "SECTIONS { . = 0x100000; .text : { *(.text) } .x : { *(.note.x) }"
        " .note : { *(.note.*) } end = .; .data : { *(.data) LONG(end) } }"
    )
    assert_same_file("gnu", ["-T", "t.ld", *objects], tmp_path)


@pytest.mark.parametrize("flags", [(), ("-m32", "-fno-pic")], ids=["64", "32"])
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_gcc_with_protection(dialect, flags, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quiet = ("-ffreestanding", "-fno-asynchronous-unwind-tables", "-O1", *flags)
    objects = [
        compile_c(tmp_path / "a.o", "void _start(void) {}", *quiet, "-fcf-protection=full"),
        compile_c(tmp_path / "b.o", "int f(void) { return 1; }", *quiet, "-fcf-protection=branch"),
    ]
    machine = ["-m", "elf_i386"] if flags else []
    assert_same_file(dialect, [*machine, *objects], tmp_path)


@pytest.mark.parametrize("more", [[], ["-z", "ibt"], ["-r"]])
@pytest.mark.parametrize("name", GROUPS)
def test_access_through_the_table(name, more, tmp_path, monkeypatch):
    """-z indirect-extern-access adds a property to what the inputs say."""
    monkeypatch.chdir(tmp_path)
    sources = [*GROUPS[name]]
    if START not in sources:
        sources[0] += START.removeprefix(STACK)
    objects = [assemble(tmp_path / f"{n}.o", text) for n, text in enumerate(sources)]
    assert_same_file("gnu", ["-z", "indirect-extern-access", *more, *objects], tmp_path)
