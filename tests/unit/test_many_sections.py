"""Many sections: the work grows with their number, not with its square.

The bounds of time are far from what a link takes (a second or two) and far below what it took when
every section looked at all others (minutes)."""

from __future__ import annotations

from time import process_time

import pytest

from pylink86 import elf_const as c
from pylink86 import link
from pylink86.model import Header, ObjectFile, SectionRow, Sections
from pylink86.passes.ordering.chain import Chain


def crowd(many: int, *, alike: bool = False, kind: int = c.SHT_PROGBITS) -> ObjectFile:
    """An object of sections that no script names, each of one byte."""
    rows = [
        SectionRow("same" if alike else f"s{i}", kind, c.SHF_ALLOC, size=1, align=1 << i % 3)
        for i in range(many)
    ]
    sections = Sections.from_rows(rows)
    header = Header(64, c.EM_X86_64)
    return ObjectFile("crowd.o", header, sections, (b"", *(b"\x90" for _ in rows)))


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize("kind", ["data", "notes", "alike"])
def test_ten_thousand_orphans(dialect: str, kind: str):
    """GNU ld's rules once took half a minute for these."""
    began = process_time()
    note = c.SHT_NOTE if kind == "notes" else c.SHT_PROGBITS
    result = link([crowd(10_000, alike=kind == "alike", kind=note)], dialect=dialect)
    made = sum(s.size == 1 for s in result.sections.values())
    assert made == (0 if kind == "alike" else 10_000)
    assert process_time() - began < 20


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_thousands_of_output_sections(dialect: str):
    began = process_time()
    many = 3000
    lines = (
        f".o{i} : {{ *(s{i}) at{i} = SIZEOF(.o{(i + 1) % many}); LONG(ADDR(.o{i})) }}"
        for i in range(many)
    )
    script = f"SECTIONS {{ . = 0x1000; {' '.join(lines)} }}"
    result = link([crowd(many)], script, dialect=dialect, oformat="binary")
    assert len(result.sections) >= many
    assert process_time() - began < 20


def test_a_chain_is_a_list():
    words = ["b", "d"]
    chain = Chain(words)
    chain.insert_behind("b", "c")
    chain.insert_behind(None, "a")
    chain.insert_before("d", "cc")
    chain.insert_before(None, "e")
    assert list(chain) == ["a", "b", "c", "cc", "d", "e"]
    assert list(reversed(chain)) == ["e", "d", "cc", "c", "b", "a"]
    assert list(chain.from_behind("cc")) == ["d", "e"]
    assert list(chain.back_from("c")) == ["c", "b", "a"]
    assert chain.next_of("c") == "cc"
    assert chain.next_of(None) == "a"
    assert chain.next_of("e") is None
    assert chain.first(["e", "c", "d"]) == "c"
    assert "c" in chain
    assert "nobody" not in chain
