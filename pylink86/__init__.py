"""pylink86: link, objcopy and boot x86 images in pure Python."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "link": "linker",
    "Linker": "incremental",
    "LinkResult": "result",
    "LinkOptions": "link_options",
    "ObjectFile": "model",
    "Section": "model",
    "Symbol": "model",
    "read": "formats",
    "read_bytes": "formats",
    "LinkError": "diag",
    "Diagnostic": "diag",
    "Layout": "script.build",
    "DOT": "script.build",
    "ADDR": "script.build",
    "SIZEOF": "script.build",
    "LOADADDR": "script.build",
}
"""Public name -> module, imported when first used: `import pylink86` costs next to nothing."""

__all__ = [*_WHERE, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'pylink86' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_WHERE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])


if TYPE_CHECKING:
    from .diag import Diagnostic as Diagnostic
    from .diag import LinkError as LinkError
    from .formats import read as read
    from .formats import read_bytes as read_bytes
    from .link_options import LinkOptions as LinkOptions
    from .linker import link as link
    from .model import ObjectFile as ObjectFile
    from .model import Section as Section
    from .model import Symbol as Symbol
    from .result import LinkResult as LinkResult
    from .script.build import ADDR as ADDR
    from .script.build import DOT as DOT
    from .script.build import LOADADDR as LOADADDR
    from .script.build import SIZEOF as SIZEOF
    from .script.build import Layout as Layout
