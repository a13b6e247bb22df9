"""Boot images: run one and see what it does.

>>> from pylink86 import boot
>>> machine = boot.run("disk.img")
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
    from .launch import run as run
    from .machine import REASONS as REASONS
    from .machine import Machine as Machine
    from .qemu import run_qemu as run_qemu
    from .sectors import sector as sector
