"""A differential run: make examples, ask both linkers, gather the differences by kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import peers
from .compare import Difference, difference, excluded, ours
from .coverage import FEATURES, WIDE_FEATURES, Coverage
from .generate import Example, generate
from .generate_wide import generate_wide
from .shrink import shrink


@dataclass
class Run:
    """What a run found: differences by kind (the first examples of each), and what it covered."""

    coverage: Coverage
    found: dict[str, list[tuple[int, Example, Difference]]] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)

    @property
    def differences(self) -> int:
        return sum(len(same) for same in self.found.values())


def run(
    dialect: str,
    seed: int,
    numbers: range,
    with_ours: bool = True,
    wide: bool = False,
    output: str = "binary",
) -> Run:
    """Try the examples of `numbers`.

    with_ours=False asks the peer alone; wide: the rest of the language, too; output: "binary",
    "elf", "relocs" (ELF with -q), or "relocatable", where every other example goes without its
    script.
    """
    result = Run(Coverage(dialect, WIDE_FEATURES[dialect] if wide else FEATURES[dialect]))
    make = generate_wide if wide else generate
    with peers.workplace() as folder:
        for number in numbers:
            example = replace(make(seed, number, dialect), output=variant(output, number))
            theirs = peers.answer(example, folder)
            if theirs.crashed:
                continue
            if not with_ours:
                result.coverage.count(example, theirs.accepted, False)
                continue
            mine = ours(example)
            result.coverage.count(example, theirs.accepted, mine.accepted)
            found = difference(theirs, mine, example)
            if found is None:
                continue
            row = excluded(example, theirs, mine)
            if row:
                result.excluded[row] = result.excluded.get(row, 0) + 1
            else:
                result.found.setdefault(found.kind, []).append((number, example, found))
    return result


def variant(output: str, number: int) -> str:
    """What example `number` is linked to."""
    return "relocatable-bare" if output == "relocatable" and number % 2 else output


def minimal(example: Example, found: Difference) -> tuple[Example, Difference]:
    """The example shrunk as far as the same kind of difference stays, and that difference."""
    with peers.workplace() as folder:

        def still(smaller: Example) -> bool:
            seen = examine(smaller, folder)
            return seen is not None and seen.kind == found.kind

        smallest = shrink(example, still)
        return smallest, examine(smallest, folder) or found


def examine(example: Example, folder: Path) -> Difference | None:
    """The difference an example shows, unless it is a known deviation."""
    theirs = peers.answer(example, folder)
    mine = ours(example)
    found = difference(theirs, mine, example)
    return None if found is None or excluded(example, theirs, mine) else found


def report(result: Run, show: int = 3) -> Iterator[str]:
    """The kinds of difference, most frequent first, with a few example numbers each."""
    for kind, same in sorted(result.found.items(), key=lambda item: -len(item[1])):
        yield f"{len(same):5} {kind}"
        for number, _, found in same[:show]:
            yield f"        example {number}: {found.detail[:200]}"
    for row, count in sorted(result.excluded.items()):
        yield f"{count:5} excluded by docs/DEVIATIONS.md: {row}"
