"""Command lines as GNU ld takes them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylink86.cli.ld_options import KEYWORDS, LD
from pylink86.cli.options import (
    IGNORED,
    REFUSED,
    Names,
    Parsed,
    help_text,
    parse,
)
from pylink86.cli.response_files import expand_response_files, split_windows, split_words


def take(*argv: str) -> Parsed:
    return parse(argv, LD, KEYWORDS)


def good(*argv: str) -> Parsed:
    parsed = take(*argv)
    assert not parsed.problems
    return parsed


def slugs(*argv: str) -> list[str]:
    return [d.slug for d in take(*argv).problems]


def files(parsed: Parsed) -> list[str]:
    return [text for kind, text, _ in parsed.inputs if kind == "file"]


@pytest.mark.parametrize(
    "argv",
    [
        ["-T", "k.ld"],
        ["-Tk.ld"],
        ["--script", "k.ld"],
        ["--script=k.ld"],
        ["-script=k.ld"],
        ["--scri", "k.ld"],
    ],
)
def test_one_option_in_all_its_spellings(argv: list[str]):
    parsed = good(*argv, "a.o")
    assert parsed.values == {"script": ["k.ld"]}
    assert files(parsed) == ["a.o"]


def test_the_output_has_short_spellings_only_after_one_dash():
    assert good("-oout").values == {"output": "out"}
    assert good("-omagic").values == {"output": "magic"}
    assert good("--output=a").values == {"output": "a"}
    assert good("-o", "a", "-o", "b").values == {"output": "b"}


def test_a_value_may_look_like_an_option_or_be_empty():
    assert good("-o", "-T").values == {"output": "-T"}
    assert good("--entry=").values == {"entry": ""}


def test_flags_can_be_taken_back():
    assert good("--gc-sections", "--no-gc-sections").values == {"gc_sections": False}


def test_lists_keep_their_order():
    assert good("-u", "b", "-ua", "--undefined=c").values == {"undefined": ["b", "a", "c"]}


def test_prefixes_hold_for_the_inputs_that_follow():
    parsed = good(
        "a.o", "--prefix-alloc-sections=.rust", "b.o", "c.o", "--prefix-alloc-sections=", "d.o"
    )
    assert [(text, state) for _, text, state in parsed.inputs] == [
        ("a.o", {}),
        ("b.o", {"prefix_alloc_sections": ".rust"}),
        ("c.o", {"prefix_alloc_sections": ".rust"}),
        ("d.o", {"prefix_alloc_sections": ""}),
    ]


def test_state_is_pushed_and_popped():
    parsed = good("--push-state", "--prefix-symbols=k_", "a.o", "--pop-state", "b.o")
    assert [state for _, _, state in parsed.inputs] == [{"prefix_symbols": "k_"}, {}]
    assert slugs("--pop-state") == ["unknown-option"]


def test_two_dashes_end_the_options():
    assert files(good("--", "-T", "--gc-sections")) == ["-T", "--gc-sections"]


def test_a_single_dash_is_an_input():
    assert files(good("-")) == ["-"]


def test_keywords():
    assert good("-z", "max-page-size=0x1000", "-znow", "-z", "relro").values == {
        "max_page_size": "0x1000",
        "no_relro": False,
        "z_now": True,
    }
    assert [(d.severity, d.message) for d in take("-z", "nonsense").problems] == [
        ("warning", "-z nonsense ignored")
    ]
    assert slugs("-z", "max-page-size") == ["option-needs-value"]
    assert good("-z", "muldefs").problems == []


def test_abbreviations():
    assert good("--gc-s").values == {"gc_sections": True}
    assert good("--fatal").values == {"fatal_warnings": True}
    problem = take("--no-w").problems[0]
    assert problem.slug == "option-ambiguous"
    assert "--no-warn" in problem.notes[0]


def test_the_exact_name_wins_over_longer_ones():
    assert good("--no-warn=orphan").values == {"silenced": ["orphan"]}


def test_grouped_flags():
    assert good("-sS").values == {"strip_all": True, "strip_debug": True}
    assert good("-gvV").values == {"show_version": True, "show_emulations": True}


def test_optional_values_are_attached():
    assert files(good("--build-id", "a.o", "--build-id=sha1", "-O", "b.o", "-O2", "c.o")) == [
        "a.o",
        "b.o",
        "c.o",
    ]


@pytest.mark.parametrize(
    ("word", "slug", "says"),
    [
        ("--gc-section=1", "option-takes-no-value", "--gc-section"),
        ("--no-such-thing", "unknown-option", "unrecognized option '--no-such-thing'"),
        ("-%", "unknown-option", "-%"),
        ("--=", "unknown-option", "--="),
        ("--be8", "option-not-supported", "--be8"),
        ("-e", "option-needs-value", "SYMBOL"),
        ("--entry", "option-needs-value", "SYMBOL"),
    ],
)
def test_bad_words(word: str, slug: str, says: str):
    (problem,) = take(word).problems
    assert problem.slug == slug
    assert says in problem.message


def test_a_misspelled_option_gets_the_nearest_spelling():
    assert take("--gc-sectoins").problems[0].help[0].startswith("did you mean --gc-sections")
    assert take("--fatal-waning=3").problems[0].help == (
        "did you mean --fatal-warnings or --no-fatal-warnings?",
    )


def test_all_problems_are_reported():
    assert slugs("--nope", "--be8", "a.o", "-T") == [
        "unknown-option",
        "option-not-supported",
        "option-needs-value",
    ]


GCC = """
    -plugin /usr/libexec/gcc/x86_64-linux-gnu/12/liblto_plugin.so
    -plugin-opt=/usr/libexec/gcc/x86_64-linux-gnu/12/lto-wrapper
    -plugin-opt=-fresolution=/tmp/cc.res --build-id --eh-frame-hdr -m elf_x86_64 --hash-style=gnu
    --as-needed -dynamic-linker /lib64/ld-linux-x86-64.so.2 -pie -o k.out -L/usr/lib -L/lib obj.o
    -T s.ld
    """
RUSTC = """
    -flavor gnu symbols.o k.rcgu.o --as-needed -Bstatic -L /tmp/raw-dylibs -Bdynamic --eh-frame-hdr
    -z noexecstack -L /sysroot/lib -o k --gc-sections -pie -z relro -z now -O1 -Tk.ld
    """
STATIC = """
    -static -pie --no-dynamic-linker -z text -z norelro --no-undefined-version
    -plugin-opt=O0 -plugin-opt=mcpu=x86-64 -u __llvm_profile_runtime a.o
    """
KBUILD = """
    -m elf_x86_64 -z noexecstack --no-warn-rwx-segments --build-id=sha1 --no-undefined
    -z max-page-size=0x200000 -o vmlinux a.o --no-ld-generated-unwind-info
    """
CLANG = """
    --hash-style=both --build-id --eh-frame-hdr -m elf_i386 -static -o a.out -L/usr/lib/llvm/lib
    a.o --color-diagnostics --threads=1 -mllvm -x --start-group b.o --end-group
    """


@pytest.mark.parametrize("line", [GCC, RUSTC, STATIC, KBUILD, CLANG])
def test_what_compilers_hand_over_is_taken_in_silence(line: str):
    parsed = good(*line.split())
    assert all(text.endswith(".o") for text in files(parsed))


def test_no_spelling_belongs_to_two_options():
    seen: dict[str, str] = {}
    for rows in LD.values():
        for row in rows:
            for name in row[0].split():
                assert name[0] == "-"
                key = name if len(name) == 2 else name.lstrip("-")
                assert seen.setdefault(key, row[0]) == row[0], name


def test_every_row_is_whole():
    for headline, rows in LD.items():
        for names, value, how, dest, text in rows:
            assert text or how == IGNORED, names
            assert dest or how in (IGNORED, REFUSED, "push", "pop"), names
            assert value == value.strip(), headline


def test_help_names_every_option_once_and_fits_a_terminal():
    text = help_text(LD)
    for name in Names(LD).long:
        assert name in text
    assert max(map(len, text.splitlines())) <= 80


def printed_by(tool: str, package: str) -> str:
    """What `--help` of a peer says."""
    path = shutil.which(tool)
    if path is None:
        pytest.skip(f"{tool} is not installed (apt install {package})")
    text = subprocess.run([path, "--help"], capture_output=True, text=True, check=True).stdout
    if tool == "ld" and "elf_x86_64" not in text:
        pytest.skip("this ld is not GNU ld for x86 (apt install binutils)")
    return text


OPTION = re.compile(r"(?:^ +|, )(--?(?:\[no-\])?[A-Za-z(][\w-]*|-[()])", re.MULTILINE)
"""An option at the start of a line of a help text, or behind another one."""

LINES_THAT_SAY_MORE = re.compile(r"^ {20,}.*$", re.MULTILINE)


def options_in(text: str) -> set[str]:
    """The options a help text names, `--[no-]x` as both."""
    found = set(OPTION.findall(LINES_THAT_SAY_MORE.sub("", text)))
    return {word.replace("[no-]", no) for word in found for no in ("", "no-")}


@pytest.mark.parametrize(
    ("tool", "package", "least"),
    [("ld", "binutils", 250), ("ld.lld-19", "lld-19", 270)],
)
def test_every_option_of_the_peers_is_known(tool: str, package: str, least: int):
    """Built, without effect for a reason, or refused for one: nothing is met by surprise."""
    names = Names(LD)
    words = options_in(printed_by(tool, package)) - {"-z"}
    assert len(words) >= least
    missing = {
        word
        for word in words
        if word.lstrip("-") not in names.long
        and not (len(word) == 2 and word[1] in names.short)
        and f"{word}0".lstrip("-") not in names.long  # --lto-O<LEVEL>
    }
    assert not missing


def test_every_keyword_of_z_is_known():
    """GNU ld lists them; LLD does not, so its manual's are written down here."""
    listed = re.findall(r"-z ([\w-]+)(?:\{([^}]*)\})?", printed_by("ld", "binutils"))
    words = {word for word, levels in listed if not levels}
    assert len(words) > 50
    assert words | set(LLD_KEYWORDS.split()) <= KEYWORDS["z"].keys()
    assert {f"x86-64-{level}" for level in ("baseline", "v2", "v3", "v4")} <= KEYWORDS["z"].keys()


