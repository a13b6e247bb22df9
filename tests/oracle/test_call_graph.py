"""Sections in the order of calls: whole files and lists of symbols, compared with LLD."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from pylink86.cli.pyld import main
from pylink86.passes.matching.call_graph import order_by_calls, read_calls

from .twins import assemble, assert_same_file, need

HFSORT = "--call-graph-profile-sort=hfsort"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def functions(rng: random.Random, numbers: range) -> str:
    """Sections of functions, each with a global name and a local one; profiles behind them."""
    lines = ["local: nop"]
    for i in numbers:
        size = rng.choice((0, 1, 5, 16, 100, 1000, 600_000))
        lines += [f'.section .text.f{i}, "ax", @progbits', f".globl f{i}", f"f{i}: .zero {size}"]
        lines += [f"l{i}: nop"] if rng.random() < 0.7 else []
    for _ in range(rng.randint(0, 4)):
        one, other = rng.choice(numbers), rng.randrange(14)
        lines.append(f".cg_profile f{one}, f{other}, {rng.choice((1, 5, 9, 100))}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(24))
def test_random_calls(seed: int, folder: Path) -> None:
    need("clang-19")
    rng = random.Random(seed)
    for name, numbers in (("a", range(0, 14, 2)), ("b", range(1, 14, 2))):
        (folder / f"{name}.s").write_text(functions(rng, numbers))
        command = ["clang-19", "-c", f"{name}.s", "-o", f"{name}.o"]
        subprocess.run(command, check=True, cwd=folder)
    names = [*(f"f{i}" for i in range(14)), "local", "l2", "nobody"]
    lines = [
        f"{rng.choice(names)} {rng.choice(names)} {rng.choice((0, 1, 5, 10, 100, 2000))}\n"
        for _ in range(rng.randint(1, 20))
    ]
    (folder / "calls").write_text("".join(lines))
    words = ["a.o", "b.o", "-e", "f0", HFSORT]
    words += ["--call-graph-ordering-file=calls"] if rng.random() < 0.7 else []
    if assert_same_file("lld", [*words, "--print-symbol-order=order"], folder):
        ours = folder / "order"
        found = ours.read_text() if ours.exists() else None
        ours.unlink(missing_ok=True)
        command = ["ld.lld-19", *words, "--print-symbol-order=order", "-o", "x"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        assert found == (ours.read_text() if ours.exists() else None)


ODD = """
.globl _start, a, b, absolute, gone, d
absolute = 5
_start: call a
call b
.section .text.a, "ax"
a: call nowhere
.section .text.b, "ax"
b: nop
.section .text.gone, "ax"
gone: nop
.data
d: .long 4
.comm block, 4, 4
.weak nowhere
"""


@pytest.mark.parametrize(
    ("lines", "warning"),
    [
        ("a nowhere 3\nblock a 3", ""),
        ("a absolute 3\na b 1", "unable to order absolute symbol: absolute"),
        ("b gone 3\nb a 1", "unable to order discarded symbol: gone"),
        ("# comment\n\nno b 3", "calls: no such symbol: no"),
        ("a d 3\nd d 3", ""),
        ("a _start 3\na b 18446744073709551615\nb a 18446744073709551615", ""),
    ],
)
def test_names_that_order_nothing(
    lines: str, warning: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assemble(folder / "odd.o", ODD)
    (folder / "calls").write_text(lines)
    words = ["odd.o", "--gc-sections", HFSORT, "--call-graph-ordering-file=calls"]
    assert_same_file("lld", words, folder)
    assert warning in capsys.readouterr().err
    assert_same_file("lld", [*words, "--no-warn-symbol-ordering"], folder)
    assert "warning" not in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["none", "hfsort"])
def test_scripts_and_other_orders(kind: str, folder: Path) -> None:
    assemble(folder / "odd.o", ODD)
    (folder / "calls").write_text("b a 7\na _start 1")
    (folder / "k.ld").write_text("SECTIONS { .b : { *(.text.b) } .text : { *(.text*) } }")
    words = ["odd.o", "--call-graph-ordering-file=calls", f"--call-graph-profile-sort={kind}"]
    assert_same_file("lld", words, folder)
    assert_same_file("lld", [*words, "-T", "k.ld"], folder)
    assert_same_file("lld", [*words, "--shuffle-sections=*=7"], folder)


def test_listed_symbols_count_before_profiles_of_inputs(folder: Path) -> None:
    need("clang-19")
    (folder / "p.s").write_text(ODD + ".cg_profile a, b, 10\n.cg_profile b, a, 3\n")
    subprocess.run(["clang-19", "-c", "p.s", "-o", "p.o"], check=True, cwd=folder)
    (folder / "names").write_text("b\na\n")
    assert_same_file("lld", ["p.o", HFSORT], folder)
    assert_same_file("lld", ["p.o", "--call-graph-profile-sort=none"], folder)
    assert_same_file("lld", ["p.o", "--symbol-ordering-file=names"], folder)
    assert_same_file("gnu", ["p.o"], folder)


@pytest.mark.parametrize("line", ["f g", "f g x", "f g 1 2", "f  g 1", "f g -1", f"f g {1 << 64}"])
def test_lines_that_are_none(line: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assemble(folder / "odd.o", ODD)
    (folder / "calls").write_text(line)
    assert main(["odd.o", "--call-graph-ordering-file=calls"], "pyld") == 1
    assert "error[bad-option-value]: calls: parse error" in capsys.readouterr().err


def test_two_orders_are_one_too_many(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["x.o", "--symbol-ordering-file=a", "--call-graph-ordering-file=b"]
    assert main(words, "pyld") == 1
    assert "may not be used together" in capsys.readouterr().err


def test_a_group_grows_behind_its_best_caller() -> None:
    calls = {(0, 1): 10, (2, 1): 20, (2, 3): 1, (3, 3): 100}
    assert order_by_calls(calls, (16, 16, 16, 16)) == [3, 2, 1, 0]
    assert read_calls("# x\n a b 3 \n\n") == (("a", "b", 3),)
