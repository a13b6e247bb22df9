"""Laws of objcopy's operations, over generated objects and links.

What is done twice is done; what is undone was not done; and the long way round (objcopy, link,
objcopy) ends where the short one does.
"""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pylink86 import LinkError, ObjectFile, link, ops, read_bytes
from tests.property.links import Link, links

FEW = settings(max_examples=40, deadline=None)
STRIPS = ("strip_debug", "strip_all", "strip_unneeded", "only_keep_debug")
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)

either_dialect = pytest.mark.parametrize("dialect", ["gnu", "llvm"])


def objects_of(example: Link) -> list[ObjectFile]:
    return [read_bytes(obj.encode(), obj.name) for obj in example.objects]


def image(inputs: list[ObjectFile], script: str, dialect: str, **options: object) -> bytes | None:
    """The linked bytes; None where the linker refuses."""
    try:
        return link(inputs, script, dialect=dialect, **options).image
    except LinkError:
        return None


@either_dialect
@FEW
@given(example=links(), how=st.sampled_from(STRIPS))
def test_stripping_twice_is_stripping_once(dialect: str, example: Link, how: str) -> None:
    for obj in objects_of(example):
        once = obj.objcopy(dialect, **{how: True})
        assert once.objcopy(dialect, **{how: True}).to_bytes() == once.to_bytes()


@either_dialect
@FEW
@given(example=links(), pick=st.randoms(use_true_random=False))
def test_renaming_there_and_back_changes_nothing(dialect: str, example: Link, pick) -> None:
    for obj in objects_of(example):
        plain = obj.objcopy(dialect)
        name = pick.choice([name for name in plain.sections.names if name])
        assume(not name.startswith((".symtab", ".strtab", ".shstrtab", ".rel")))
        away = plain.objcopy(dialect, rename_section=((name, ".away", ()),))
        assert ".away" in away.sections.names
        back = away.objcopy(dialect, rename_section=((".away", name, ()),))
        assert back.to_bytes() == plain.to_bytes()


@either_dialect
@FEW
@given(example=links(), options=st.sets(st.sampled_from(STRIPS)), prefix=st.sampled_from("pq"))
def test_the_source_is_left_alone(dialect: str, example: Link, options, prefix: str) -> None:
    for obj in objects_of(example):
        before = obj.to_bytes()
        obj.objcopy(dialect, prefix_symbols=prefix, **dict.fromkeys(options, True))
        obj.strip_debug().prefix_symbols(prefix)
        assert obj.to_bytes() == before


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@FEW
@given(example=links())
def test_prefixing_then_linking_is_linking_with_the_prefix(dialect: str, example: Link) -> None:
    """objcopy --prefix-alloc-sections, and the linker's own option of that name."""
    inputs = objects_of(example)
    like = {"gnu": "gnu", "lld": "llvm"}[dialect]
    first = [obj.objcopy(like, prefix_alloc_sections=".p") for obj in inputs]
    inside = [obj.prefix_alloc_sections(".p") for obj in inputs]
    layout = example.script + "\nSECTIONS { .all : { *(.p*) } }"
    options = {"oformat": "binary"}
    assert image(first, layout, dialect, **options) == image(inside, layout, dialect, **options)


@either_dialect
@FEW
@given(data=st.binary(min_size=1, max_size=3000), name=names)
def test_bytes_into_an_object_and_out_again(dialect: str, data: bytes, name: str) -> None:
    obj = ops.from_binary(data, name, dialect=dialect)
    assert ops.to_binary(obj, dialect=dialect) == data
    assert ops.to_binary(obj.strip_debug().prefix_sections(".k"), dialect=dialect) == data


@settings(max_examples=60, deadline=None)
@given(example=links())
def test_flattening_a_linked_file_is_linking_flat(example: Link) -> None:
    """-O binary of an ELF file is --oformat binary, in LLD's dialect for every script."""
    inputs = objects_of(example)
    raw = image(inputs, example.script, "lld", oformat="binary")
    linked = image(inputs, example.script, "lld", oformat="elf")
    assume(raw is not None and linked is not None)
    assert ops.to_binary(read_bytes(linked, "linked"), dialect="llvm") == raw


PLAIN = """
SECTIONS {
  . = 0x7c00;
  .all : { *(.text* .rodata* .data*) }
}
"""
"""GNU ld's raw output takes another path through it (docs/DIALECTS.md): gaps of code are filled
with other NOPs, empty sections count.  In one section, without gaps, both give the same."""


@FEW
@given(data=st.lists(st.binary(min_size=1, max_size=64), min_size=1, max_size=4))
def test_flattening_in_gnu_where_the_path_does_not_matter(data: list[bytes]) -> None:
    inputs = [ops.from_binary(part, f"part{n}") for n, part in enumerate(data)]
    raw = image(inputs, PLAIN, "gnu", oformat="binary")
    linked = image(inputs, PLAIN, "gnu", oformat="elf")
    assert raw == b"".join(data)
    assert linked is not None
    assert ops.to_binary(read_bytes(linked, "linked")) == raw
