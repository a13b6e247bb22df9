"""What a link gives back: every pass's decisions, and the views that users want of them."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from .diag import Diagnostic, fail
from .dialect import Dialect
from .formats.images import write_image
from .link_options import LinkOptions
from .model import ObjectFile
from .passes.finishing.image import load_image
from .passes.inputs.members import Inputs
from .passes.liveness import Live
from .passes.matching.match import Claims, SectionList
from .passes.names.resolve import Resolution
from .passes.names.roots import entry_name, wanted_names
from .passes.ordering.order import Plan
from .passes.placement import Placement
from .passes.placing.settle import Settled
from .passes.reading.scripts import ScriptFile
from .passes.relocating.relocate import Patched
from .passes.target import (
    ELF_FORMATS,
    FORMAT_MACHINES,
    RAW_FORMATS,
    format_names,
    output_osabi,
)

if TYPE_CHECKING:
    from .explain.origin import Origin, Origins
    from .output_views import OutputPiece as OutputPiece
    from .output_views import OutputSection as OutputSection
    from .passes.finishing.symbol_sources import AskedNames


@attrs.frozen(eq=False, repr=False, slots=False)
class LinkResult:
    """Everything a link decided, pass by pass, and the views users want."""

    options: LinkOptions
    dialect: Dialect
    oformat: str
    script: ScriptFile
    inputs: Inputs
    resolution: Resolution
    table: SectionList
    claims: Claims
    live: Live
    plan: Plan
    placed: Placement
    settled: Settled
    patched: Patched
    entry: int
    diagnostics: tuple[Diagnostic, ...]

    @cached_property
    def image(self) -> bytes:
        """The output file's bytes, in the format that was asked for."""
        return self.to_bytes(self.oformat)

    def to_bytes(self, format: str, name: str = "a.out") -> bytes:
        """The link in a format: "binary", "srec", "ihex", "verilog", or ELF.

        name: of the output file, which S-records carry.  Raises image-too-large, unknown-format,
        out-of-range-for-ihex."""
        if format in RAW_FORMATS:
            data = self._raw(format, name, self.patched)
            style = self.options.elf.build_id
            if style:
                from .passes.finishing.identify import with_image_build_id

                identified = with_image_build_id(self.placed, self.patched, data, style)
                data = self._raw(format, name, identified)
            return data
        if format in ELF_FORMATS:
            known = self.object_file if format == self.oformat else self._executable(format)
            return known.to_bytes()
        raise fail("unknown-format", f"unknown output format `{format}'", help=[format_names()])

    def _raw(self, format: str, name: str, patched: Patched) -> bytes:
        found = load_image(
            self.placed, patched, self.dialect, format=format, entry=self.entry,
            name=name, max_size=self.options.max_image_size,
        )  # fmt: skip
        return write_image(format, found)

    @cached_property
    def object_file(self) -> ObjectFile:
        """The link as an ELF executable in memory, of the output's class."""
        return self._executable(self.oformat)

    def _executable(self, format: str) -> ObjectFile:
        from .passes.finishing.finish import elf_executable

        return elf_executable(
            self.placed, self.patched, self.entry, "a.out", ELF_FORMATS.get(format, 0),
            self.settled.segments, self.script, self.options.elf, self.dialect,
            FORMAT_MACHINES.get(format, 0), self._asked(),
            output_osabi(format, self.options.emulation, self.script),
        )  # fmt: skip

    def _asked(self) -> AskedNames:
        """The entry symbol, with -r only that of the command line, and other names."""
        from .passes.finishing.symbol_sources import AskedNames

        by_script = "" if self.options.elf.relocatable else entry_name(self.script)
        return AskedNames(
            self.options.entry or by_script,
            (*self.options.traced, *wanted_names(self.script, self.options.undefined, ())),
            self.live.names,
            self.inputs.versions,
        )

    def write(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Write the output (temporary file, then rename); raises cannot-write."""
        from .formats.output import write_file
        from .laps import lap

        form = self.oformat if format is None else format
        data = self.to_bytes(form, os.fspath(path))
        write_file(path, data, executable=form in ELF_FORMATS)
        lap("write")

    def origin(self, address: int) -> Origin | None:
        """Where the byte at an address comes from: input section, symbol, source line; or None."""
        return self.origins.at_address(address)

    @cached_property
    def origins(self) -> Origins:
        """The same for many bytes, and by file offset: `origins.at_offset(0x260)`."""
        from .explain.origin import origins

        return origins(self)

    def picture(self, title: str = "") -> str:
        """The layout as an HTML page that needs nothing else; title: what to call it."""
        from .explain.picture import picture

        return picture(self, title)

    @cached_property
    def symbols(self) -> dict[str, int]:
        """Address of every global symbol and every symbol the script assigned."""
        found = {}
        for name, where in self.resolution.definer.items():
            place = self.placed.addresses.of_symbol(*where)
            if place is not None:
                if not isinstance(place, int):
                    place = self.placed.sections[place[0]].vma + place[1]
                found[name] = place
        for name, value in self.placed.symbols.items():
            found[name] = value.absolute() & 0xFFFFFFFFFFFFFFFF
        return found

    @cached_property
    def sections(self) -> dict[str, OutputSection]:
        """Output sections by name (the first of each name), in order."""
        from .output_views import output_sections

        return output_sections(self.placed, self.patched)

    @cached_property
    def pieces(self) -> tuple[OutputPiece, ...]:
        """Every piece of every output section, in order; they tile the sections."""
        from .output_views import output_pieces

        return output_pieces(self.placed)
