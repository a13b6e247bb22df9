"""Booting: the bundled boot sectors, disk images, and machines to run an image in."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .sectors import sector as sector

_WHERE = {
    "sector": "sectors",
}
"""Public name -> module, imported when first used: the emulator is not loaded for a boot sector."""

__all__ = [*_WHERE]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'pylink86.boot' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_WHERE[name]}", __name__), name)
    globals()[name] = value
    return value
