"""Thousands of option lists: the long form of test_objcopy, run by scripts/differential-objcopy."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from . import objcopy_lists as lists
from .objcopy_files import missing


def main() -> int:
    """Compare lists per dialect on files that are made, and a tenth as many on the fixtures; the
    exit status."""
    args = arguments()
    if missing():
        print(f"needs {', '.join(missing())}: install binutils, nasm, lld-19", file=sys.stderr)
        return 2
    rounds = [
        (lists.made_lists, args.examples, "made"),
        (lists.lists, max(args.examples // 10, 1), "fixtures"),
    ]
    dialects = tuple(lists.PEERS) if args.dialect == "both" else (args.dialect,)
    return max(
        [
            run(dialect, what, source(dialect, args.seed, number), number)
            for dialect in dialects
            for source, number, what in rounds
        ]
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="differential-objcopy",
        description="Draw option lists and compare pyobjcopy's bytes with GNU objcopy's and "
        "llvm-objcopy's. Prints every difference, what was refused, and how often each option "
        "occurred; the exit status is 1 for a difference.",
    )
    parser.add_argument("--dialect", choices=(*lists.PEERS, "both"), default="both")
    parser.add_argument("--examples", type=int, default=5000, help="lists on files made at random")
    parser.add_argument("--seed", type=int, default=1, help="number of the first list")
    return parser.parse_args()


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
    sys.exit(main())
