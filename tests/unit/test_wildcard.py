"""Name patterns; each row was tried with GNU ld 2.40 (differences to LLD 19: the module's text)."""

from __future__ import annotations

import fnmatch
import shutil
import subprocess
import time

import pytest

from pylink86.wildcard import (
    compile_pattern,
    compile_patterns,
    compile_section_pattern,
    is_wildcard,
)

SECTIONS = [
    *(".text.a", ".text.b/c", ".t[x]", ".t*x", ".t?x", ".t\\x", "a-b", "a]b", "x^y", "x!y"),
    *(".é", "tab", "z9", "zA", "za", "z_", "z-", "z]", "a{b", "a\\"),
]

OBSERVED = {
    ".text.a": [".text.a"],
    ".text.*": [".text.a", ".text.b/c"],
    ".text?b*": [".text.b/c"],
    "*": SECTIONS,
    "**a": [".text.a", "za"],
    "a**b": ["a-b", "a]b", "a{b"],
    "*a*": [".text.a", "a-b", "a]b", "tab", "za", "a{b", "a\\"],
    "*]": [".t[x]", "z]"],
    ".?": [".é"],
    ".??": [],
    # sets
    "a[]-]b": ["a-b", "a]b"],
    "a[]]b": ["a]b"],
    "a[!]]b": ["a-b", "a{b"],
    "a[^]]b": ["a-b", "a{b"],
    "x[!!]y": ["x^y"],
    "x[^^]y": ["x!y"],
    "x[\\^]y": ["x^y"],
    "z[0-9]": ["z9"],
    "z[9-0]": [],
    "z[a-]": ["za", "z-"],
    "z[-a]": ["za", "z-"],
    "z[_-]": ["z_", "z-"],
    "z[]]": ["z]"],
    "z[\\]]": ["z]"],
    "z[]a-]": ["za", "z-", "z]"],
    "z[A-z]": ["zA", "za", "z_", "z]"],
    "a[+--]b": ["a-b"],
    "[z]?": ["z9", "zA", "za", "z_", "z-", "z]"],
    "?[!9]": [".é", "zA", "za", "z_", "z-", "z]", "a\\"],
    "*[[x]]": [".t[x]"],
    ".t[[]x]": [".t[x]"],
    # classes
    "z[[:digit:]]": ["z9"],
    "z[[:alpha:]]": ["zA", "za"],
    "z[[:upper:]]": ["zA"],
    "z[[.a.]]": ["za"],
    "z[[=a=]]": ["za"],
    # never closed
    "z[a": [],
    "z[!a": [],
    "z[!": [],
    # backslashes: as they are before the first wildcard and after the only star, else an escape
    ".t\\x": [".t\\x"],
    ".t\\\\x": [],
    ".t\\*x": [".t\\x"],
    ".t\\?x": [],
    "a\\*": ["a\\"],
    "a\\\\*": [],
    "*\\": ["a\\"],
    "**\\": [],
    "?\\": [],
    "*t\\*x": [".t*x"],
    "*t\\\\*x": [".t\\x"],
    "?t\\*x": [".t*x"],
    "?t[\\\\]x": [".t\\x"],
    "*\\x": [".t\\x"],
    "*\\**": [".t*x"],
    "*\\\\**": [".t\\x", "a\\"],
    "*\\[x]": [".t[x]"],
    "*[\\x]": [".t*x", ".t?x", ".t\\x"],
}


@pytest.mark.parametrize("pattern", list(OBSERVED))
def test_section_patterns_are_those_of_gnu_ld(pattern):
    matches = compile_section_pattern(pattern)
    assert [name for name in SECTIONS if matches(name)] == OBSERVED[pattern]


