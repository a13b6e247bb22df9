"""The bundled boot sectors start stages of every size, from every drive, or say why they cannot.

Everything here runs in QEMU, with images linked by GNU ld, by LLD and by this package from the same
built-in layouts.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from boot import qemu
from boot.stages import (
    ALL_WELL,
    KINDS,
    NEEDS,
    Report,
    boot,
    checksum,
    image_of,
    link,
    missing,
    report,
    shim,
    stage,
)
from pylink86.script.defaults import raw_layout

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(qemu.qemu_program() is None, reason=qemu.MISSING),
    pytest.mark.skipif(shutil.which("nasm") is None, reason=missing("ours") or ""),
]

LINKERS = [
    pytest.param(
        name,
        marks=[
            *([pytest.mark.peer] if name != "ours" else []),
            pytest.mark.skipif(missing(name) is not None, reason=missing(name) or ""),
        ],
    )
    for name in NEEDS
]
SIZES = (1, 127, 128, 129, 900)
FLOPPY = 1_474_560
DISK = 2 << 20
HARD_DISK, SECOND_DISK = 0x80, 0x81


def padded(image: bytes, size: int = DISK) -> bytes:
    return image.ljust(size, b"\0")


def found(image: bytes, drive: int = HARD_DISK) -> Report:
    """What a stage reports when it is all there and everything is as promised."""
    return Report(sum=checksum(image), nonzero=0, drive=drive, flags=ALL_WELL)


def booted(disks: list[bytes], **how: object) -> Report:
    """Boot and read the report; a machine that did not come to rest fails the test."""
    screen = boot(disks, **how)  # type: ignore[arg-type]
    assert screen.state == "halted", screen.text
    return report(screen.lines[0])


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sectors", SIZES)
def test_the_whole_stage_arrives(linker: str, kind: str, sectors: int) -> None:
    image = image_of(linker, kind, sectors)
    assert booted([padded(image)]) == found(image)


@pytest.mark.peer
@pytest.mark.parametrize("linker", LINKERS[:2])
@pytest.mark.parametrize("kind", KINDS)
def test_all_linkers_agree(linker: str, kind: str) -> None:
    """The layouts mean the same to each."""
    assert image_of("ours", kind, 129) == image_of(linker, kind, 129)


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_stage(linker: str, kind: str) -> None:
    """961 sectors end at 0x80000; one more is refused with the arithmetic, and so is .bss."""
    image = image_of(linker, kind, 961, bss=0)
    assert booted([padded(image)]) == found(image)
    none, said = link(linker, kind, [stage(kind, 962, bss=0)])
    assert none is None
    assert "it must end by 0x80000, so code and data have 0x78200 bytes, 961 sectors" in said
    assert ".bss" not in said
    none, said = link(linker, kind, [stage(kind, 900, bss=0x8000)])
    assert none is None
    assert "the stage's .bss is too large" in said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sectors", SIZES)
def test_a_bad_start(kind: str, sectors: int) -> None:
    """Dirty memory, A20 shut, cs = 07c0, the direction flag set, booted as the second disk."""
    image = image_of("ours", kind, sectors)
    screen = boot([padded(shim()), padded(image)])
    assert screen.lines[24] == "shut"
    assert report(screen.lines[0]) == found(image, SECOND_DISK)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["NO_A20_BIOS", "NO_PACKETS", "NO_GEOMETRY"])
def test_a_bios_without(fault: str, kind: str) -> None:
    """Port 0x92 opens A20; cylinder, head, sector reads do; and packets do without a geometry."""
    image = image_of("ours", kind, 300)
    screen = boot([padded(shim(fault)), padded(image)])
    assert screen.lines[24] == "shut"
    assert report(screen.lines[0]) == found(image, SECOND_DISK)


OUT_PORT_92, OUT_KEYBOARD = b"\xe6\x92", b"\xe6\x64"
"""`out 0x92, al` and `out 0x64, al`; without the latter, what goes to 0x60 means something else."""


def without(image: bytes, *instructions: bytes) -> bytes:
    """The image with instructions of its boot sector replaced by `nop`: the device stays idle."""
    sector = image[:512]
    for instruction in instructions:
        assert sector.count(instruction) == 1
        sector = sector.replace(instruction, b"\x90\x90")
    return sector + image[512:]


@pytest.mark.parametrize("kind", ["real", "protected"])
def test_a20_through_the_keyboard_controller(kind: str) -> None:
    image = image_of("ours", kind, 2)
    screen = boot([padded(shim("NO_A20_BIOS")), padded(without(image, OUT_PORT_92))])
    assert screen.lines[24] == "shut"
    assert report(screen.lines[0]) == found(image, SECOND_DISK)


@pytest.mark.parametrize(
    ("kind", "gates"),
    [
        ("real", (OUT_PORT_92, OUT_KEYBOARD)),
        ("protected", (OUT_PORT_92, OUT_KEYBOARD)),
        ("long", (OUT_PORT_92,)),
    ],
)
def test_a20_stays_shut(kind: str, gates: tuple[bytes, ...]) -> None:
    image = without(image_of("ours", kind, 2), *gates)
    screen = boot([padded(shim("NO_A20_BIOS")), padded(image)], want="A20 is shut")
    assert screen.state == "wanted"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sectors", [1, 129, 900])
def test_floppy(kind: str, sectors: int) -> None:
    """18 sectors a track, 2 heads, no packets; SeaBIOS refuses what crosses 64 KiB."""
    image = image_of("ours", kind, sectors)
    assert booted([padded(image, FLOPPY)], floppy=True) == found(image, drive=0)


@pytest.mark.parametrize("geometry", ["heads=16,secs=63", "heads=5,secs=17", "heads=1,secs=1"])
def test_hard_disk_geometry(geometry: str) -> None:
    image = image_of("ours", "long", 900)
    sectors = {"heads=1,secs=1": 2048}.get(geometry, 300)
    device = f",cyls={sectors},{geometry}"
    assert booted([padded(image)], device=device) == found(image)


@pytest.mark.parametrize("kind", KINDS)
def test_the_stage_may_return(kind: str) -> None:
    image = image_of("ours", kind, 2, returns=True)
    assert report(boot([padded(image)], want=f"{checksum(image):08x}").lines[0]).nonzero == 0


@pytest.mark.parametrize("kind", ["protected", "long"])
@pytest.mark.parametrize("linker", LINKERS)
def test_bss_above_the_first_mib(linker: str, kind: str) -> None:
    """The layout with .bss moved, as its message recommends."""
    script = raw_layout(kind).replace("  .bss :", "  .bss 0x100000 :")
    image, said = link(linker, kind, [stage(kind, 3, bss=900_000)], script)
    assert image is not None, said
    assert len(image) == 4 * 512
    assert booted([padded(shim()), padded(image)]) == found(image, SECOND_DISK)


def errors(count: int) -> str:
    """blkdebug: the first `count` reads of sector 90 fail."""
    rule = '[inject-error]\nevent = "read_aio"\nerrno = "5"\nsector = "90"\nonce = "on"\n\n'
    return rule * count


@pytest.mark.parametrize("kind", KINDS)
def test_reads_are_tried_again(kind: str) -> None:
    """Five times, each by packet and by cylinder, head, sector; then the error is shown."""
    image = image_of("ours", kind, 129)
    assert booted([padded(image)], faults=errors(9)) == found(image)
    screen = boot([padded(image)], faults=errors(10), want="Disk error 0C")
    assert screen.lines[2] == "Disk error 0C"


@pytest.mark.parametrize("kind", KINDS)
def test_truncated_disk(kind: str) -> None:
    image = image_of("ours", kind, 129)
    screen = boot([image[: 100 * 512]], want="Disk error 0C")
    assert screen.state == "wanted", screen.text


def test_truncated_floppy() -> None:
    image = image_of("ours", "real", 129)
    screen = boot([padded(image, 320 * 512)], floppy=True, want="Disk error")
    assert screen.state == "wanted"


@pytest.mark.parametrize("cpu", ["qemu32", "486"])
def test_no_long_mode(cpu: str) -> None:
    image = image_of("ours", "long", 1)
    screen = boot([padded(image)], machine=["-cpu", cpu], want="No long mode")
    assert screen.state == "wanted"


@pytest.mark.parametrize("kind", ["real", "protected"])
def test_old_processor(kind: str) -> None:
    """No SSE, no CR4: nothing is switched on that is not there."""
    image = image_of("ours", kind, 129, sse=False)
    assert booted([padded(image)], machine=["-cpu", "486"]) == found(image)


C_STAGE = """
static volatile unsigned short *const screen = (volatile unsigned short *)0xb8000;
static unsigned char cleared[3000];
static double seeds[4] = {1.5, 2.5, 3.5, 4.5};
int counter = 7;
static double scale(double by) {
    double copy[4], sum = 0;
    for (int i = 0; i < 4; i++) { copy[i] = seeds[i] * by; sum += copy[i]; }
    return sum;
}
void _start(unsigned drive) {
    int dirty = 0;
    for (unsigned i = 0; i < sizeof cleared; i++) dirty |= ((volatile unsigned char *)cleared)[i];
    screen[0] = 0x0f00 | (dirty ? 'x' : 'c');
    screen[1] = 0x0f00 | (scale(drive == 0x80 ? 2.0 : 0.0) == 24.0 ? 'd' : 'x');
    screen[2] = 0x0f00 | (counter == 7 ? 'e' : 'x');
    screen[3] = 0x0f00 | '!';
    __asm__ volatile("cli; hlt");
}
"""
RUST_STAGE = """
#![no_std]
#![no_main]
static mut CLEARED: [u8; 3000] = [0; 3000];
static SEEDS: [f32; 16] = [1.5; 16];
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
#[no_mangle]
pub unsafe extern "C" fn _start(drive: u32) {
    let screen = 0xb8000 as *mut u16;
    let by = if drive == 0x80 { 2.0f32 } else { 0.0 };
    let seeds = &raw const SEEDS as *const f32;
    let mut copy = [0.0f32; 16];
    let scaled = &raw mut copy as *mut f32;
    let mut i = 0;
    while i < 16 { *scaled.add(i) = seeds.add(i).read_volatile() * by; i += 1; }
    let mut sum = 0.0f32;
    while i > 0 { i -= 1; sum += scaled.add(i).read_volatile(); }
    let mut dirty = 0;
    while i < 3000 { dirty |= (&raw const CLEARED as *const u8).add(i).read_volatile(); i += 1; }
    screen.write_volatile(0x0f00 | if dirty == 0 { b'c' } else { b'x' } as u16);
    screen.add(1).write_volatile(0x0f00 | if sum == 48.0 { b'd' } else { b'x' } as u16);
    screen.add(2).write_volatile(0x0f00 | b'e' as u16);
    screen.add(3).write_volatile(0x0f00 | b'!' as u16);
    core::arch::asm!("cli", "hlt");
}
"""


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("flags", [("-m32", "protected"), ("-m64", "long")], ids=lambda f: f[1])
@pytest.mark.parametrize("level", ["-O0", "-O2"])
@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_c_with_sse(linker: str, flags: tuple[str, str], level: str, tmp_path: Path) -> None:
    """Compiled C uses xmm registers, an aligned stack, its argument and .bss without asking."""
    source, out = tmp_path / "stage.c", tmp_path / "stage.o"
    source.write_text(C_STAGE)
    bits, kind = flags
    words = ["gcc", bits, level, "-msse2", "-mfpmath=sse", "-ffreestanding", "-fno-pic", "-fno-pie"]
    subprocess.run([*words, "-c", source, "-o", out], check=True)
    assert starts_well(linker, kind, out.read_bytes())


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("level", ["0", "2"])
@pytest.mark.skipif(shutil.which("rustc") is None, reason="rustc is not installed (rustup.rs)")
def test_rust_with_sse(linker: str, level: str, tmp_path: Path) -> None:
    source, out = tmp_path / "stage.rs", tmp_path / "stage.o"
    source.write_text(RUST_STAGE)
    words = ["rustc", "--crate-type=bin", "--emit=obj", "-C", f"opt-level={level}"]
    words += ["-C", "panic=abort", "-C", "debug-assertions=off", "-C", "overflow-checks=off"]
    words += ["-C", "relocation-model=static", "-C", "no-redzone=yes", "-C", "codegen-units=1"]
    subprocess.run([*words, "-o", out, source], check=True)
    assert starts_well(linker, "long", out.read_bytes())


def starts_well(linker: str, kind: str, made: bytes) -> bool:
    """Link with the built-in layout, boot, and look for the four letters of success."""
    image, said = link(linker, kind, [made])
    assert image is not None, said
    screen = boot([padded(image)])
    assert screen.state == "halted", screen.text
    assert screen.lines[0].startswith("cde!"), screen.text
    return True
