"""Why archive members are part of a link, and how much of each archive is: two tables.

Source: `--why-extract` and `--print-archive-stats` of `ld.lld-19`; GNU ld has neither.
"""

from __future__ import annotations

from collections import Counter

from ..formats.ar import Archive
from ..passes.inputs.member_walk import Reason
from ..result import LinkResult
from ..wildcard import compile_pattern


def why_extract(result: LinkResult) -> str:
    """`reference, extracted, symbol`: who needed a member, the member, the name it was needed for.

    In place of a file stands the option that asked for the name, or `<internal>` for a script."""
    files = result.inputs.files
    rows = [("reference", "extracted", "symbol")]
    for number, reason in result.inputs.reasons.items():
        asker = files[reason.file].name if reason.file >= 0 else _option(reason, result)
        rows.append((asker, files[number].name, reason.symbol))
    return "".join("\t".join(row) + "\n" for row in rows)


def _option(reason: Reason, result: LinkResult) -> str:
    if reason.symbol == result.options.entry:
        return "--entry"
    globs = result.options.undefined_globs
    if any(compile_pattern(pattern)(reason.symbol) for pattern in globs):
        return "--undefined-glob"
    return "<internal>"


def archive_stats(result: LinkResult) -> str:
    """`members, extracted, archive`, for each archive that members were taken from as needed."""
    taken = Counter(file.archive for file in result.inputs.files)
    archives = {
        library.name: library.source
        for library in result.inputs.libraries
        if isinstance(library.source, Archive) and not library.whole
    }
    lines = ["members\textracted\tarchive\n"]
    for name, archive in archives.items():
        members = sum(1 for _ in archive)
        lines.append(f"{members}\t{taken[name]}\t{name}\n")
    return "".join(lines)
