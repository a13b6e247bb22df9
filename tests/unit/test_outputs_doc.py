"""The commands of docs/outputs.md run, and write what it says they write."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pylink86 import read
from pylink86.cli import pyld

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "outputs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [
    shlex.split(line)[1:]
    for block in BLOCKS
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("pyld ")
]
BEGINNINGS = {
    ".elf": b"\x7fELF",
    ".o": b"\x7fELF",
    ".srec": b"S0",
    ".hex": b":",
    ".v": b"@",
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words)[:60])
def test_command_runs(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    assert pyld.main(command, "pyld") == 0
    output = Path(command[command.index("-o") + 1])
    assert output.read_bytes().startswith(BEGINNINGS.get(output.suffix, b""))
    for option in command:
        name, _, value = option.partition("=")
        if name in ("-Map", "--dependency-file"):
            assert Path(value).stat().st_size


def test_every_format_has_a_command() -> None:
    used = {word for command in COMMANDS for word in command}
    table = TEXT.partition("| `--oformat` |")[2].partition("\n\n")[0]
    named = {name for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
             for name in re.findall(r"`([\w-]+)`", cell)}  # fmt: skip
    assert named == {"binary", "srec", "ihex", "verilog", "elf64-x86-64", "elf32-i386"}
    assert named <= used


@pytest.mark.parametrize(
    ("oformat", "obj", "elf_class"),
    [("elf32-i386", "c64_plain.o", 32), ("elf64-x86-64", "c32_plain.o", 64)],
)
def test_the_other_class(oformat: str, obj: str, elf_class: int, tmp_path: Path) -> None:
    out = tmp_path / "out.elf"
    path = ROOT / "fixtures" / "objects" / obj
    words = ["--oformat", oformat, "-Ttext", "0x100000", str(path), "-o", str(out)]
    assert pyld.main(words, "pyld") == 0
    found = read(out)
    assert found.header.elf_class == elf_class
    assert found.section(".text").addr == 0x100000
