"""Many undefined names: the first are told in full, the others counted; --error-limit says when."""

from __future__ import annotations

import pytest

from pylink86 import LinkError, link, read_bytes
from pylink86.diag import Diagnostic
from tests.cases.language import read_objects

NAMES = 2000


def undefined(count: int, **settings: object) -> tuple[Diagnostic, ...]:
    """What a link of one object says that calls `count` functions nobody has."""
    calls = "".join(f"  reloc {4 * i} R_X86_64_PC32 f{i} -4\n" for i in range(count))
    names = "".join(f"symbol f{i} UNDEF\n" for i in range(count))
    text = f"object a.o\nsection .text ax\n  00*{4 * count}\n{calls}{names}"
    objects = [read_bytes(o.encode(), o.obj.name) for o in read_objects(text)]
    with pytest.raises(LinkError) as found:
        link(objects, "SECTIONS { .text : { *(.text) } }", **settings)
    return found.value.diagnostics


def test_names_beyond_the_limit_are_counted() -> None:
    found = undefined(NAMES)
    assert len(found) == 21
    assert found[19].message == "undefined reference to `f19'"
    assert found[20].message == "1980 more undefined references follow"
    assert found[20].notes[0].startswith("to `f20', `f21'")
    assert found[20].notes[0].endswith(" and 1970 more")
    assert "--error-limit=0" in found[20].help[0]


def test_the_limit_is_an_option() -> None:
    assert len(undefined(30, error_limit=0)) == 30
    assert len(undefined(30, error_limit=5)) == 6


def test_as_many_as_the_limit_are_all_told() -> None:
    assert [d.message for d in undefined(20)][-1] == "undefined reference to `f19'"
