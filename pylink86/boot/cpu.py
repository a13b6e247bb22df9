"""The CPU: a thin layer over unicorn, the only module that imports it.

Unicorn runs the instructions, in every mode from 16 to 64 bits.  What it leaves to its user is
done around it: nothing happens at an interrupt except that a hook is called, memory must be
mapped, and the hidden parts of a segment register cannot be set from outside.  What was found by
experiment (unicorn 2.1.4) stands at the function that relies on it.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from ..diag import fail
from . import hidden
from .memory import CHUNK, ROM_START, Memory
from .paging import Walk, kind_of, walk

GENERAL = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp")
EXTENDED = tuple(f"r{n}" for n in range(8, 16))
SEGMENTS = ("cs", "ss", "ds", "es", "fs", "gs")
CONTROL = ("cr0", "cr2", "cr3", "cr4")
NAMES = (*GENERAL, *EXTENDED, "rip", "rflags", *SEGMENTS, *CONTROL)
EFER = 0xC0000080
NOWHERE = 1 << 62
"""Where unicorn should stop by itself: an address no code can have."""
INSTALL = ("pip install pylink86[emulate]", "or boot in QEMU: pylink86 run --qemu")
SCRATCH = 0xFF000
"""Address in the BIOS segment for the few instructions we run ourselves."""

GIB = 1 << 30
MOST_HOLES = 16
"""Regions without memory a guest may look at; each costs unicorn more than the one before."""
OLDEST = (2, 1, 2)
"""unicorn before that cannot be asked for code to be forgotten, or to report a port."""


def load_unicorn() -> Any:
    """The unicorn module; emulator-missing when it is not installed."""
    try:
        import unicorn
        import unicorn.x86_const
    except ImportError as missing:
        raise fail(
            "emulator-missing",
            "the emulator needs the package `unicorn`, which is not installed",
            notes=[str(missing)],
            help=INSTALL,
        ) from None
    said = str(getattr(unicorn, "__version__", "0"))
    if tuple(int(n) for n in re.findall(r"\d+", said)[:3]) < OLDEST:
        raise fail(
            "emulator-missing",
            f"the emulator needs `unicorn` {'.'.join(map(str, OLDEST))} or later, and this is "
            f"{said}",
            help=INSTALL,
        )
    return unicorn


@attrs.define
class Hooks:
    """Whom the CPU calls: interrupt(vector), read_port(port, size), write_port(port, size, value),
    stub(address) before an instruction in the watched part of the BIOS, missing(name) at an
    instruction unicorn would skip."""

    interrupt: Callable[[int], None]
    read_port: Callable[[int, int], int]
    write_port: Callable[[int, int, int], None]
    stub: Callable[[int], None]
    missing: Callable[[str], None]


class RegisterFile:
    """Reads and writes registers by name.

    unicorn's own methods take 8 microseconds per register, its C function 4 for fifteen of them;
    where a version hides that function, the methods are used.
    """

    def __init__(self, unicorn: Any, uc: Any) -> None:
        const = unicorn.x86_const
        self.ids = {name: getattr(const, f"UC_X86_REG_{name.upper()}") for name in NAMES}
        self._uc = uc
        try:
            self._lib, self._handle = unicorn.unicorn_py3.unicorn.uclib, uc._uch
            self._lib.uc_reg_read_batch.argtypes  # noqa: B018
        except AttributeError:
            self._lib = None
        self._batches: dict[tuple[str, ...], Any] = {}
        self._one = ctypes.c_uint64()

    def read(self, names: tuple[str, ...]) -> list[int]:
        if self._lib is None:
            return [self._uc.reg_read(self.ids[name]) for name in names]
        if names not in self._batches:
            count = len(names)
            values = (ctypes.c_uint64 * count)()
            base = ctypes.addressof(values)
            places = (ctypes.c_void_p * count)(*(base + 8 * i for i in range(count)))
            ids = (ctypes.c_int * count)(*(self.ids[name] for name in names))
            self._batches[names] = ids, places, values, count
        ids, places, values, count = self._batches[names]
        self._lib.uc_reg_read_batch(self._handle, ids, places, count)
        return list(values)

    def write(self, name: str, value: int) -> None:
        if self._lib is None:
            self._uc.reg_write(self.ids[name], value)
        else:
            self._one.value = value
            self._lib.uc_reg_write(self._handle, self.ids[name], ctypes.byref(self._one))


class Cpu:
    """One processor in real mode at `start` (segment, offset), with `memory` in front of it."""

    def __init__(
        self,
        memory: Memory,
        hooks: Hooks,
        watched: Iterable[tuple[int, int]],
        start: tuple[int, int] = (0, 0x7C00),
    ) -> None:
        self.unicorn = load_unicorn()
        self.memory = memory
        self._a20 = memory.a20
        self._mapped: set[int] = set()
        self._buffers: dict[int, Any] = {}
        self._holes: set[int] = set()
        self._fault: Any = None
        unicorn = self.unicorn
        self._uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
        self._registers = RegisterFile(unicorn, self._uc)
        self._map_chunk(0)
        self._enter_real_mode(*start)
        self._install(hooks, watched)

    def close(self) -> None:
        """Give the emulator's memory back now; hooks make reference cycles that would keep it."""
        self._registers = None  # type: ignore[assignment]
        self._uc = self._fault = None

    # Registers.

    def get(self, *names: str) -> list[int]:
        return self._registers.read(names)

    def __getitem__(self, name: str) -> int:
        return self._registers.read((name,))[0]

    def __setitem__(self, name: str, value: int) -> None:
        self._registers.write(name, value)

    @property
    def efer(self) -> int:
        return int(self._uc.msr_read(EFER))

    def table(self, name: str) -> tuple[int, int]:
        """Base and limit of gdtr, idtr, ldtr or tr."""
        number = getattr(self.unicorn.x86_const, f"UC_X86_REG_{name.upper()}")
        _, base, limit, _ = self._uc.reg_read(number)
        return base, limit

    # Memory.

    def walk(self, address: int) -> Walk:
        """Where a linear address leads now."""
        cr0, cr3, cr4 = self.get("cr0", "cr3", "cr4")
        return walk(self.memory.number, kind_of(cr0, cr4, self.efer), cr3, address)

    def linear_read(self, address: int, count: int) -> bytes:
        """Bytes at a linear address, as many as are mapped."""
        data = b""
        while len(data) < count:
            place = self.walk(address + len(data))
            if place.physical is None:
                break
            in_page = 0x1000 - (place.physical & 0xFFF)
            data += self.memory.read(place.physical, min(in_page, count - len(data)))
        return data

    def forget_code(self, address: int, size: int) -> None:
        """Drop translated code after memory changed behind the CPU's back: unicorn does not
        notice.
        """
        self._uc.ctl_remove_cache(address, address + max(size, 1))

    def _map_chunk(self, index: int) -> bool:
        """Give unicorn one MiB of RAM; the BIOS area cannot be written.  False where no RAM is."""
        chunk = self.memory.chunk(index)
        if chunk is None:
            return False
        unicorn, at = self.unicorn, index * CHUNK
        buffer = (ctypes.c_char * CHUNK).from_buffer(chunk)
        pointer = ctypes.addressof(buffer)
        self._buffers[index] = buffer
        rest = CHUNK
        if index == 0:
            rest = ROM_START
            rom = unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC
            self._uc.mem_map_ptr(ROM_START, CHUNK - ROM_START, rom, pointer + ROM_START)
        self._uc.mem_map_ptr(at, rest, unicorn.UC_PROT_ALL, pointer)
        self._mapped.add(index)
        return True

    def follow_a20(self) -> None:
        """Make the map of memory agree with the A20 gate: odd MiBs are mapped anew when next
        touched.
        """
        if self._a20 == self.memory.a20:
            return
        self._a20 = self.memory.a20
        for index in [i for i in self._mapped if i & 1]:
            self._uc.mem_unmap(index * CHUNK, CHUNK)
            self._mapped.discard(index)
            del self._buffers[index]
        self._uc.ctl_flush_tb()

    def _touch(self, uc: Any, access: int, address: int, size: int, value: int, data: Any) -> bool:
        """unicorn met memory it does not know: RAM not used before, a write to ROM, or nothing at
        all.
        """
        unicorn = self.unicorn
        if access == unicorn.UC_MEM_WRITE_PROT:
            return True
        if self._map_chunk(address // CHUNK):
            return True
        if access in (unicorn.UC_MEM_FETCH_UNMAPPED, unicorn.UC_MEM_FETCH_PROT):
            return False
        return self._map_hole(address)

    def _map_hole(self, address: int) -> bool:
        """Let an address without memory read as ones: all up to 4 GiB at once, then GiB by GiB."""
        start, end = self.memory.size, 4 << 30
        if address >= end:
            start = address & ~(GIB - 1)
            end = start + GIB
        if start in self._holes or len(self._holes) >= MOST_HOLES:
            return False
        self._holes.add(start)
        self._uc.mmio_map(start, end - start, _read_hole, None, _write_hole, None)
        return True

    # Running.

    def _install(self, hooks: Hooks, watched: Iterable[tuple[int, int]]) -> None:
        unicorn, uc = self.unicorn, self._uc
        const = unicorn.x86_const
        uc.hook_add(unicorn.UC_HOOK_INTR, lambda _, vector, __: hooks.interrupt(vector))
        uc.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._touch)
        by_instruction: dict[int, Callable[..., Any]] = {
            const.UC_X86_INS_IN: lambda _, port, size, __: hooks.read_port(port, size),
            const.UC_X86_INS_OUT: lambda _, port, size, value, __: hooks.write_port(
                port, size, value
            ),
            const.UC_X86_INS_SYSCALL: lambda _, __: hooks.missing("syscall"),
            const.UC_X86_INS_SYSENTER: lambda _, __: hooks.missing("sysenter"),
        }
        for instruction, hook in by_instruction.items():
            # 1 and 0, an empty range, stand for all addresses.
            uc.hook_add(unicorn.UC_HOOK_INSN, hook, None, 1, 0, instruction)
        for start, end in watched:
            uc.hook_add(
                unicorn.UC_HOOK_CODE, lambda _, at, __, ___: hooks.stub(at), None, start, end - 1
            )

    def keep_fault(self) -> None:
        """From inside the interrupt hook: keep the state an exception happened in."""
        self._fault = self._uc.context_save()

    def take_error_code(self) -> int:
        """The error code of the kept exception, which counts as delivered from now on."""
        return hidden.take(self.unicorn, self._uc, self._fault)

    def load_segment(self, name: str, value: int) -> None:
        """Load DS or ES in real mode.  Written from outside it would keep its old base."""
        code = {"ds": b"\x8e\xd8", "es": b"\x8e\xc0"}[name]  # mov ds, ax; mov es, ax
        ip, ax, cs = self.get("rip", "rax", "cs")
        self.memory.write(SCRATCH, code, rom=True)
        self.forget_code(SCRATCH, len(code))
        self["rax"], self["rip"] = value, SCRATCH - cs * 16
        self.run(1)
        self["rax"], self["rip"] = ax, ip

    def stop(self) -> None:
        """From inside a hook: stop before the next instruction."""
        self._uc.emu_stop()

    def run(self, count: int) -> str | None:
        """Run up to `count` instructions (iterations, for `rep`) from CS:RIP.

        Returns None when they ran, when `hlt` was executed or a hook stopped the run; otherwise
        what unicorn could not do: "invalid opcode", "outside memory", or its own words.  A count
        also makes stopping exact: without one unicorn finishes the block first.
        """
        unicorn = self.unicorn
        start, cr0 = self.get("rip", "cr0")
        if cr0 >> 31:
            hidden.forget_pending(unicorn, self._uc)
        try:
            self._uc.emu_start(start, NOWHERE, 0, count)
        except unicorn.UcError as error:
            if error.errno == unicorn.UC_ERR_INSN_INVALID:
                return "invalid opcode"
            if error.errno in (unicorn.UC_ERR_FETCH_UNMAPPED, unicorn.UC_ERR_FETCH_PROT):
                return "outside memory"
            return str(error)
        return None

    def ran_all(self, count: int) -> bool | None:
        """Whether the last run was used up, and not ended by `hlt`; None when that is unknown."""
        return hidden.ran_all(self.unicorn, self._uc, count)

    def _enter_real_mode(self, segment: int, offset: int) -> None:
        """Bring a CPU that unicorn starts in 64-bit mode to real mode, at segment:offset.

        Only an instance made with UC_MODE_64 shows R8-R15 and starts at a RIP above 64 KiB.
        Clearing CR0.PG after setting it once takes LMA out of EFER; the rest the CPU must do
        itself, since writing a segment register from outside leaves its base and size as they
        were: load 16-bit descriptors, leave protected mode, far jump.
        """
        self["cr4"] = 0x20
        self["cr0"] = 0x80000011
        self["cr0"] = 0x11
        self._uc.msr_write(EFER, 0)
        self["cr4"] = 0
        start = offset.to_bytes(2, "little") + segment.to_bytes(2, "little")
        code = _TO_REAL_MODE + start + _TO_REAL_MODE_DATA
        kept = self.memory.read(SCRATCH, len(code))
        self.memory.write(SCRATCH, code, rom=True)
        self["rip"] = SCRATCH
        self.run(_TO_REAL_MODE_INSTRUCTIONS)
        self.memory.write(SCRATCH, kept, rom=True)
        self.forget_code(SCRATCH, len(kept))

    def far_jump(self, selector: int, offset: int, bits: int, base: int, target: int) -> str | None:
        """Load CS and jump, through an instruction of our own.

        bits: size of the code that runs now; base: of the current CS; target: linear address of the
        destination, where the instruction is laid for a moment: that page is mapped for sure.
        """
        if bits == 64:
            # jmp far [rip]: REX.W FF /5
            code = b"\x48\xff\x2d\0\0\0\0" + offset.to_bytes(8, "little")
        else:
            code = b"\x66" * (bits == 16) + b"\xea" + offset.to_bytes(4, "little")
        code += selector.to_bytes(2, "little")
        at = self.walk(target).physical
        if at is None or (at & 0xFFF) + len(code) > 0x1000:
            at, target = SCRATCH, SCRATCH
        kept = self.memory.read(at, len(code))
        self.memory.write(at, code, rom=True)
        self.forget_code(target, len(code))
        self["rip"] = target - base if bits == 64 else target - base & 0xFFFFFFFF
        problem = self.run(1)
        self.memory.write(at, kept, rom=True)
        self.forget_code(target, len(code))
        return problem


