"""Images from the fixtures boot in QEMU and greet: linked by this package, by GNU ld and by LLD."""

from __future__ import annotations

import sys

import pytest

from boot.ours import link_pair
from boot.qemu import MISSING, QemuError, boot_in_qemu, qemu_program
from fixtures import peers
from fixtures.tools import installed_version

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(qemu_program() is None, reason=MISSING),
]

# One pair for each kind of boot sector and each kind of stage.
PAIRS: list[tuple[str, str | None]] = [
    ("boot_long_elf64", "hello_O0_static_g"),
    ("boot_long_elf64", "hello_O2_pic"),
    ("boot_split_elf64", "hello_Os_static"),
    ("boot_gas_elf64", "c64_clang_g"),
    ("boot_long_stabs", "c64_common"),
    ("boot_pm_elf32", "c32_data"),
    ("boot_gas_elf32", "c32_sections"),
    ("hello16_elf64", None),
]
MIXED: list[tuple[str, str | None]] = [
    ("boot_long_elf32", "hello_O1_static"),
    ("boot_split_elf32", "c64_data"),
    ("boot_pm_elf64", "c32_common"),
]


def by_file(boot: str, stage: str | None) -> bool:
    """Whether the layout by file names can work: with a stage, and no debug parts in the sector."""
    return stage is not None and boot != "boot_long_stabs"


def assert_greets(image: bytes, boot: str, stage: str | None) -> None:
    greeting = peers.greeting_of(boot, stage)
    screen = boot_in_qemu(image, want=greeting)
    assert screen.state == "wanted", (screen.state, screen.text)
    assert screen.lines[0] == greeting


def test_screen_shows_what_was_written_and_that_the_machine_stopped() -> None:
    # mov ax, 0xb800; mov ds, ax; mov word [0], 0x1f41; cli; hlt
    code = bytes.fromhex("b800b8 8ed8 c70600 00411f fa f4")
    screen = boot_in_qemu(code.ljust(510, b"\0") + b"\x55\xaa")
    assert screen.state == "halted"
    assert screen.lines[0][0] == "A" and screen.colours[0] == 0x1F
    assert len(screen.lines) == 25


def test_a_reset_is_told_from_a_halt() -> None:
    # lidt [zeros]; int3: no handler for anything, so the processor shuts down
    code = bytes.fromhex("31c0 8ed8 0f011e 107c cc").ljust(16, b"\x90")
    assert boot_in_qemu(code.ljust(510, b"\0") + b"\x55\xaa").state == "reset"


def test_an_endless_loop_times_out() -> None:
    screen = boot_in_qemu(b"\xeb\xfe".ljust(510, b"\0") + b"\x55\xaa", timeout=1, want="never")
    assert screen.state == "timeout"


def test_qemu_that_fails_is_an_error_with_its_words() -> None:
    with pytest.raises(QemuError, match="QEMU ended"):
        boot_in_qemu(b"", program=sys.executable)


@pytest.mark.parametrize(("boot", "stage"), PAIRS + MIXED)
def test_prefixed_layout_boots_as_gnu_ld_would_link_it(boot: str, stage: str | None) -> None:
    assert_greets(link_pair("gnu", "prefixed", boot, stage), boot, stage)


@pytest.mark.parametrize(("boot", "stage"), PAIRS)
def test_prefixed_layout_boots_as_lld_would_link_it(boot: str, stage: str | None) -> None:
    assert_greets(link_pair("lld", "prefixed", boot, stage), boot, stage)


@pytest.mark.parametrize(("boot", "stage"), [pair for pair in PAIRS + MIXED if by_file(*pair)])
def test_layout_by_file_boots_as_gnu_ld_would_link_it(boot: str, stage: str) -> None:
    assert_greets(link_pair("gnu", "byfile", boot, stage), boot, stage)


@pytest.mark.peer
@pytest.mark.parametrize("dialect", peers.PROGRAMS)
def test_peers_images_boot(dialect: str) -> None:
    """The fixtures themselves are sound: what fails here is no fault of this package."""
    for tool in (peers.PROGRAMS[dialect], "objcopy"):
        if installed_version(tool) is None:
            pytest.skip(f"{tool} is not installed (apt-get install binutils lld-19)")
    for boot, stage in PAIRS:
        answer = peers.link_with_peer(dialect, "prefixed", boot, stage)
        assert answer.image is not None, answer.refused
        assert_greets(answer.image, boot, stage)
