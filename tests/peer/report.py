"""Results of a run: the figures, the list of what fails, and a record of each test."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .runner import Runner
from .scope import Tag
from .sources import VERSION


@dataclass(frozen=True)
class Row:
    """One test and how it went.  strict: as it stands; relaxed: the wording of messages left out;
    line, command, output: of the first RUN that failed."""

    tag: Tag
    code: str
    strict: bool
    relaxed: bool
    line: int
    command: str
    output: str
    seconds: float

    @property
    def passed(self) -> bool:
        return self.relaxed if self.tag.kind == "link" else self.strict


def totals(rows: Sequence[Row]) -> dict[str, list[int]]:
    """[passed, all] for the classes of tests and their parts."""
    link = [row for row in rows if row.tag.kind == "link"]
    diag = [row for row in rows if row.tag.kind == "diag"]
    plain = [row for row in link if row.tag.wording == "none"]
    mixed = [row for row in link if row.tag.wording != "none"]
    return {
        "link": _count(row.relaxed for row in link),
        "link_plain": _count(row.strict for row in plain),
        "link_mixed_relaxed": _count(row.relaxed for row in mixed),
        "link_mixed_strict": _count(row.strict for row in mixed),
        "diag": _count(row.strict for row in diag),
        "diag_status": _count(row.relaxed for row in diag),
    }


def _count(passed: Iterable[bool]) -> list[int]:
    found = list(passed)
    return [sum(found), len(found)]


def _share(pair: Sequence[int]) -> str:
    return f"{pair[0]}/{pair[1]} ({100 * pair[0] / pair[1]:.1f}%)" if pair[1] else "0/0"


def print_report(runner: Runner, rows: Sequence[Row], seconds: float, verbose: int) -> None:
    """verbose: how many lines of a failing test's output to show."""
    found = totals(rows)
    print(f"suite {runner.suite}, {len(rows)} tests, {seconds:.0f} s")
    print(f"  link         {_share(found['link'])}")
    print(f"    no wording checked          {_share(found['link_plain'])}")
    print(f"    some, relaxed to status     {_share(found['link_mixed_relaxed'])}")
    print(f"  diag         {_share(found['diag'])} exact wording;", end="")
    print(f"  {_share(found['diag_status'])} status only")
    bad = sorted((r for r in rows if not r.passed), key=lambda r: (r.tag.kind, r.tag.name))
    if bad:
        print("failing (class, test, line of the first failing RUN, command):")
    for row in reversed(bad):
        print(f"  {row.tag.kind} {row.tag.name}:{row.line} {runner.tidy(row.command)[:160]}")
        if verbose:
            lines = runner.tidy(row.output).splitlines()[-verbose:]
            print("\n".join(f"      {line}" for line in lines))


def write_json(runner: Runner, rows: Sequence[Row], path: Path) -> None:
    tests = [
        {
            "test": row.tag.name, "class": row.tag.kind, "wording": row.tag.wording,
            "code": row.code, "strict": row.strict, "relaxed": row.relaxed, "passed": row.passed,
            "line": row.line, "command": runner.tidy(row.command), "seconds": row.seconds,
            "output": "" if row.passed else runner.tidy(row.output)[-4000:],
        }
        for row in rows
    ]  # fmt: skip
    document = {"suite": runner.suite, "llvm": VERSION, "totals": totals(rows), "tests": tests}
    path.write_text(json.dumps(document, indent=1))
