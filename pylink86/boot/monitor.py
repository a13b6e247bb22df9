"""Talking to a running QEMU: its monitor protocol (QMP) over a local TCP connection.

We listen and QEMU connects, so no port has to be guessed, and it works the same on every system.

Source: QEMU's documentation, "QEMU Machine Protocol"; `human-monitor-command` for the text
commands.
"""

from __future__ import annotations

import json
import re
import socket
from typing import Any


class Gone(Exception):
    """QEMU closed the connection."""


class Monitor:
    """One QMP connection.  Events that arrive in between are kept in `events`."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._socket: socket.socket | None = None
        self._buffer = b""
        self.events: list[dict[str, Any]] = []

    def close(self) -> None:
        self._listener.close()
        if self._socket is not None:
            self._socket.close()

    def accept(self, seconds: float) -> None:
        """Wait for QEMU and agree on the protocol; TimeoutError when it does not come."""
        self._listener.settimeout(seconds)
        self._socket, _ = self._listener.accept()
        self._socket.settimeout(10)
        self._receive()
        self.call("qmp_capabilities")

    def _receive(self) -> dict[str, Any]:
        assert self._socket is not None
        while b"\n" not in self._buffer:
            try:
                data = self._socket.recv(65536)
            except OSError as error:
                raise Gone from error
            if not data:
                raise Gone
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        return message

    def call(self, command: str, **arguments: Any) -> Any:
        """Run a QMP command and return its result."""
        assert self._socket is not None
        request = {"execute": command, "arguments": arguments}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise Gone from error
        while True:
            message = self._receive()
            if "event" in message:
                self.events.append(message)
            else:
                return message.get("return")

    def text(self, line: str) -> str:
        """Run a command of the text monitor and return what it prints."""
        return str(self.call("human-monitor-command", **{"command-line": line}))

    def physical(self, address: int, count: int) -> bytes:
        """Bytes of physical memory (as the CPU sees it: text memory included)."""
        return _dump(self.text(f"xp /{-(-count // 8)}xg {address:#x}"))[:count]

    def linear(self, address: int, count: int) -> bytes:
        """Bytes at a linear address, as many as are mapped."""
        printed = self.text(f"x /{count}xb {address:#x}")
        return b"" if "annot" in printed else _dump(printed)

    def registers(self) -> dict[str, int]:
        """Registers by the names of `Machine.registers`, and `halted` and `code base`."""
        return parse_registers(self.text("info registers"))


def _dump(printed: str) -> bytes:
    """`00000000000b8000: 0x07.. 0x07..` as bytes; the size of a number follows from its digits."""
    numbers = re.findall(r" 0x([0-9a-f]+)", printed)
    return b"".join(bytes.fromhex(n)[::-1] for n in numbers)


_WIDE = re.compile(r"\b([ER](?:[A-D]X|[SD]I|[SB]P|IP)|R\d+|[ER]FL|CR[0234]|HLT)\s*=\s*([0-9a-f]+)")
_SEGMENT = re.compile(r"\b([C-GS]S) =([0-9a-f]{4}) ([0-9a-f]+)")


def parse_registers(printed: str) -> dict[str, int]:
    """What `info registers` prints, in 16-, 32- and 64-bit mode."""
    found = {}
    for name, value in _WIDE.findall(printed):
        lower = name.lower()
        if lower[0] == "e":
            lower = "r" + lower[1:]
        found[{"rfl": "rflags", "hlt": "halted"}.get(lower, lower)] = int(value, 16)
    for name, selector, base in _SEGMENT.findall(printed):
        found[name.lower()] = int(selector, 16)
        if name == "CS":
            found["code base"] = int(base, 16)
    return found
