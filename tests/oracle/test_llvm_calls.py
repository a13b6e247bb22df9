"""Called as llvm-objcopy or llvm-strip: the same status, the same words, the same files.

`llvm_calls.txt` holds command lines that are wrong, odd or warned about, a line each, found by
giving every option what it does not expect.  Each is run in a folder of small inputs by LLVM's tool
and by ours.  LLVM's calls run beside ours, several at a time: starting them is what takes long.
"""

from __future__ import annotations

import shlex
import shutil
import struct
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from pylink86.cli import objcopy

pytestmark = pytest.mark.peer

PEERS = {"llvm-objcopy": "llvm-objcopy-19", "llvm-strip": "llvm-strip-19"}
CALLS = Path(__file__).with_name("llvm_calls.txt").read_text(encoding="utf-8").splitlines()

A = """
.text
.globl foo, bar, hid
.weak wk
.hidden hid
foo: call ext
call loc
hid: nop
wk: nop
loc: ret
.type foo,@function
bar: ret
.data
.long 1,2,3
.quad foo
.section .rodata,"a"
.asciz "hello"
.bss
buf: .zero 64
.comm cm,16,8
.section .foo,"a"
.long 7
.section .empty,"a"
.section .note.x,"a",@note
.long 4,4,1
.asciz "abc"
.long 5
.section .debug_foo,"",@progbits
.zero 100
.quad foo
.section .foo.dwo,"e"
.long 9
"""
GROUP = """
.section .text.g,"axG",@progbits,grpsig,comdat
.globl grpsig
grpsig: nop
.section .data.g,"awG",@progbits,grpsig,comdat
.long 3
"""
PROGRAM = """
.globl _start
_start: nop
.data
.quad _start
.section .note.y,"a",@note
.long 4,4,1
.asciz "abc"
.long 5
"""
TEXTS = {
    "five": "\1\2\3\4\5",
    "empty": "",
    "text": "not an object\n",
    "names.txt": "foo\n# comment\n  bar  # x\n\nwk\n",
    "rebad1.txt": "foo\n",
    "rebad2.txt": "foo a b\n",
    "redup.txt": "foo a\nfoo b\n",
    "wild.txt": "f*\n!foo\n",
    "re.txt": "foo newfoo\nbar newbar # c\n",
}

DAMAGED = ("", "--strip-debug", "-R .text", "-O binary", "-S")
FIELDS = (
    # Where in the file, how wide, what: the file header, then the header of section 1.
    ("shoff", 40, "<Q", 0xFFFFFF), ("shentsize", 58, "<H", 3), ("shstrndx", 62, "<H", 119),
    ("name", -64, "<I", 0x99999), ("offset", -64 + 24, "<Q", 0x99999), ("link", -64 + 40, "<I", 99),
)  # fmt: skip

DAMAGED_CALLS = [
    f"llvm-objcopy {words} bad-{field}.o out" for field, *_ in FIELDS for words in DAMAGED
]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calls")
    missing = [tool for tool in (*PEERS.values(), "ar", "as", "ld") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not here: install binutils and llvm-19")
    for name, source in (("a", A), ("grp", GROUP), ("exe", PROGRAM)):
        assembled = ["as", "--64", "-o", f"{name}.o"]
        subprocess.run(assembled, cwd=folder, input=source, text=True, check=True)
    subprocess.run(["ld", "-o", "exe", "exe.o"], cwd=folder, check=True)
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    subprocess.run(["ar", "crsT", "thin.a", "a.o", "exe.o"], cwd=folder, check=True)
    whole = (folder / "a.o").read_bytes()
    for name, at, form, value in FIELDS:
        data = bytearray(whole)
        where = at if at >= 0 else struct.unpack_from("<Q", data, 40)[0] + 128 + at
        struct.pack_into(form, data, where, value)
        (folder / f"bad-{name}.o").write_bytes(data)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def sentences(text: str) -> list[str]:
    """Without the notes and help that we add, and without the list of options."""
    lines = [line for line in text.splitlines() if not line.startswith("   =")]
    return [line for line in lines if ": error: " in line or ": warning: " in line]


Outcome = tuple[int, list[str], dict[str, bytes]]
"""Status, sentences, files."""


def filled(folder: Path, inputs: Path, line: str) -> Path:
    """A new folder with the inputs that a call names."""
    folder.mkdir()
    for path in inputs.iterdir():
        if path.name in line or (path.suffix == ".o" and "thin.a" in line):
            shutil.copy(path, folder)
    return folder


def theirs(line: str, folder: Path, inputs: Path) -> Outcome:
    """What LLVM's tool does."""
    tool, *words = shlex.split(line)
    done = subprocess.run(
        [PEERS[tool], *words], cwd=filled(folder, inputs, line),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stderr.replace(f"{PEERS[tool]}: ", f"{tool}: ")
    lines = [part.rpartition("/")[2] if tool in part else part for part in said.splitlines()]
    return done.returncode, sentences("\n".join(lines)), files(folder)


@pytest.fixture(scope="module")
def answers(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future]]:
    """Call -> what LLVM's tool does, as soon as it is known."""
    root = tmp_path_factory.mktemp("theirs")
    with ThreadPoolExecutor(4) as pool:
        calls = [*CALLS, *DAMAGED_CALLS]
        yield {
            line: pool.submit(theirs, line, root / str(number), inputs)
            for number, line in enumerate(calls)
        }


def ours(line: str, folder: Path, inputs: Path, capfd, monkeypatch) -> Outcome:
    tool, *words = shlex.split(line)
    monkeypatch.chdir(filled(folder, inputs, line))
    status = objcopy.run_tool(words, tool, strip=tool == "llvm-strip")
    return status, sentences(capfd.readouterr().err), files(folder)


@pytest.fixture
def differences(answers, inputs: Path, tmp_path: Path, capfd, monkeypatch):
    """What of these calls is not the same."""

    def found(calls: list[str]) -> list[str]:
        wrong = []
        for number, line in enumerate(calls):
            mine = ours(line, tmp_path / str(number), inputs, capfd, monkeypatch)
            peer = answers[line].result()
            if mine[:2] != peer[:2]:
                wrong.append(f"{line}: {peer[:2]}, ours {mine[:2]}")
            odd = [n for n in {**peer[2], **mine[2]} if peer[2].get(n) != mine[2].get(n)]
            if odd:
                wrong.append(f"{line}: {', '.join(odd)}")
        return wrong

    return found


@pytest.mark.parametrize("part", range(4))
def test_status_words_and_files(part: int, differences):
    calls = CALLS[part::4]
    assert len(calls) > 40
    assert not differences(calls)


@pytest.mark.parametrize("field", [row[0] for row in FIELDS])
def test_damaged_files(field: str, differences):
    assert not differences([line for line in DAMAGED_CALLS if f" bad-{field}.o" in line])
