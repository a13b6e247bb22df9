"""`disk_image(kernel, config)`: the way from an ELF file to a disk, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Union

import attrs

from ... import elf_const as c
from ...diag import Diagnostic
from .assemble import link_loader
from .config import ImageConfig, check
from .frames import frame_of
from .kernel import Kernel, KernelLike, read_kernel
from .media import Piece, disk_pieces
from .places import PAGE, SECTOR
from .plan import Plan, check_flat
from .protocols import plan_protocol

PathLike = Union[str, "os.PathLike[str]"]


@attrs.frozen
class PlacedSegment:
    """A segment of the kernel: where it runs, where its bytes are in physical memory."""

    vaddr: int
    physical: int
    file_bytes: int
    memory_bytes: int
    permissions: str


@attrs.frozen(eq=False)
class DiskImage:
    """A disk and the plan behind it; nothing is copied together before it is asked for.

    loader: bytes of the loader, without padding; sectors: of the whole disk; addresses: name ->
    address, of what the loader has added; memory: bytes of memory a machine must have.
    """

    protocol: str
    bits: int
    entry: int
    loader: int
    sectors: int
    memory: int
    segments: tuple[PlacedSegment, ...]
    addresses: dict[str, int]
    diagnostics: tuple[Diagnostic, ...]
    pieces: Sequence[Piece] = attrs.field(repr=False)
    plan: Plan = attrs.field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of the disk."""
        return self.sectors * SECTOR

    def to_bytes(self) -> bytes:
        """The disk."""
        return b"".join(self.pieces)

    def write(self, path: PathLike, step: Callable[[int], None] | None = None) -> None:
        """Write the disk to a file; it appears whole or not at all. step: told the bytes so far."""
        write_pieces(self.pieces, path, step)

    def as_json(self) -> dict[str, Any]:
        """The report in types JSON knows."""
        return {
            "protocol": self.protocol,
            "bits": self.bits,
            "entry": self.entry,
            "loader_bytes": self.loader,
            "sectors": self.sectors,
            "bytes": self.size,
            "memory": self.memory,
            "segments": [attrs.asdict(segment) for segment in self.segments],
            "addresses": self.addresses,
        }


def write_pieces(
    pieces: Sequence[Piece],
    path: PathLike,
    step: Callable[[int], None] | None = None,
) -> None:
    """Write pieces one after the other to a file beside `path`, then rename it; cannot-write."""
    from ...diag import fail

    part = f"{os.fspath(path)}.part"
    done = 0
    try:
        with open(part, "wb") as file:
            for piece in pieces:
                file.write(piece)
                done += len(piece)
                if step:
                    step(done)
        os.replace(part, path)
    except OSError as error:
        if os.path.exists(part):
            os.unlink(part)
        said = f"cannot write {os.fspath(path)}: {error.strerror or error}"
        raise fail("cannot-write", said) from None


def disk_image(
    kernel: KernelLike | Kernel, config: ImageConfig | None = None, **settings: Any
) -> DiskImage:
    """A disk that boots this kernel.

    kernel: path, bytes or what `read_kernel` gave; config, or fields of ImageConfig as keywords
    (`protocol="raw"`).  Raises LinkError; see `pylink86 explain` for the slugs.
    """
    chosen = attrs.evolve(config or ImageConfig(), **settings)
    check(chosen)
    found = kernel if isinstance(kernel, Kernel) else read_kernel(kernel)
    plan = plan_protocol(found, chosen)
    loader = link_loader(plan)
    if plan.bits == 32:
        check_flat(found.name, plan.loads, loader.end)
    parts = disk_pieces(loader.image, plan.blocks, chosen.medium, chosen.pad_to_mib)
    return DiskImage(
        protocol=plan.protocol,
        bits=plan.bits,
        entry=plan.symbols["__entry"],
        loader=loader.end - 0x7E00 + SECTOR,
        sectors=sum(len(piece) for piece in parts) // SECTOR,
        memory=plan.memory_top,
        segments=_segments(found, plan),
        addresses=_addresses(plan),
        diagnostics=plan.diagnostics,
        pieces=parts,
        plan=plan,
    )


def _segments(kernel: Kernel, plan: Plan) -> tuple[PlacedSegment, ...]:
    return tuple(
        PlacedSegment(
            vaddr=load.vaddr,
            physical=frame_of(load.vaddr, list(plan.runs)) if plan.runs else load.paddr,
            file_bytes=len(load.data),
            memory_bytes=load.size,
            permissions="".join(name for bit, name in _LETTERS if load.flags & bit),
        )
        for load in kernel.loads
    )


_LETTERS = ((c.PF_R, "r"), (c.PF_W, "w"), (c.PF_X, "x"))


def _addresses(plan: Plan) -> dict[str, int]:
    """What the loader adds to the kernel's memory."""
    space = plan.space
    if space is None:
        return {"info": plan.symbols["__info_physical"]}
    found = {
        "boot-info": space.info,
        "stack-guard": space.stack - PAGE,
        "stack": space.stack,
        "stack-end": space.stack_end,
        "resident": space.resident,
        "page-tables": plan.symbols["__page_tables"],
    }
    if space.physical is not None:
        found["physical-memory"] = space.physical
    if space.recursive is not None:
        found["recursive-page-table"] = space.recursive_address
    return found
