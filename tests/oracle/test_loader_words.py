"""What options say to a loader in `.dynamic`: whole files compared with both linkers'."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86 import read
from pylink86.passes.pie.dynamic_words import FLAGS_1

from .twins import assemble, assert_same_file

SOURCE = """
 .globl _start, a, b
_start: {load}
a: nop
b: nop
 .data
d: {word} a
"""
BOTH = {
    **{f"-z {word}": () for word in FLAGS_1 if word != "group"},
    "-z now -z origin -z global": (),
    "-init a": (),
    "-fini b": (),
    "-init a -fini nosuch": (),
    "-z unique": (),
    "-z unique -z nounique": (),
    "-h foo": (),
    "-soname foo -rpath /tmp -rpath /usr/lib -init a": (),
    "-rpath lib -h lib": (),
    "-rpath /a -rpath /b -rpath /a": (),
    "-rpath /a --disable-new-dtags": (),
    "-audit x -audit y -audit x -P z -rpath /q -h foo -E": ("gnu",),
    "-h b -rpath art -E": ("gnu",),
    "-Bgroup": ("gnu",),
    "-Bsymbolic": (),
    "-Bsymbolic -Bno-symbolic": (),
}
"""Options -> the dialects whose linkers know them, () for both."""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[bool, list[str]]:
    monkeypatch.chdir(tmp_path)
    wide = SOURCE.format(load="lea d(%rip), %rax", word=".quad")
    short = SOURCE.format(load="nop", word=".long")
    return {
        True: ["-pie", assemble(tmp_path / "w.o", wide)],
        False: ["-pie", "-melf_i386", assemble(tmp_path / "s.o", short, wide=False)],
    }


@pytest.mark.parametrize(
    ("dialect", "words"),
    [(d, words) for words, known in BOTH.items() for d in known or ("gnu", "lld")],
)
def test_whole_files(dialect: str, words: str, program: dict[bool, list[str]], tmp_path: Path):
    for objs in program.values():
        assert_same_file(dialect, [*words.split(), *objs], tmp_path)


def test_programs_that_stay_have_no_loader(program: dict[bool, list[str]], tmp_path: Path):
    objs = program[True][1:]
    plain = assert_same_file("gnu", objs, tmp_path)
    assert assert_same_file("gnu", ["-z", "origin", "-init", "a", *objs], tmp_path) == plain
    assert ".dynamic" not in read(tmp_path / "ours").sections.names


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize("words", ["", "-init a", "-fini b", "-init a -fini b", "-init nosuch"])
@pytest.mark.parametrize("kind", ["", "-pie"])
def test_they_stay(
    dialect: str, words: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Without a reference, too; so do `_init` and `_fini`."""
    monkeypatch.chdir(tmp_path)
    names = ("_start", "a", "b", "_init", "_fini")
    source = "".join(f'.globl {name}\n.section .text.{name}, "ax"\n{name}: nop\n' for name in names)
    obj = assemble(tmp_path / "g.o", source)
    assert_same_file(dialect, [*kind.split(), "--gc-sections", *words.split(), obj], tmp_path)
    kept = set(read(tmp_path / "ours").symbols.names) & set(names)
    init = words.split()[1] if "-init" in words else "_init"
    fini = words.split()[-1] if "-fini" in words else "_fini"
    assert kept == {"_start", init, fini} & set(names)
