"""Link a boot sector and a stage from Python, and print where every byte of the image comes from.

    python examples/show_layout.py fixtures/objects/hello_O2_static.o fixtures/objects/boot_long_elf32.o
"""

from __future__ import annotations

import sys
from pathlib import Path

from pylink86 import link, read

LAYOUT = Path(__file__).parent.parent / "fixtures" / "layouts" / "prefixed.ld"


def main(stage: str, boot: str) -> None:
    result = link([read(stage).prefix_alloc_sections(".rust"), boot], LAYOUT, oformat="binary")
    for section in result.sections:
        print(f"{section.vma:#8x}  {section.size:#7x}  {section.name}")
        for piece in result.pieces:
            if piece.section is section:
                print(f"{section.vma + piece.offset:#10x}  {piece.size:#7x}  {piece.origin}")
    print(f"\n{len(result.image)} bytes, SECOND_STAGE_LENGTH = {result.symbols['SECOND_STAGE_LENGTH']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
