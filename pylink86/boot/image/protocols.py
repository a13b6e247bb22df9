"""How a kernel wants to be started, and the plan that follows from it."""

from __future__ import annotations

from ...diag import fail
from .config import ImageConfig
from .kernel import Kernel
from .places import INFO
from .plan import Plan, plan_flat, plan_long


def plan_protocol(kernel: Kernel, config: ImageConfig) -> Plan:
    """The plan for the protocol in the configuration, or for the one the kernel asks for."""
    protocol = config.protocol if config.protocol != "auto" else _guess(kernel)
    if protocol == "bootloader" and kernel.bits != 64:
        raise fail(
            "wrong-protocol",
            f"{kernel.name} is a 32-bit kernel, and the protocol `bootloader` starts 64-bit ones",
            help=["--protocol=raw or --protocol=multiboot1"],
        )
    if protocol in ("multiboot1", "multiboot2"):
        raise NotImplementedError
    if kernel.bits == 64:
        return plan_long(kernel, config, protocol)
    symbols = {"__entry": kernel.entry, "__info_physical": INFO}
    return plan_flat(kernel, kernel.loads, protocol, ("raw32",), symbols)


def _guess(kernel: Kernel) -> str:
    return "bootloader" if kernel.bits == 64 else "raw"
