"""docs/first-image.md: its files are those of examples/, and every command does what it says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "first-image.md"
EXAMPLE = ROOT / "examples" / "first-image"

OURS = {"pyld": ["pylink86", "link"], "pylink86": ["pylink86"]}
TOOLS = {"rustc": "rustc", "cargo": "cargo", "nasm": "nasm"}


def files() -> dict[str, str]:
    """The files the guide shows, by name."""
    text = GUIDE.read_text(encoding="utf-8")
    return dict(re.findall(r"<!-- file: (\S+) -->\n```\w*\n(.*?)```", text, re.DOTALL))


def commands() -> list[tuple[str, str]]:
    """Every command of the guide with the output it promises, in order."""
    text = GUIDE.read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            found.append((command, output))
    return found


def test_shown_files_are_the_example() -> None:
    shown = files()
    assert {"hello.rs", "prefixed.ld", "byfile.ld"} <= shown.keys()
    for name in EXAMPLE.iterdir():
        if name.name in shown:
            assert name.read_text(encoding="utf-8") == shown[name.name], name.name


def run(command: str, folder: Path) -> str:
    """What a command prints, standard output and errors together."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT), NO_COLOR="1")
    words = shlex.split(command)
    if words[0] in OURS:
        line = [sys.executable, "-m", *OURS[words[0]], *words[1:]]
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, env=environment)
    else:
        done = subprocess.run(
            ["sh", "-c", command], cwd=folder, capture_output=True, text=True, env=environment
        )
    return done.stdout + done.stderr


def as_pattern(promised: str) -> str:
    """The promised output as a regular expression; a line `...` stands for any lines."""
    lines = promised.splitlines(keepends=True)
    return "".join("(?:.*\n)*?" if line == "...\n" else re.escape(line) for line in lines)


def test_every_command(tmp_path: Path) -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"install {', '.join(missing)} to run the guide's commands")
    pytest.importorskip("unicorn", reason="install pylink86[emulate] to run images")
    shutil.copy(EXAMPLE / "boot.asm", tmp_path)
    for name, text in files().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    every = commands()
    assert len(every) >= 15
    for command, promised in every:
        printed = run(command, tmp_path)
        assert re.fullmatch(as_pattern(promised), printed), f"$ {command}\n{printed}"
