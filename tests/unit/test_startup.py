"""Starting is most of a small link's time, so what a link imports is watched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OBJECTS = ROOT / "fixtures" / "objects"
LAYOUT = ROOT / "fixtures" / "layouts" / "prefixed.ld"

HEAVY = {"elftools", "lief", "numpy", "unicorn", "argparse", "typing_extensions", "logging"}
"""Packages a link never needs; each costs as much as the link itself, or more."""


def modules_after(code: str) -> set[str]:
    """Modules a fresh interpreter holds after running the code, beyond those of a bare one."""
    report = "import sys\nbefore = set(sys.modules)\n{}\nprint(*set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-c", report.format(code)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def packages(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules}


def test_a_link_imports_nothing_heavy(tmp_path: Path):
    out = tmp_path / "image"
    argv = [
        "--oformat=binary",
        "-T",
        str(LAYOUT),
        "--prefix-alloc-sections=.rust",
        str(OBJECTS / "hello_O2_static.o"),
        "--prefix-alloc-sections=",
        str(OBJECTS / "boot_long_elf32.o"),
        "-o",
        str(out),
    ]
    code = f"from pylink86.cli.pyld import main\nassert main({argv!r}, 'pyld') == 0"
    modules = modules_after(code)
    assert out.stat().st_size > 512
    assert not packages(modules) & HEAVY
    assert not {name for name in modules if name.startswith(("pylink86.explain", "pylink86.boot"))}
    assert "pylink86.report" not in modules


LATER = {
    *("boot", "explain", "report", "ops"),
    *("formats.ar", "formats.elf_write", "formats.elf_place", "formats.ihex"),
    *("formats.srec", "formats.verilog", "formats.output", "script.build", "script.unparse"),
    *(
        "passes.finishing.finish",
        "passes.finishing.symbols_out",
        "passes.relocating.combine",
        "passes.editing.edit",
        "passes.editing.merge",
    ),
    *(
        "passes.editing.unwind",
        "passes.segmenting.segments",
        "passes.segmenting.segments_lld",
        "passes.segmenting.file_map_lld",
        "passes.placing.base_lld",
        "passes.checking.refs_help",
    ),
    *(
        "passes.advice.advice_boot",
        "passes.advice.advice_bss",
        "passes.advice.advice_empty",
        "passes.advice.advice_headers",
    ),
    *("passes.advice.advice_layout", "passes.advice.advice_memory"),
}
"""Modules that wait until a link has an archive, ELF output, something to merge, or trouble."""


def test_a_link_from_python_imports_no_more_than_it_needs():
    objects = [str(OBJECTS / "rust_hello_O2_pic.o"), str(OBJECTS / "boot_long_elf64.o")]
    code = f"import pylink86\npylink86.link({objects!r}, {str(LAYOUT)!r}, oformat='binary').image"
    modules = modules_after(code)
    assert not packages(modules) & HEAVY
    assert {"pylink86.passes.placing.place", "pylink86.formats.elf_read"} <= modules
    assert not {name.removeprefix("pylink86.") for name in modules} & LATER


@pytest.mark.parametrize("words", [["--version"], ["-v"], ["--help"]])
def test_a_probe_imports_next_to_nothing(words: list[str]):
    modules = modules_after(f"from pylink86.cli.pyld import main\nassert main({words}, 'ld') == 0")
    ours = {name for name in modules if name.startswith("pylink86.")}
    assert {name for name in ours if not name.startswith("pylink86.cli")} == set()
    assert "pylink86.cli.explanations" not in ours
    assert not packages(modules) & {"attr", "attrs", "pathlib", "json", "difflib", *HEAVY}


def test_the_package_itself_imports_nothing():
    assert modules_after("import pylink86") <= {"pylink86", "__future__"}
