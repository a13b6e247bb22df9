"""`--dependency-file`: the output and what it was made from, as a rule for make.

Each input also gets an empty rule of its own, so that make does not stop when one is deleted.

Source: `ld` 2.40 and `ld.lld-19` on names with blanks and dollar signs.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..dialect import Dialect

SPECIAL = {" ": "\\ ", "#": "\\#", "$": "$$", "\\": "/"}
"""How LLD writes characters that mean something to make; GNU ld writes names as they are."""


def dependency_rule(output: str, inputs: Iterable[str], dialect: Dialect) -> str:
    """The text of the file; inputs that are named twice count once."""
    indent = "  "
    names = list(dict.fromkeys(inputs))
    if dialect.name != "gnu":
        indent = " "
        output = _escaped(output)
        names = [_escaped(name) for name in names]
    rule = "".join(f" \\\n{indent}{name}" for name in names)
    return f"{output}:{rule}\n" + "".join(f"\n{name}:\n" for name in names)


def _escaped(name: str) -> str:
    return "".join(SPECIAL.get(letter, letter) for letter in name)
