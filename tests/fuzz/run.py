"""A stretch of inputs in a process of its own: `python -m tests.fuzz.run TARGET SEED START COUNT`.

Prints a line of JSON for each finding and one with the count at the end.  The file `now` in the
working folder holds the number of the input at work, for whoever finds this process dead.
TARGET may be `fields`: every cut and every field at every extreme of the fixtures, numbered
through; or `found`: the inputs that are kept.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import fixtures
from pylink86 import read_bytes
from tests.fuzz.fields import damaged_files
from tests.fuzz.judge import limit_memory, verdict
from tests.fuzz.targets import TARGETS, example, feed_elf, feed_link

FOUND = Path(__file__).resolve().parent / "found"

LARGEST = 10_000
"""Bytes of a fixture that is damaged field by field."""

Job = tuple[str, bytes, Callable[[bytes], object]]
"""What it is called, the input, what it is fed to."""


def random_jobs(target: str, seed: int, start: int, count: int) -> Iterator[Job]:
    feed = TARGETS[target].feed
    for number in range(start, start + count):
        yield str(number), example(target, seed, number), feed


def field_jobs(seed: int, start: int, count: int) -> Iterator[Job]:
    """Damage without chance.  seed: only every seed-th input, 1 for all of them."""
    return islice(_all_fields(), start, start + count * seed, seed)


def _all_fields() -> Iterator[Job]:
    for path in sorted(fixtures.OBJECTS.glob("*.o")):
        data = path.read_bytes()
        if len(data) <= LARGEST:
            for what, new in damaged_files(read_bytes(data, path.name), data):
                yield f"{path.name}: {what}", new, feed_both


def feed_both(data: bytes) -> None:
    feed_elf(data)
    feed_link(data)


def found_jobs() -> Iterator[Job]:
    for path in sorted(FOUND.glob("*.*")):
        yield path.name, path.read_bytes(), TARGETS[path.name.partition(".")[0]].feed


def jobs(target: str, seed: int, start: int, count: int) -> Iterator[Job]:
    if target == "found":
        return found_jobs()
    if target == "fields":
        return field_jobs(seed, start, count)
    return random_jobs(target, seed, start, count)


def main(target: str, seed: int, start: int, count: int) -> None:
    limit_memory()
    os.environ["PYLINK86_TRACEBACK"] = "1"
    done = 0
    now = os.open("now", os.O_CREAT | os.O_RDWR)
    for name, data, feed in jobs(target, seed, start, count):
        os.pwrite(now, name.encode().ljust(100), 0)
        wrong = verdict(functools.partial(feed, data))
        done += 1
        if wrong:
            print(json.dumps({"name": name, "input": data.hex(), "wrong": wrong}), flush=True)
    print(json.dumps({"done": done}), flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        if "--here" not in sys.argv:
            os.chdir(folder)
        main(sys.argv[1], *map(int, sys.argv[2:5]))
        os.chdir("/")
