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
    print("address     size  section, and what it is made of")
    for section in result.sections.values():
        if section.loads:
            print(f"{section.vma:#7x}  {section.size:#7x}  {section.name}")
            for piece in result.pieces:
                if piece.output == section.name:
                    print(f"{section.vma + piece.sec_off:#7x}  {piece.size:#7x}    {piece.cause}")
    print(f"{len(result.image)} bytes in the image")
    print(f"SECOND_STAGE_LENGTH = {result.symbols['SECOND_STAGE_LENGTH']} sectors")


if __name__ == "__main__":
    main(*sys.argv[1:])
