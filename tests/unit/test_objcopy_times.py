"""-p: the times of the input, on every file that is made of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fixtures import OBJECTS
from pylink86.cli.objcopy import main

LONG_AGO = 862_811_755 * 10**9
"""In 1997, in nanoseconds."""


@pytest.mark.parametrize("dialect", ("gnu", "llvm"))
def test_both_halves_of_a_split_file_have_the_times(dialect: str, tmp_path: Path) -> None:
    source, aside, rest = (tmp_path / name for name in ("a.o", "a.dwo", "b.o"))
    source.write_bytes((OBJECTS / "hello_O2_static.o").read_bytes())
    os.utime(source, ns=(LONG_AGO, LONG_AGO))
    words = [f"--dialect={dialect}", "-p", f"--split-dwo={aside}", str(source), str(rest)]
    assert main(words) == 0
    assert [path.stat().st_mtime_ns for path in (aside, rest)] == [LONG_AGO, LONG_AGO]
