"""The guides to disks say what the code does."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from pylink86.boot.image.config import FEATURES, KEYS, PROTOCOLS, ImageConfig
from pylink86.boot.image.manifest import OWN, RunConfig
from pylink86.boot.image.plan import REGIONS
from pylink86.cli.kernels import KERNEL_OPTIONS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "kernel-to-disk.md").read_text(encoding="utf-8")
MOVING = (ROOT / "docs" / "from-bootimage.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*KEYS, *FEATURES])
def test_keys_and_features(name: str) -> None:
    assert f"`{name}" in MOVING
    assert f"`{name}`" in GUIDE or f"`--{name}`" in GUIDE


def test_options_and_fields() -> None:
    for rows in KERNEL_OPTIONS.values():
        for names, *_ in rows:
            assert f"`{names}`" in GUIDE, names
    for field in attrs.fields(ImageConfig):
        assert f"`{field.name}" in GUIDE, field.name
    for name in (*PROTOCOLS[1:], *OWN):
        assert f"`{name}`" in GUIDE, name


def test_run_settings_and_region_types() -> None:
    for field in attrs.fields(RunConfig):
        assert f"`{field.name.replace('_', '-')}`" in MOVING, field.name
    for number, name in enumerate(REGIONS):
        assert f"| {number} | {name} |" in MOVING
