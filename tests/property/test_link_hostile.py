"""No input makes a link crash, hang or eat the memory: it ends in a result or in clear errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.property import hostile

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 1
COUNT = 1200


def run(kind: str, seed: int, count: int) -> list[dict[str, object]]:
    """Rows of a process of its own, with little memory."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.property.hostile", kind, str(seed), str(count)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("kind", sorted(hostile.DAMAGE))
def test_damaged_inputs_end_in_a_result_or_in_errors(kind: str) -> None:
    bad = run(kind, SEED, COUNT)
    assert not bad, "\n".join(
        f"example {row['number']} ({row['dialect']}): {row['wrong']}\n{row['script']}"
        for row in bad
    )


@cache
def outcomes() -> dict[str, dict[str, object]]:
    return {str(row["name"]): row for row in run("named", 0, 0)}


EXPECTED = {name: slug for name, (_, slug) in hostile.named().items()}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_hostile_input(name: str) -> None:
    row, slug = outcomes()[name], EXPECTED[name]
    assert not row["wrong"], row["wrong"]
    if slug != "*":
        assert set(row["slugs"]) == ({slug} if slug else set())  # type: ignore[call-overload]


def test_damage_does_damage() -> None:
    """Of the random examples some link and some do not; else the test would say little."""
    for kind in hostile.DAMAGE:
        outcomes = [
            bool(hostile.outcome(example)[0])
            for number, example in enumerate(hostile.examples(kind, SEED, 150))
            if number % 4 != 3
        ]
        assert 0.1 < sum(outcomes) / len(outcomes) < 0.95, (kind, sum(outcomes), len(outcomes))


def test_script_that_includes_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pylink86 import LinkError, link

    monkeypatch.chdir(tmp_path)
    Path("a.ld").write_text("INCLUDE b.ld\n")
    Path("b.ld").write_text("SECTIONS { .a : { INCLUDE c.ld } }\n")
    Path("c.ld").write_text("INCLUDE c.ld\n")
    Path("d.ld").write_text("INCLUDE d.ld INCLUDE d.ld\n")
    for script in ("a.ld", "d.ld"):
        with pytest.raises(LinkError) as caught:
            link([], script)
        assert [d.slug for d in caught.value.diagnostics] == ["include-cycle"]


def test_scripts_that_double_at_each_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty files, each of which includes the next one twice: a billion statements."""
    from pylink86 import LinkError, link

    monkeypatch.chdir(tmp_path)
    for level in range(30):
        Path(f"{level}.ld").write_text(f"INCLUDE {level + 1}.ld\nINCLUDE {level + 1}.ld\n")
    Path("30.ld").write_text("x = 1;\n")
    with pytest.raises(LinkError) as caught, hostile.deadline(20):
        link([], "0.ld")
    assert len(caught.value.diagnostics) == 1
