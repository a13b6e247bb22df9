"""Where the CPU is, for decisions and for people."""

from __future__ import annotations

from .cpu import Cpu
from .interrupts import code_segment, mode


def code_at(cpu: Cpu, offset: int, count: int) -> bytes:
    """Bytes around the current instruction, as many as are mapped."""
    return cpu.linear_read(code_segment(cpu).base + cpu["rip"] + offset, count)


def place(cpu: Cpu) -> str:
    """CS:IP, mode, size of the code, and the bytes there."""
    cs, ip = cpu.get("cs", "rip")
    where, bits = mode(cpu), code_segment(cpu).bits
    code = code_at(cpu, 0, 8).hex(" ")
    digits = {16: 4, 32: 8, 64: 16}[bits]
    size = "" if where == "real" else f", {bits}-bit code"
    return f"{cs:04x}:{ip:0{digits}x} ({where} mode{size}; bytes {code or 'not mapped'})"
