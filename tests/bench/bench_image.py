"""What a disk costs: `python tests/bench/bench_image.py`.

`pylink86 image` on a kernel of 8 MB beside `cp` of the same file: seconds and peak memory, start-up
of the interpreter with all that is imported told apart by a kernel of a page.  Then the boot of a
kernel that says hello, in the emulator and in QEMU.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT, ROOT / "tests"):
    sys.path.insert(0, str(folder))

from boot.kernels import Segment, elf, kernel  # noqa: E402

from pylink86 import boot  # noqa: E402
from pylink86.boot.image.kernel import read_kernel  # noqa: E402

RUNS = 7
SIZE = 8 << 20
CODE = b"\x90" * 4096


MEASURE = """\
import os, resource, sys, time
start = time.perf_counter()
assert os.spawnvp(os.P_WAIT, sys.argv[1], sys.argv[1:]) == 0
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""
"""Run by an interpreter of its own: a child counts the memory of the process it was forked from."""


def process(*words: str) -> tuple[float, float]:
    """Seconds and MiB of the best of some runs."""
    found = []
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(RUNS):
        line = (sys.executable, "-I", "-S", "-c", MEASURE, *words)
        out = subprocess.run(line, env=env, check=True, capture_output=True, text=True).stdout
        seconds, memory = map(float, out.split())
        found.append((seconds, memory))
    return min(found)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        code = Segment(0x200000, CODE, len(CODE), 5)
        Path("small").write_bytes(elf([code], 0x200000))
        data = os.urandom(SIZE)
        Path("large").write_bytes(elf([code, Segment(0x400000, data, SIZE, 6)], 0x200000))
        image = (sys.executable, "-m", "pylink86", "image")
        for title, words in {
            "cp of 8 MB": ("cp", "large", "copy"),
            "image of a page": (*image, "small", "-o", "small.img"),
            "image of 8 MB": (*image, "large", "-o", "large.img"),
        }.items():
            seconds, memory = process(*words)
            print(f"{title:20} {seconds * 1000:7.1f} ms {memory:7.1f} MiB")
        start = time.perf_counter()
        boot.disk_image(read_kernel("large")).write("large.img")
        print(f"{'the same, imported':20} {(time.perf_counter() - start) * 1000:7.1f} ms")
    disk = boot.disk_image(kernel("HELLO"))
    print(f"loader: {disk.loader} bytes")
    here = min(boot.run(disk.to_bytes()).milliseconds for _ in range(RUNS))
    there = min(boot.run_qemu(disk.to_bytes()).milliseconds for _ in range(3))
    print(f"hello: emulator {here:.1f} ms, QEMU {there:.1f} ms, {there / here:.0f} times")


if __name__ == "__main__":
    main()
