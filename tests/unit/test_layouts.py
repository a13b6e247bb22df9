"""--verbose and --dump-layout show the script a link follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86.cli import pyld
from pylink86.script.parser import parse_script

RULE = "=" * 50


def shown(capsys: pytest.CaptureFixture[str], *words: str, program: str = "pyld") -> str:
    assert pyld.main(list(words), program) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), 'SEGMENT_START("text-segment", 0x400000)'),
        (("-m", "elf_i386"), 'SEGMENT_START("text-segment", 0x8048000)'),
        (("-r",), "  .text 0 : {"),
        (("--boot-sector=long",), "0x7c00"),
    ],
)
def test_verbose_shows_the_layout_in_use(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], line: str
) -> None:
    text = shown(capsys, "--verbose", *words)
    assert text.startswith(f"using internal linker script:\n{RULE}\n")
    script = text.split(RULE)[1]
    assert line in script
    assert parse_script(script).commands
    assert shown(capsys, "--dump-layout", *words).strip() == script.strip()


def test_verbose_shows_the_script_of_the_command_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "s.ld"
    path.write_text("SECTIONS { .text 0x1000 : { *(.text) } }\n")
    text = shown(capsys, "--verbose", "-T", str(path))
    assert text == f"using external linker script:\n{RULE}\n{path.read_text()}{RULE}\n"


def test_lld_has_no_layout_to_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert pyld.main(["--verbose"], "ld.lld") == 1
    assert "no input files" in capsys.readouterr().err
    assert pyld.main(["--dump-layout"], "ld.lld") == 1
    assert "--dialect=gnu" in capsys.readouterr().err
