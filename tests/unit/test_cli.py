"""The commands as compilers, configure scripts and people call them."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import attrs
import pytest

from pylink86.cli import explanations, main, pyld
from pylink86.cli.program import guarded, parse_size
from pylink86.diag import Diagnostic, Source, Span, fail
from pylink86.formats import read

ROOT = Path(__file__).parents[2]
OBJECTS = ROOT / "fixtures" / "objects"
STAGE = str(OBJECTS / "hello_O2_static.o")
PREFIXED = str(OBJECTS / "rust_hello_O2_pic.o")
BOOT32 = str(OBJECTS / "boot_long_elf32.o")
BOOT64 = str(OBJECTS / "boot_long_elf64.o")
LAYOUT = str(ROOT / "fixtures" / "layouts" / "prefixed.ld")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "PYLINK86_TRACEBACK", "PYLINK86_GNU_VERSION"):
        monkeypatch.delenv(name, raising=False)


def run(*argv: str, program: str = "pyld") -> int:
    return pyld.main(argv, program)


def good_line(*more: str) -> list[str]:
    return [
        "--oformat=binary",
        "-T",
        LAYOUT,
        "--prefix-alloc-sections=.rust",
        STAGE,
        "--prefix-alloc-sections=",
        BOOT32,
        *more,
    ]


# What configure scripts ask


def test_version(capsys):
    assert run("--version", "--no-such-option") == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "pylink86, compatible with GNU ld version 2.40 (pylink86-0.1.0)"


def test_version_as_lld(capsys):
    """meson and CMake know LLD by these words; its number comes first."""
    assert run("--dialect=lld", "--version") == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert "LLD 19.1.7 (compatible with GNU linkers)" in first


SEEN_BY = {
    "libtool: is it GNU": (r"GNU", True),
    "libtool: older than 2.11, once what stands in parentheses is left out": (r" [01]\.", False),
    "CMake": (r"GNU ld (\([^)]+\)|version) 2\.40", True),
    "meson: the first number is its version": (r"^[^0-9]*86[^0-9]*2\.40", True),
}
"""Who looks for what in `-v` and `--version`."""


@pytest.mark.parametrize("who", SEEN_BY)
def test_what_build_systems_see_in_the_version(who: str, capsys):
    pattern, wanted = SEEN_BY[who]
    assert run("-v") == 0
    said = re.sub(r"\([^)]+\)\s+", "", capsys.readouterr().out.splitlines()[0])
    assert (re.search(pattern, said) is not None) == wanted


@pytest.mark.parametrize(
    ("argv", "version"),
    [
        (["--version-as=gnu-ld"], "2.40"),
        (["--version-as", "gnu-ld:2.44"], "2.44"),
    ],
)
def test_version_as_another_linker(argv: list[str], version: str, capsys):
    assert run(*argv, "--version") == 0
    words = capsys.readouterr().out.splitlines()[0].split()
    assert (words[:2], words[-1]) == (["GNU", "ld"], version)


def test_version_as_nobody(capsys):
    assert run("--version-as=gold", "x.o") == 1
    assert "error[bad-option-value]: `gold' is not a value of --version-as" in (
        capsys.readouterr().err
    )


def test_version_for_the_kernel_build(capsys, monkeypatch):
    """scripts/ld-version.sh wants `GNU ld` in front and the version as the last word."""
    monkeypatch.setenv("PYLINK86_GNU_VERSION", "2.40")
    assert run("--version") == 0
    words = capsys.readouterr().out.splitlines()[0].split()
    assert words[:2] == ["GNU", "ld"]
    assert words[-1] == "2.40"


def test_help_says_what_libtool_looks_for(capsys):
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert re.search(r"ld: supported targets:.* elf", text)
    assert "supported targets: elf64-x86-64 elf32-i386" in text
    assert "supported emulations: elf_x86_64 elf_i386" in text
    assert "--prefix-alloc-sections=PREFIX" in text


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (["-v"], 0),
        (["-V"], 0),
        (["-v", "--gc-sections"], 0),
        (["-v", "-z", "now"], 0),
        (["-v", "--no-such-option"], 1),
        (["-v", "-z", "nonsense"], 0),
        (["-V", "--gdb-index"], 0),
    ],
)
def test_probes(argv: list[str], status: int, capsys):
    assert run(*argv) == status
    assert "compatible with GNU ld" in capsys.readouterr().out


def test_no_inputs(capsys):
    """Build systems probe with `ld --build-id` and look for these words."""
    assert run("--build-id") == 1
    assert "no input files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "dialect"),
    [
        ("pyld", "gnu"),
        ("/usr/bin/ld", "gnu"),
        ("ld.pylink86", "gnu"),
        ("pylink86-ld", "gnu"),
        ("ld.lld", "lld"),
        ("/opt/bin/ld.lld-19", "lld"),
        ("lld", "lld"),
        ("LD.LLD.EXE", "lld"),
        ("build.lldb", "gnu"),
    ],
)
def test_the_name_decides_the_dialect(program: str, dialect: str):
    assert pyld.dialect_of(program) == dialect


# From options to link()


@pytest.fixture
def calls(monkeypatch):
    """Instead of linking, remember what `link` was called with."""
    import pylink86.linker

    seen: list = []

    def link(objs, layout, **options):
        seen.append((list(objs), layout, options))
        raise fail("stop", "seen enough")

    monkeypatch.setattr(pylink86.linker, "link", link)
    return seen


def test_options_arrive(calls):
    line = "-T k.ld -e start -u a -u b --defsym x=1 -L lib --gc-sections --fatal-warnings"
    run(*line.split(), "--no-warn=orphan", "--max-image-size=2M", "a.o", "b.o", program="ld.lld")
    ((objs, layout, options),) = calls
    defsym, *files = objs
    assert files == ["a.o", "b.o"]
    assert defsym.kind == "script"
    assert [(node.name, node.value.value) for node in defsym.what.commands] == [("x", 1)]
    assert options["options"].inputs_before_script == 0
    assert os.fspath(layout) == "k.ld"
    assert options["dialect"] == "lld"
    given = options["options"]
    assert given.entry == "start"
    assert given.undefined == ("a", "b")
    assert given.search == ("lib",)
    assert given.gc_sections is True
    assert given.fatal_warnings is True
    assert given.silenced == ("orphan",)
    assert given.max_image_size == 2 << 20


def test_without_options_link_decides(calls):
    from pylink86 import LinkOptions

    run("a.o")
    ((_, layout, options),) = calls
    assert layout is None
    assert options["dialect"] == "gnu"
    assert attrs.asdict(options["options"]) == attrs.asdict(LinkOptions())


def test_a_dialect_that_is_asked_for_wins(calls):
    run("--dialect=gnu", "a.o", program="ld.lld")
    assert calls[0][2]["dialect"] == "gnu"


def test_a_script_whose_name_looks_like_script_text_is_still_a_file(calls):
    run("-T", "{odd}.ld", "a.o")
    assert os.fspath(calls[0][1]) == "{odd}.ld"
    assert not isinstance(calls[0][1], str)


def test_prefixes_apply_to_the_inputs_that_follow(calls):
    run(BOOT32, "--prefix-alloc-sections=.rust", STAGE, "--prefix-alloc-sections=", BOOT64)
    first, prefixed, last = calls[0][0]
    assert (first, last) == (BOOT32, BOOT64)
    assert prefixed.what == STAGE
    assert prefixed.prefixes == (("prefix_alloc_sections", ".rust"),)


def test_prefixing_a_file_that_is_not_there(capsys):
    assert run("--prefix-symbols=k_", "nosuch.o") == 1
    assert "cannot find nosuch.o" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--dialect=ld"], "--dialect"),
        (["-m", "elf_arm"], "unrecognised emulation mode: elf_arm"),
        (["--max-image-size=lots"], "lots"),
        (["--error-format=xml"], "xml"),
        (["-flavor", "darwin"], "darwin"),
        (["--end-group"], "--end-group without --start-group"),
        (["--end-lib"], "--end-lib without --start-lib"),
        (["--defsym=x"], "--defsym=x assigns nothing"),
    ],
)
def test_bad_values(argv: list[str], says: str, capsys):
    assert run(*argv, "a.o") == 1
    assert says in capsys.readouterr().err


# A whole link


def test_a_good_link_is_silent(capsys):
    assert run(*good_line("-o", "hello.img")) == 0
    assert capsys.readouterr() == ("", "")
    image = Path("hello.img").read_bytes()
    assert image[510:512] == b"\x55\xaa"
    assert len(image) % 512 == 0
    assert os.listdir() == ["hello.img"]


def test_the_default_output_is_a_out():
    assert run(*good_line()) == 0
    assert os.listdir() == ["a.out"]


def test_prefixing_at_the_link_equals_prefixing_before():
    assert run(*good_line("-o", "one")) == 0
    prefixed = Path("stage.o")
    prefixed.write_bytes(read(STAGE).prefix_alloc_sections(".rust").to_bytes())
    assert run("--oformat=binary", "-T", LAYOUT, "stage.o", BOOT32, "-o", "two") == 0
    assert Path("one").read_bytes() == Path("two").read_bytes()


def test_a_failed_link_leaves_the_old_output_alone(capsys):
    Path("out").write_bytes(b"old")
    assert run("-T", LAYOUT, "nosuch.o", "-o", "out") == 1
    assert "cannot find nosuch.o" in capsys.readouterr().err
    assert os.listdir() == ["out"]
    assert Path("out").read_bytes() == b"old"


def test_the_output_must_not_be_an_input(capsys):
    Path("boot.o").write_bytes(Path(BOOT32).read_bytes())
    before = Path("boot.o").read_bytes()
    assert run("--oformat=binary", "-T", LAYOUT, PREFIXED, "boot.o", "-o", "./boot.o") == 1
    assert "same as output file" in capsys.readouterr().err
    assert Path("boot.o").read_bytes() == before


def test_an_output_that_cannot_be_written(capsys):
    assert run(*good_line("-o", "no/such/folder/x")) == 1
    assert "cannot open output file no/such/folder/x" in capsys.readouterr().err


def test_errors_as_json(capsys):
    assert run("--error-format=json", "nosuch1.o", "nosuch2.o") == 1
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [f["slug"] for f in found] == ["cannot-read", "cannot-read"]


def test_colour_when_asked_for(capsys):
    assert run("--color-diagnostics=always", "nosuch.o") == 1
    assert "\033[" in capsys.readouterr().err
    assert run("nosuch.o") == 1
    assert "\033[" not in capsys.readouterr().err


# Sizes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("0x1000", 4096),
        ("0xfb", 0xFB),
        ("0x10K", 0x4000),
        ("512k", 512 << 10),
        ("64M", 64 << 20),
        ("1G", 1 << 30),
        ("", None),
        ("K", None),
        ("-1", None),
        ("1X", None),
        ("1.5G", None),
    ],
)
def test_sizes(text: str, size: int | None):
    assert parse_size(text) == size


# Trouble


def test_a_fault_of_ours_is_one_line(capsys):
    def work() -> int:
        raise RuntimeError("out\nof \x1b order")

    assert guarded(work) == 1
    err = capsys.readouterr().err
    assert err.startswith("error[internal]: RuntimeError: out\\nof \\x1b order (this is a fault in")
    assert err.count("\n") == 1


def test_too_little_memory_is_one_line(capsys):
    def work() -> int:
        return len(bytes(1 << 62))

    assert guarded(work) == 1
    assert capsys.readouterr().err == "error[out-of-memory]: there is not enough memory for this\n"


def test_the_traceback_is_there_for_who_asks(monkeypatch):
    def work() -> int:
        raise RuntimeError("here")

    monkeypatch.setenv("PYLINK86_TRACEBACK", "1")
    with pytest.raises(RuntimeError, match="here"):
        guarded(work)


def test_an_interrupt_is_quiet(capsys):
    def work() -> int:
        raise KeyboardInterrupt

    assert guarded(work) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(os.name != "posix", reason="a pipe whose reader is gone, as Unix has it")
def test_a_reader_that_goes_away_is_no_fault():
    command = f"{sys.executable} -m pylink86 link --help | true"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stderr == ""


# pylink86 COMMAND


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "pylink86", "link", "--version"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert done.stdout.startswith("pylink86, compatible with GNU ld")


def test_commands(capsys):
    assert main.main(["--help"]) == 0
    assert "pylink86 sections FILE..." in capsys.readouterr().out
    assert main.main([]) == 1
    assert main.main(["--version"]) == 0
    assert main.main(["link", "--build-id"]) == 1
    assert main.main(["sektions"]) == 1
    assert "did you mean `pylink86 sections'?" in capsys.readouterr().err


# Explanations


def test_explain(capsys):
    assert main.main(["explain", "cannot-read"]) == 0
    assert run("--explain", "error[cannot-read]:") == 0
    first, second = capsys.readouterr().out.split("cannot-read\n")[1:]
    assert first == second
    assert main.main(["explain", "canot-read"]) == 1
    assert "did you mean" in capsys.readouterr().err
    assert main.main(["explain"]) == 0
    assert capsys.readouterr().out.split() == sorted(explanations.EXPLANATIONS)


def slugs_in_source() -> dict[str, set[str]]:
    """Slug -> modules: what is given to parameters, or assigned to variables, called `slug`."""
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "pylink86").rglob("*.py"))
    }
    takers: dict[str, int] = {"Diagnostic": 1, "tell": 0}
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [a.arg for a in node.args.args if a.arg not in ("self", "cls")]
                if "slug" in names:
                    takers[node.name] = names.index("slug")
    found: dict[str, set[str]] = {}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            slugs = slugs_of_call(node, takers) if isinstance(node, ast.Call) else []
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "slug":
                slugs = literals(node.value)
            for slug in slugs:
                found.setdefault(slug, set()).add(path.name)
    return found


def slugs_of_call(node: ast.Call, takers: dict[str, int]) -> list[str]:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name not in takers:
        return []
    given = [k.value for k in node.keywords if k.arg == "slug"]
    given += node.args[takers[name] : takers[name] + 1]
    return [slug for value in given for slug in literals(value)]


def literals(value: ast.expr) -> list[str]:
    """The strings an expression can be; `f"undefined-{kind}"` counts as `undefined-*`."""
    if isinstance(value, ast.Constant):
        return [str(value.value)]
    if isinstance(value, ast.IfExp):
        return literals(value.body) + literals(value.orelse)
    if isinstance(value, ast.JoinedStr):
        return ["".join(p.value if isinstance(p, ast.Constant) else "*" for p in value.values)]
    return []


def is_explained(slug: str) -> bool:
    return any(fnmatch(known, slug) for known in explanations.EXPLANATIONS)


def test_every_message_is_explained():
    used = slugs_in_source()
    assert len(used) > 15
    missing = {slug: where for slug, where in used.items() if not is_explained(slug)}
    assert not missing


def test_every_explanation_belongs_to_a_message():
    used = slugs_in_source()
    assert not [
        slug
        for slug in explanations.EXPLANATIONS
        if slug not in ("internal", "out-of-memory")
        and not any(fnmatch(slug, pattern) for pattern in used)
    ]


def test_explanations_are_written_for_a_terminal():
    for slug, text in explanations.EXPLANATIONS.items():
        assert re.fullmatch("[a-z]+(-[a-z0-9]+)*", slug)
        assert len(text.split()) >= 15, slug
        assert max(map(len, text.splitlines())) <= 100, slug


def test_a_span_of_the_command_line_prints():
    """Options become script nodes; their text is a source like any other."""
    from pylink86.report import to_text

    source = Source("--defsym", "x=1+")
    text = to_text(Diagnostic("error", "script-syntax", "expected a value", Span(source, 4, 4)))
    assert text.splitlines()[1:] == ["  --> --defsym:1:5", " 1 | x=1+", "   |     ^"]
