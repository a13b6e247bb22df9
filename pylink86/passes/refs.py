"""References that lead nowhere or do not fit, gathered and told so that one can mend them.

A missing function is referenced from fifty places; one message with three of them is enough.
Places are told the way GNU ld does, `file.o:(.text+0x1f)`, with the source line when the object has
DWARF."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from .. import elf_const as c
from ..arch.reloc import Row
from ..diag import Diagnostics
from ..dialect import Dialect
from ..model import ObjectFile
from .placement import Placement

SHOWN = 3

Place = tuple[int, int, int]
"""File number, section index, offset in that section."""


@attrs.define(eq=False)
class References:
    """References that could not be resolved, by symbol, until `report` tells them."""

    placed: Placement
    dialect: Dialect
    source_line: Callable[[ObjectFile, int, int], str | None]
    _undefined: dict[str, list[Place]] = attrs.field(factory=dict)
    _discarded: dict[tuple[str, int, int], list[Place]] = attrs.field(factory=dict)
    _misfits: dict[tuple[str, str], int] = attrs.field(factory=dict)

    def undefined(self, name: str, file: int, index: int, offset: int) -> None:
        self._undefined.setdefault(name, []).append((file, index, offset))

    def discarded(self, name: str, file: int, index: int, offset: int, symbol: int) -> None:
        self._discarded.setdefault((name, file, symbol), []).append((file, index, offset))

    def place(self, file: int, index: int, offset: int) -> str:
        """`hello.o:(.text+0x1f)`, and the source line in front when it is known."""
        obj = self.placed.addresses.resolution.files[file]
        text = f"{obj.name}:({obj.sections.names[index]}+{offset:#x})"
        line = self.source_line(obj, index, offset)
        return f"{line} ({text})" if line else text

    def report(self, diags: Diagnostics) -> None:
        """Tell everything that was gathered, in the order it was met."""
        for name, places in self._undefined.items():
            self._tell_undefined(name, places, diags)
        for (name, file, symbol), places in self._discarded.items():
            self._tell_discarded(name, file, symbol, places, diags)

    def _tell_undefined(self, name: str, places: list[Place], diags: Diagnostics) -> None:
        from difflib import get_close_matches

        known = [*self.placed.addresses.resolution.definer, *self.placed.symbols]
        near = get_close_matches(name, known, n=1) if len(known) < 20_000 else []
        twin = next((k for k in known if k != name and _rust_name(k) == name), None)
        help_ = []
        if twin is not None:
            help_.append(
                f"`{twin}' is this function under Rust's mangled name: put #[unsafe(no_mangle)] "
                "(before edition 2024: #[no_mangle]) on it"
            )
        elif near:
            help_.append(f"did you mean `{near[0]}'?")
        help_.append("link the object that defines it, or define it in the script or with --defsym")
        diags.error(
            "undefined-symbol",
            f"undefined reference to `{name}'",
            place=self.place(*places[0]),
            notes=self._others(places),
            help=help_,
        )

    def _others(self, places: list[Place]) -> list[str]:
        notes = [f"also at {self.place(*place)}" for place in places[1:SHOWN]]
        if len(places) > SHOWN:
            notes.append(f"and {len(places) - SHOWN} more references")
        return notes

    def _tell_discarded(
        self, name: str, file: int, symbol: int, places: list[Place], diags: Diagnostics
    ) -> None:
        obj = self.placed.addresses.resolution.files[file]
        shndx = obj.symbols.shndx[symbol]
        home = f" `{obj.sections.names[shndx]}' of {obj.name}" if shndx > 0 else ""
        diags.error(
            "discarded-symbol",
            f"`{name}' is referenced but its section{home} is discarded",
            place=self.place(*places[0]),
            notes=self._others(places),
            help=[
                "keep the section (take it out of /DISCARD/), or discard the section that uses it"
            ],
        )

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
        diags: Diagnostics,
    ) -> None:
        """A value that does not fit its field: an error, or a warning where the dialect wraps
        it."""
        slug = "reloc-overflow" if verdict == "refused" else "reloc-wraps"
        obj = self.placed.addresses.resolution.files[file]
        name = symbol_name(obj, symbol)
        seen = self._misfits[slug, name] = self._misfits.get((slug, name), 0) + 1
        if seen > SHOWN:
            return
        lo, hi = range_
        bits = 8 * row.width
        notes = [
            f"the value is {_hex(value)}; {row.name} ({row.formula}, {bits} bits) takes "
            f"{_hex(lo)} to {_hex(hi)}"
        ]
        notes += self._target_note(file, symbol)
        if slug == "reloc-overflow":
            message = f"relocation truncated to fit: {row.name} against `{name}'"
            diags.error(
                slug, message, place=self.place(file, index, offset), notes=notes, help=_cure(row)
            )
        else:
            low = value & ((1 << bits) - 1)
            notes.append(
                f"written is {low:#x}, which reads back as {low:#x} or {low - (1 << bits)}"
            )
            message = f"{row.name} against `{name}' is written cut short"
            diags.warn(
                slug, message, place=self.place(file, index, offset), notes=notes, help=_cure(row)
            )

    def _target_note(self, file: int, symbol: int) -> list[str]:
        """Which output section put the target where it is."""
        where = self.placed.addresses
        first = where.resolution.first_global[file]
        if symbol >= first:
            name = where.resolution.global_names[file][symbol - first]
            if name in self.placed.symbols:
                return [
                    f"`{name}' is set by the script to {_hex(self.placed.symbols[name].absolute())}"
                ]
            file, symbol = where.resolution.definer.get(name, (file, symbol))
        found = where.of_symbol(file, symbol) if symbol else None
        if found is None or isinstance(found, int):
            return []
        section = self.placed.sections[found[0]]
        name = symbol_name(where.resolution.files[file], symbol)
        return [
            f"`{name}' is at {section.vma + found[1]:#x}, in "
            f"output section `{section.name}' which starts at {section.vma:#x}"
        ]


def symbol_name(obj: ObjectFile, symbol: int) -> str:
    """A symbol's name; a section symbol is known by its section's."""
    if obj.symbols.info[symbol] & 0xF == c.STT_SECTION and obj.symbols.shndx[symbol] > 0:
        return obj.sections.names[obj.symbols.shndx[symbol]]
    return obj.symbols.name(symbol)


def _hex(value: int) -> str:
    return f"-{-value:#x}" if value < 0 else f"{value:#x}"


def _cure(row: Row) -> list[str]:
    """What to change, by the width of the field."""
    if row.width == 1:
        return ["use a wider operand (a 16-bit immediate), or make the value smaller"]
    if row.width == 2:
        return [
            "16-bit code reaches 64 KiB from its segment base: place the target below 0x10000, or "
            "load a segment register with target >> 4 and use the rest as offset"
        ]
    return ["place the target nearer, or build the object with a larger code model"]


def _rust_name(mangled: str) -> str | None:
    """`_ZN5hello4main17h0123456789abcdefE` and `_RNv...5hello4main` end in the path's last name."""
    if mangled.startswith("_ZN") and mangled.endswith("E"):
        parts, rest = [], mangled[3:-1]
        while rest[:1].isdigit():
            digits = len(rest) - len(rest.lstrip("0123456789"))
            length = int(rest[:digits])
            parts.append(rest[digits : digits + length])
            rest = rest[digits + length :]
        if parts and parts[-1].startswith("h") and len(parts[-1]) == 17:
            parts.pop()
        return parts[-1] if parts else None
    if mangled.startswith("_R"):
        import re

        found = re.findall(r"(\d+)_?([A-Za-z_]\w*)", mangled)
        for length, text in reversed(found):
            if len(text) >= int(length) > 0:
                return str(text[: int(length)])
    return None
