r"""Verilog memory files: an image as text that a simulator's `$readmemh` reads.

A line `@00007C00` says where the bytes that follow are; then come the bytes, 16 to a line.  Lines
end in \r\n.  Source: `objcopy -O verilog` 2.40 (GNU ld has the format, but cannot link to it).
"""

from __future__ import annotations

from .images import Image

BYTES_A_LINE = 16


def write_verilog(image: Image) -> bytes:
    """The image for `$readmemh`: an address line for each section, lowest address first."""
    lines: list[str] = []
    for block in sorted(image.blocks, key=lambda block: block.address):
        data = bytes(block.data)
        if data:
            lines.append(f"@{block.address:0{8 if block.address <= 0xFFFFFFFF else 16}X}\r\n")
        for offset in range(0, len(data), BYTES_A_LINE):
            row = data[offset : offset + BYTES_A_LINE].hex(" ").upper()
            lines.append(f"{row}\r\n")
    return "".join(lines).encode("ascii")
