"""docs/running.md says what the code does."""

from __future__ import annotations

from pathlib import Path

from pylink86.boot import bios
from pylink86.boot.machine import REASONS, Machine
from pylink86.cli.run import OPTIONS

TEXT = (Path(__file__).parents[2] / "docs" / "running.md").read_text(encoding="utf-8")


def test_the_table_of_bios_calls_is_up_to_date() -> None:
    table = TEXT.split("<!-- calls -->\n")[1].split("<!-- /calls -->")[0]
    assert table == bios.reference(), "put pylink86.boot.bios.reference() there"


def test_every_reason_and_option_is_there() -> None:
    for reason in REASONS:
        assert f"| `{reason}` |" in TEXT
    for rows in OPTIONS.values():
        for names, *_ in rows:
            assert names == "-h --help" or f"`{names}" in TEXT, names


def test_everything_a_machine_tells_is_there() -> None:
    for name in vars(Machine):
        public = not name.startswith("_") and name not in ("as_json", "milliseconds", "engine")
        assert not public or f"`{name}" in TEXT or f" `{name}`" in TEXT, name
