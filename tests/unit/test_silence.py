"""On a good link nothing is printed: fixtures, built-in layouts, and scripts shaped like real ones.

A warning that is wrong once is read by nobody afterwards.  Each case under tests/silence is written
after a kind of project that exists (a kernel in the upper half, boot loaders, ROMs), and does
something that a check could mistake for an error.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from boot.ours import _inputs

import fixtures
from fixtures import peers
from pylink86 import LinkResult, ObjectFile, link, read_bytes
from pylink86.boot import sector
from pylink86.cli import pyld
from pylink86.script.defaults import raw_layout
from tests.cases.language import parse_case

FOLDER = Path(__file__).parents[1] / "silence"

GOOD = [
    row
    for row in fixtures.expected()
    if row["layout"] == "prefixed"
    and row.get("boots")
    # Rightly told: a layout for two stages without the second, and COMMON behind the image.
    and row["stage"] is not None
    and not row["stage"].endswith("_common")
]


def warnings(result: LinkResult) -> list[str]:
    return [f"{d.slug}: {d.message}" for d in result.diagnostics]


@pytest.mark.parametrize("boot", sorted({row["boot"] for row in GOOD}))
def test_fixtures_that_boot(boot: str) -> None:
    script = fixtures.LAYOUTS / "prefixed.ld"
    for row in (row for row in GOOD if row["boot"] == boot):
        result = link(
            _inputs("prefixed", boot, row["stage"]),
            script,
            dialect=row["dialect"],
            oformat="binary",
            emulation=peers.emulation_of(boot, row["stage"]),
        )
        assert warnings(result) == [], row


STAGES = {
    "real": ("hello16_elf32", "hello16_elf64"),
    "protected": ("c32_plain", "c32_common", "c32_data", "c32_sections", "c32_clang_g"),
    "long": ("c64_plain", "c64_common", "c64_data", "c64_sections", "c64_clang_g",
             "hello_O0_static", "hello_O0_static_g", "hello_O2_pic", "rust_c64_data"),
}  # fmt: skip
"""For each bundled boot sector compiled stages that run behind it."""


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize("oformat", ["binary", ""])
@pytest.mark.parametrize("kind", STAGES)
def test_built_in_layouts(kind: str, oformat: str, dialect: str) -> None:
    for name in STAGES[kind]:
        objects: list[str | ObjectFile] = [sector(kind), str(fixtures.path(name))]
        result = link(objects, raw_layout(kind), dialect=dialect, oformat=oformat)
        assert warnings(result) == [], name


CASES = [
    pytest.param(path, dialect, id=f"{path.stem}-{dialect}")
    for path in sorted(FOLDER.glob("*.txt"))
    for dialect in parse_case(path.read_text()).dialects
]


@pytest.mark.parametrize(("path", "dialect"), CASES)
def test_real_shapes(
    path: Path,
    dialect: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = parse_case(path.read_text())
    for o in case.objects:
        (tmp_path / o.obj.name).write_bytes(o.encode())
    (tmp_path / "script.ld").write_text(case.script)
    monkeypatch.chdir(tmp_path)
    status = pyld.main([f"--dialect={dialect}", *case.command[1:], "-o", "out"], "pyld")
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out == ""
    assert status == 0


@pytest.mark.peer
def test_default_script_of_gnu_ld(tmp_path: Path) -> None:
    """The script with the most sections that a program may lack, over C from gcc."""
    ld = shutil.which("ld")
    if ld is None:
        pytest.skip("GNU ld is not installed (apt-get install binutils)")
    text = subprocess.run([ld, "--verbose"], capture_output=True, text=True, check=True).stdout
    script = re.split(r"^={10,}$", text, flags=re.M)[1]
    for name in ("c64_plain", "c64_sections", "hello_O0_static_g"):
        obj = read_bytes(fixtures.path(name).read_bytes(), f"{name}.o")
        assert warnings(link([obj], script)) == []
