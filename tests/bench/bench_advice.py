"""What the checks of a finished link cost: `python tests/bench/bench_advice.py [--check]`.

Links hello from disk again and again and takes, for each link, the time its checks took against the
rest of it, so that a busy machine slows both.  `--check` exits 1 above the limit.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from pylink86 import linker  # noqa: E402
from pylink86.diag import Diagnostics  # noqa: E402
from pylink86.passes.advice import advise as passes  # noqa: E402
from pylink86.passes.finished import Finished  # noqa: E402

OBJECTS = ("boot_long_elf64.o", "rust_hello_O2_pic.o")
SCRIPT = ROOT / "fixtures/layouts/prefixed.ld"
LIMIT = 0.05
"""Of the time of the link without them."""

WARMING, RUNS = 20, 200

spent: list[dict[str, float]] = []


def timed(finished: Finished, diags: Diagnostics) -> None:
    """`advise`, noting what each check took."""
    took = {}
    for check in passes.CHECKS:
        start = time.perf_counter()
        assert not check.could_be(finished)
        took[check.function] = time.perf_counter() - start
    spent.append(took)


def main() -> int:
    paths = [str(ROOT / "fixtures/objects" / name) for name in OBJECTS]
    linker.advise = timed
    totals = []
    for _ in range(WARMING + RUNS):
        start = time.perf_counter()
        result = linker.link(paths, SCRIPT.read_text(), oformat="binary")
        result.image  # noqa: B018
        totals.append(time.perf_counter() - start)
    assert not result.diagnostics
    rows, totals = spent[WARMING:], totals[WARMING:]
    for name in rows[0]:
        print(f"{name:24} {statistics.median(row[name] for row in rows) * 1e6:7.1f} us")
    rests = [total - sum(row.values()) for row, total in zip(rows, totals)]
    shares = [sum(row.values()) / rest for row, rest in zip(rows, rests)]
    share = statistics.median(shares)
    print(f"{'link without checks':24} {statistics.median(rests) * 1e6:7.1f} us")
    print(f"checks: {share:.1%} of it, limit {LIMIT:.0%}")
    return int("--check" in sys.argv and share > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
