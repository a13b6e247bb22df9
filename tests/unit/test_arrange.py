"""What a script stands for, written out: overlays, insertions, options; and what nobody obeys."""

from __future__ import annotations

import pytest

from pylink86 import LinkError, link
from pylink86 import elf_const as c
from pylink86.dialect import GNU, LLD
from pylink86.passes.matching.sorting import sorted_sections, words_of
from pylink86.passes.names.versions import version_locals
from pylink86.passes.reading.overlay import expand_overlays
from pylink86.passes.reading.scripts import ScriptFile
from pylink86.script import nodes as n
from pylink86.script.parser import parse_script
from pylink86.script.unparse import unparse
from tests.oracle.objects import Obj, Sec, Sym

CODE = Obj(
    "a.o",
    "x86_64",
    (Sec(".text", "ax", data=b"\x90\xc3"), Sec(".data", "wa", data=b"\x01\x02")),
    (Sym("one", "global", "func", 1, 0), Sym("two", "global", "func", 1, 1)),
).encode()


def items_of(text: str) -> tuple[n.SectionsItem, ...]:
    command = parse_script(text).commands[0]
    assert isinstance(command, n.SectionsCommand)
    return command.items


def test_an_overlay_is_sections_at_one_address() -> None:
    items = expand_overlays(
        items_of("SECTIONS { OVERLAY 0x2000 : AT(0x100) { .a { } .b { } } > ram =0x90 }")
    )
    first, second = (i for i in items if isinstance(i, n.OutputSection))
    assert first.address == n.Number(0x2000, "0x2000")
    assert second.address == n.Call("ADDR", ".a")
    assert second.at is None  # placing knows that members are loaded one behind the other
    assert first.region == second.region == "ram"
    assert first.fill == second.fill
    names = [i.name for i in items if isinstance(i, n.Assignment)]
    assert names == [
        "__load_start_a", "__load_stop_a", "__load_start_b", "__load_stop_b", ".",
    ]  # fmt: skip


def test_an_overlay_of_nothing_leaves_nothing() -> None:
    assert expand_overlays(items_of("SECTIONS { OVERLAY 0x2000 : { } }")) == ()


def test_what_an_overlay_stands_for_is_a_script() -> None:
    items = expand_overlays(items_of("SECTIONS { OVERLAY 0x2000 : { .a { *(.a) } .b { } } }"))
    script = n.Script((n.SectionsCommand(items),))
    assert unparse(parse_script(unparse(script))) == unparse(script)


@pytest.mark.parametrize("word", ["INHIBIT_COMMON_ALLOCATION", 'LD_FEATURE("X")', "TARGET(vax)"])
def test_a_command_that_nobody_obeys_is_an_error(word: str) -> None:
    with pytest.raises(LinkError) as caught:
        link([CODE], f"{word} SECTIONS {{ .text 0x1000 : {{ *(.text .data) }} }}")
    assert [d.slug for d in caught.value.diagnostics] == ["script-not-supported"]


def test_a_name_under_local_is_a_local_symbol_in_lld() -> None:
    text = "VERSION { { local: two; }; } SECTIONS { .text 0x1000 : { *(.text .data) } }"
    for dialect, binding in (("lld", c.STB_LOCAL), ("gnu", c.STB_GLOBAL)):
        file = link([CODE], text, dialect=dialect, oformat="elf64-x86-64").object_file
        assert file.symbol("one").binding == c.STB_GLOBAL
        assert file.symbol("two").binding == binding


@pytest.mark.parametrize(
    ("text", "name", "local"),
    [
        ("{ global: a; local: *; };", "a", False),
        ("{ global: a; local: *; };", "b", True),
        ("{ global: *; local: a; };", "a", True),
        ("{ global: a*; local: a; };", "a", True),
        ("V1 { global: a; local: b*; }; V2 { global: c*; local: *; } V1;", "cc", False),
        ("V1 { global: a; local: b*; }; V2 { global: c*; local: *; } V1;", "bb", True),
        ("V1 { global: b*; }; V2 { local: bb*; };", "bbb", True),
    ],
)
def test_exact_names_count_before_patterns_and_those_before_a_star(
    text: str, name: str, local: bool
) -> None:
    script = ScriptFile(parse_script(f"VERSION {{ {text} }}").commands)
    is_local = version_locals(script, LLD)
    assert is_local is not None
    assert is_local(name) == local
    assert version_locals(script, GNU) is None


def test_reverse_turns_round_and_keeps_ties() -> None:
    pattern = n.SectionPattern("*", sort=("SORT_BY_NAME",), reverse=True)
    names = ["b", "a", "b", "c"]
    assert sorted_sections(range(4), pattern, lambda sid: (names[sid],)) == [3, 0, 2, 1]
    assert words_of(n.SectionPattern("*", reverse=True)) == ("SORT_BY_NAME",)
    assert words_of(n.SectionPattern("*", sort=("SORT_NONE",))) == ()
