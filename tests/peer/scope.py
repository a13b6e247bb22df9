"""Which tests count, and as what: rules, with the exceptions of scope.tsv.

A test is in scope when it runs here with x86 as the only target and is about static linking for
bare metal.  Its class says what it checks: `link` what comes out, `diag` only what is printed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .analysis import Analysis, analyse
from .sources import die

if TYPE_CHECKING:
    from .runner import Runner

TABLE = Path(__file__).parent / "scope.tsv"
OTHER_TARGETS = [
    "aarch64",
    "arm",
    "amdgpu",
    "avr",
    "hexagon",
    "loongarch",
    "mips",
    "msp430",
    "ppc",
    "powerpc",
    "riscv",
    "sparc",
    "systemz",
    "wasm",
]
X86_MACHINES = frozenset({"EM_386", "EM_X86_64", "EM_IAMCU", "EM_NONE"})


@dataclass(frozen=True)
class Tag:
    """A test and what is known of it before it runs.

    half: "open", or "held": tests kept for checking that work carries over, spoilt by looking at
    them.  kind: "link" or "diag".  wording: none, some or all of its checks look at words."""

    name: str
    in_scope: bool
    reason: str
    half: str
    kind: str
    wording: str
    analysis: Analysis | None


def half_of(name: str) -> str:
    return "held" if hashlib.sha256(name.encode()).digest()[0] & 1 else "open"


def tag_tests(runner: Runner) -> list[Tag]:
    """Every test of the runner's suite."""
    table = _table()
    tags = []
    for name in runner.names():
        script, unsupported = runner.commands(name)
        if script is None and "no RUN" in unsupported:
            continue
        text = runner.text(name)
        analysis = None if script is None else analyse(script, runner.spec.tools, text)
        reason = _reason(runner.suite, name, text, analysis, unsupported)
        if (runner.suite, name) in table:
            in_scope, reason = table[runner.suite, name]
        else:
            in_scope = not reason
        wording = analysis.wording if analysis else "none"
        kind = "diag" if wording == "all" or _only_refusals(analysis) else "link"
        tags.append(Tag(name, in_scope, reason, half_of(name), kind, wording, analysis))
    return tags


def _only_refusals(analysis: Analysis | None) -> bool:
    return bool(analysis and analysis.calls) and all(failing for _, _, failing in analysis.calls)


def _reason(suite: str, name: str, text: str, analysis: Analysis | None, unsupported: str) -> str:
    """Why a test is out of scope, or ""."""
    if analysis is None:
        message = unsupported.lower()
        if any(re.search(rf"\b{target}\b", message) for target in OTHER_TARGETS):
            return "arch"
        return "windows" if "windows" in message else f"host: {unsupported}"
    if _is_for_others(name, text):
        return "arch"
    if "partition" in name:
        return "partitions"
    if suite == "llvm-objcopy":
        if re.match(r"crel\b", name):
            return "crel"
        return "" if analysis.calls else "does not call the tool"
    if "system-windows" in "".join(re.findall(r"REQUIRES:.*", text)):
        return "windows"
    if not analysis.calls:
        reasons = [reason for reason, _ in analysis.handed]
        return max(sorted(set(reasons)), key=reasons.count) if reasons else "calls no linker"
    if re.search(r"\bET_DYN\b", text):
        return "shared input"
    return "dynamic linking" if analysis.dynamic_checks else ""


def _is_for_others(name: str, text: str) -> bool:
    """Whether a test is about machines that are not x86."""
    runs = "\n".join(re.findall(r"(?:RUN|DEFINE|REDEFINE):(.*)", text))
    triples = set(re.findall(r"-triple[= ]\s*([\w.-]+)", runs))
    machines = set(re.findall(r"(?m)Machine:\s*(EM_\w+)", text))
    if triples and not any(re.match(r"(x86|i[3-6]86|amd64)", triple) for triple in triples):
        return True
    if re.match(rf"({'|'.join(OTHER_TARGETS)})[-.]", name):
        return True
    if machines and not machines & X86_MACHINES:
        return True
    return "ELFDATA2MSB" in text and "ELFDATA2LSB" not in text


def _table() -> dict[tuple[str, str], tuple[bool, str]]:
    """The exceptions made by hand: (suite, test) -> (in scope, reason)."""
    table = {}
    for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), 1):
        columns = line.split("\t")
        if not line.strip() or line.startswith("#") or columns[0] == "suite":
            continue
        if len(columns) != 4 or columns[2] not in ("in", "out"):
            die(f"scope.tsv:{number}: want suite, test, in or out, reason")
        table[columns[0], columns[1]] = columns[2] == "in", columns[3]
    return table
