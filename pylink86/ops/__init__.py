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
    "objcopy": "api",
    "objcopy_bytes": "api",
    "strip_debug": "api",
    "strip_all": "api",
    "strip_unneeded": "api",
    "only_sections": "api",
    "remove_sections": "api",
    "rename_section": "api",
    "add_section": "api",
    "redefine_symbol": "api",
    "localize_symbols": "api",
    "convert": "api",
    "to_binary": "api",
    "to_format": "api",
    "from_binary": "api",
}
"""Operation -> the module that has it, imported when first used."""

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'pylink86.ops' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_WHERE[name]}", __name__), name)


if TYPE_CHECKING:
    from .api import add_section as add_section
    from .api import convert as convert
    from .api import from_binary as from_binary
    from .api import localize_symbols as localize_symbols
    from .api import objcopy as objcopy
    from .api import objcopy_bytes as objcopy_bytes
    from .api import only_sections as only_sections
    from .api import redefine_symbol as redefine_symbol
    from .api import remove_sections as remove_sections
    from .api import rename_section as rename_section
    from .api import strip_all as strip_all
    from .api import strip_debug as strip_debug
    from .api import strip_unneeded as strip_unneeded
    from .api import to_binary as to_binary
    from .api import to_format as to_format
    from .names import prefix_alloc_sections as prefix_alloc_sections
    from .names import prefix_sections as prefix_sections
    from .names import prefix_symbols as prefix_symbols
    from .names import rename_sections as rename_sections
    from .names import rename_symbols as rename_symbols
