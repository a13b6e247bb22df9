"""Relocations of many sections as one table: the bytes are those of a section at a time."""

from __future__ import annotations

import pytest

from pylink86 import link
from pylink86.passes.relocating import patcher
from tests.bench.inputs import FIXTURES, generated

FILES = ("c64_clang_g.o", "hello_O2_static_g.o", "c64_sections.o", "rust_hello_O2_pic.o")


def applied(monkeypatch: pytest.MonkeyPatch, inputs: list[object], **options: object) -> None:
    """Link with runs and without, and compare bytes and counts; there is something to do."""
    results = []
    for runs in (patcher.relocation_runs, lambda *words: ()):
        monkeypatch.setattr(patcher, "relocation_runs", runs)
        results.append(link(inputs, **options))  # type: ignore[arg-type]
    one, two = (result.patched for result in results)
    assert one.contents == two.contents
    assert one.applied == two.applied > 0


def test_sections_of_one_function_each(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = [generated(number, 3).encode() for number in range(3)]
    applied(monkeypatch, [*inputs], entry="f0_0")


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize("name", FILES)
def test_files_with_relocations_of_all_kinds(
    name: str, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = [FIXTURES / "objects" / name]
    applied(monkeypatch, [*inputs], dialect=dialect, tolerated=frozenset({"undefined-symbol"}))
