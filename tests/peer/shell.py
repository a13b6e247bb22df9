"""RUN lines as shell commands: their parts, the tool each one runs, the files it makes."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

CHECKERS = frozenset({"FileCheck", "grep", "egrep", "fgrep", "diff", "cmp"})
INSPECTORS = CHECKERS | frozenset(
    [
        "count",
        "llvm-readelf",
        "llvm-readobj",
        "llvm-objdump",
        "llvm-nm",
        "llvm-dwarfdump",
        "od",
        "test",
        "[",
        "llvm-size",
        "llvm-strings",
        "obj2yaml",
        "wc",
        "llvm-objcopy",
    ]
)
READERS = frozenset(("cat", "sort", "sed", "head", "tail", "grep", "diff", "cmp", "cut"))
WRAPPERS = frozenset(("not", "--crash", "env", "!", "{", "exec", "time"))
REDIRECT = re.compile(r"^([0-9&])?>>?(.*)$")


@dataclass
class Segment:
    """One command of a line: its text, the operator behind it, and what the words say.

    tool: the program's name without `not`, `env` and assignments in front; args: its arguments."""

    text: str
    operator: str
    words: list[str]
    tool: str
    args: list[str]

    @property
    def may_be_silent(self) -> bool:
        """A check that silence can pass: it asks that something is not said."""
        return bool({"--allow-empty", "-allow-empty"} & set(self.args)) or self.words[:1] == ["not"]


def segments(command: str) -> list[Segment]:
    """The commands of a line, in order; their texts and operators joined give it back."""
    out = []
    for text, operator in split_shell(command):
        words = words_of(text)
        at = command_of(words)
        tool = os.path.basename(words[at]) if at is not None else ""
        out.append(Segment(text, operator, words, tool, words[at + 1 :] if at is not None else []))
    return out


def pipelines(parts: list[Segment]) -> list[list[Segment]]:
    """Runs of commands joined by | or |&."""
    out: list[list[Segment]] = [[]]
    for part in parts:
        out[-1].append(part)
        if part.operator not in ("|", "|&"):
            out.append([])
    return [run for run in out if run]


def split_shell(command: str) -> list[tuple[str, str]]:
    """(text, operator that follows), quotes respected."""
    out: list[tuple[str, str]] = []
    start = at = 0
    while at < len(command):
        ch = command[at]
        if ch == "\\":
            at += 2
        elif ch == "'":
            end = command.find("'", at + 1)
            at = len(command) if end < 0 else end + 1
        elif ch == '"':
            at += 1
            while at < len(command) and command[at] != '"':
                at += 2 if command[at] == "\\" else 1
            at += 1
        elif command.startswith(("&&", "||", "|&"), at):
            out.append((command[start:at], command[at : at + 2]))
            start = at = at + 2
        elif ch == "&" and ">" in (command[at - 1 : at], command[at + 1 : at + 2]):
            at += 1
        elif ch in "|;&()":
            out.append((command[start:at], ch))
            start = at = at + 1
        else:
            at += 1
    out.append((command[start:], ""))
    return out


def words_of(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def command_of(words: list[str]) -> int | None:
    """Index of the tool's name, past not, env and assignments."""
    at = 0
    while at < len(words):
        word = words[at]
        if word in WRAPPERS or re.match(r"^[A-Za-z_]\w*=", word):
            at += 1
        elif word == "-u" and at and words[at - 1] == "env":
            at += 2
        else:
            return at
    return None


def outputs(args: list[str], default: str = "") -> set[str]:
    """The files a call names with -o, or else the default one."""
    out = set()
    for arg, after in zip(args, [*args[1:], ""]):
        if arg in ("-o", "--output") and after:
            out.add(after)
        elif arg.startswith("--output="):
            out.add(arg[9:])
        elif arg.startswith("-o") and len(arg) > 2 and "/" in arg:
            out.add(arg[2:])
    if not out and default:
        out.add(default)
    return out - {"/dev/null", "-"}


def writes_stdout(tool: str, args: list[str]) -> bool:
    """Whether the tool's standard output is the file it makes."""
    if "-o-" in args or "--output=-" in args or ("-o", "-") in zip(args, args[1:]):
        return True
    if tool == "ld.lld":
        return False
    names = [arg for arg in args if not re.match(r"^[0-9&]?[<>]", arg)]
    return names[-1:] == ["-"]


def read_by(run: Iterable[Segment]) -> set[str]:
    """Files that the commands of a pipeline read."""
    files = set()
    for part in run:
        for arg, after in zip(part.args, [*part.args[1:], ""]):
            if arg == "<":
                files.add(after)
            elif arg.startswith("<"):
                files.add(arg[1:])
            found = re.match(r"^--?input-file(?:=(.*))?$", arg)
            if found:
                files.add(after if found[1] is None else found[1])
            if part.tool in READERS:
                files.add(arg)
    return files - {""}


def has_option(words: Iterable[str], *names: str) -> bool:
    return any(word == name or word.startswith(name + "=") for word in words for name in names)


def has_long_option(words: Iterable[str], *names: str) -> bool:
    return has_option(words, *(f"--{n}" for n in names), *(f"-{n}" for n in names))
