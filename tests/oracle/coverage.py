"""Whether a run tried what it says it tries: how often each feature was in an accepted example.

A generator rots in silence: one odds changed, and the peer refuses everything with a region, or no
example sorts any more.  So every run counts, prints, and fails when the peer accepted too few
examples or when a feature is rare among those it accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from .generate import APPLIED, FILLS, FORWARD, SIZE_RELOCATIONS, SORTS, Example

ACCEPTED = 0.60
"""Least share of the examples that the peer, and the package, must accept."""

RARE = 0.05
"""Least share of the accepted examples that must carry each feature."""

COMMON_FEATURES = (
    *("x86_64", "i386", "alignment", "gap", "gap-between", "ALIGN", "ALIGN-section", "SUBALIGN"),
    *("fill", "FILL", *FILLS, "forward", *FORWARD, "region", "AT>", "AT", "address", "orphan"),
    *SORTS,
    *("BYTE", "SHORT", "LONG", "QUAD", "keep", "exclude-file", "bare-file", "file-pattern"),
    *("common", "bss", "weak", "weak-undefined", "local-symbol", "section-symbol", "discard"),
    *("provide", "ASSERT", "assignment", "nested-assignment", "length", "entry"),
    *("merge-strings", "merge-constants"),
    *(kind for kinds in APPLIED.values() for kind in kinds),
)

FEATURES = {
    "gnu": (*COMMON_FEATURES, "fill-long", "relative-dot"),
    "lld": (*COMMON_FEATURES, *SIZE_RELOCATIONS),
}


WIDE_COMMON = (
    *("same-output-name", "section-type", "OVERLAY", "HIDDEN", "wildcard", "tls"),
    *("comdat", "same-section-name", "excluded-section", "assignment-operator"),
    *("dot-align-two", "dot-or", "dot-max", "dot-minus", "ASSERT-inside", "PHDRS"),
)

WIDE_FEATURES = {
    "gnu": (*WIDE_COMMON, "ENTRY-inside", "dot-block"),
    "lld": (*WIDE_COMMON, "INPUT_SECTION_FLAGS", "INSERT-AFTER", "INSERT-BEFORE"),
}
"""Of the wide runs; builtin functions and single section types are rarer than these."""


@dataclass
class Coverage:
    """Counts of one run."""

    dialect: str
    features: tuple[str, ...]
    tried: int = 0
    accepted: int = 0
    accepted_by_us: int = 0
    tags: dict[str, int] = field(default_factory=dict)

    def count(self, example: Example, by_peer: bool, by_us: bool) -> None:
        self.tried += 1
        self.accepted_by_us += by_us
        if by_peer:
            self.accepted += 1
            for tag in example.tags:
                self.tags[tag] = self.tags.get(tag, 0) + 1

    def share(self, tag: str) -> float:
        return self.tags.get(tag, 0) / max(1, self.accepted)

    def complaints(self, ours_too: bool = True, rare: float = RARE) -> list[str]:
        """What makes this run too thin to prove anything."""
        found = []
        counts = [("the peer", self.accepted)]
        if ours_too:
            counts.append(("the package", self.accepted_by_us))
        for who, number in counts:
            if number < ACCEPTED * self.tried:
                found.append(f"{who} accepted {number} of {self.tried}")
        for tag in self.features:
            if self.share(tag) < rare:
                found.append(f"{tag} in {100 * self.share(tag):.1f} % of the accepted examples")
        return found

    def table(self) -> str:
        """Every feature and its share among the accepted examples, rarest first."""
        rows = sorted((self.share(tag), tag) for tag in self.features)
        cells = [f"{tag} {100 * share:.0f}%" for share, tag in rows]
        lines = [
            f"{self.dialect}: {self.tried} examples, accepted by the peer {self.accepted} "
            f"({100 * self.accepted / max(1, self.tried):.0f} %), by pylink86 {self.accepted_by_us}"
        ]
        return "\n".join([*lines, *wrapped(cells)])


def wrapped(cells: Iterable[str], width: int = 100) -> Collection[str]:
    """Cells in lines of at most `width` characters."""
    lines = [""]
    for cell in cells:
        if len(lines[-1]) + len(cell) + 2 > width:
            lines.append("")
        lines[-1] += ("  " if lines[-1] else "") + cell
    return lines
