r"""Verilog memory files: an image as text that a simulator's `$readmemh` reads.

A line `@00007C00` says where the bytes that follow are; then come the bytes, 16 to a line.  Lines
end in \r\n.  Source: `objcopy -O verilog` 2.40 (GNU ld has the format, but cannot link to it).
"""

from __future__ import annotations

from .images import Image

BYTES_A_LINE = 16


def write_verilog(image: Image, width: int = 1) -> bytes:
    """The image for `$readmemh`: an address line for each section, lowest address first.

    width: bytes of a word; a word is written highest byte first, and addresses count words.
    """
    lines: list[str] = []
    for block in sorted(image.blocks, key=lambda block: block.address):
        data = bytes(block.data)
        address = block.address // width
        if data:
            lines.append(f"@{address:0{8 if address <= 0xFFFFFFFF else 16}X}\r\n")
        for offset in range(0, len(data), BYTES_A_LINE):
            row = data[offset : offset + BYTES_A_LINE]
            words = [row[at : at + width][::-1].hex().upper() for at in range(0, len(row), width)]
            lines.append(f"{' '.join(words)}\r\n")
    return "".join(lines).encode("ascii")
