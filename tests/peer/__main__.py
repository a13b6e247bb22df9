"""python -m tests.peer: fetch, run, check, record, list, explain (see README.md)."""

from __future__ import annotations

import argparse
import fnmatch
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .report import Row, print_report, write_json
from .runner import SUITES, Runner
from .scope import Tag, tag_tests
from .sources import default_dir, die, fetch, find_source, find_tools

HERE = Path(__file__).parent


def passes_file(suite: str) -> Path:
    """The recorded passes: the name of a test a line."""
    return HERE / f"passes-{suite}.txt"


def recorded(suite: str) -> list[str]:
    lines = passes_file(suite).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def run_tests(
    runner: Runner, tags: Sequence[Tag], jobs: int, only_relaxed: bool = False
) -> list[Row]:
    """Run tests, several at a time; one that fails over words is run again in its relaxed form.

    only_relaxed: run that form alone, which is what counts for tests of class `link`."""

    def one(tag: Tag) -> Row:
        start = time.monotonic()
        loose = tag.wording != "none"
        outcome = runner.run(tag.name, relaxed=loose and only_relaxed)
        strict = outcome.passed
        if loose and not strict and not only_relaxed:
            outcome = runner.run(tag.name, relaxed=True)
        return Row(
            tag, outcome.code, strict, outcome.passed, outcome.line, outcome.command,
            outcome.output, round(time.monotonic() - start, 3),
        )  # fmt: skip

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        return list(pool.map(one, tags))


def command_fetch(args: argparse.Namespace) -> int:
    print(f"tests: {fetch(args.dir.absolute(), args.keep_tarball)}")
    print(f"tools: {find_tools()}")
    return 0


def command_run(args: argparse.Namespace, runner: Runner) -> int:
    """Figures, and what fails."""
    tags = [
        tag
        for tag in tag_tests(runner)
        if tag.in_scope
        and args.half in (tag.half, "all")
        and args.kind in (tag.kind, "all")
        and (not args.only or any(fnmatch.fnmatch(tag.name, glob) for glob in args.only))
    ]
    if not tags:
        die("no test matches")
    start = time.monotonic()
    rows = run_tests(runner, tags, args.jobs)
    print_report(runner, rows, time.monotonic() - start, args.verbose)
    if args.json:
        write_json(runner, rows, args.json)
    return 0


def command_check(args: argparse.Namespace, runner: Runner) -> int:
    """Whether every recorded pass still is one: 1 when one is lost."""
    names = set(recorded(args.suite))
    tags = [tag for tag in tag_tests(runner) if tag.name in names]
    gone = sorted(names - {tag.name for tag in tags})
    start = time.monotonic()
    rows = run_tests(runner, tags, args.jobs, only_relaxed=True)
    lost = [row for row in rows if not row.relaxed]
    seconds = time.monotonic() - start
    print(f"{args.suite}: {len(rows) - len(lost)} of {len(names)} recorded passes, {seconds:.0f} s")
    for row in lost:
        print(f"LOST {row.tag.name}:{row.line} {runner.tidy(row.command)[:200]}")
        for line in runner.tidy(row.output).splitlines()[-args.verbose :]:
            print(f"     {line}")
    for name in gone:
        print(f"LOST {name}: there is no such test")
    return 1 if lost or gone else 0


def command_record(args: argparse.Namespace, runner: Runner) -> int:
    """Write the passes of the open half's `link` tests down."""
    tags = [t for t in tag_tests(runner) if t.in_scope and t.half == "open" and t.kind == "link"]
    rows = run_tests(runner, tags, args.jobs, only_relaxed=True)
    names = sorted(row.tag.name for row in rows if row.relaxed)
    head = f"# Tests of {args.suite} that pass: written by `scripts/peer-suite record`.\n"
    passes_file(args.suite).write_text(head + "".join(f"{name}\n" for name in names))
    print(f"{args.suite}: {len(names)} of {len(tags)} pass")
    print(
        "".join(f"  fails: {row.tag.name}:{row.line}\n" for row in rows if not row.relaxed), end=""
    )
    return 0


def command_list(args: argparse.Namespace, runner: Runner) -> int:
    """Scope and class of every test of the open half."""
    for tag in tag_tests(runner):
        if tag.half == "open":
            scope = "in" if tag.in_scope else f"out: {tag.reason}"
            print(f"{tag.name}\t{scope}\t{tag.kind}\twording={tag.wording}")
    return 0


def command_explain(args: argparse.Namespace, runner: Runner) -> int:
    """One test's commands: h marks what is handed to LLVM's tool, ~ what is relaxed."""
    for tag in tag_tests(runner):
        if tag.name != args.test:
            continue
        print(f"{'in scope' if tag.in_scope else tag.reason}, {tag.kind}, wording {tag.wording}")
        script, _ = runner.commands(tag.name)
        if tag.analysis is None or script is None:
            continue
        for plain, strict, relaxed in zip(script, tag.analysis.strict, tag.analysis.relaxed):
            print(f"    {runner.tidy(plain)}")
            if strict != plain:
                print(f"  h {runner.tidy(strict)}")
            if relaxed != strict:
                print(f"  ~ {runner.tidy(relaxed)}")
    return 0


COMMANDS = {
    "run": command_run,
    "check": command_check,
    "record": command_record,
    "list": command_list,
    "explain": command_explain,
}


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.peer", description=__doc__)
    parser.add_argument("--dir", type=Path, default=default_dir(), help="where the sources are")
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="get the test sources and LLVM 19's tools")
    fetching.add_argument("--keep-tarball", action="store_true")
    for name, function in COMMANDS.items():
        command = commands.add_parser(name, help=function.__doc__)
        command.add_argument("suite", choices=sorted(SUITES))
        command.add_argument("--ld", default="", help="linker under test (default: LLVM's own)")
        command.add_argument("--objcopy", default="", help="objcopy under test")
        command.add_argument("--strip", default="", help="strip under test")
        command.add_argument("--jobs", "-j", type=int, default=2)
        command.add_argument("--timeout", type=float, default=60, help="seconds for each test")
        command.add_argument("--verbose", "-v", type=int, nargs="?", const=15, default=8)
        if name == "explain":
            command.add_argument("test")
        if name == "run":
            command.add_argument("--only", action="append", metavar="GLOB")
            command.add_argument("--half", choices=["open", "held", "all"], default="open")
            command.add_argument("--kind", choices=["link", "diag", "all"], default="all")
            command.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def main() -> int:
    args = read_arguments()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if args.command == "fetch":
        return command_fetch(args)
    source = find_source(args.dir.absolute())
    if source is None:
        die(f"no LLVM test sources under {args.dir}: run `scripts/peer-suite fetch` first")
    ours = {"ld.lld": args.ld, "llvm-objcopy": args.objcopy, "llvm-strip": args.strip}
    runner = Runner(args.suite, source, ours, args.timeout)
    try:
        return COMMANDS[args.command](args, runner)
    finally:
        runner.close()


if __name__ == "__main__":
    sys.exit(main())
