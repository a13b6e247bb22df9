"""Documents that are made from the source are up to date, and links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pylink86.dialect import DIALECTS, ROWS
from pylink86.passes.reading.relink import dialect_for_relinking

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_difference_between_the_dialects_is_asked_for():
    code = (ROOT / "pylink86").rglob("*.py")
    text = "".join(p.read_text(encoding="utf-8") for p in code if p.parent.name != "dialect")
    asked = set(re.findall(r"\.(\w+)", text))
    assert not ROWS.keys() - asked


@pytest.mark.parametrize(
    "name", ["generate-dialects", "generate-objcopy", "generate-options", "generate-support"]
)
def test_what_is_made_from_tables_is_up_to_date(name: str):
    done = subprocess.run([sys.executable, str(ROOT / "scripts" / name), "--check"], check=False)
    assert done.returncode == 0, f"run scripts/{name}"


def test_every_difference_says_what_and_how_it_was_seen():
    for name, row in ROWS.items():
        assert row.says, name
        assert row.experiment, name
        final = {getattr(d, name) for d in DIALECTS.values()}
        relinked = {getattr(dialect_for_relinking(d), name) for d in DIALECTS.values()}
        assert len(final) == 2 or len(relinked) == 2, f"{name} is no difference"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_named_files_exist(path: Path):
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    for target in targets:
        assert "://" in target or (path.parent / target).exists(), target
    for name in re.findall(r"`((?:scripts|docs|examples|fixtures|tests)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name


def test_deviations_name_tests_that_exist():
    """The last column of a row is `tests/path.py::name`: no deviation is only a claim."""
    text = (ROOT / "docs" / "DEVIATIONS.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    for row in rows:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 5, row
        path, _, name = cells[4].strip("`").partition("::")
        assert (ROOT / path).is_file(), cells[4]
        assert not name or name in (ROOT / path).read_text(encoding="utf-8"), cells[4]


def test_the_example_of_the_readme_runs(tmp_path: Path, monkeypatch, capsys):
    """The Python block of README.md, as it stands there, in a copy of the files it names."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    image = (tmp_path / "image.bin").read_bytes()
    assert image[510:512] == b"\x55\xaa"
    assert int(capsys.readouterr().out) == len(image) // 512 - 1


def test_the_commands_of_the_readme_run(tmp_path: Path, monkeypatch):
    from pylink86.cli import pyld

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^pyld ((?:.*\\\n)*.*?)(?: && .*)?$", text, re.MULTILINE)
    assert len(commands) >= 2
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    for command in commands:
        assert pyld.main(command.replace("\\\n", " ").split(), "pyld") == 0
        assert (tmp_path / "image.bin").stat().st_size % 512 == 0


def test_the_layout_example_accounts_for_every_byte():
    done = subprocess.run(
        [
            sys.executable,
            "examples/show_layout.py",
            "fixtures/objects/hello_O2_static.o",
            "fixtures/objects/boot_long_elf32.o",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    rows = re.findall(r"^ *0x\w+ +0x(\w+)( +)", done.stdout, re.MULTILINE)
    sections = [int(size, 16) for size, indent in rows if len(indent) == 2]
    pieces = [int(size, 16) for size, indent in rows if len(indent) == 4]
    assert sum(sections) == sum(pieces) > 512
