"""Where GNU ld and LLD differ: one documented row per difference, asked by name.

A script means slightly different things to the two linkers; both meanings are in use, so both are
spoken here.  A pass asks `dialect.pads_code_with` and never which linker it is.  Each row says what
differs and names the experiment (a script both linkers were given) that shows it; the table is
printed into docs/DIALECTS.md.
"""

from __future__ import annotations

from typing import Any

import attrs


def row(says: str, experiment: str) -> Any:
    """A field of Dialect with its documentation."""
    return attrs.field(metadata={"says": says, "experiment": experiment})


@attrs.frozen
class Dialect:
    """How one linker reads a script and builds an image."""

    name: str
    hex_fill_is_pattern: bool = row(
        "`=0x90` repeats the bytes as written; otherwise the low 32 bits, big endian",
        "`.a : { BYTE(1) . = 8; BYTE(1) } =0x90`: GNU ld 01 90 90 ..., LLD 01 00 00 00 90 ...",
    )
    dot_in_section_is_relative: bool = row(
        "`. = 510` inside an output section counts from its start",
        "`.a 0x7c00 : { BYTE(1) . = 510; }`: 510 bytes in GNU ld, an error in LLD",
    )
    opens_files_named_in_patterns: bool = row(
        "a script's file name without wildcards that is not on the command line is an input",
        "`.a : { other.o(.text) }` without other.o: opened by GNU ld, matches nothing in LLD",
    )


GNU = Dialect(
    name="gnu",
    hex_fill_is_pattern=True,
    dot_in_section_is_relative=True,
    opens_files_named_in_patterns=True,
)

LLD = Dialect(
    name="lld",
    hex_fill_is_pattern=False,
    dot_in_section_is_relative=False,
    opens_files_named_in_patterns=False,
)

DIALECTS = {"gnu": GNU, "lld": LLD}
