"""What the user wants of an image: the keys and features of the `bootloader` crate 0.9, and more.

The keys come from `[package.metadata.bootloader]` of a Cargo.toml, from options or from Python;
what is refused, and why, is the same for all three.

Source: build script of the crate bootloader 0.9.33, as a description of the keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from ...diag import LinkError, fail
from .places import PAGE

PROTOCOLS = ("auto", "bootloader", "raw", "multiboot1", "multiboot2")
FEATURES = ("map_physical_memory", "recursive_page_table", "vga_320x200", "sse")
MEDIA = ("disk", "floppy")
LARGE_PAGE = 0x200000
ADDRESSES = ("kernel-stack-address", "physical-memory-offset", "boot-info-address")
KEYS = (*ADDRESSES, "kernel-stack-size")
NOT_OURS = frozenset({"binary", "default"})
"""Features of the crate that say how it is built, and mean nothing here."""


@attrs.frozen
class ImageConfig:
    """How to make an image.

    protocol: one of PROTOCOLS; "auto" takes multiboot when the kernel has its header, else
    "bootloader" for ELF64 and "raw" for ELF32.  kernel_stack_size: pages.  kernel_stack_address:
    of the guard page below the stack.  features: of FEATURES.  medium: "disk" or "floppy" (1.44
    MB); pad_to_mib: a disk of whole MiB, as some virtual machines want.  command_line: for
    multiboot kernels.
    """

    protocol: str = "auto"
    kernel_stack_address: int | None = None
    kernel_stack_size: int = 512
    physical_memory_offset: int | None = None
    boot_info_address: int | None = None
    features: frozenset[str] = frozenset()
    medium: str = "disk"
    pad_to_mib: bool = False
    command_line: str = ""


def configure(
    keys: Mapping[str, Any] | None = None,
    features: Iterable[str] = (),
    place: str = "",
    **settings: Any,
) -> ImageConfig:
    """An ImageConfig from keys as they are spelled in a manifest.

    keys: name -> value as TOML has them: addresses are strings, sizes are integers.  place: where
    they stand, for messages.  Errors: unknown-key, bad-key, unknown-feature, needs-feature.
    """
    wanted = frozenset(features)
    problems = [_unknown_feature(name, place) for name in sorted(wanted - {*FEATURES, *NOT_OURS})]
    values: dict[str, Any] = {}
    for key, value in (keys or {}).items():
        try:
            values[key.replace("-", "_")] = _read_key(key, value, place)
        except LinkError as problem:
            problems.append(problem)
    if problems:
        raise LinkError(d for problem in problems for d in problem.diagnostics)
    config = ImageConfig(features=wanted - NOT_OURS, **values, **settings)
    check(config, place)
    return config


def check(config: ImageConfig, place: str = "") -> None:
    """Refuse what cannot be, however the configuration was made; names the key."""
    for name, choices in (("protocol", PROTOCOLS), ("medium", MEDIA)):
        if getattr(config, name) not in choices:
            said = f"`{name}` is `{getattr(config, name)}`"
            raise fail("bad-key", said, place=place, help=["one of: " + ", ".join(choices)])
    for name in sorted(config.features - set(FEATURES)):
        raise _unknown_feature(name, place)
    if config.kernel_stack_size <= 0:
        raise fail("bad-key", "`kernel-stack-size` must be positive", place=place)
    for key in ADDRESSES:
        value = getattr(config, key.replace("-", "_"))
        if value is not None:
            _check_address(key, value, place)
    if config.physical_memory_offset is None:
        return
    if "map_physical_memory" not in config.features:
        raise fail(
            "needs-feature",
            "`physical-memory-offset` is only supported with the feature `map_physical_memory`",
            place=place,
            help=["add it to the dependency's `features`, or give --feature map_physical_memory"],
        )
    if config.physical_memory_offset % LARGE_PAGE:
        raise fail(
            "bad-key",
            "`physical-memory-offset` must be a multiple of 2 MiB: physical memory is mapped in "
            f"pages of that size (it is {config.physical_memory_offset:#x})",
            place=place,
        )


def _unknown_feature(name: str, place: str) -> LinkError:
    return fail(
        "unknown-feature",
        f"there is no feature `{name}`",
        place=place,
        help=["the features are " + ", ".join(FEATURES)],
    )


def _read_key(key: str, value: Any, place: str) -> int:
    if key not in KEYS:
        raise fail(
            "unknown-key",
            f"unknown key `{key}` in `package.metadata.bootloader`",
            place=place,
            help=["the keys are " + ", ".join(KEYS)],
        )
    if key == "kernel-stack-size":
        if isinstance(value, bool) or not isinstance(value, int):
            raise fail("bad-key", f"`{key}` must be a number of pages, not {value!r}", place=place)
        if value <= 0:
            raise fail("bad-key", f"`{key}` must be positive (it is {value})", place=place)
        return value
    if not isinstance(value, str):
        number = isinstance(value, int) and not isinstance(value, bool)
        raise fail(
            "bad-key",
            f"`{key}` must be given as a string: TOML has no unsigned 64-bit integers",
            place=place,
            help=[f'{key} = "{value:#x}"'] if number else [],
        )
    return parse_address(key, value, place)


def parse_address(key: str, text: str, place: str = "") -> int:
    """An address in hex or decimal, page aligned."""
    digits, base = (text[2:], 16) if text.startswith("0x") else (text, 10)
    try:
        value = int(digits, base)
    except ValueError:
        value = -1
    if not 0 <= value < 1 << 64 or digits[:1] in ("+", "-"):
        raise fail("bad-key", f"`{key}` must be an integer (it is `{text}`)", place=place)
    _check_address(key, value, place)
    return value


def _check_address(key: str, value: int, place: str) -> None:
    if value % PAGE:
        raise fail("bad-key", f"`{key}` must be aligned to 4 KiB (it is {value:#x})", place=place)
    if not is_canonical(value):
        raise fail(
            "bad-key",
            f"`{key}` is {value:#x}, which is no address: bits 47 to 63 must be equal",
            place=place,
        )


def is_canonical(address: int) -> bool:
    """Whether an address has 48 bits, the highest of them repeated up to bit 63."""
    return address >> 47 in (0, 0x1FFFF)
