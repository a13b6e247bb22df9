"""What a kernel's ELF file says: what goes where, with which permissions, and where it starts.

Only program headers count: sections are for linkers.  A loader that trusts them blindly boots into
nowhere, so everything that cannot work is refused here, with the sum that shows why.

Source: gABI ch.5 (program loading).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Union

import attrs

from ... import elf_const as c
from ...diag import fail
from ...formats import read_bytes
from ...model import ObjectFile, Segment
from .config import is_canonical

KernelLike = Union[bytes, bytearray, memoryview, str, "os.PathLike[str]"]

MACHINES = {(64, c.EM_X86_64): 64, (32, c.EM_386): 32}
CODE = c.SHF_ALLOC | c.SHF_EXECINSTR


@attrs.frozen(eq=False, repr=False)
class Load:
    """A stretch of memory the kernel wants: `data`, then zeros up to `size` bytes.

    vaddr: where it runs; paddr: where it is loaded when there is no paging; flags: PF_R, PF_W,
    PF_X.
    """

    vaddr: int
    paddr: int
    data: memoryview
    size: int
    flags: int

    @property
    def end(self) -> int:
        return self.vaddr + self.size

    def __str__(self) -> str:
        return f"segment {self.vaddr:#x} to {self.end:#x}"


@attrs.frozen(eq=False, repr=False)
class Kernel:
    """A kernel, ready to be placed.

    bits: 32 or 64.  loads: sorted by vaddr.  tls: the thread-local template as start address, bytes
    in the file, bytes in memory; zeros when there is none.
    """

    name: str
    bits: int
    entry: int
    loads: tuple[Load, ...]
    tls: tuple[int, int, int]
    data: memoryview
    file: ObjectFile


def read_kernel(kernel: KernelLike, name: str = "") -> Kernel:
    """The kernel in a file or in bytes.

    Errors: cannot-read, kernel-not-linked, kernel-dynamic, kernel-machine, kernel-empty,
    bad-segment, segments-overlap.
    """
    data, name = _bytes_of(kernel, name)
    file = read_bytes(data, name)
    _check_header(file)
    whole = memoryview(data)
    segments = [s for s in file.segments if s.type == c.PT_LOAD and s.memsz]
    loads = tuple(sorted((_load(s, whole, file) for s in segments), key=lambda s: s.vaddr))
    _check_code(file, loads)
    _check_overlap(file.name, loads)
    return Kernel(
        name=name,
        bits=file.header.elf_class,
        entry=file.header.entry,
        loads=loads,
        tls=_tls(file),
        data=whole,
        file=file,
    )


def _bytes_of(kernel: KernelLike, name: str) -> tuple[bytes, str]:
    if isinstance(kernel, (bytes, bytearray, memoryview)):
        return bytes(kernel), name or "kernel"
    path = Path(kernel)
    try:
        return path.read_bytes(), name or os.fspath(kernel)
    except OSError as error:
        said = f"cannot open {path}: {error.strerror or error}"
        raise fail("cannot-read", said) from None


def _check_header(file: ObjectFile) -> None:
    header = file.header
    if (header.elf_class, header.machine) not in MACHINES:
        machine = c.EM_NAMES.get(header.machine, hex(header.machine))
        raise fail(
            "kernel-machine",
            f"{file.name} is an ELF{header.elf_class} file for {machine}",
            help=["a PC boots ELF64 for x86-64 and ELF32 for i386"],
        )
    if header.type == c.ET_REL:
        raise fail(
            "kernel-not-linked",
            f"{file.name} is an object file: it has no addresses yet",
            help=[f"link it first: pyld {file.name} -o kernel.elf"],
        )
    kinds = {s.type for s in file.segments}
    if header.type == c.ET_DYN or c.PT_INTERP in kinds:
        raise fail(
            "kernel-dynamic",
            f"{file.name} is made to be moved and finished by a dynamic loader, and none is here",
            help=[
                "Rust: -C relocation-model=static; gcc: -static -no-pie -fno-pie; ld: without -pie"
            ],
        )
    if header.type != c.ET_EXEC:
        raise fail("kernel-not-linked", f"{file.name} is no executable")


def _load(segment: Segment, whole: memoryview, file: ObjectFile) -> Load:
    what = f"the segment at {segment.vaddr:#x} of {file.name}"
    s = segment
    if s.filesz > s.memsz:
        said = f"{what} has more bytes in the file than in memory: {s.filesz:#x} > {s.memsz:#x}"
        raise fail("bad-segment", said)
    if s.offset + s.filesz > len(whole):
        raise fail(
            "bad-segment",
            f"{what} is not all in the file: {s.offset:#x} + {s.filesz:#x} > {len(whole):#x}",
        )
    limit = 1 << file.header.elf_class
    last = s.vaddr + s.memsz - 1
    crosses = not is_canonical(s.vaddr) or not is_canonical(last) or s.vaddr >> 47 != last >> 47
    if last >= limit or (limit >> 32 > 1 and crosses):
        raise fail(
            "bad-segment",
            f"{what} has {s.memsz:#x} bytes and ends at {last:#x}: not in the address space",
        )
    data = whole[s.offset : s.offset + s.filesz]
    return Load(vaddr=s.vaddr, paddr=s.paddr, data=data, size=s.memsz, flags=s.flags)


def loads_with_sections(kernel: Kernel) -> tuple[Load, ...]:
    """The loads some section lies in, by load address; all of them when the file has no sections.

    GNU ld may put a load with nothing but the file's own headers in front of a kernel at 1 MiB:
    into ROM.
    """
    sections = kernel.file.sections
    starts = [a for a, f in zip(sections.addr, sections.flags) if f & c.SHF_ALLOC]
    found = [
        load
        for load in kernel.loads
        if not starts or any(load.vaddr <= start < load.end for start in starts)
    ]
    return tuple(sorted(found, key=lambda load: load.paddr))


def _check_code(file: ObjectFile, loads: tuple[Load, ...]) -> None:
    """An entry point the linker did not find leaves --gc-sections nothing to keep."""
    flags, sizes = file.sections.flags, file.sections.size
    code = sum(n for f, n in zip(flags, sizes) if f & CODE == CODE)
    if len(sizes) <= 1:
        code = sum(load.size for load in loads if load.flags & c.PF_X)
    if code == 0:
        raise fail(
            "kernel-empty",
            f"{file.name} has an empty .text: there is no code in it",
            help=[
                "perhaps the entry point is not found: it must be called _start (or what -e says) "
                'and be visible, in Rust #[unsafe(no_mangle)] pub extern "C" fn _start'
            ],
        )
    entry = file.header.entry
    inside = [load for load in loads if load.vaddr <= entry < load.end]
    inside += [load for load in loads if load.paddr <= entry < load.paddr + load.size]
    if not inside:
        raise fail(
            "kernel-entry",
            f"{file.name} starts at {entry:#x}, where none of its segments is",
            notes=[str(load) for load in loads[:8]],
        )


def _check_overlap(name: str, loads: tuple[Load, ...]) -> None:
    for before, after in zip(loads, loads[1:]):
        if after.vaddr < before.end:
            raise fail(
                "segments-overlap",
                f"two segments of {name} share {before.end - after.vaddr:#x} bytes",
                notes=[str(before), str(after)],
            )


def _tls(file: ObjectFile) -> tuple[int, int, int]:
    found = [(s.vaddr, s.filesz, s.memsz) for s in file.segments if s.type == c.PT_TLS]
    if len(found) > 1:
        raise fail("bad-segment", f"{file.name} has {len(found)} thread-local segments, not one")
    return found[0] if found else (0, 0, 0)
