"""How fast ELF files are read, written and renamed: `python tests/bench/bench_read.py [FILES]`.

Without files, the fixtures, repeated to some 20 MB.  Each figure is the best of several runs, with
the collector paused as a link does it.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from pylink86 import elf_const as c  # noqa: E402
from pylink86.formats.elf_read import read_elf  # noqa: E402
from pylink86.model import ObjectFile  # noqa: E402

RUNS = 5
TOTAL = 20_000_000


def best(work: Callable[[], object], runs: int = RUNS) -> float:
    """Seconds of the fastest of some runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def relocations(objects: list[ObjectFile]) -> int:
    """Decode every relocation; how many there are."""
    return sum(
        len(obj.relocations(index))
        for obj in objects
        for index, kind in enumerate(obj.sections.type)
        if kind in (c.SHT_REL, c.SHT_RELA)
    )


def measure(files: list[bytes]) -> dict[str, float]:
    """Seconds for each step over all files."""
    gc.collect()
    gc.disable()
    try:
        objects = [read_elf(data, "x.o") for data in files]
        return {
            "read": best(lambda: [read_elf(data, "x.o") for data in files]),
            "relocations": best(lambda: relocations(objects)),
            "write": best(lambda: [obj.to_bytes() for obj in objects]),
            "prefix_alloc_sections": best(
                lambda: [obj.prefix_alloc_sections(".x") for obj in objects]
            ),
            "prefix_symbols": best(lambda: [obj.prefix_symbols("x_") for obj in objects]),
        }
    finally:
        gc.enable()


def main(paths: list[str]) -> None:
    given = [Path(path) for path in paths] or sorted((ROOT / "fixtures" / "objects").glob("*.o"))
    files = [path.read_bytes() for path in given]
    if not paths:
        files *= max(1, TOTAL // sum(map(len, files)))
    objects = [read_elf(data, "x.o") for data in files]
    size = sum(map(len, files)) / 1e6
    print(
        f"{len(files)} files, {size:.1f} MB, {sum(len(o.sections) for o in objects)} sections, "
        f"{sum(len(o.symbols) for o in objects)} symbols, {relocations(objects)} relocations"
    )
    for step, seconds in measure(files).items():
        print(f"{step:24}{seconds * 1e3:9.1f} ms {seconds / len(files) * 1e6:9.1f} us a file")


if __name__ == "__main__":
    main(sys.argv[1:])
