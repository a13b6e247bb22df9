"""Thousands of option lists: the long form of test_objcopy, run by scripts/differential-objcopy."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

import fixtures

from . import objcopy_lists as lists


def main(count: int, first: int) -> int:
    """Compare `count` lists per dialect; the exit status."""
    return max([run(dialect, count, first) for dialect in lists.PEERS])


def run(dialect: str, count: int, first: int) -> int:
    options: Counter[str] = Counter()
    refused = different = excused = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, words in lists.lists(dialect, first, count):
            path = fixtures.path(name)
            peer = lists.theirs(words, path, dialect, Path(folder))
            try:
                mine = lists.ours(words, path, dialect)
            except Exception as problem:
                mine = b""
                print(f"{type(problem).__name__}: {problem}")
            refused += isinstance(peer, str)
            options.update(word.partition("=")[0] for word in words if word[:1] == "-")
            if lists.misnames(mine, peer, name, dialect):
                excused += 1
            elif not lists.agree(mine, peer):
                different += 1
                print(f"{dialect}: {name}: {' '.join(words)}")
    print(f"{dialect}: {count} lists, {different} differ, {refused} refused by the peer")
    print(f"  {excused} where the peer misnames symbols (docs/DEVIATIONS.md)")
    print("  " + ", ".join(f"{name} {times}" for name, times in options.most_common()))
    return 1 if different else 0


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*[*numbers, *(5000, 1)[len(numbers) :]]))
