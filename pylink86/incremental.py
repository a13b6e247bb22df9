"""Linking again and again: a Linker keeps the parsed inputs of its last link.

    linker = Linker()
    result = linker.link(["boot.o", "kernel.o", "libcore.a"], "kernel.ld")
    ...  # kernel.o is compiled again
    result = linker.link(["boot.o", "kernel.o", "libcore.a"], "kernel.ld")

Every link is a whole one and its result that of `link()`: what is kept are files as they were read,
by content, so that no change of an input, a script or an option can go unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .formats.kept import Kept, keeping
from .linker import link

if TYPE_CHECKING:
    from .dialect import Dialect
    from .link_options import LinkOptions
    from .passes.load import InputLike
    from .passes.scripts import LayoutLike
    from .result import LinkResult


class Linker:
    """`link` with a memory of what it read last; not for several threads at once."""

    def __init__(self) -> None:
        self._kept = Kept()

    def link(
        self,
        objs: Iterable[InputLike],
        layout: LayoutLike = None,
        *,
        dialect: str | Dialect = "gnu",
        options: LinkOptions | None = None,
        **settings: object,
    ) -> LinkResult:
        """Link as `pylink86.link` does."""
        with keeping(self._kept):
            return link(objs, layout, dialect=dialect, options=options, **settings)
