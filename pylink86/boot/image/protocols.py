"""How a kernel wants to be started, and the plan that follows from it."""

from __future__ import annotations

import attrs

from ...diag import Diagnostic, fail
from ...passes.names.mangled import source_name
from .config import ImageConfig
from .frames import Block
from .kernel import Kernel, loads_with_sections
from .multiboot import find_header, info1, info2, read_wish
from .places import INFO, INFO_END, MAP_MOST
from .plan import Plan, plan_flat, plan_long
from .sse import find_sse

MAP_ROOM = MAP_MOST * 24 + 16


def plan_protocol(kernel: Kernel, config: ImageConfig) -> Plan:
    """The plan for the protocol in the configuration, or for the one the kernel asks for."""
    protocol = config.protocol if config.protocol != "auto" else guess(kernel)
    if protocol == "bootloader" and kernel.bits != 64:
        raise fail(
            "wrong-protocol",
            f"{kernel.name} is a 32-bit kernel, and the protocol `bootloader` starts 64-bit ones",
            help=["--protocol=raw, or multiboot1 for a kernel with its header"],
        )
    if protocol in ("multiboot1", "multiboot2"):
        return _multiboot(kernel, config, protocol)
    if kernel.bits == 64:
        plan = plan_long(kernel, config, protocol)
        return attrs.evolve(plan, diagnostics=_sse_warning(kernel, config))
    symbols = {"__entry": kernel.entry, "__info_physical": INFO}
    return plan_flat(loads_with_sections(kernel), protocol, ("raw32",), symbols)


def guess(kernel: Kernel) -> str:
    """The protocol whose header the kernel has; else by its class."""
    return find_header(kernel) or ("bootloader" if kernel.bits == 64 else "raw")


def _sse_warning(kernel: Kernel, config: ImageConfig) -> tuple[Diagnostic, ...]:
    """A kernel with SSE instructions, and SSE off: it would die at the first."""
    found = None if "sse" in config.features else find_sse(kernel)
    if found is None:
        return ()
    address, function = found
    readable = source_name(function)
    name = readable[1] if readable else function
    where = f"{address:#x}" + (f" in `{name}`" if name else "")
    return (
        Diagnostic(
            "warning",
            "sse-off",
            f"{kernel.name} holds SSE instructions, and SSE is off when it starts",
            notes=(f"the first is at {where}",),
            help=("--feature sse, or the feature `sse` at the dependency on `bootloader`",),
        ),
    )


def _multiboot(kernel: Kernel, config: ImageConfig, protocol: str) -> Plan:
    wish = read_wish(kernel, protocol)
    if not any(load.paddr <= wish.entry < load.paddr + load.size for load in wish.loads):
        raise fail(
            "kernel-entry",
            f"{kernel.name} starts at {wish.entry:#x}, where nothing of it is loaded to",
            notes=[f"{load.paddr:#x} to {load.paddr + load.size:#x}" for load in wish.loads[:8]],
        )
    symbols = {"__entry": wish.entry, "__info_physical": INFO}
    if protocol == "multiboot1":
        info, map_at = info1(config.command_line, INFO)
        symbols["__info_map"] = map_at
    else:
        info, places = info2(kernel, config.command_line, INFO)
        symbols |= places
    if INFO + len(info) + MAP_ROOM > INFO_END:
        raise fail(
            "command-line-too-long",
            f"the information for the kernel has {len(info):,} bytes, and there is room for "
            f"{INFO_END - INFO - MAP_ROOM:,}",
        )
    block = Block(INFO, memoryview(info), len(info))
    plan = plan_flat(wish.loads, protocol, (protocol,), symbols, [block])
    return attrs.evolve(plan, diagnostics=wish.warnings)
