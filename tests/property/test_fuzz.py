"""A sample of what `scripts/fuzz` does, and every input that once did harm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.run import FOUND
from tests.fuzz.targets import TARGETS, example

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 2
FIELDS_STEP = 1000
"""Of the systematic damage every 1000th input is tried here, all of it by scripts/fuzz."""


def tried(target: str, seed: int, count: int) -> int:
    """How many inputs a process of its own tried; fails at the first one that did harm."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.run", target, str(seed), "0", str(count)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    *findings, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert not findings, f"{target} {findings[0]['name']}: {findings[0]['wrong']}"
    return int(last["done"])


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_damaged_inputs(target: str) -> None:
    count = TARGETS[target].sample
    assert tried(target, SEED, count) == count


def test_fields_at_their_extremes_and_cuts() -> None:
    assert tried("fields", FIELDS_STEP, 10_000) > 100


def test_inputs_that_once_did_harm() -> None:
    assert tried("found", 0, 0) == len(list(FOUND.glob("*.*"))) > 0


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_an_input_is_the_same_every_time(target: str) -> None:
    """So that a finding can be told by its number."""
    assert example(target, 5, 7) == example(target, 5, 7)
    assert len({example(target, 5, number) for number in range(20)}) > 10
