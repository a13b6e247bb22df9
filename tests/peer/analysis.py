"""What the commands of a test check, and two other forms of the same commands.

Not every call of a test is ours to answer: one that makes a shared object is handed to LLVM's own
linker, so that the test's other calls still count.  And not every check looks at what a link makes:
the exact words of a message are lld's own, so a second, relaxed form of the test only asks that
something was said."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence

from .shell import (
    CHECKERS,
    INSPECTORS,
    REDIRECT,
    Segment,
    has_long_option,
    has_option,
    outputs,
    pipelines,
    read_by,
    segments,
    writes_stdout,
)

MAP_OPTIONS = re.compile(r"^--?(Map|why-extract|print-archive-stats|print-symbol-order)=(.+)$")
OTHER_BFD = re.compile(r"^(--?[a-zA-Z-]+[= ]?)?elf(32|64)-(?!i386|x86-64|iamcu|x86_64)[a-z]")
LTO_OPTIONS = re.compile(r"^--?(lto|thinlto|fat-lto|save-temps|opt-remarks)")
SHARED_OPTIONS = ("-shared", "--shared", "-Bshareable", "--Bshareable")
DYNAMIC_OPTIONS = [
    "version-script",
    "dynamic-list",
    "export-dynamic",
    "export-dynamic-symbol",
    "export-dynamic-symbol-list",
    "dynamic-linker",
    "hash-style",
    "pack-dyn-relocs",
    "use-android-relr-tags",
    "soname",
]
TOOLING_OPTIONS = ("reproduce", "time-trace", "time-trace-granularity")
VALUE_OPTIONS = frozenset(
    [
        "-plugin",
        "--plugin",
        "-soname",
        "--soname",
        "-h",
        "-rpath",
        "--rpath",
        "-dynamic-linker",
        "--dynamic-linker",
        "-o",
        "--output",
    ]
)
DYNAMIC_DUMPS = re.compile(
    r"^(--dyn-syms|--dyn-symbols|--dynamic-table|--dynamic|--hash-table|--hash-symbols|"
    r"--gnu-hash-table|--version-info|--dynamic-syms|--dynamic-reloc|-dynamic-table|"
    r"-dyn-symbols|-dyn-syms|-d|-D|-T|-R|-V|--histogram)$"
)
USAGE = re.compile(r"(?i)unknown (argument|option|-z)|unrecogni[sz]ed (option|argument)")


def analyse(script: Sequence[str], tools: Sequence[str], text: str = "") -> Analysis:
    """A test's commands; position-independent links whose dynamic section is looked at are dynamic
    linking, other ones stay ours."""
    found = Analysis(script, tools, text)
    return Analysis(script, tools, text, hand_pie=True) if found.dynamic_checks else found


class Analysis:
    """calls: (tool, args, expected to fail) of ours.  handed: (reason, args) of calls that LLVM's
    own tool answers.  checked: (whether ours made it, or None, words) of each check that stays.
    strict: the commands as they stand but for calls handed over; relaxed: also with every check on
    the mere wording of our messages replaced."""

    def __init__(
        self, script: Sequence[str], tools: Sequence[str], text: str = "", hand_pie: bool = False
    ) -> None:
        self.tools = tools
        self.hand_pie = hand_pie
        self.calls: list[tuple[str, list[str], bool]] = []
        self.handed: list[tuple[str, list[str]]] = []
        self.checked: list[tuple[bool | None, list[str]]] = []
        self.dynamic_checks = 0
        self.relaxed_lines = 0
        self._text_files: set[str] = set()
        self._ours: set[str] = set()
        self._theirs: dict[str, str] = {}
        self._foreign: dict[str, str] = {}
        self._sink = "peer-anytext" + (" --usage-ok" if USAGE.search(text) else "")
        both = [self._line(line) for line in script]
        self.strict = [strict for strict, _ in both]
        self.relaxed = [relaxed for _, relaxed in both]

    @property
    def wording(self) -> str:
        """none: no check looks at wording; some; all: nothing else is checked."""
        if not self.relaxed_lines:
            return "none"
        kept = sum(by is True or (by is None and not self.handed) for by, _ in self.checked)
        return "some" if kept else "all"

    def _line(self, full: str) -> tuple[str, str]:
        found = re.match(r"(?s)(%dbg\([^)]*\) ?)(.*)$", full)
        head, command = found.groups() if found else ("", full)
        both = [self._pipeline(run) for run in pipelines(segments(command))]
        return head + "".join(s for s, _ in both), head + "".join(r for _, r in both)

    def _pipeline(self, run: list[Segment]) -> tuple[str, str]:
        """The strict and the relaxed text of commands that are joined by pipes."""
        text_from, product = self._calls_in(run)
        last = run[-1]
        same = "".join(part.text + part.operator for part in run)
        silent = last.tool not in CHECKERS or last.may_be_silent
        if text_from is not None:
            if not silent:
                self.relaxed_lines += 1
                kept = "".join(part.text + part.operator for part in run[: text_from + 1])
                return same, f"{kept} {self._sink} {last.operator}"
            self.checked.append((True, last.words))
            return same, same
        files = read_by(run) & self._text_files
        if files and not silent:
            self.relaxed_lines += 1
            return same, f" {self._sink} {shlex.quote(min(files))} {last.operator}"
        self._note_check(run, product)
        return same, same

    def _calls_in(self, run: list[Segment]) -> tuple[int | None, bool | None]:
        """Which command's messages flow on, and whether a file of ours does; calls that are out of
        scope are given to LLVM's own tool, in place."""
        text_from, product = None, None
        for at, part in enumerate(run):
            self._note_foreign(part)
            if part.tool not in self.tools:
                continue
            more = at + 1 < len(run)
            default = "a.out" if part.tool == "ld.lld" else ""
            reason = self._out_of_scope(part.tool, part.args)
            if reason:
                self.handed.append((reason, part.args))
                for made in outputs(part.args, default):
                    self._theirs[made] = reason
                    self._ours.discard(made)
                name = rf"(^|\s)(\S*/)?({re.escape(part.tool)})(?=\s|$)"
                part.text = re.sub(name, r"\1peer-ref-\3", part.text, count=1)
                product = False if more else product
                continue
            self.calls.append((part.tool, part.args, "not" in part.words[:2]))
            ours = outputs(part.args, default)
            if part.tool != "ld.lld":
                ours |= {arg for arg in part.args if not arg.startswith("-")}
            self._ours |= ours
            for made in ours & set(self._theirs):
                del self._theirs[made]
            binary = writes_stdout(part.tool, part.args)
            self._note_files(part.args, binary)
            if more and binary:
                product = True
            elif more:
                text_from = at
        return text_from, product

    def _note_foreign(self, part: Segment) -> None:
        """Inputs of kinds that are out of scope."""
        reason = ""
        if part.tool in ("llvm-as", "opt", "llc"):
            reason = "lto"
        elif (part.tool == "llvm-mc" and has_option(part.args, "-crel", "--crel")) or (
            part.tool == "yaml2obj" and "SHT_CREL" in part.text
        ):
            reason = "crel"
        if reason:
            self._foreign.update((made, reason) for made in outputs(part.args))

    def _note_check(self, run: list[Segment], product: bool | None) -> None:
        looks = [p for p in run if p.tool in INSPECTORS and p.tool not in self.tools]
        if not looks or product is False:
            return
        args = {arg for part in run for arg in part.args}
        by: bool | None = None
        if product or args & self._ours:
            by = True
        elif args & set(self._theirs):
            by = False
        self.checked.append((by, run[0].words))
        self.dynamic_checks += bool(by) and any(map(_looks_at_dynamic, looks))

    def _out_of_scope(self, tool: str, args: list[str]) -> str:
        """Why a call is none of ours, or ""."""
        if tool != "ld.lld":
            for arg in args:
                if arg in self._foreign:
                    return self._foreign[arg]
                if OTHER_BFD.match(arg):
                    return "arch"
            return ""
        if has_option(args, *SHARED_OPTIONS):
            return "shared output"
        for before, arg in zip(["", *args], args):
            reason = self._foreign_input(before, arg)
            if reason:
                return reason
        if has_long_option(args, *DYNAMIC_OPTIONS) or "-E" in args:
            return "dynamic linking"
        if self.hand_pie and has_long_option(args, "pie", "pic-executable"):
            return "dynamic linking"
        return "developer tooling of lld" if has_long_option(args, *TOOLING_OPTIONS) else ""

    def _foreign_input(self, before: str, arg: str) -> str:
        if before not in VALUE_OPTIONS and not arg.startswith("-"):
            if re.search(r"\.so(\.\d+)*$", arg):
                return "shared input"
            if arg in self._theirs:
                return self._theirs[arg].replace("output", "input")
            if arg.endswith((".bc", ".ll")):
                return "lto"
            if arg in self._foreign:
                return self._foreign[arg]
        if LTO_OPTIONS.match(arg):
            return "lto"
        library = arg if before == "-l" else arg[2:] if arg[:2] == "-l" else ""
        names = (library.lstrip(":"), f"lib{library}.so")
        if library and any(os.path.basename(made) in names for made in self._theirs):
            return "shared input"
        return ""

    def _note_files(self, args: list[str], binary: bool) -> None:
        """Remember the files that hold what our command prints."""
        for arg, after in zip(args, [*args[1:], ""]):
            found = REDIRECT.match(arg)
            if found:
                target = found[2] or after
                if not target or target.startswith("&") or target == "/dev/null":
                    continue
                if binary and found[1] != "2":
                    self._ours.add(target)
                else:
                    self._text_files.add(target)
            found = MAP_OPTIONS.match(arg)
            if found and found[2] not in ("-", "/dev/null"):
                self._text_files.add(found[2])
            if arg in ("-Map", "--Map") and after:
                self._text_files.add(after)


def _looks_at_dynamic(part: Segment) -> bool:
    """Whether a command prints what only dynamic linking makes; -d is disassembly elsewhere."""
    if part.tool in ("llvm-readobj", "llvm-readelf"):
        return any(DYNAMIC_DUMPS.match(arg) for arg in part.args)
    if part.tool in ("llvm-objdump", "llvm-nm"):
        return any(DYNAMIC_DUMPS.match(a) and a not in ("-d", "-D") for a in part.args)
    return False
