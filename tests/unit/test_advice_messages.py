"""What the linker tells beginners: every message in full, as `pyld` prints it.

`tests/advice/SLUG/*.txt` are case files (tests/cases/language.py) whose expectation is all of
stderr.  PYLINK86_UPDATE_CASES=1 rewrites it, for review (`git diff tests/advice`).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pylink86.cli import pyld
from pylink86.cli.explanations import EXPLANATIONS
from pylink86.passes.advice.advise import CHECKS
from tests.cases.language import Case, parse_case

FOLDER = Path(__file__).parents[1] / "advice"
UPDATE = os.environ.get("PYLINK86_UPDATE_CASES") == "1"

FILES = {str(p.relative_to(FOLDER))[:-4]: p for p in sorted(FOLDER.glob("*/*.txt"))}
EVERY = [
    pytest.param(path, dialect, id=f"{name}-{dialect}")
    for name, path in FILES.items()
    for dialect in parse_case(path.read_text()).dialects
]
WARNINGS = [
    pytest.param(path, dialect, id=f"{name}-{dialect}")
    for name, path in FILES.items()
    for dialect, text in parse_case(path.read_text()).expected.items()
    if f"warning[{path.parent.name}]" in text
]


def said(
    case: Case,
    dialect: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *options: str,
) -> tuple[int, str]:
    """Exit status of `pyld`, and what it printed to stderr."""
    for o in case.objects:
        (folder / o.obj.name).write_bytes(o.encode())
    (folder / "script.ld").write_text(case.script)
    monkeypatch.chdir(folder)
    status = pyld.main([f"--dialect={dialect}", *options, *case.command[1:], "-o", "out"], "pyld")
    captured = capsys.readouterr()
    assert captured.out == ""
    return status, captured.err


@pytest.mark.parametrize(("path", "dialect"), EVERY)
def test_message(
    path: Path,
    dialect: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = parse_case(path.read_text())
    status, text = said(case, dialect, tmp_path, monkeypatch, capsys)
    assert f"[{path.parent.name}]" in text
    assert status == ("error[" in text or ": error: " in text)
    if UPDATE:
        wanted = {d: case.expected.get(d, "") for d in case.dialects} | {dialect: text}
        path.write_text(case.with_expected(wanted))
    else:
        assert text.rstrip() == case.expected[dialect].rstrip()


@pytest.mark.parametrize(("path", "dialect"), WARNINGS)
def test_warning_can_be_silenced_or_made_fatal(
    path: Path,
    dialect: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case, slug = parse_case(path.read_text()), path.parent.name
    others = set(re.findall(r"^warning\[([\w-]+)\]", case.expected[dialect], re.M)) - {slug}
    status, text = said(case, dialect, tmp_path, monkeypatch, capsys, f"--no-warn={slug}")
    assert status == 0
    assert set(re.findall(r"^\w+\[([\w-]+)\]", text, re.M)) == others
    assert (tmp_path / "out").exists()
    (tmp_path / "out").unlink()
    status, text = said(case, dialect, tmp_path, monkeypatch, capsys, "--fatal-warnings")
    assert status == 1
    assert f"error[{slug}]" in text
    assert "warning[" not in text
    assert not (tmp_path / "out").exists()


SLUGS = sorted({slug for check in CHECKS for slug in check.slugs})


@pytest.mark.parametrize("slug", SLUGS)
def test_every_warning_has_a_case_and_an_explanation(slug: str) -> None:
    assert any(path.parent.name == slug for path in FILES.values())
    assert EXPLANATIONS[slug].strip()


@pytest.mark.parametrize("slug", sorted({path.parent.name for path in FILES.values()}))
def test_every_case_is_of_a_known_message(slug: str) -> None:
    assert slug in EXPLANATIONS


GUIDE = FOLDER.parents[1] / "docs" / "messages.md"


def test_the_guide_has_a_row_for_every_warning() -> None:
    """Rows of docs/messages.md, and nothing in them that does not exist."""
    rows = re.findall(r"^\| `([\w-]+)` \|", GUIDE.read_text(encoding="utf-8"), re.M)
    assert len(rows) == len(set(rows))
    assert {*SLUGS, *(param.values[0].parent.name for param in WARNINGS)} <= set(rows)
    assert set(rows) <= set(EXPLANATIONS)


def test_the_example_of_the_guide_is_what_pyld_says() -> None:
    example = GUIDE.read_text(encoding="utf-8").split("```")[1]
    command, said = example.strip().split("\n", 1)
    case = parse_case((FOLDER / "pattern-names-no-file" / "renamed.txt").read_text())
    assert said.strip() == case.expected["lld"].strip()
    assert command.split()[2:] == ["--dialect=lld", *case.command[1:]]
