"""A finished link as the checks see it: what every pass decided, and the raw image's extent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from ..diag import Span
from ..dialect import Dialect
from ..script import nodes as n
from .liveness import Live
from .matching.match import Claims, SectionId, SectionList
from .names.resolve import Resolution
from .ordering.order import Plan
from .placement import PlacedSection, Placement
from .reading.scripts import ScriptFile
from .relocating.relocate import Patched

BOOT_ADDRESS = 0x7C00
"""Where a BIOS loads the first sector of a disk."""

STAGE_LIMIT = 0x80000
"""From here on some BIOSes keep data of their own; the bundled boot sectors load no further."""

HIGH = 0x100000
"""Where the memory above video and ROM begins."""


class Finished:
    """raw: whether the output is a raw image, for which most of the checks are.  file_offsets:
    finds those of an ELF output's sections in memory, by OutputPlan.index; asked only where there
    is a boot header.  unpaged: -N was given."""

    def __init__(
        self,
        script: ScriptFile,
        resolution: Resolution,
        table: SectionList,
        claims: Claims,
        live: Live,
        plan: Plan,
        placed: Placement,
        patched: Patched,
        dialect: Dialect,
        raw: bool,
        file_offsets: Callable[[], Mapping[int, int]],
        unpaged: bool = False,
    ) -> None:
        self.script, self.resolution, self.table = script, resolution, table
        self.claims, self.live, self.plan = claims, live, plan
        self.placed, self.patched, self.dialect = placed, patched, dialect
        self.raw, self.file_offsets, self.unpaged = raw, file_offsets, unpaged

    @cached_property
    def loaded(self) -> tuple[PlacedSection, ...]:
        """The sections whose bytes a raw image holds, lowest load address first."""
        found = [s for s in self.placed.sections if s.plan.loads and s.size]
        return tuple(sorted(found, key=self.load_address))

    def load_address(self, section: PlacedSection) -> int:
        """The address that orders a raw image: LMA, or VMA in LLD's dialect."""
        return section.lma if self.dialect.lma_counts else section.vma

    def describe(self, sid: SectionId) -> str:
        """`file.o(.text)`."""
        return self.placed.addresses.describe(sid)

    @cached_property
    def start(self) -> int:
        """Load address of the image's first byte; -1 when it holds nothing."""
        return self.load_address(self.loaded[0]) if self.loaded else -1

    @cached_property
    def size(self) -> int:
        """Bytes of the raw image."""
        ends = (self.load_address(s) + s.size for s in self.loaded)
        return max(ends, default=0) - self.start

    @property
    def boots_from_disk(self) -> bool:
        """Whether this is a raw image that begins where a BIOS loads a boot sector."""
        return self.raw and self.start >= 0 and BOOT_ADDRESS in (self.start, self.loaded[0].vma)

    def content(self, section: PlacedSection) -> bytearray:
        """The bytes of an output section."""
        return next(
            content
            for other, content in zip(self.placed.sections, self.patched.contents)
            if other is section
        )

    def bytes_at(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes of the raw image from an offset; holes are zeros."""
        first = self.loaded[0]
        if offset + size <= first.size:
            return bytes(self.content(first)[offset : offset + size])
        out = bytearray(min(size, max(0, self.size - offset)))
        for section in self.loaded:
            content = self.content(section)
            at = self.load_address(section) - self.start - offset
            if at < len(out) and at + section.size > 0:
                part = content[max(0, -at) : len(out) - at]
                out[max(0, at) : max(0, at) + len(part)] = part
        return bytes(out)

    @cached_property
    def section_nodes(self) -> list[n.OutputSection]:
        """Every output section statement of the script."""
        return [
            item
            for command in self.script.of(n.SectionsCommand)
            for item in command.items
            if isinstance(item, n.OutputSection)
        ]


def name_span(section: PlacedSection) -> Span | None:
    """Where the script names an output section; None for an orphan's."""
    return section.plan.node.name_span if section.plan.node is not None else None