LLD_KEYWORDS = """
    combreloc nocombreloc copyreloc nocopyreloc defs undefs execstack noexecstack nognustack global
    hazardplt ifunc-noplt initfirst interpose keep-text-section-prefix nokeep-text-section-prefix
    lazy now muldefs nodefaultlib nodelete nodlopen origin pack-relative-relocs
    nopack-relative-relocs rel rela relro norelro retpolineplt rodynamic separate-code
    noseparate-code separate-loadable-segments shstk start-stop-gc nostart-stop-gc text notext
    wxneeded cet-report bti-report common-page-size dead-reloc-in-nonalloc force-ibt max-page-size
    stack-size start-stop-visibility
    """

ALLOWED_REFUSALS = ("machines other than x86", "shared library", "Windows program")


def test_what_is_refused_is_refused_for_a_reason():
    tables = [*LD.values(), KEYWORDS["z"].values()]
    refused = {row[0]: row[4] for rows in tables for row in rows if row[2] == REFUSED}
    other = {
        names
        for names, reason in refused.items()
        if not any(allowed in reason for allowed in ALLOWED_REFUSALS)
    }
    assert other <= NOT_BUILT, other - NOT_BUILT


NOT_BUILT = {
    "-c --mri-script",
    "--debug-names",
}
"""Refused because nobody has built them yet; this list only gets shorter."""


