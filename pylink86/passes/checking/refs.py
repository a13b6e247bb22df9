"""References that lead nowhere or do not fit, gathered and told so that one can mend them.

A missing function is referenced from fifty places; one message with three of them is enough.
Places are told the way GNU ld does, `file.o:(.text+0x1f)`, with the source line when the object has
DWARF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

import attrs

from ... import elf_const as c
from ...arch.reloc import Row
from ...diag import Diagnostics
from ...dialect import Dialect
from ...model import ObjectFile
from ..placement import Placement

SHOWN = 3
NAMED = 10
"""Names listed of those that --error-limit cuts off."""
HELPED = 20
"""Undefined names that are compared with all names there are: a linear search for each."""

Place = tuple[int, int, int]
"""File number, section index, offset in that section."""


class Misfit(NamedTuple):
    """A value that does not fit the field at a place; range: what the dialect takes."""

    place: Place
    row: Row
    range: tuple[int, int]
    symbol: int
    value: int


@attrs.define(eq=False, repr=False)
class References:
    """References that could not be resolved, by symbol, until `report` tells them."""

    placed: Placement
    dialect: Dialect
    source_line: Callable[[ObjectFile, int, int], str | None]
    _undefined: dict[str, list[Place]] = attrs.field(factory=dict)
    _discarded: dict[tuple[str, int, int, bool], list[Place]] = attrs.field(factory=dict)
    _unsupported: dict[tuple[str, str], list[tuple[Place, int]]] = attrs.field(factory=dict)
    _misfits: dict[tuple[str, str, str], list[Misfit]] = attrs.field(factory=dict)
    _met: list[tuple[str, str, Misfit]] = attrs.field(factory=list)
    """The same one by one, in the order they were met, with slug and symbol."""

    def undefined(self, name: str, file: int, index: int, offset: int) -> None:
        self._undefined.setdefault(name, []).append((file, index, offset))

    def discarded(
        self, name: str, file: int, index: int, offset: int, symbol: int, is_blank: bool
    ) -> None:
        """is_blank: the dialect writes zeros there, which is a warning instead of an error."""
        key = name, file, symbol, is_blank
        self._discarded.setdefault(key, []).append((file, index, offset))

    def unsupported(
        self, name: str, needs: str, file: int, index: int, offset: int, symbol: int
    ) -> None:
        """A relocation that nothing can be done about; needs: what it would take, "" when no
        psABI has such a type."""
        found = self._unsupported.setdefault((name, needs), [])
        found.append(((file, index, offset), symbol))

    def misfit(
        self,
        row: Row,
        range_: tuple[int, int],
        file: int,
        index: int,
        offset: int,
        symbol: int,
        value: int,
        verdict: str,
    ) -> None:
        """A value that does not fit its field: an error, or a warning where the dialect wraps
        it."""
        slug = "reloc-overflow" if verdict == "refused" else "reloc-wraps"
        name = symbol_name(self.placed.addresses.resolution.files[file], symbol)
        found = Misfit((file, index, offset), row, range_, symbol, value)
        self._misfits.setdefault((slug, row.name, name), []).append(found)
        self._met.append((slug, name, found))

    def place(self, file: int, index: int, offset: int) -> str:
        """`hello.o:(.text+0x1f)`, and the source line in front when it is known."""
        obj = self.placed.addresses.resolution.files[file]
        text = f"{obj.name}:({obj.sections.names[index]}+{offset:#x})"
        line = self.source_line(obj, index, offset)
        return f"{line} ({text})" if line else text

    def outside(
        self, sid: int, sec_off: int, file: int, index: int, offset: int, diags: Diagnostics
    ) -> None:
        """A reference to a merged section by an offset that section does not have."""
        target = self.placed.addresses.describe(sid)
        diags.error(
            "bad-object",
            f"a relocation refers to offset {signed_hex(sec_off)} of {target}, which is outside "
            "of it",
            place=self.place(file, index, offset),
            notes=["its strings or constants are merged, so the piece that is meant must be clear"],
            help=[
                "refer to a symbol in the section, or build the object without mergeable strings"
            ],
        )

    def report(self, diags: Diagnostics) -> None:
        """Tell everything that was gathered, in the order it was met."""
        if self.dialect.tells_in_order_of_files:
            self._report_by_files(diags)
            return
        for (name, needs), refused in self._unsupported.items():
            self._tell_unsupported(name, needs, refused, diags)
        if diags.ignores("undefined-symbol"):
            self._undefined.clear()
        if not (self._misfits or self._undefined or self._discarded):
            return
        from .refs_help import misfit_facts, undefined_help

        limit = diags.error_limit or None
        for (slug, _, name), found in islice(self._misfits.items(), limit):
            first = found[0]
            message, notes, help_ = misfit_facts(self.placed, slug, name, first)
            tell = diags.error if slug == "reloc-overflow" else diags.warn
            tell(
                slug,
                message,
                place=self.place(*first.place),
                notes=[*notes, *self._others([m.place for m in found])],
                help=help_,
            )
        for number, (name, places) in enumerate(islice(self._undefined.items(), limit)):
            diags.error(
                "undefined-symbol",
                f"undefined reference to `{name}'",
                place=self.place(*places[0]),
                notes=self._others(places),
                help=undefined_help(name, self.placed) if number < HELPED else (),
            )
        for (name, file, symbol, is_blank), places in islice(self._discarded.items(), limit):
            self._tell_discarded(name, file, symbol, is_blank, places, diags)
        if limit:
            self._count_the_rest(limit, diags)

    def _report_by_files(self, diags: Diagnostics) -> None:
        """The same for LLD's dialect: what leads nowhere, else what does not fit, in the order of
        the files; every place that does not fit is an error of its own."""
        if not (self._misfits or self._undefined or self._discarded or self._unsupported):
            return
        from .refs_lld import Places, tell_discarded, tell_misfits, tell_undefined, tell_unknown

        resolution = self.placed.addresses.resolution
        assigned = self.placed.symbols.keys()
        places = Places(resolution.files, resolution.definer, self.source_line, assigned)
        for (name, needs), refused in self._unsupported.items():
            if not tell_unknown(places, name, refused, diags):
                self._tell_unsupported(name, needs, refused, diags)
        limit = diags.error_limit + 1 if diags.error_limit else None
        before = len(diags)
        by_place = sorted((sorted(found), name) for name, found in self._undefined.items())
        for number, (found, name) in enumerate(islice(by_place, limit)):
            tell_undefined(places, self.placed, name, found, number, diags)
        dropped = resolution.dropped
        tell_discarded(places, dropped, islice(self._discarded.items(), limit), diags)
        if len(diags) == before or diags.tolerates("undefined-symbol"):
            tell_misfits(places, self.placed, islice(self._met, limit), diags)

    def _tell_unsupported(
        self, name: str, needs: str, found: list[tuple[Place, int]], diags: Diagnostics
    ) -> None:
        (first, symbol), *_ = found
        others = self._others([place for place, _ in found])
        target = symbol_name(self.placed.addresses.resolution.files[first[0]], symbol)
        if not needs and self.dialect.tells_in_order_of_files:
            number = name.rpartition(" ")[2]
            diags.error(
                "bad-object",
                f"unknown relocation ({number}) against symbol `{target}'",
                place=self.place(*first),
                help=["the object file is damaged or made for another machine"],
            )
            return
        if not needs:
            diags.error(
                "bad-object",
                f"{name} is not in the psABI",
                place=self.place(*first),
                notes=others,
                help=["the object file is damaged or made for another machine"],
            )
            return
        diags.error(
            "reloc-not-supported",
            f"{name} cannot be applied: it needs {needs}",
            place=self.place(*first),
            notes=[f"it refers to `{target}'", *others],
            help=["give the objects the compiler made, not what was linked from them"],
        )

    def _count_the_rest(self, limit: int, diags: Diagnostics) -> None:
        """One error for all that is beyond --error-limit: nobody reads 2,000, and to find the
        source line of each takes minutes."""
        kinds: list[tuple[str, str, list[str]]] = [
            ("undefined-symbol", "undefined references", list(self._undefined)),
            ("discarded-symbol", "references to what is discarded",
             [name for name, _, _, is_blank in self._discarded if not is_blank]),
            ("reloc-overflow", "relocations that do not fit",
             [name for slug, _, name in self._misfits if slug == "reloc-overflow"]),
        ]  # fmt: skip
        for slug, what, names in kinds:
            rest = names[limit:]
            if rest:
                shown = ", ".join(f"`{name}'" for name in rest[:NAMED])
                more = f" and {len(rest) - NAMED} more" if len(rest) > NAMED else ""
                diags.error(
                    slug,
                    f"{len(rest)} more {what} follow",
                    notes=[f"to {shown}{more}"],
                    help=["see all of them with --error-limit=0"],
                )

    def _others(self, places: Sequence[Place]) -> list[str]:
        notes = [f"also at {self.place(*place)}" for place in places[1:SHOWN]]
        if len(places) > SHOWN:
            more = len(places) - SHOWN
            notes.append(f"and {more} more reference{'s' if more > 1 else ''}")
        return notes

    def _tell_discarded(
        self,
        name: str,
        file: int,
        symbol: int,
        is_blank: bool,
        places: list[Place],
        diags: Diagnostics,
    ) -> None:
        obj = self.placed.addresses.resolution.files[file]
        shndx = obj.symbols.shndx[symbol]
        home = f" `{obj.sections.names[shndx]}' of {obj.name}" if shndx > 0 else ""
        slug = "discarded-symbol"
        tell = diags.warn if is_blank else diags.error
        blanked = ["GNU ld writes zeros there in raw output, and says nothing"] if is_blank else []
        tell(
            slug,
            f"`{name}' is referenced but its section{home} is discarded",
            place=self.place(*places[0]),
            notes=[*self._others(places), *blanked],
            help=[
                "keep the section (take it out of /DISCARD/), or discard the section that uses it"
            ],
        )


def symbol_name(obj: ObjectFile, symbol: int) -> str:
    """A symbol's name; a section symbol is known by its section's."""
    if obj.symbols.info[symbol] & 0xF == c.STT_SECTION and obj.symbols.shndx[symbol] > 0:
        return obj.sections.names[obj.symbols.shndx[symbol]]
    return obj.symbols.name(symbol)


def signed_hex(value: int) -> str:
    """`-0x10`: a number as addresses are written, with its sign."""
    return f"-{-value:#x}" if value < 0 else f"{value:#x}"
