"""Two facts about exceptions that unicorn keeps to itself.

An exception has an error code, and an exception during another makes a double fault.  Unicorn
knows both, but gives no way to read the first or to say "this one was delivered", so after two
page faults in its life a guest would get a double fault.  Both numbers are inside the CPU state
that a saved context holds.  Where, is found by experiment when first needed: cause faults with
known error codes and look what changed.  Where nothing fits (another unicorn), error codes read
as 0 and the second serious exception is taken for a double fault.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import Any

import attrs

_CODE = bytes.fromhex("8ed8")  # mov ds, ax
_PROBES = (0x1230, 0x2340)
"""Selectors beyond any GDT: loading one is #GP with the selector as error code."""


@attrs.frozen
class Offsets:
    """Places of two 32-bit numbers in a context; None when not found."""

    error_code: int | None
    pending: int | None
    """The serious exception being delivered, -1 for none."""


def _numbers(context: Any) -> tuple[int, ...]:
    raw = ctypes.string_at(context.context, context.size)
    return struct.unpack(f"<{len(raw) // 4}i", raw[: len(raw) // 4 * 4])


def _fault(unicorn: Any, selector: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Contexts before and after one #GP, in the 32-bit protected mode unicorn starts in."""
    uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_32)
    uc.mem_map(0, 0x1000)
    uc.mem_write(0, _CODE)
    uc.reg_write(unicorn.x86_const.UC_X86_REG_EAX, selector)
    uc.hook_add(unicorn.UC_HOOK_INTR, lambda u, vector, _: u.emu_stop())
    before = _numbers(uc.context_save())
    uc.emu_start(0, len(_CODE))
    return before, _numbers(uc.context_save())


@functools.cache
def offsets(unicorn: Any) -> Offsets:
    """Find the two places; costs about 3 ms, once."""
    try:
        runs = [_fault(unicorn, selector) for selector in _PROBES]
    except (unicorn.UcError, AttributeError):
        return Offsets(None, None)
    places = range(len(runs[0][0]))
    errors = [
        i
        for i in places
        if all(
            after[i] == selector and before[i] != selector
            for selector, (before, after) in zip(_PROBES, runs, strict=True)
        )
    ]
    pending = [i for i in places if all(b[i] == -1 and a[i] == 13 for b, a in runs)]
    # EAX and the error code both hold the selector; EAX did so before the fault.
    return Offsets(
        errors[0] * 4 if len(errors) == 1 else None, pending[0] * 4 if len(pending) == 1 else None
    )


def take(unicorn: Any, uc: Any, context: Any) -> int:
    """The error code of an exception; puts the CPU back to where it happened, as delivered.

    context: saved in the hook that reported the exception.  After the hook unicorn may run into
    the same fault once more before it stops, which would make it a double fault.
    """
    found = offsets(unicorn)
    code = 0
    if found.error_code is not None:
        code = ctypes.c_uint32.from_address(_address(context) + found.error_code).value
    if found.pending is not None:
        ctypes.c_int32.from_address(_address(context) + found.pending).value = -1
    uc.context_restore(context)
    return code


def _address(context: Any) -> int:
    return ctypes.cast(context.context, ctypes.c_void_p).value or 0
