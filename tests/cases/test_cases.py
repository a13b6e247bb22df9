"""Every case file under this folder: our answer as recorded, and the peers' beside it.

PYLINK86_UPDATE_CASES=1 rewrites what is recorded, for review (`git diff tests/cases`).
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from pylink86 import LinkError, LinkResult
from pylink86 import elf_const as c
from pylink86.cli import pyld
from pylink86.cli.inputs import read_line
from pylink86.cli.ld_options import KEYWORDS, LD
from pylink86.cli.options import parse
from pylink86.passes.placement import PlacedSection
from pylink86.report import render
from tests.oracle import peers

from .language import Case, parse_case
from .seen import seen

HERE = Path(__file__).parent
UPDATE = os.environ.get("PYLINK86_UPDATE_CASES") == "1"
DEVIATIONS = HERE.parent.parent / "docs" / "DEVIATIONS.md"

CASES = {str(p.relative_to(HERE))[:-4]: p for p in sorted(HERE.rglob("*.txt"))}
EVERY = [
    pytest.param(path, dialect, id=f"{name}-{dialect}")
    for name, path in CASES.items()
    for dialect in parse_case(path.read_text()).dialects
]


@pytest.mark.parametrize(("path", "dialect"), EVERY)
def test_case_is_as_recorded(
    path: Path, dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = parse_case(path.read_text())
    lay_out(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    got = answer(case, dialect)
    if UPDATE:
        wanted = {d: case.expected.get(d, "") for d in case.dialects} | {dialect: got}
        path.write_text(case.with_expected(wanted))
    else:
        assert got.rstrip() == case.expected[dialect].rstrip()


@pytest.mark.peer
@pytest.mark.parametrize(("path", "dialect"), EVERY)
def test_peer_agrees(
    path: Path, dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if peers.find(dialect) is None:
        pytest.skip(peers.missing(dialect))
    case = parse_case(path.read_text())
    if dialect in case.differs:
        row = case.differs[dialect]
        assert row in deviations(), f"docs/DEVIATIONS.md has no row that begins with `{row}'"
        return
    lay_out(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    accepted, image, said = peer_answer(case, dialect)
    assert accepted == (not is_refusal(case.expected[dialect])), said
    if accepted:
        segments = "segments" in case.shows
        ours = seen(linked(case, dialect).image, case.script, segments)
        assert ours == seen(image, case.script, segments)


def deviations() -> list[str]:
    rows = re.findall(r"^\| *(.+?) *\|", DEVIATIONS.read_text(), flags=re.M)
    return [row.replace("`", "") for row in rows]


def lay_out(case: Case, folder: Path) -> None:
    """The files of a case."""
    for o in case.objects:
        (folder / o.obj.name).write_bytes(o.encode())
    (folder / "script.ld").write_text(case.script)
    for archive in case.archives:
        (folder / archive.name).parent.mkdir(parents=True, exist_ok=True)
        (folder / archive.name).write_bytes(archive.encode())
    for name, text in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def is_refusal(expected: str) -> bool:
    return expected.startswith("error[") or "\nerror[" in expected


# Our answer


def answer(case: Case, dialect: str) -> str:
    """What the command makes of the files, as a case file records it."""
    try:
        result = linked(case, dialect)
        result.image  # noqa: B018 (image-too-large is found when it is made)
    except LinkError as problem:
        return render(problem.diagnostics).replace(os.path.realpath(".") + os.sep, "")
    return "\n".join([*map_lines(result), *headlines(result)])


def linked(case: Case, dialect: str) -> LinkResult:
    """The link the command asks for; raises LinkError."""
    parsed = parse(case.command[1:], LD, KEYWORDS)
    assert not parsed.problems
    parsed.values["dialect"] = dialect
    return pyld.link_line(parsed, read_line(parsed), dialect)


def map_lines(result: LinkResult) -> list[str]:
    """Sections with their pieces, symbols, and the image when it is raw."""
    lines = []
    pieces = iter(result.pieces)
    for section in result.placed.sections:
        plan = section.plan
        mine = [next(pieces) for _ in section.pieces]
        if plan.dropped or is_signature(section, result):
            continue
        lma = f" lma {section.lma:#x}" if section.lma != section.vma else ""
        kind = c.SHT_NAMES.get(plan.type, hex(plan.type)).lower()
        lines.append(
            f"{plan.name} {section.vma:#x}{lma} size {section.size:#x} align {section.align} "
            f"{kind} {letters(plan.flags)}"
        )
        for piece in mine:
            cause = " ".join(piece.cause.split())
            lines.append(f"  {piece.sec_off:#x} {piece.size:#x} {piece.kind}: {cause}")
    lines += [f"{name} = {value:#x}" for name, value in sorted(result.symbols.items())]
    if result.entry:
        lines.append(f"entry {result.entry:#x}")
    if result.oformat == "binary":
        first, *rest = image_lines(result.image)
        lines += [f"image {first}", *rest]
    return lines


def is_signature(section: PlacedSection, result: LinkResult) -> bool:
    """Whether nothing but the linker's name is in it (LLD's dialect), which no case is about."""
    own = result.table.base[-1]
    return section.name == ".comment" and all(sid >= own for sid in section.plan.sections())


def headlines(result: LinkResult) -> list[str]:
    """Warnings in one line each; what they say in full has tests of its own."""
    return [render([d]).splitlines()[0] for d in result.diagnostics]


def letters(flags: int) -> str:
    bits = ((c.SHF_WRITE, "w"), (c.SHF_ALLOC, "a"), (c.SHF_EXECINSTR, "x"), (c.SHF_TLS, "T"))
    return "".join(letter for bit, letter in bits if flags & bit) or "-"


def image_lines(image: bytes) -> list[str]:
    """Size, then 16 bytes a line; lines of zeros are left out, `*` is the line before again."""
    lines = [f"{len(image):#x} bytes"]
    before = bytes(16)
    for at in range(0, len(image), 16):
        row = image[at : at + 16]
        if row == before:
            if any(row) and lines[-1] != "  *":
                lines.append("  *")
        elif any(row):
            lines.append(f"  {at:04x}: {row.hex(' ')}")
        before = row
    return lines


# The peers'


def peer_answer(case: Case, dialect: str) -> tuple[bool, bytes, str]:
    """Whether the peer takes the link, the output, and what it says."""
    command = peers.find(dialect)
    assert command is not None
    machines = {o.obj.machine for o in case.objects}
    own = ["-m", peers.EMULATIONS[max(machines, default="x86_64")]]
    if len(machines) > 1:
        own.append("--no-warn-mismatch")
    if dialect == "lld":
        own.append("--threads=1")
    done = subprocess.run(
        [command, *own, *case.command[1:], "-o", "peer.out"], capture_output=True, check=False
    )
    out = Path("peer.out")
    said = (done.stderr + done.stdout).decode(errors="replace")
    return done.returncode == 0, out.read_bytes() if out.exists() else b"", said


# The cases themselves


def test_every_case_says_what_it_shows() -> None:
    titles = [parse_case(path.read_text()).title for path in CASES.values()]
    assert len(set(titles)) == len(titles)
    assert all(len(title) <= 100 for title in titles)