def _read_hole(uc: Any, offset: int, size: int, data: Any) -> int:
    return (1 << 8 * size) - 1


def _write_hole(uc: Any, offset: int, size: int, value: int, data: Any) -> None:
    pass


# For address SCRATCH; starts in 32-bit code, ends at the far pointer that is put between the two
# parts.
_TO_REAL_MODE = bytes.fromhex(
    "0f011546f00f00"  # lgdt [0xff046]
    "ea0ef000000800"  # jmp 8:0xf00e
    "b81000"  # bits 16: mov ax, 16
    "8ed88ec08ed08ee08ee8"  # mov ds, ax; then es, ss, fs, gs
    "66b8100000000f22c0"  # mov eax, 0x10; mov cr0, eax
    "ea29f000f0"  # jmp 0xf000:0xf029
    "31c08ed88ec08ed08ee08ee8"  # xor ax, ax; mov ds, ax; then es, ss, fs, gs
    "2e0f01164cf0"  # lgdt [cs:0xf04c]
    "2e0f011e52f0"  # lidt [cs:0xf052]
    "ea"  # jmp segment:offset, which follow
)
_TO_REAL_MODE_DATA = bytes.fromhex(
    "170058f00f00"  # GDT register: limit 23, address 0xff058
    "000000000000"  # empty GDT register
    "ff0300000000"  # IDT register: limit 0x3ff, address 0
    "0000000000000000ffff00000f9b0000ffff000000930000"  # null, code at 0xf0000, data at 0
)
_TO_REAL_MODE_INSTRUCTIONS = 20
