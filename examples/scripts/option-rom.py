"""Link an option ROM whose bytes add up to zero: python option-rom.py OUTPUT OBJECT..."""

from __future__ import annotations

import sys
from pathlib import Path

from pylink86 import link

SCRIPT = Path(__file__).with_suffix(".ld")


def option_rom(objects: list[str]) -> bytes:
    """The image; its last byte is what the sum of the others lacks to a multiple of 256."""
    missing = -sum(link(objects, SCRIPT).image) % 256
    return link(objects, SCRIPT, defsym=(f"checksum={missing}",)).image


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(option_rom(sys.argv[2:]))
