"""Linking again and again: a Linker keeps the parsed inputs of its last link, and what it decided.

    linker = Linker()
    result = linker.link(["boot.o", "kernel.o", "libcore.a"], "kernel.ld")
    ...  # kernel.o is compiled again
    result = linker.link(["boot.o", "kernel.o", "libcore.a"], "kernel.ld")

Every result is that of `link()`.  Files are kept as they were read, by content, so that no change
of an input, a script or an option can go unnoticed.  Where nothing is asked that was not asked the
last time, and only bytes of code and data in objects are others, the decisions of the last link
stand and these bytes are put in their place (`same_shape`); else it is a whole link.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .formats import file_bytes, read_input
from .formats.kept import Kept, keeping
from .formats.opened import listening, note
from .linker import link
from .model import ObjectFile

if TYPE_CHECKING:
    from .dialect import Dialect
    from .link_options import LinkOptions
    from .passes.inputs.load import InputLike
    from .passes.reading.scripts import LayoutLike
    from .result import LinkResult


class Linker:
    """`link` with a memory of what it read last; not for several threads at once."""

    def __init__(self) -> None:
        self._kept = Kept()
        self._last: _Link | None = None

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
        asked = _Asked(tuple(objs), layout, dialect, options, settings)
        last, self._last = self._last, None
        with keeping(self._kept):
            result = last.again(asked) if last is not None else None
            if result is None:
                script = asked.script()
                with listening() as opened:
                    result = link(asked.objs, layout, dialect=dialect, options=options, **settings)
                for path in opened:
                    note(path)
                if not asked.can_be_repeated(opened) or asked.script() != script:
                    return result
            self._last = _Link(asked, result, asked.files())
        return result


class _Asked:
    """What a link was asked for."""

    def __init__(
        self,
        objs: tuple[InputLike, ...],
        layout: LayoutLike,
        dialect: str | Dialect,
        options: LinkOptions | None,
        settings: dict[str, object],
    ) -> None:
        self.objs, self.layout, self.dialect = objs, layout, dialect
        self.options, self.settings = options, settings

    def is_same(self, other: _Asked) -> bool:
        return (
            self.objs == other.objs
            and self.layout == other.layout
            and self.dialect == other.dialect
            and self.options is other.options
            and self.settings == other.settings
        )

    def can_be_repeated(self, opened: list[str]) -> bool:
        """Whether it is known what the link read: paths of objects, each once, and a script;
        nothing that was looked for in folders or that a script named."""
        named = self._paths()
        if len(named) < len(self.objs):
            return False
        if not (self.layout is None or isinstance(self.layout, (str, os.PathLike))):
            return False
        return sorted((*named, *self._script_path())) == sorted(opened)

    def _paths(self) -> list[str]:
        """The inputs that are files."""
        return [os.fspath(obj) for obj in self.objs if isinstance(obj, (str, os.PathLike))]

    def _script_path(self) -> tuple[str, ...]:
        layout = self.layout
        if isinstance(layout, str) and any(mark in layout for mark in "\n{;"):
            return ()
        return (os.fspath(layout),) if isinstance(layout, (str, os.PathLike)) else ()

    def script(self) -> tuple[bytes, ...]:
        """What is in the file of the layout, if it is one that can be read."""
        return tuple(file_bytes(path) for path in self._script_path() if os.path.isfile(path))

    def files(self) -> list[object]:
        """What is in the files of the inputs: the same as last time where their bytes are."""
        return [read_input(path) for path in self._paths()]


class _Link:
    """A link that was made.  files: what was read, in the order of its inputs."""

    def __init__(self, asked: _Asked, result: LinkResult, files: list[object]) -> None:
        self._asked, self._result, self._files = asked, result, files
        self._script = asked.script()

    def again(self, asked: _Asked) -> LinkResult | None:
        """The result of the same link with what is in the files now; None where that takes a whole
        link."""
        if not asked.is_same(self._asked) or asked.script() != self._script:
            return None
        from .diag import LinkError

        try:
            pairs = list(zip(self._files, asked.files()))
        except LinkError:  # a whole link tells it in its words
            return None
        replaced = {}
        for old, new in pairs:
            if old is not new:
                if not (isinstance(old, ObjectFile) and isinstance(new, ObjectFile)):
                    return None
                replaced[old] = new
        from .same_shape import linked_again

        return linked_again(self._result, replaced)
