"""Where `--change-section-*` of pyobjcopy puts sections: several options on one section.

Every answer was read off GNU objcopy 2.40 with `objdump -h`.
"""

from __future__ import annotations

import pytest

import fixtures
from pylink86.cli.objcopy import run_tool
from pylink86.diag import LinkError
from pylink86.formats.elf_read import read_elf
from pylink86.ops.addresses_gnu import entries, entry_for
from pylink86.ops.plan import Plan


class Sec:
    """A section as far as an entry looks at it."""

    def __init__(self, was: str) -> None:
        self.was = was


def placed(words: str) -> dict[str, int]:
    """`vma.foo+0x10 lma!.foo=4` -> where .foo, which was at 0x300000, is put."""
    rows = []
    for word in words.split():
        which = next(name for name in ("address", "vma", "lma") if word.startswith(name))
        at = max(word.rfind(sign) for sign in "=+-")
        rows.append((which, word[len(which) : at], word[at], int(word[at + 1 :], 16)))
    known = entries(Plan(change_section=tuple(rows)))
    found = {}
    for field in ("addr", "lma"):
        entry = entry_for(Sec(".foo"), field, known)
        found[field] = entry.moved(field, 0x300000) if entry else 0x300000
    return found


@pytest.mark.parametrize(
    ("words", "vma", "lma"),
    [
        ("vma.foo+10 address.foo=20", 0x20, 0x20),
        ("lma.foo+10 lma.foo=20", 0x300000, 0x300020),
        ("lma.foo+10 vma.foo=20 lma.foo+30", 0x20, 0x300030),
        ("address.foo+10 vma.foo+20", 0x300020, 0x300010),
        # The entry of .foo is older than that of .f*, whatever is added to it later.
        ("lma.foo+1 vma.f*=20 vma.foo+5", 0x20, 0x300001),
        ("address.foo+1 vma.f*=3", 3, 0x300001),
        # An exception counts, however old it is.
        ("vma!.foo+1 lma.f*=20 vma.f*+5", 0x300000, 0x20),
        ("vma.foo+5 lma!.foo+1 lma.foo+4", 0x300005, 0x300000),
    ],
)
def test_of_several_options_one_decides(words: str, vma: int, lma: int):
    assert placed(words) == {"addr": vma, "lma": lma}


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("address.foo=1000 vma.foo+10", "VMA"),
        ("address.foo=1000 lma.foo-20", "LMA"),
        ("vma.f*+10 vma.f*=8 vma.f*+9", "VMA"),
    ],
)
def test_adding_after_setting_is_an_error(words: str, what: str):
    with pytest.raises(LinkError, match=f"both sets and alters {what}"):
        placed(words)


def test_patterns_of_other_options_are_as_old_as_these(tmp_path, capfd):
    """--keep-section .data names the pattern first, so `.d*` is the newer entry and counts."""
    source, target = tmp_path / "in.o", tmp_path / "out.o"
    source.write_bytes(fixtures.path("c64_clang_g").read_bytes())
    words = ["--keep-section", ".text", "--change-section-vma", ".t*=7"]
    words += ["--change-section-vma", ".text=9", str(source), str(target)]
    assert run_tool(words, "pyobjcopy", strip=False) == 0
    assert "--change-section-vma .text=0x9 never used" not in capfd.readouterr().err
    made = read_elf(target.read_bytes(), "out")
    assert made.sections.addr[made.sections.names.index(".text")] == 7
