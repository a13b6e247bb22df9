"""--time prints a row for each pass, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86.cli.pyld import main
from pylink86.laps import Laps, lap, timed

FIXTURES = Path(__file__).parents[2] / "fixtures"
ARGV = [
    "--oformat=binary",
    "-T",
    str(FIXTURES / "layouts/prefixed.ld"),
    str(FIXTURES / "objects/rust_hello_O2_pic.o"),
    str(FIXTURES / "objects/boot_long_elf64.o"),
]


def test_a_row_for_each_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    plain, timed_out = tmp_path / "plain", tmp_path / "timed"
    assert main([*ARGV, "-o", str(plain)], "ld") == 0
    assert capsys.readouterr().err == ""
    assert main([*ARGV, "--time", "-o", str(timed_out)], "ld") == 0
    rows = capsys.readouterr().err.splitlines()
    names = [row.split(None, 2)[2] for row in rows[1:]]
    assert names[0] == "load inputs"
    assert names[-2:] == ["write", "all of it"]
    assert {"resolve symbols", "match sections", "settle addresses", "relocate"} <= set(names)
    times = [float(row.split()[0]) for row in rows[1:]]
    assert sum(times[:-1]) == pytest.approx(times[-1], abs=0.1 * len(times))
    assert timed_out.read_bytes() == plain.read_bytes()


def test_rounds_of_one_pass_have_one_row():
    with timed() as laps:
        for name in ("place", "move", "place"):
            lap(name)
    assert list(laps.spent) == ["place", "move"]
    lap("afterwards")
    assert "afterwards" not in laps.spent
    assert "all of it" in Laps().table()
