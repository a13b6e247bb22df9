"""Diagnostics: what went wrong, where, why, and the way out.

A linker's message is often the only teacher a beginner has.  So a message here is not a string but
facts: a slug that never changes, one sentence, the place, notes that say why, help that says what
to do.  This module only gathers them; `pylink86.report` prints them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import attrs

Severity = Literal["error", "warning"]


@attrs.frozen(eq=False, repr=False)
class Source:
    """A text that spans point into: a linker script, a command line option.

    first_line: the number of its first line, where a preprocessor's line marker said so.
    """

    name: str
    text: str
    first_line: int = 1

    def line_col(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, the column counted from 1."""
        before = self.text[:offset]
        return before.count("\n") + self.first_line, offset - (before.rfind("\n") + 1) + 1

    def line_text(self, line: int) -> str:
        """The text of the line of that number, without its newline; "" when there is none."""
        lines = self.text.split("\n")
        index = line - self.first_line
        return lines[index].rstrip("\r") if 0 <= index < len(lines) else ""


@attrs.frozen(eq=False, repr=False)
class Span:
    """Characters [start, end) of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.line_col(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.line_col(self.start)[1]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def __str__(self) -> str:
        line, column = self.source.line_col(self.start)
        return f"{self.source.name}:{line}:{column}"


@attrs.frozen(eq=False, repr=False)
class Diagnostic:
    """One finding.

    slug: stable name of the kind, as in `error[slug]` and `--no-warn=slug`. message: one sentence,
    lower case, no full stop; starts with GNU ld's own words where build tools and editors look for
    them ("undefined reference to `f'"). span: where in the script, when the script is to blame;
    label: what the caret says. place: where else, as text: `file.o:(.text+0x1f)`, `boot.o`,
    `main.rs:14`."""

    severity: Severity
    slug: str
    message: str
    span: Span | None = None
    label: str = ""
    place: str = ""
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


class LinkError(Exception):
    """The link cannot go on; `diagnostics` holds everything that was found."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__(
            "; ".join(f"{d.severity}[{d.slug}]: {d.message}" for d in self.diagnostics)
        )


ERROR_LIMIT = 20
"""LLD's --error-limit, unless the user says otherwise."""


class Diagnostics:
    """Gathers findings; a pass reports all it finds and `stop_on_errors` ends the link after it."""

    def __init__(
        self,
        silenced: Iterable[str] = (),
        fatal_warnings: bool = False,
        error_limit: int = ERROR_LIMIT,
        tolerated: Iterable[str] = (),
    ) -> None:
        self._found: list[Diagnostic] = []
        self._silenced = frozenset(silenced)
        self._fatal_warnings = fatal_warnings
        self._tolerated = frozenset(tolerated)
        self.error_limit = error_limit
        """How many errors of one kind a pass tells in full; the others it counts. 0: all."""

    def fresh(self) -> Diagnostics:
        """Another one with the same settings and no findings: for a round that may be repeated."""
        return Diagnostics(self._silenced, self._fatal_warnings, self.error_limit, self._tolerated)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def error(
        self,
        slug: str,
        message: str,
        *,
        span: Span | None = None,
        label: str = "",
        place: str = "",
        notes: Iterable[str] = (),
        help: Iterable[str] = (),
    ) -> None:
        """Note an error, or only a warning where the user tolerates it; the link goes on to the end
        of the pass."""
        if slug in self._tolerated:
            self.warn(slug, message, span=span, label=label, place=place, notes=notes, help=help)
            return
        self._found.append(
            Diagnostic("error", slug, message, span, label, place, tuple(notes), tuple(help))
        )

    def tolerates(self, slug: str) -> bool:
        """Whether errors of that kind do not end the link."""
        return slug in self._tolerated

    def ignores(self, slug: str) -> bool:
        """Whether errors of that kind would not be told at all, so that nobody need word them."""
        return slug in self._tolerated and slug in self._silenced

    def warn(
        self,
        slug: str,
        message: str,
        *,
        span: Span | None = None,
        label: str = "",
        place: str = "",
        notes: Iterable[str] = (),
        help: Iterable[str] = (),
    ) -> None:
        """Note a warning, unless the user silenced its slug."""
        if slug in self._silenced:
            return
        severity: Severity = "error" if self._fatal_warnings else "warning"
        self._found.append(
            Diagnostic(severity, slug, message, span, label, place, tuple(notes), tuple(help))
        )

    def extend(self, found: Iterable[Diagnostic]) -> None:
        """Take over findings gathered elsewhere (the last round of a repeated walk)."""
        for d in found:
            if d.severity == "error" and d.slug not in self._tolerated:
                self._found.append(d)
            else:
                self.warn(
                    d.slug,
                    d.message,
                    span=d.span,
                    label=d.label,
                    place=d.place,
                    notes=d.notes,
                    help=d.help,
                )

    def stop_on_errors(self) -> None:
        """Raise LinkError when any error was noted so far."""
        if any(d.severity == "error" for d in self._found):
            raise LinkError(self._found)


def fail(
    slug: str,
    message: str,
    *,
    span: Span | None = None,
    label: str = "",
    place: str = "",
    notes: Iterable[str] = (),
    help: Iterable[str] = (),
) -> LinkError:
    """A LinkError with a single error, to be raised where going on makes no sense."""
    return LinkError(
        [Diagnostic("error", slug, message, span, label, place, tuple(notes), tuple(help))]
    )
