"""Thousands of option lists: the long form of test_objcopy, run by scripts/differential-objcopy."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from . import objcopy_lists as lists
from .objcopy_files import missing


def main(count: int, first: int, *dialects: str) -> int:
    """Compare `count` lists per dialect on files that are made, and a tenth as many on the
    fixtures; the exit status."""
    if missing():
        print(f"needs {', '.join(missing())}: install binutils, nasm, lld-19")
        return 2
    rounds = [
        (lists.made_lists, count, "made"),
        (lists.lists, max(count // 10, 1), "fixtures"),
    ]
    return max(
        [
            run(dialect, what, source(dialect, first, number), number)
            for dialect in dialects or tuple(lists.PEERS)
            for source, number, what in rounds
        ]
    )


def run(dialect: str, what: str, pairs: lists.Pairs, count: int) -> int:
    """One round: every difference, then what was refused and how often everything occurred."""
    options: Counter[str] = Counter()
    files: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for subject, words in pairs:
            outcome = compare(subject, words, dialect, Path(folder))
            outcomes[outcome] += 1
            options.update(word.partition("=")[0] for word in words if word[:1] == "-")
            files.update(subject.how.split())
            if outcome == "different":
                print(f"{dialect}: {subject.name} ({subject.how}): {' '.join(words)}", flush=True)
    print(f"{dialect}: {count} lists on {what}: " + shown(outcomes))
    print("  options: " + shown(options))
    print("  files: " + shown(files))
    return 1 if outcomes["different"] else 0


def shown(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {times}" for name, times in counts.most_common())


def compare(subject: lists.Subject, words: list[str], dialect: str, folder: Path) -> str:
    """What came of one list, as a word to count."""
    peer = lists.theirs(words, subject, dialect, folder)
    try:
        mine = lists.ours(words, subject, dialect)
    except Exception as problem:
        print(f"{type(problem).__name__}: {problem}")
        return "different"
    if lists.misnames(mine, peer, subject, dialect):
        return "peer misnames symbols (docs/DEVIATIONS.md)"
    if not lists.agree(mine, peer):
        return "different"
    if peer == lists.NO_ANSWER:
        return "no answer of the peer"
    return "both refuse" if isinstance(peer, str) else "equal"


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    sys.exit(main(*[*numbers, *(5000, 1)[len(numbers) :]], *sys.argv[3:]))
