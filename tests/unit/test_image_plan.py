"""Plans and disks without running them: addresses, tables, media, and what is refused."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import pytest
from boot.kernels import Segment, elf

from pylink86 import LinkError, boot
from pylink86.boot.image import places
from pylink86.boot.image.assemble import part
from pylink86.boot.image.frames import page_flags
from pylink86.boot.image.kernel import Kernel, read_kernel
from pylink86.boot.image.paging import NO_EXECUTE, WRITABLE, PageTables
from pylink86.boot.image.sse import decode, find_sse
from pylink86.cli.main import main

LOADER = Path(boot.__file__).parent / "loader"
CODE = b"\x90" * 16


def kernel_at(base: int, size: int = 0x1000, **settings: int) -> bytes:
    return elf([Segment(base, CODE, size, 5)], base, **settings)


def refused(data: bytes, **settings: object) -> tuple[str, str]:
    with pytest.raises(LinkError) as caught:
        boot.disk_image(data, **settings)
    found = caught.value.diagnostics[0]
    return found.slug, found.message


def test_assembly_and_python_agree_on_places() -> None:
    text = (LOADER / "memory.inc").read_text()
    numbers = dict(re.findall(r"^(\w+)\s+equ\s+([0-9a-fx]+)", text, re.M))
    for name in ("MAP", "MAP_MOST", "TABLES", "BOUNCE"):
        assert int(numbers[name], 0) == getattr(places, name)


def test_every_part_is_there() -> None:
    for source in LOADER.glob("*.asm"):
        assert part(source.stem).header.elf_class == 64


def test_default_addresses_are_those_of_the_crate() -> None:
    """The blog on paging shows a stack at 0x100_0020_1a10, memory at 0x180_0000_0000."""
    disk = boot.disk_image(kernel_at(0x200000), features=frozenset({"map_physical_memory"}))
    assert disk.addresses["boot-info"] == 0x100_0000_0000
    assert disk.addresses["stack-guard"] == 0x100_0000_1000
    assert disk.addresses["stack-end"] == 0x100_0020_2000
    assert disk.addresses["physical-memory"] == 0x180_0000_0000


def test_slots_of_the_kernel_are_left_out() -> None:
    data = elf([Segment(0x8000000000, CODE, 1 << 39, 5)], 0x8000000000)
    assert refused(data)[0] == "kernel-too-large"
    slots = [Segment(slot << 39, CODE, 16, 5) for slot in (1, 2, 4)]
    disk = boot.disk_image(elf(slots, 1 << 39), features=frozenset({"recursive_page_table"}))
    assert disk.addresses["recursive-page-table"] >> 39 & 511 == 3
    assert disk.addresses["boot-info"] == 5 << 39


def test_a_kernel_at_the_very_end() -> None:
    top = (1 << 64) - 0x1000
    disk = boot.disk_image(kernel_at(top))
    assert [(run.vaddr, run.pages) for run in disk.plan.runs] == [(top, 1)]
    assert disk.addresses["boot-info"] == 2 << 39


def test_a_kernel_everywhere() -> None:
    from pylink86.boot.image.space import canonical

    segments = [Segment(canonical(slot << 39) + 0x200000, CODE, 16, 5) for slot in range(512)]
    assert refused(elf(segments, 0x200000))[0] == "image-overlap"


def test_page_tables() -> None:
    tables = PageTables(0x500000)
    tables.map(0x1FF000, 0x100000, 3, WRITABLE)
    tables.map(0xFFFFFFFFFFFFF000, 0x900000, 1, NO_EXECUTE)
    data = tables.to_bytes()
    assert len(data) == tables.end - 0x500000

    def entry(table: int, index: int) -> int:
        at = (table & ~NO_EXECUTE & -4096) - 0x500000 + index * 8
        return int(struct.unpack_from("<Q", data, at)[0])

    pdpt = entry(0x500000, 0)
    directory = entry(pdpt, 0)
    assert entry(entry(directory, 0), 511) == 0x100003
    assert entry(entry(directory, 1), 0) == 0x101003
    assert entry(entry(directory, 1), 1) == 0x102003
    assert entry(entry(directory, 1), 2) == 0
    top = entry(entry(entry(0x500000, 511), 511), 511)
    assert entry(top, 511) == 0x900001 | NO_EXECUTE


def test_a_shared_page_may_do_what_either_may() -> None:
    data = elf([Segment(0x200000, CODE, 100, 5), Segment(0x200100, CODE, 100, 6)], 0x200000)
    runs = boot.disk_image(data).plan.runs
    assert [(run.vaddr, run.pages, run.flags) for run in runs] == [(0x200000, 1, page_flags(7))]


# Refused at build time.


def test_headers_in_the_way_are_told_of() -> None:
    """GNU ld puts the ELF headers into the first segment, in front of a kernel at 1 MiB."""
    segments = [Segment(0xFF000, b"\x7fELF" + CODE, 0x2000, 5)]
    with pytest.raises(LinkError) as caught:
        boot.disk_image(elf(segments, 0x100000, bits=32), protocol="raw")
    found = caught.value.diagnostics[0]
    assert found.slug == "image-overlap"
    assert "ELF headers" in found.help[0] and "-N" in found.help[0]


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (kernel_at(0x200000, kind=1), "kernel-not-linked"),
        (kernel_at(0x200000, kind=3), "kernel-dynamic"),
        (kernel_at(0x200000, machine=183), "unsupported-input"),
        (kernel_at(0x200000, bits=32, machine=62), "kernel-machine"),
        (elf([Segment(0x200000, CODE, 16, 6)], 0x200000), "kernel-empty"),
        (elf([], 0), "kernel-empty"),
        (elf([Segment(0x200000, CODE, 16, 5)], 0x300000), "kernel-entry"),
        (elf([Segment(0x200000, CODE, 8, 5)], 0x200000), "bad-segment"),
        (kernel_at(0x800000000000), "bad-segment"),
        (kernel_at(0x7FFFFFFFF000, 0x2000), "bad-segment"),
        (kernel_at(0xA0000), "image-overlap"),
        (kernel_at(0x1000, 0xB0000), "image-overlap"),
        (kernel_at(0x200000, 0x40000000), "kernel-too-large"),
        (
            elf([Segment(0x200000, CODE, 16, 5), Segment(0x20000F, CODE, 16, 4)], 0x200000),
            "segments-overlap",
        ),
        (
            elf([Segment(0x200000, CODE, 16, 5), *[Segment(0, b"", 1, 4, kind=7)] * 2], 0x200000),
            "bad-segment",
        ),
        (b"\x7fELF", "bad-object"),
    ],
)
def test_refused(data: bytes, slug: str) -> None:
    assert refused(data)[0] == slug


def test_overlaps_are_shown_with_their_keys() -> None:
    with pytest.raises(LinkError) as caught:
        boot.disk_image(kernel_at(0x200000), boot_info_address=0x200000)
    found = caught.value.diagnostics[0]
    assert found.slug == "image-overlap"
    assert any("boot-info-address" in note for note in found.notes)
    assert any("0x200000 to 0x201000: a segment" in note for note in found.notes)


def test_wrong_protocol() -> None:
    data = elf([Segment(0x100000, CODE, 16, 5)], 0x100000, bits=32)
    assert refused(data, protocol="bootloader")[0] == "wrong-protocol"
    assert boot.disk_image(data).protocol == "raw"


def test_load_addresses_that_overlap() -> None:
    segments = [
        Segment(0x100000, CODE, 16, 5),
        Segment(0x300000, CODE, 16, 5, paddr=0x100008),
    ]
    assert refused(elf(segments, 0x100000, bits=32))[0] == "segments-overlap"


def test_too_many_parts() -> None:
    segments = [Segment(0x200000 + i * 0x100, CODE, 32, 5) for i in range(1500)]
    assert refused(elf(segments, 0x200000))[0] == "kernel-too-many-parts"


# Media.


def test_disk_layout() -> None:
    disk = boot.disk_image(kernel_at(0x200000))
    data = disk.to_bytes()
    assert len(data) == disk.sectors * 512 == disk.size
    assert data[510:512] == b"\x55\xaa"
    assert data[:3] == b"\xeb\x3c\x90", "room for a parameter block"
    entries = [data[446 + 16 * i : 462 + 16 * i] for i in range(4)]
    active, kind, first, count = struct.unpack("<B3xB3xII", entries[0])
    assert (active, kind, first, count) == (0x80, 0xDA, 1, disk.sectors - 1)
    assert entries[1:] == [bytes(16)] * 3
    assert disk.loader <= 8192


def test_padding() -> None:
    """A disk has at least a cylinder of 16 heads and 63 sectors."""
    assert boot.disk_image(kernel_at(0x200000)).sectors == 16 * 63
    code = bytes(600_001)
    disk = boot.disk_image(elf([Segment(0x200000, code, len(code), 5)], 0x200000))
    assert disk.size % 512 == 0
    assert 600_001 < disk.size < 660_000
    assert boot.disk_image(kernel_at(0x200000), pad_to_mib=True).size % (1 << 20) == 0
    assert boot.disk_image(kernel_at(0x200000), medium="floppy").size == 1440 * 1024
    large = elf([Segment(0x200000, bytes(2 << 20), 2 << 20, 5)], 0x200000)
    assert refused(large, medium="floppy")[0] == "image-too-large"


def test_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kernel, disk = tmp_path / "k.elf", tmp_path / "disk.img"
    kernel.write_bytes(kernel_at(0x200000))
    assert main(["image", str(kernel), "-o", str(disk), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["bytes"] == disk.stat().st_size
    assert found["segments"] == [
        {
            "vaddr": 0x200000,
            "physical": 0x100000,
            "file_bytes": 16,
            "memory_bytes": 0x1000,
            "permissions": "rx",
        }
    ]
    assert main(["image", str(kernel), "-o", str(disk), "-v"]) == 0
    assert "0x200000  at   0x100000" in capsys.readouterr().out


def test_kernel_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["image"]) == 1
    assert "error[one-kernel]" in capsys.readouterr().err
    Path("k.elf").write_bytes(kernel_at(0x200000))
    monkeypatch.setenv("KERNEL", "k.elf")
    assert main(["image"]) == 0
    assert Path("k.img").read_bytes() == boot.disk_image("k.elf").to_bytes()


def test_progress_on_long_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pylink86.cli import image

    kernel = tmp_path / "k.elf"
    kernel.write_bytes(kernel_at(0x200000))
    words = ["image", str(kernel), "-o", str(tmp_path / "disk.img"), "--pad-to-mib"]
    monkeypatch.setattr(image, "LONG_WORK", 0)
    assert main(words) == 0
    assert capsys.readouterr().err == "", "nobody is looking"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert main(words) == 0
    assert capsys.readouterr().err.endswith("\rwriting 1 of 1 MiB\n")


def test_an_image_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    kernel = tmp_path / "k.elf"
    kernel.write_bytes(kernel_at(0x200000))
    assert main(["image", str(kernel), "-o", str(tmp_path / "none" / "disk.img")]) == 1
    assert main(["image", str(kernel), "-o", str(tmp_path)]) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["k.elf"]


# SSE.


def sse_kernel(code: bytes) -> Kernel:
    return read_kernel(elf([Segment(0x200000, code, len(code), 5)], 0x200000))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("0f28c1", True),  # movaps xmm0, xmm1
        ("488d0500000000 660fefc0", True),  # lea; pxor xmm0, xmm0
        ("b80f28c100 c3", False),  # mov eax, 0xc1280f
        ("48b80f28c10f28c10f28 c3", False),  # movabs
        ("0f1f440000 0f05 c3", False),  # nop, syscall
        ("c7050000000f 28c10000 c3", False),
        ("f2 0f10 05 00000000", True),  # movsd xmm0, [rip]
        ("66 0f 1f 84 00 00000000 c3", False),
    ],
)
def test_sse_is_told_from_what_looks_like_it(code: str, found: bool) -> None:
    kernel = sse_kernel(bytes.fromhex(code.replace(" ", "")) + bytes(16))
    assert (find_sse(kernel) is not None) == found


def test_sse_warning() -> None:
    data = elf([Segment(0x200000, bytes.fromhex("0f28c1"), 3, 5)], 0x200000)
    warning = boot.disk_image(data).diagnostics[0]
    assert (warning.slug, warning.notes) == ("sse-off", ("the first is at 0x200000",))
    assert boot.disk_image(data, features=frozenset({"sse"})).diagnostics == ()


LENGTHS = {
    "90": 1, "4889e5": 3, "e800000000": 5, "0f8400000000": 6, "48b80000000000000000": 10,
    "66b80000": 4, "c8000000": 4, "c20000": 3, "8b0425 00000000": 7, "8b45 08": 3, "0f0b": 2,
    "f6 c1 01": 3, "f6 d1": 2, "66f7 c1 0000": 5, "f7 84 24 00000000 00000000": 11,
    "c5f877": 3, "c4e27918 c0": 5, "c4e3790f c0 00": 6, "660f3a0f c1 08": 6, "f3 48 ab": 3,
    "a1 0000000000000000": 9, "67 a1 00000000": 6, "0fba e0 03": 4,
}  # fmt: skip


@pytest.mark.parametrize("code", LENGTHS)
def test_lengths(code: str) -> None:
    data = bytes.fromhex(code.replace(" ", ""))
    assert decode(data + b"\x90" * 8, 0).size == LENGTHS[code] == len(data)


def test_a_load_is_never_copied() -> None:
    """The disk is written from the bytes that were read, piece by piece."""
    data = kernel_at(0x200000)
    disk = boot.disk_image(data)
    views = [piece for piece in disk.pieces if isinstance(piece, memoryview)]
    assert any(view.obj is data for view in views)
    assert sum(map(len, disk.pieces)) == len(disk.to_bytes())
