"""Makes stages of an exact size and boots them in QEMU with disks, drives and firmware to choose.

The stage (asm/stage.asm) sums itself up and shows what it found; the same sum is taken here from
the image, so a sector that went missing, came twice or went to the wrong place shows.
"""

from __future__ import annotations

import dataclasses
import functools
import random
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from boot import qemu
from pylink86.script.defaults import raw_layout

ASM = Path(__file__).with_name("asm")
SECTORS = Path(__file__).resolve().parents[2] / "pylink86" / "boot" / "sectors"
SECTOR = 512
KINDS = ("real", "protected", "long")
BITS = {"real": 16, "protected": 32, "long": 64}
EMULATION = {"real": "elf_i386", "protected": "elf_i386", "long": "elf_x86_64"}
ALL_WELL = 7
"""A report's flags when nothing is wrong."""
# What asm/stage.asm takes without its payload, with room to spare; less than a sector.
OWN_CODE = 320
INSTALL = {
    "nasm": "nasm is not installed (Debian and Ubuntu: apt-get install nasm)",
    "ld": "GNU ld is not installed (Debian and Ubuntu: apt-get install binutils)",
    "objcopy": "objcopy is not installed (Debian and Ubuntu: apt-get install binutils)",
    "ld.lld-19": "LLD is not installed (Debian and Ubuntu: apt-get install lld-19)",
}
NEEDS = {"gnu": ("nasm", "ld", "objcopy"), "lld": ("nasm", "ld.lld-19"), "ours": ("nasm",)}


@dataclasses.dataclass(frozen=True)
class Report:
    """What a stage says about itself; see asm/stage.asm."""

    sum: int
    nonzero: int
    drive: int
    flags: int


def missing(linker: str) -> str | None:
    """What to install before `linker` can make images, or None."""
    return next((INSTALL[tool] for tool in NEEDS[linker] if shutil.which(tool) is None), None)


def run(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(w) for w in words], cwd=cwd, capture_output=True, text=True)


def must(*words: object, cwd: Path | None = None) -> None:
    done = run(*words, cwd=cwd)
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}"


@functools.cache
def stage(
    kind: str, sectors: int, *, bss: int = 5000, returns: bool = False, sse: bool = True
) -> bytes:
    """An object that fills exactly so many sectors when the built-in layout links it."""
    payload = random.Random(sectors).randbytes(sectors * SECTOR - OWN_CODE)
    with tempfile.TemporaryDirectory() as name:
        file, out = Path(name, "payload"), Path(name, "stage.o")
        file.write_bytes(payload)
        words = ["nasm", "-f", "elf64" if kind == "long" else "elf32", f"-DMODE={BITS[kind]}"]
        words += [f'-DPAYLOAD="{file}"', f"-DBSS={bss}", f"-DNO_SSE={int(not sse)}"]
        words += ["-DRETURN"] if returns else []
        must(*words, "-o", out, ASM / "stage.asm")
        return out.read_bytes()


def link(
    linker: str, kind: str, objects: Sequence[bytes], script: str | None = None
) -> tuple[bytes | None, str]:
    """The image, or None, and what the linker said. `ours` links in this process."""
    text = raw_layout(kind) if script is None else script
    if linker == "ours":
        return _link_here(kind, objects, text)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = []
        for number, data in enumerate(objects):
            files.append(f"{number}.o")
            (folder / files[-1]).write_bytes(data)
        (folder / "layout.ld").write_text(text)
        words = ["-m", EMULATION[kind], "-T", "layout.ld", SECTORS / f"{kind}.o", *files]
        if linker == "gnu":
            done = run("ld", "--no-warn-rwx-segments", *words, "-o", "out.elf", cwd=folder)
            if done.returncode == 0:
                must("objcopy", "-O", "binary", "out.elf", "out.img", cwd=folder)
        else:
            done = run("ld.lld-19", "--oformat=binary", *words, "-o", "out.img", cwd=folder)
        image = (folder / "out.img").read_bytes() if done.returncode == 0 else None
        return image, done.stderr


def _link_here(kind: str, objects: Sequence[bytes], text: str) -> tuple[bytes | None, str]:
    import pylink86
    from pylink86.boot import sector

    try:
        result = pylink86.link([sector(kind), *objects], text, dialect="gnu")
    except pylink86.LinkError as error:
        return None, str(error)
    return result.to_bytes("binary"), "\n".join(str(d) for d in result.diagnostics)


def image_of(linker: str, kind: str, sectors: int, **how: bool | int) -> bytes:
    """A boot image with a stage of so many sectors; fails the test when it has another size."""
    image, said = link(linker, kind, [stage(kind, sectors, **how)])
    assert image is not None, said
    assert len(image) == (1 + sectors) * SECTOR
    return image


def checksum(image: bytes) -> int:
    """What asm/stage.asm computes of the stage in `image`."""
    total = 0
    for (word,) in struct.iter_unpack("<I", image[SECTOR:]):
        total = ((total << 5 | total >> 27) + word) & 0xFFFFFFFF
    return total


def report(line: str) -> Report:
    """The first line of the screen as numbers."""
    words = line.split()[:4]
    assert len(words) == 4 and all(len(word) == 8 for word in words), f"no report: {line!r}"
    return Report(*(int(word, 16) for word in words))


def shim(*defines: str) -> bytes:
    """The disk that starts the second disk in a bad way; see asm/shim.asm."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name, "shim.img")
        must("nasm", "-f", "bin", *(f"-D{d}" for d in defines), "-o", out, ASM / "shim.asm")
        return out.read_bytes()


def boot(
    disks: Sequence[bytes],
    *,
    floppy: bool = False,
    faults: str = "",
    device: str = "",
    machine: Sequence[str] = (),
    want: str | None = None,
) -> qemu.Screen:
    """Boot the first of `disks` in QEMU; nothing is added to their ends.

    faults: rules of QEMU's blkdebug for every disk; device: more words for every ide-hd, machine:
    for QEMU itself.
    """
    program = qemu.qemu_program()
    assert program is not None
    with tempfile.TemporaryDirectory() as name:
        words = [program, "-machine", "pc,accel=tcg", "-m", "16", "-nodefaults", "-vga", "std"]
        words += ["-display", "none", "-no-reboot", "-no-shutdown", "-qmp", "stdio", *machine]
        for number, data in enumerate(disks):
            file = Path(name, f"{number}.img")
            file.write_bytes(data)
            where = f"format=raw,file={_faulty(file, faults)}"
            if floppy:
                words += ["-drive", f"if=floppy,index={number},{where}"]
            else:
                words += ["-drive", f"if=none,id=d{number},{where}"]
                words += ["-device", f"ide-hd,drive=d{number},bus=ide.0,unit={number}{device}"]
        return qemu.watch_command(words, timeout=30, want=want)


def _faulty(file: Path, rules: str) -> str:
    """The file as QEMU opens it: with errors injected when there are rules."""
    if not rules:
        return str(file)
    config = file.with_suffix(".cfg")
    config.write_text(rules)
    return f"blkdebug:{config}:{file}"
