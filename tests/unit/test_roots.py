"""Where execution starts: an entry nobody defines is told of when somebody asked for it."""

from __future__ import annotations

import pytest

from pylink86 import LinkResult, link, read_bytes
from tests.cases.language import read_objects

OBJECT = "object a.o\nsection .text ax\n 90 c3\nsymbol main .text+1 func"


def linked(script: str, dialect: str, **settings: object) -> LinkResult:
    inputs = [read_bytes(o.encode(), o.obj.name) for o in read_objects(OBJECT)]
    return link(inputs, script, dialect=dialect, **settings)


def warned(result: LinkResult) -> list[str]:
    return [d.message for d in result.diagnostics if d.slug == "entry-missing"]


SECTIONS = "SECTIONS { .text 0x1000 : { *(.text) } }"


@pytest.mark.parametrize(
    ("dialect", "instead"),
    [("gnu", "defaulting to 0000000000001000"), ("lld", "not setting start address")],
)
def test_a_missing_entry_is_told_of(dialect: str, instead: str) -> None:
    message = f"cannot find entry symbol nope; {instead}"
    assert warned(linked("ENTRY(nope) " + SECTIONS, dialect)) == [message]
    assert warned(linked(SECTIONS, dialect, entry="nope")) == [message]


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize("entry", ["main", "0x1001", "made"])
def test_symbols_numbers_and_assignments_are_entries(dialect: str, entry: str) -> None:
    result = linked("made = 0x1001; " + SECTIONS, dialect, entry=entry)
    assert not warned(result)
    assert result.entry == 0x1001


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_only_an_entry_that_was_asked_for_is_missed(dialect: str) -> None:
    assert not warned(linked(SECTIONS, dialect))
