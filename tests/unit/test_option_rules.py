"""Options that contradict each other, undo each other, or mean something else with others."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86.cli import pyld
from tests.cases.language import read_objects

OBJECT = """object a.o
section .text ax
  90 c3
symbol _start .text+0
symbol local .text+1 local"""
OTHER = OBJECT.replace("a.o", "b.o")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for text in (OBJECT, OTHER):
        for made in read_objects(text):
            (tmp_path / made.obj.name).write_bytes(made.encode())
    return tmp_path


def link(words: str, program: str = "ld.lld") -> int:
    return pyld.main([*words.split(), "-o", "out"], program)


def test_a_dash_is_standard_output_in_lld_and_a_file_in_gnu_ld(folder, capfdbinary):
    assert pyld.main(["a.o", "-o", "-"], "ld.lld") == 0
    written = capfdbinary.readouterr().out
    assert link("a.o") == 0
    assert written == (folder / "out").read_bytes()
    assert not (folder / "-").exists()
    assert pyld.main(["a.o", "-o", "-"], "ld") == 0
    assert capfdbinary.readouterr().out == b""
    assert (folder / "-").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--start-lib --start-lib a.o", "nested --start-lib"),
        ("--start-group --start-lib a.o", "may not nest --start-lib in --start-group"),
        ("--start-lib --start-group a.o", "nested --start-group"),
        ("--start-group a.o --start-group", "nested --start-group"),
        ("a.o --end-lib", "stray --end-lib"),
        ("a.o --strip-all --emit-relocs", "--strip-all and --emit-relocs may not be used together"),
        ("a.o b.o --allow-multiple-definition --no-allow-multiple-definition", "duplicate symbol"),
        ("a.o --oformat foo", "unknown output format name: foo"),
        ("a.o --image-base=ABC", "--image-base: number expected, but got ABC"),
    ],
)
def test_lld_refuses(words, message, folder, capsys):
    assert link(words) == 1
    assert message in capsys.readouterr().err


def test_gnu_ld_searches_a_group_in_a_group_with_it(folder):
    assert link("--start-group a.o --start-group --end-group --end-group", "ld") == 0


def test_stripping_is_forgotten_with_r_in_lld(folder):
    names = set()
    for words in ("-r", "-r -s", "-r -S"):
        assert link(f"a.o {words}") == 0
        names.add((folder / "out").read_bytes())
    assert len(names) == 1


def test_lld_takes_any_name_of_an_elf_format(folder, capsys):
    assert link("a.o --oformat=elf-foo") == 0
    assert link("a.o --oformat=elf-foo", "ld") == 1


def test_a_base_inside_of_a_page_is_told(folder, capsys):
    assert link("a.o --image-base=0x1000 -z max-page-size=0x2000") == 0
    assert "address isn't multiple of page size: 0x1000" in capsys.readouterr().err
    assert link("a.o --image-base=0x10000") == 0
    assert not capsys.readouterr().err


def test_unresolved_symbols_are_errors_again(folder, capsys):
    text = OBJECT + "\nsymbol nope UNDEF\nobject c.o\nsection .text ax\n  00*8\n"
    text += "  reloc 0 R_X86_64_64 nope 0\nsymbol nope UNDEF"
    for made in read_objects(text):
        (folder / made.obj.name).write_bytes(made.encode())
    assert link("a.o c.o --warn-unresolved-symbols") == 0
    assert link("a.o c.o --warn-unresolved-symbols --error-unresolved-symbols") == 1


def test_another_root_for_absolute_names(folder):
    (folder / "root" / "deep").mkdir(parents=True)
    (folder / "a.o").rename(folder / "root" / "deep" / "a.o")
    (folder / "root" / "script").write_text("INPUT(/deep/a.o)")
    assert link("--chroot root /deep/a.o") == 0
    first = (folder / "out").read_bytes()
    assert link(f"--chroot {folder / 'root'} /script") == 0
    assert (folder / "out").read_bytes() == first
    assert link("/deep/a.o") == 1
