"""objcopy: operations that turn an ObjectFile into another, and nothing else happens."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WHERE = {
    "prefix_sections": "names",
    "prefix_alloc_sections": "names",
    "prefix_symbols": "names",
    "rename_sections": "names",
    "rename_symbols": "names",
}
"""Operation -> the module that has it, imported when first used."""

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'pylink86.ops' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_WHERE[name]}", __name__), name)


if TYPE_CHECKING:
    from .names import prefix_alloc_sections as prefix_alloc_sections
    from .names import prefix_sections as prefix_sections
    from .names import prefix_symbols as prefix_symbols
    from .names import rename_sections as rename_sections
    from .names import rename_symbols as rename_symbols
