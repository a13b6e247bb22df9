"""The tables of pyobjcopy and its kin against what GNU's and LLVM's tools say and take.

Every option their help names is a row here, and each column of docs/objcopy.md is what the tool
itself answers when it is called with the option.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from pylink86.cli.ar_letters import AR_LETTERS
from pylink86.cli.nm import NM
from pylink86.cli.objcopy_options import ROWS
from pylink86.cli.options import Names
from pylink86.cli.size import SIZE

pytestmark = pytest.mark.peer

TOOLS = {"g": "objcopy", "l": "llvm-objcopy-19", "G": "strip", "L": "llvm-strip-19"}
KIN = {"nm": NM, "llvm-nm-19": NM, "size": SIZE, "llvm-size-19": SIZE}

NOT_ASKED = (
    "--dialect",
    "--help",
    "-h",
    "--version",
    "-V",
    "--info",
    "-v",
    "--verbose",
    "--plugin",
)
"""Ours alone, such that the tool does something else than copying, or only in some builds."""

UNKNOWN = re.compile(r"unrecognized option|invalid option|unknown argument|unsupported option")


def need(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool}: install binutils, llvm-19")


def listed(tool: str) -> set[str]:
    """Every spelling that the help shows, `--[no-]x` as two."""
    text = subprocess.run([tool, "--help"], capture_output=True, text=True, check=True).stdout
    found = set()
    for line in text.splitlines():
        head = re.split(r"\s{2,}", line.strip())[0] if line[:1] == " " else ""
        if head[:1] in ("-", "{"):
            words = re.findall(r"--\[no-\][\w-]+|(?:^|(?<=[\s{|,]))--?[\w?][\w-]*", head)
            for word in words:
                found |= {word.replace("[no-]", ""), word.replace("[no-]", "no-")}
    return found - {"-"}


def rows() -> list[tuple[str, str, str]]:
    """spelling, argument, tools."""
    return [
        (name, argument, tools)
        for group in ROWS.values()
        for names, argument, _, _, tools, _ in group
        for name in names.split()
    ]


@pytest.mark.parametrize("letter", TOOLS)
def test_every_option_of_their_help_is_a_row(letter: str):
    need(TOOLS[letter])
    ours = {name for name, _, tools in rows() if letter in tools}
    missing = {name for name in listed(TOOLS[letter]) if name not in ours}
    assert missing == set()


@pytest.mark.parametrize("tool", KIN)
def test_every_option_of_nm_and_size_is_a_row(tool: str):
    need(tool)
    names = Names(KIN[tool])
    ours = {f"-{name}" for name in names.short} | {f"--{name}" for name in names.long}
    assert listed(tool) - ours == set()


@pytest.mark.parametrize("tool", ["ar", "llvm-ar-19"])
def test_every_letter_of_ar_is_known(tool: str):
    need(tool)
    text = subprocess.run([tool, "--help"], capture_output=True, text=True, check=True).stdout
    letters = set(re.findall(r"^ {2}\[?([a-zA-Z])[ \]\[]", text, re.M))
    assert len(letters) > 15
    assert letters - set(AR_LETTERS) == set()


@pytest.mark.parametrize("letter", TOOLS)
def test_the_columns_are_what_the_tools_answer(letter: str, tmp_path):
    """A row says that a tool has an option exactly when the tool does not call it unknown."""
    need(TOOLS[letter])
    wrong = []
    for name, argument, tools in rows():
        if name in NOT_ASKED or not set("GL" if letter in "GL" else "gl") & set(tools):
            continue
        if (letter in tools) != takes(TOOLS[letter], name, argument, tmp_path):
            wrong.append(name)
    assert wrong == []


def takes(tool: str, name: str, argument: str, folder) -> bool:
    """Does the tool know the option?  It is asked to copy a file that is not there."""
    words = [name]
    if argument[:1] not in ("", "["):
        words = [f"{name}=x"] if name[:2] == "--" else [name, "x"]
    done = subprocess.run(
        [tool, *words, "nothing.o"], cwd=folder, capture_output=True, text=True, check=False
    )
    return UNKNOWN.search(done.stderr) is None
