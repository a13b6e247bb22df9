"""The scripts in examples/scripts do what their description says, beyond the recorded maps."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from pylink86 import LinkError, link, read_bytes
from tests.cases.language import parse_case

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "examples" / "scripts"
CASES = ROOT / "tests" / "cases" / "examples"


def objects(name: str) -> list[tuple[str, bytes]]:
    case = parse_case((CASES / f"{name}.txt").read_text(encoding="utf-8"))
    return [(o.obj.name, o.encode()) for o in case.objects]


def test_every_script_has_a_case_and_is_described() -> None:
    scripts = {path.stem for path in SCRIPTS.glob("*.ld")}
    assert scripts == {path.stem for path in CASES.glob("*.txt")}
    described = re.findall(r"\[([\w-]+)\.ld\]", (SCRIPTS / "README.md").read_text("utf-8"))
    assert scripts == set(described)


def test_the_bytes_of_an_option_rom_add_up_to_zero(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("option_rom", SCRIPTS / "option-rom.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, data in objects("option-rom"):
        (tmp_path / name).write_bytes(data)
    rom = module.option_rom([str(tmp_path / "a.o")])
    assert len(rom) == 512 * rom[2]
    assert rom[:2] == b"\x55\xaa"
    assert sum(rom) % 256 == 0
    assert rom[-1] != 0


def test_a_partition_can_be_given_on_the_command_line() -> None:
    inputs = [read_bytes(data, name) for name, data in objects("partition-table")]
    script = SCRIPTS / "partition-table.ld"
    mbr = link(inputs, script, defsym=("partition_sectors=204800",)).image
    assert int.from_bytes(mbr[458:462], "little") == 204800
    assert mbr[462:510] == bytes(48)


def test_a_kernel_that_grows_too_large_is_refused() -> None:
    inputs = [read_bytes(data, name) for name, data in objects("higher-half")]
    script = (SCRIPTS / "higher-half.ld").read_text("utf-8").replace("<= 16M", "<= 4K")
    with pytest.raises(LinkError, match="does not fit where it is mapped"):
        link(inputs, script)
