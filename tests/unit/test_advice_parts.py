"""What the messages are made of: source names, near spellings, largest parts, cheap questions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fixtures
from pylink86 import link, read_bytes
from pylink86.passes.advice import advise
from pylink86.passes.checking.largest import largest_inputs, largest_symbols
from pylink86.passes.names.mangled import crate_of, source_name
from pylink86.passes.near import listed, nearest, nearest_files
from tests.cases.language import read_objects

ROOT = Path(__file__).resolve().parents[2]

MANGLED = [
    # rustc 1.95, v0: functions, statics, nested modules
    ("_RNvCs4Q2Qx8jI5j6_1a11kernel_main", ("rust", "kernel_main")),
    ("_RNvNtCs4Q2Qx8jI5j6_1a3vga10print_char", ("rust", "print_char")),
    ("_RNvNtCs4Q2Qx8jI5j6_1a3vga7COUNTER", ("rust", "COUNTER")),
    ("_RNvCs4Q2Qx8jI5j6_1a3_1ab", ("rust", "1ab")),
    # methods, closures, generic and punycode names have no extern "C" twin
    ("_RNvMNtCs4Q2Qx8jI5j6_1a3vgaNtB2_1W5write", None),
    ("_RNCNvCs4Q2Qx8jI5j6_1a4user0B3_", None),
    ("_RINvNtCs4Q2Qx8jI5j6_1a3vga3genmEB4_", None),
    ("_RNvNtCs4Q2Qx8jI5j6_1a3vgau7grn_ioa", None),
    # rustc 1.95, legacy
    ("_ZN1a11kernel_main17hc376f75d33145cf2E", ("rust", "kernel_main")),
    ("_ZN1a3vga10print_char17h41ccba9221c1ac7dE", ("rust", "print_char")),
    # g++ 12
    ("_Z11kernel_mainiPc", ("c++", "kernel_main")),
    ("_ZN1k4mainEi", ("c++", "main")),
    # nothing of the kind, and names cut short
    ("kernel_main", None),
    ("_start", None),
    ("_R", None),
    ("_RNv", None),
    ("_ZN", None),
    ("_Z99x", None),
    ("_RNvC5hel", None),
]


@pytest.mark.parametrize(("mangled", "wanted"), MANGLED)
def test_source_name(mangled: str, wanted: tuple[str, str] | None) -> None:
    assert source_name(mangled) == wanted


def test_source_names_of_compiled_rust() -> None:
    """Every function a fixture defines or calls is read, or is no free function."""
    names = {
        name
        for file in ("hello_lib", "numbers_O2", "bounds_debug")
        for name in read_bytes(fixtures.path(file).read_bytes(), file).symbols.names
        if name.startswith("_R")
    }
    assert len(names) > 5
    found = {name: source_name(name) for name in names}
    for name, origin in found.items():
        assert origin is None or name.endswith(origin[1])
    assert ("rust", "panic_bounds_check") in found.values()
    assert {crate_of(name) for name in names} >= {"core"}


def test_nearest() -> None:
    names = ["kernel_main", "print", "_start", "SECOND_STAGE_LENGTH"]
    assert nearest("kernel_mian", names) == "kernel_main"
    assert nearest("start", names) == "_start"
    assert nearest("second_stage_length", names) == "SECOND_STAGE_LENGTH"
    assert nearest("memcpy", names) is None
    assert nearest("___", names) is None
    assert nearest("main", []) is None


def test_nearest_is_bounded() -> None:
    """A hundred missing names among a hundred thousand must not take minutes."""
    names = [f"function_number_{i:06}" for i in range(100_000)]
    assert nearest("function_number_x00001", names) is not None


def test_nearest_files() -> None:
    files = ["boot.o", "target/debug/hello_rust_prefixed.o", "target/boot.o"]
    assert nearest_files("hello_rust.o", files) == ["target/debug/hello_rust_prefixed.o"]
    assert nearest_files("build/boot.o", files) == ["boot.o", "target/boot.o"]
    assert nearest_files("Boot.o", files)[0] == "boot.o"
    assert nearest_files("x.o", files) == []


def test_listed() -> None:
    assert listed(["a"]) == "`a'"
    assert listed("abc", 2) == "`a', `b' and 1 more"


OBJECTS = """
object a.o
section .text ax align=4
  90*64
symbol first .text+0
symbol first.loop .text+4
symbol .Llabel .text+8 local
symbol second .text+16 func size=40
symbol inside .text+20
symbol third .text+60
object b.o
section .text ax align=16
  90*8
symbol other .text+0
"""


def test_largest() -> None:
    objects = [read_bytes(o.encode(), o.obj.name) for o in read_objects(OBJECTS)]
    result = link(objects, "SECTIONS { .text 0x1000 : { *(.text) . = 0x100; } }")
    section, where = result.placed.sections[0], result.placed.addresses
    assert largest_inputs(section, where) == "a.o(.text) 0x40, b.o(.text) 0x8"
    assert largest_inputs(section, where, 0x40) == "b.o(.text) 0x8"
    assert largest_inputs(section, where, 0x48) == ""
    assert largest_symbols(section, where) == "second 0x28, first 0x10, other 0x8"
    assert largest_symbols(section, where, 0, 16) == "first 0x10"
    assert largest_symbols(section, where, 0x50) == ""


def test_rows_name_functions_that_exist() -> None:
    for check in advise.CHECKS:
        module = __import__(f"pylink86.passes.advice.{check.module}", fromlist=[check.function])
        documented = getattr(module, check.function).__doc__
        assert all(slug in documented for slug in check.slugs)


GOOD_LINK = """
import sys
from pylink86 import link
result = link([{boot!r}, {stage!r}], {script!r}, oformat="binary")
assert not result.diagnostics and result.image
heavy = [name for name in sys.modules if "passes.advice.advice_" in name or "refs_help" in name]
print(heavy, "difflib" in sys.modules)
"""


def test_a_good_link_imports_no_advice() -> None:
    """The questions are asked; nobody who looks closer, and no words, are loaded."""
    code = GOOD_LINK.format(
        boot=str(fixtures.path("boot_long_elf64")),
        stage=str(fixtures.path("rust_hello_O2_pic")),
        script=str(fixtures.LAYOUTS / "prefixed.ld"),
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout.strip() == "[] False", done.stderr


def test_the_questions_cost_at_most_a_twentieth_of_a_link() -> None:
    """Their share of each link, so that a busy machine slows both; the best of three tries."""
    bench = ROOT / "tests" / "bench" / "bench_advice.py"
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, str(bench), "--check"],
            capture_output=True, text=True, cwd=ROOT, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return
    pytest.fail(done.stdout + done.stderr)