@pytest.mark.peer
def test_gnu_ld_agrees(tmp_path):
    """The observations, observed again: each section holds its number, .m what a pattern took."""
    if not all(map(shutil.which, ("ld", "as"))):
        pytest.skip("needs GNU ld and as: install binutils")
    version = subprocess.run(["ld", "--version"], capture_output=True, text=True).stdout
    if "2.40" not in version.splitlines()[0]:
        pytest.skip("recorded with GNU ld 2.40: install binutils 2.40")
    text = "".join(
        '.section "{}","aw",@progbits\n.byte {}\n'.format(name.replace("\\", "\\\\"), i)
        for i, name in enumerate(SECTIONS)
    )
    subprocess.run(["as", "-o", "w.o"], input=text, text=True, cwd=tmp_path, check=True)
    for pattern, expected in OBSERVED.items():
        if pattern == ".??":
            continue  # how many characters .é has is a matter of the locale
        (tmp_path / "w.ld").write_text(
            f'SECTIONS {{ .m : {{ *("{pattern}") }} /DISCARD/ : {{ *(*) }} }}'
        )
        command = ["ld", "--oformat", "binary", "-T", "w.ld", "w.o", "-o", "w.bin", "-e", "0"]
        environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        subprocess.run(command, cwd=tmp_path, check=True, env=environment, capture_output=True)
        taken = [SECTIONS[i] for i in (tmp_path / "w.bin").read_bytes()]
        assert taken == expected, pattern


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a\\*b.o", ["a*b.o"]),
        ("a\\b.o", ["a\\b.o"]),
        ("[a]\\*b.o", ["a*b.o"]),
        ("[a]\\\\*b.o", ["a\\b.o", "a\\xb.o"]),
        ("*/*.o", ["dir/x.o", "/a/b/c.o"]),
        ("dir/*", ["dir/x.o"]),
    ],
)
def test_in_file_patterns_a_backslash_always_escapes(pattern, names):
    files = ["a*b.o", "axb.o", "a\\b.o", "a\\xb.o", "dir/x.o", "/a/b/c.o"]
    assert [name for name in files if compile_pattern(pattern)(name)] == names


@pytest.mark.parametrize(
    ("text", "answer"),
    [("*", True), ("a?", True), ("[a]", True), ("a[", True), ("a\\b", False), ("", False)],
)
def test_is_wildcard(text, answer):
    assert is_wildcard(text) is answer


def test_overlapping_ends_need_their_own_characters():
    assert not compile_pattern("ab*ba")("aba")
    assert compile_pattern("ab*ba")("abba")
    assert not compile_pattern("[a]b*b[a]")("aba")
    assert compile_pattern("[a]b*b[a]")("abba")
    assert not compile_pattern("a*b*b")("ab")
    assert not compile_pattern("a*?*a")("aa")


@pytest.mark.parametrize(
    "pattern", ["*a" * 40 + "*b", "*[ab]" * 40 + "*[c]", "*?a" * 40 + "*b", "a*" * 200 + "b"]
)
def test_hostile_patterns_take_no_time(pattern):
    matches = compile_pattern(pattern)
    start = time.perf_counter()
    assert not matches("a" * 20_000)
    assert time.perf_counter() - start < 1


def test_names_with_newlines_and_bytes_that_are_no_text():
    assert compile_pattern("a?c")("a\nc")
    assert compile_pattern("a[!x]c*")("a\nc\n")
    assert compile_pattern("*\udcff?")("x\udcffy")


def test_many_patterns_at_once():
    patterns = [".text", ".data", ".rodata.*", ".x[0-9]", "*.o", ".t\\*x"]
    together = compile_patterns(patterns)
    one_by_one = [compile_section_pattern(p) for p in patterns]
    for name in [*SECTIONS, ".text", ".text2", ".rodata.", ".rodata", ".x4", ".x44", "a.o", ".o"]:
        assert together(name) == any(m(name) for m in one_by_one), name
    assert not compile_patterns([])("x")


def test_plain_patterns_agree_with_python_s_fnmatch():
    parts = ["", "a", "b", "*", "?", "[ab]", "[!a]"]
    patterns = [x + y + z for x in parts for y in parts for z in parts]
    names = ["", "a", "b", "c", "ab", "ba", "aa", "abc", "cab", "aab", "bbb"]
    for pattern in patterns:
        matches = compile_pattern(pattern)
        for name in names:
            assert matches(name) == fnmatch.fnmatchcase(name, pattern), (pattern, name)
