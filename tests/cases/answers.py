"""What each linker makes of a case, as lines: the peers' answers are recorded beside the cases.

So docs/linker-scripts.md can be made, and be checked, where the peers are not installed.  A linker
that refuses a link answers with one line, `refuses: ` and its first words.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pylink86 import LinkError
from pylink86.report import render

from .language import Case, parse_case
from .seen import seen
from .test_cases import lay_out, linked

LANGUAGE = Path(__file__).parent / "language"
RECORD = LANGUAGE / "peers.json"
PEERS = {"GNU ld": ("ld.bfd", "ld"), "LLD": ("ld.lld-19", "ld.lld"), "mold": ("mold",)}
OURS = {"pylink86 gnu": "gnu", "pylink86 lld": "lld"}
EMULATIONS = {"x86_64": "elf_x86_64", "i386": "elf_i386"}
REFUSES = "refuses: "


def cases_below() -> dict[str, Case]:
    """The cases by their path below `language`, without `.txt`."""
    found = {
        path.relative_to(LANGUAGE).with_suffix("").as_posix(): parse_case(path.read_text("utf-8"))
        for path in LANGUAGE.rglob("*.txt")
    }
    return dict(sorted(found.items()))


def explained_cases() -> dict[str, Case]:
    """Those that explain a word."""
    return {name: case for name, case in cases_below().items() if case.words}


def program(peer: str) -> str | None:
    """The peer's command on this machine, or None."""
    return next((path for name in PEERS[peer] if (path := shutil.which(name))), None)


def version(peer: str) -> str:
    """`GNU ld 2.40`: what the documents call it."""
    said = subprocess.run([program(peer) or peer, "--version"], capture_output=True, text=True)
    numbers = re.findall(r"\d+\.\d+(?:\.\d+)?", said.stdout)
    numbers = [n for n in numbers if peer != "GNU ld" or n.startswith("2.")] or ["?"]
    return f"{peer} {numbers[0]}"


@contextmanager
def folder_of(case: Case) -> Iterator[Path]:
    """A folder with the files of a case, as the current one."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(case, folder)
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(before)


def ask(peer: str, case: Case) -> list[str]:
    """The peer's answer; it must be installed."""
    machine = max((o.obj.machine for o in case.objects), default="x86_64")
    own = ["-m", EMULATIONS[machine]] if "-m" not in case.command else []
    with folder_of(case):
        command = [program(peer) or peer, *own, *case.command[1:], "-o", "peer.out"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        if done.returncode:
            return [REFUSES + first_words((done.stderr + done.stdout).decode(errors="replace"))]
        return seen(Path("peer.out").read_bytes(), case.script, "segments" in case.shows)


def answer(case: Case, dialect: str) -> list[str]:
    """Ours."""
    with folder_of(case):
        try:
            image = linked(case, dialect).image
        except LinkError as problem:
            first = render(problem.diagnostics).splitlines()[0]
            return [REFUSES + first.partition("]: ")[2]]
        return seen(image, case.script, "segments" in case.shows)


def first_words(said: str) -> str:
    """The first line that is no warning, without the program's name."""
    lines = [
        re.sub(r"^(?:\S*/)?(?:ld|ld\.bfd|ld\.lld-\d+|ld\.lld|mold): ?", "", line)
        for line in said.splitlines()
        if "warning:" not in line and "in function" not in line
    ] or [""]
    text = re.sub(r"^(?:fatal|error): ", "", lines[0].strip(": "))
    # mold shows the line of the script, and below it what is wrong with it.
    pointed = re.match(r" *\^ (.+)", lines[1]) if len(lines) > 1 else None
    if pointed is not None:
        text = ":".join(text.split(":")[:2]) + f": {pointed[1]}"
    return text if len(text) <= 120 else text[:117] + "..."


def recorded() -> dict[str, dict[str, object]]:
    """{"versions": {peer: version}, "answers": {case: {peer: lines}}}"""
    found: dict[str, dict[str, object]] = json.loads(RECORD.read_text("utf-8"))
    return found


def ask_again() -> dict[str, dict[str, object]]:
    """The record, with new answers of the peers that are installed."""
    old = recorded() if RECORD.exists() else {"versions": {}, "answers": {}}
    here = [peer for peer in PEERS if program(peer)]
    versions = {**old["versions"], **{peer: version(peer) for peer in here}}
    answers: dict[str, object] = {}
    for name, case in explained_cases().items():
        before = old["answers"].get(name, {})
        assert isinstance(before, dict)
        answers[name] = {**before, **{peer: ask(peer, case) for peer in here}}
    return {"versions": versions, "answers": answers}