# Response files


def test_response_files(tmp_path: Path):
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.write_text("-o 'my out' a\\ b.o\n")
    outer.write_text(f'--gc-sections\n"@{inner}"\t--entry="x y"')
    parsed = good("z.o", f"@{outer}", "@nosuchfile")
    assert parsed.values == {"gc_sections": True, "output": "my out", "entry": "x y"}
    assert files(parsed) == ["z.o", "a b.o", "@nosuchfile"]


def test_a_response_file_that_names_itself_ends(tmp_path: Path):
    me = tmp_path / "me"
    me.write_text(f"@{me} a.o")
    problems: list = []
    assert not list(expand_response_files([f"@{me}"], problems))
    assert [d.slug for d in problems] == ["response-file"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" a  b\n\tc ", ["a", "b", "c"]),
        ("a\\ b c\\\\d", ["a b", "c\\d"]),
        ("'a \"b' \"c 'd\"", ['a "b', "c 'd"]),
        ("pre'mid'post", ["premidpost"]),
        ("'' \"\"", ["", ""]),
        ("'a\\'b'", ["a'b"]),
        ("'open end", ["open end"]),
        ("end\\", ["end"]),
    ],
)
def test_words_of_a_response_file(text: str, words: list[str]):
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" a  b\n\tc ", ["a", "b", "c"]),
        (r"C:\dir\a.o \\host\x", [r"C:\dir\a.o", r"\\host\x"]),
        (r'"C:\my dir\a.o" b', [r"C:\my dir\a.o", "b"]),
        (r'a\"b a\\"b c" a\\\"b', ['a"b', r"a\b c", r"a\"b".replace("\\", "\\", 1)]),
        ("'a b'", ["'a", "b'"]),
        ('"" x""y', ["", "xy"]),
        ('"open end', ["open end"]),
        ("end\\", ["end\\"]),
    ],
)
def test_words_as_windows_takes_them(text: str, words: list[str]):
    assert split_windows(text) == words


def test_the_style_of_quotes_is_known_before_a_file_is_read(tmp_path: Path):
    response = tmp_path / "words"
    response.write_text(r'"a b.o" dir\c.o')
    for words in (["--rsp-quoting=windows"], ["-rsp-quoting", "windows"]):
        assert files(good(f"@{response}", *words)) == ["a b.o", r"dir\c.o"]
    assert files(good(f"@{response}")) == ["a b.o", "dirc.o"]


@given(st.lists(st.text(), max_size=6))
def test_quoted_words_come_back(words: list[str]):
    text = " ".join("'" + w.replace("\\", "\\\\").replace("'", "\\'") + "'" for w in words)
    assert split_words(text) == words


@given(st.lists(st.text(alphabet="-=zTeo ax@", max_size=6), max_size=5))
def test_no_line_of_words_raises(words: list[str]):
    parsed = take(*words)
    assert len(files(parsed)) <= len(words)
