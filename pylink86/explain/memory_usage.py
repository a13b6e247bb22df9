"""`--print-memory-usage`: how full each region of MEMORY is.

Source: GNU ld manual 2.1; the columns of `ld` 2.40, which LLD 19 shares.
"""

from __future__ import annotations

from ..result import LinkResult

UNITS = (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10))


def memory_usage(result: LinkResult) -> str:
    """A line for each region: bytes in use, bytes there are, and the share.

    A region that has no bytes has no share; LLD leaves out its size, too.
    """
    lines = ["Memory region         Used Size  Region Size  %age Used"]
    for region in dict.fromkeys(result.placed.regions.by_name.values()):
        used = region.current - region.origin
        line = f"{region.name:>16}: {in_units(used):>13}"
        if region.length or result.dialect.name == "gnu":
            line += f"{in_units(region.length):>13}"
        if region.length:
            line += f"{used * 100 / region.length:10.2f}%"
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def in_units(size: int) -> str:
    """`64 KB`: in the largest unit of which it is a whole number; 0 is `0 GB`."""
    unit, scale = next(((u, s) for u, s in UNITS if size % s == 0), ("B", 1))
    return f"{size // scale} {unit}"
