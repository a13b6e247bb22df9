"""--version-script, and lists of exported symbols, against both linkers: whole files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pylink86.cli.pyld import main
from pylink86.passes.names.cxx_names import demangled

from .twins import PEERS, assemble, assert_same_file, need

pytestmark = pytest.mark.peer

SOURCE = """\
.globl _start, foo, bar, main, _ZN3foo3barEv, _Z1fi
.text
_start: .cfi_startproc
call foo
foo: nop
bar: nop
.cfi_endproc
main: nop
_ZN3foo3barEv: nop
_Z1fi: nop
.section .text.dead,"ax"
.globl dead
dead: nop
.section .text.exported,"ax"
.globl exported
exported: nop
.comm block,4,4
"""

NODES = {
    "anonymous": '{ global: _start; ba*; extern "C++" { "foo::bar()"; f*; }; local: *; };',
    "named": "V1 { global: foo; exported; local: b*; }; V2 { global: main; } V1;",
    "quoted": '{ global: "f*"; local: f*; "main"; };',
    "all": "{ local: *; };",
    "none": "{ global: *; };",
}


@pytest.mark.parametrize(
    "more",
    [[], ["-r"], ["--gc-sections"], ["--gc-sections", "-E"], ["-pie", "--no-dynamic-linker"]],
    ids=" ".join,
)
@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("dialect", PEERS)
def test_version_script(
    dialect: str, name: str, more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if name == "named" and "-pie" in more:
        pytest.skip("versions of symbols are for dynamic loaders: docs/DEVIATIONS.md")
    made = assemble(tmp_path / "a.o", SOURCE)
    (tmp_path / "v").write_text(NODES[name])
    assert_same_file(dialect, ["--undefined-version", *more, "--version-script=v", made], tmp_path)


@pytest.mark.parametrize(
    "export",
    ["-E", "--export-dynamic-symbol=dea*", "--dynamic-list=v", "--export-dynamic-symbol-list=v"],
)
@pytest.mark.parametrize("dialect", PEERS)
def test_exported_names_are_kept(
    dialect: str, export: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By LLD alone, and only where sections are collected."""
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", SOURCE)
    (tmp_path / "v").write_text('{ dead; extern "C++" { e*; }; };')
    for more in ([], ["--gc-sections"]):
        assert_same_file(dialect, [*more, export, made], tmp_path)


@pytest.mark.parametrize(
    ("text", "slug", "dialects"),
    [
        ("{ global: nowhere; };", "version-undefined", {"lld"}),
        ("V1 { local: nowhere; nothing*; };", "version-undefined", {"lld"}),
        ("V1 { global: foo; }; { local: *; };", "version-mixed", {"gnu", "lld"}),
        ("{ global foo; };", "", {"gnu", "lld"}),
    ],
)
@pytest.mark.parametrize("dialect", PEERS)
def test_wrong_version_script(
    dialect: str,
    text: str,
    slug: str,
    dialects: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both refuse it, or neither does."""
    need(PEERS[dialect])
    monkeypatch.chdir(tmp_path)
    made = assemble(tmp_path / "a.o", SOURCE)
    (tmp_path / "v").write_text(text)
    words = ["--version-script=v", made]
    theirs = subprocess.run([PEERS[dialect], *words, "-o", "theirs"], capture_output=True)
    ours = main([f"--dialect={dialect}", *words, "-o", "ours"], "pyld")
    assert (theirs.returncode != 0) == (ours != 0) == (dialect in dialects)
    assert not ours or slug in capsys.readouterr().err


CXX = {
    "_Z1gyez": "g(unsigned long long, long double, ...)",
    "_Z1vPViRVKcshabw": "v(int volatile*, char const volatile&, short, unsigned char, signed char, "
    "bool, wchar_t)",
    "_ZN12_GLOBAL__N_13hidEv": "(anonymous namespace)::hid()",
    "_ZN3foo1T1sE": "foo::T::s",
    "_ZN3foo1TC1Ei": "foo::T::T(int)",
    "_ZN3foo1TD2Ev": "foo::T::~T()",
    "_ZN3foo1kENS_2in1UEPS1_PNS_1TES4_": "foo::k(foo::in::U, foo::in::U*, foo::T*, foo::T*)",
    "_ZNK3foo1T1mEPKcRS0_": "foo::T::m(char const*, foo::T&) const",
    "_ZNSt1X1yEPS_": "std::X::y(std::X*)",
    "_ZSt1zPiS_PKiS1_": "std::z(int*, int*, int const*, int const*)",
}


def test_names_of_cxx() -> None:
    assert {name: demangled(name) for name in CXX} == CXX


@pytest.mark.parametrize("name", ["main", "_Z", "_Z3ab", "_ZN3foo", "_Z1fIiEvT_", "_ZN1aES9_"])
def test_names_that_are_not_read(name: str) -> None:
    assert demangled(name) is None
