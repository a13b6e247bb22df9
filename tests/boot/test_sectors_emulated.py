"""The bundled boot sectors in the built-in emulator: many sizes, an awkward BIOS."""

from __future__ import annotations

import importlib.util
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fixtures
from boot.stages import ALL_WELL, INSTALL, KINDS, checksum, image_of, link, report, stage
from pylink86 import boot
from pylink86 import link as link_here
from pylink86.script.defaults import raw_layout

pytestmark = [
    pytest.mark.skipif(shutil.which("nasm") is None, reason=INSTALL["nasm"]),
    pytest.mark.skipif(
        importlib.util.find_spec("unicorn") is None,
        reason="unicorn is not installed (pip install pylink86[emulate])",
    ),
]


def check(image: bytes, *, floppy: bool = False, strict: bool = False) -> None:
    """Boot, and compare what the stage says of itself with the image."""
    machine = boot.run(image, floppy=floppy, strict=strict)
    assert machine.reason == "halted", machine.explain()
    said = report(machine.lines[0])
    assert said.sum == checksum(image)
    assert said.nonzero == 0
    assert said.drive == (0 if floppy else 0x80)
    assert said.flags == ALL_WELL


@pytest.mark.parametrize("strict", [False, True], ids=["plain", "strict"])
@pytest.mark.parametrize("floppy", [False, True], ids=["disk", "floppy"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sectors", [1, 127, 128, 129, 900])
def test_the_whole_stage_arrives(sectors: int, kind: str, floppy: bool, strict: bool) -> None:
    check(image_of("ours", kind, sectors), floppy=floppy, strict=strict)


COMPILED = [
    ("real", "hello16_elf32", "Hi"),
    ("protected", "c32_plain", "C!"),
    ("protected", "c32_common", "Data OK 3"),
    ("long", "c64_clang_g", "Data OK 3"),
    ("long", "rust_c64_data", "Data OK 3"),
    ("long", "hello_O0_static_g", "Hi"),
    ("long", "hello_O2_pic", "Hi"),
    ("long", "hello_Os_pic_g", "Hi"),
]


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize("oformat", ["binary", ""])
@pytest.mark.parametrize(("kind", "name", "screen"), COMPILED)
def test_compiled_stages_link_in_silence(
    kind: str, name: str, screen: str, oformat: str, dialect: str
) -> None:
    """Debug and release, static and pic, C and Rust: nothing to say, and they start."""
    objects = [boot.sector(kind), fixtures.path(name)]
    result = link_here(objects, raw_layout(kind), dialect=dialect, oformat=oformat)
    assert result.diagnostics == ()
    machine = boot.run(result.to_bytes("binary"))
    assert (machine.reason, machine.lines[0]) == ("halted", screen)


@pytest.mark.parametrize("kind", KINDS)
def test_truncated_image(kind: str) -> None:
    """Memory holds nothing of the stage's last sectors, so it is never started."""
    image = image_of("ours", kind, 129)
    machine = boot.run(image[: 100 * 512])
    assert machine.reason == "idle loop"
    assert machine.lines[0] == "Disk error 0C"


@pytest.mark.parametrize("kind", KINDS)
def test_truncated_floppy(kind: str) -> None:
    """A floppy has all its sectors, as in QEMU: no error, but a note."""
    image = image_of("ours", kind, 129)
    machine = boot.run(image[: 100 * 512], floppy=True)
    assert any("past the end of the image (100 sectors)" in note for note in machine.notes)


@pytest.mark.parametrize("kind", ["protected", "long"])
def test_bss_above_the_first_mib(kind: str) -> None:
    """Memory is full of 0xa5 at the start, and A20 is shut."""
    script = raw_layout(kind).replace("  .bss :", "  .bss 0x100000 :")
    image, said = link("ours", kind, [stage(kind, 3, bss=900_000)], script)
    assert image is not None, said
    check(image, strict=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_stage_may_return(kind: str) -> None:
    image = image_of("ours", kind, 2, returns=True)
    machine = boot.run(image)
    assert machine.ok
    assert report(machine.lines[0]).sum == checksum(image)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(KINDS), st.integers(1, 961), st.integers(0, 40_000), st.booleans())
def test_any_stage_finds_every_byte_of_itself(
    kind: str, sectors: int, bss: int, floppy: bool
) -> None:
    """What links boots; what does not fit says so, and nothing else is refused."""
    image, said = link("ours", kind, [stage(kind, sectors, bss=bss)])
    if 0x7E00 + sectors * 512 + bss > 0x80000:
        assert image is None
        assert "must end by 0x80000" in said
    else:
        assert image is not None, said
        check(image, floppy=floppy, strict=True)
