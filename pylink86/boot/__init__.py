"""Boot images: make a disk of a kernel, run it, and see what it does.

>>> from pylink86 import boot
>>> disk = boot.disk_image("kernel.elf")
>>> machine = boot.run(disk.to_bytes())
>>> machine.reason, machine.screen
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_WHERE = {
    "run": "launch",
    "Machine": "machine",
    "REASONS": "machine",
    "run_qemu": "qemu",
    "sector": "sectors",
    "disk_image": "image.build",
    "DiskImage": "image.build",
    "ImageConfig": "image.config",
    "configure": "image.config",
}
"""Public name -> module.  Each is imported when first used."""

__all__ = [*_WHERE]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'pylink86.boot' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_WHERE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])


if TYPE_CHECKING:
    from .image.build import DiskImage as DiskImage
    from .image.build import disk_image as disk_image
    from .image.config import ImageConfig as ImageConfig
    from .image.config import configure as configure
    from .launch import run as run
    from .machine import REASONS as REASONS
    from .machine import Machine as Machine
    from .qemu import run_qemu as run_qemu
    from .sectors import sector as sector
