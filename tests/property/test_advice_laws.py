"""Laws of the checks: none fails, and no cheap question says no where a closer look would tell."""

from __future__ import annotations

from importlib import import_module

import pytest

from pylink86 import LinkError, link, linker, read_bytes
from pylink86.diag import Diagnostics
from pylink86.passes.advice import advise as passes
from pylink86.passes.finished import Finished
from pylink86.report import render
from tests.oracle.generate import generate

SAME_QUESTION = {"files_nobody_gave", "signature", "partial_last_sector", "image_with_a_hole"}
"""Checks whose closer look relies on the question having been asked."""


def asked_twice(finished: Finished, diags: Diagnostics) -> None:
    """`advise`; then a closer look where the questions saw no need for one."""
    passes.advise(finished, diags)
    for check in passes.CHECKS:
        if check.function in SAME_QUESTION or check.could_be(finished):
            continue
        if finished.loaded and (
            finished.raw or check.function in ("empty_sections", "boot_headers")
        ):
            found = Diagnostics()
            getattr(import_module(f"pylink86.passes.advice.{check.module}"), check.function)(
                finished, found
            )
            assert not list(found), render(found)


@pytest.mark.parametrize("oformat", ["binary", ""])
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_checks_of_generated_links(
    dialect: str, oformat: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linker, "advise", asked_twice)
    told = 0
    for number in range(60):
        example = generate(11, number, dialect)
        objects = [read_bytes(obj.encode(), obj.name) for obj in example.objects]
        try:
            found = link(objects, example.layout.text(), dialect=dialect, oformat=oformat)
        except LinkError as problem:
            render(problem.diagnostics)
            continue
        told += len(found.diagnostics)
        render(found.diagnostics)
    assert told > 0
