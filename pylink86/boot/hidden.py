"""Facts that unicorn keeps to itself: two about exceptions, one about how a run ended.

An exception has an error code, and an exception during another makes a double fault.  Unicorn
knows both, but gives no way to read the first or to say "this one was delivered", so after two
page faults in its life a guest would get a double fault.  Both numbers are inside the CPU state
that a saved context holds.  Where, is found by experiment when first needed: cause faults with
known error codes and look what changed.  Where nothing fits (another unicorn), error codes read
as 0 and the second serious exception is taken for a double fault.

A run of N instructions ends after the last of them or at `hlt`, and looks the same then.  But
unicorn counts the instruction it would have gone on with; its counter is in the structure behind
its handle, and found by experiment, too.
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


def forget_pending(unicorn: Any, uc: Any) -> None:
    """Before a run with paging on: no exception is being delivered.

    When a run ends, unicorn looks up the address it was told to stop at.  Where no page is mapped
    there, that is a page fault nobody sees, and after a few the next real fault would be taken
    for a triple one, and get lost.
    """
    found = offsets(unicorn)
    if found.pending is None:
        return
    context = uc.context_save()
    pending = ctypes.c_int32.from_address(_address(context) + found.pending)
    if pending.value != -1:
        pending.value = -1
        uc.context_restore(context)


def _address(context: Any) -> int:
    return ctypes.cast(context.context, ctypes.c_void_p).value or 0


_SEARCHED = 2048
"""Bytes at the start of unicorn's structure to look for the counter in; it is at 1368 in 2.1.4."""
_HLT = 0xF4


def _counted(unicorn: Any, start: int, count: int) -> tuple[int, ...]:
    """Unicorn's own structure after a run of `count` instructions: nops, and `hlt` at 32."""
    uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_32)
    uc.mem_map(0, 0x1000)
    uc.mem_write(0, b"\x90" * 32 + bytes([_HLT]) + b"\x90" * 32)
    uc.emu_start(start, 0xFFF, 0, count)
    return struct.unpack(f"<{_SEARCHED // 8}Q", ctypes.string_at(uc._uch, _SEARCHED))


@functools.cache
def counter(unicorn: Any) -> int | None:
    """Where unicorn counts the instructions of a run; None when that is not found."""
    try:
        runs = [_counted(unicorn, *run) for run in ((0, 7), (0, 13), (30, 20))]
    except (unicorn.UcError, AttributeError, ctypes.ArgumentError, TypeError):
        return None
    # One more than asked for, except where `hlt` was the third.
    found = [i * 8 for i, row in enumerate(zip(*runs, strict=True)) if row == (8, 14, 3)]
    return found[0] if len(found) == 1 else None


def ran_all(unicorn: Any, uc: Any, count: int) -> bool | None:
    """Whether the last run executed all its `count` instructions; None when nobody can tell."""
    place = counter(unicorn)
    if place is None:
        return None
    handle = ctypes.cast(uc._uch, ctypes.c_void_p).value or 0
    return ctypes.c_uint64.from_address(handle + place).value > count
