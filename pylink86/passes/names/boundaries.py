"""`__start_name` and `__stop_name`: where an output section with a C name begins and ends.

A program can gather things in a section (`__attribute__((section("commands")))`) and walk over them
all: the linker defines both symbols when something refers to them and nothing defines them (GNU ld
manual 3.6.4.4, "Input Section Example").  They are assignments the user could have written.

`.startof.name` and `.sizeof.name` are an older way that no C program can spell: assemblers can, for
a section of any name, and nobody sees them in the output but as local symbols.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ...script import nodes as n

FOR_ASSEMBLERS = (".startof.", ".sizeof.")


class Boundary(n.Assignment):
    """An assignment the linker makes; its symbol is protected unless an object says more."""

    __slots__ = ()


def is_c_name(section: str) -> bool:
    """Whether a C program could name the symbols of a section."""
    return section.isascii() and section.isidentifier()


def bounds_of(section: str) -> tuple[str, ...]:
    """The symbols of a section that a C program may refer to; in LLD they keep an empty one."""
    return (f"__start_{section}", f"__stop_{section}") if is_c_name(section) else ()


def boundary_symbols(
    sections: Iterable[str], wanted: Collection[str], assigned: Collection[str]
) -> Iterator[Boundary]:
    """Assignments for the first output section of each name.

    sections: names of output sections; wanted: names something refers to and no object defines;
    assigned: names the script assigns itself."""
    for name in dict.fromkeys(sections):
        start: n.Expr = n.Call("ADDR", name)
        size: n.Expr = n.Call("SIZEOF", name)
        for symbol, value in ((f".startof.{name}", start), (f".sizeof.{name}", size)):
            if symbol in wanted and symbol not in assigned:
                yield Boundary(symbol, "=", value, hidden=True)
        if not is_c_name(name):
            continue
        stop = n.Binary("+", start, size)
        for symbol, value in ((f"__start_{name}", start), (f"__stop_{name}", stop)):
            if symbol in wanted and symbol not in assigned:
                yield Boundary(symbol, "=", value)
