"""Every option of `pyld`: those of GNU ld 2.40 and LLD 19, and our own.

One row each: spellings, argument, what it does (see `options`), destination, help.  The rows stand
in a module for each headline of the help.  Options that change nothing in a static link are in
`ld_ignored`.  What would change the image but is not built is REFUSED by name, because an option
that is quietly dropped is a wrong image found weeks later.

Sources: `ld --help`, `ld.lld --help`, the command lines of gcc 12, clang 19, rustc 1.95 and Kbuild.
"""

from __future__ import annotations

from .ld_ignored import option_rows
from .ld_inputs import INPUT_ROWS
from .ld_keywords import KEYWORDS as KEYWORDS
from .ld_layout import LAYOUT_ROWS
from .ld_messages import MESSAGE_ROWS
from .ld_output import OUTPUT_ROWS
from .ld_refused import refused_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Table

TARGETS = ("elf64-x86-64", "elf32-i386", "elf32-x86-64", "binary", "srec", "ihex", "verilog")
"""Output formats, as BFD names them; `--help` lists them where configure scripts look."""

EMULATIONS = (
    "elf_x86_64", "elf_i386", "elf32_x86_64", "elf_iamcu", "elf_amd64", "elf_x86_64_fbsd",
    "elf_amd64_fbsd", "elf_i386_fbsd",
)  # fmt: skip

LD: Table = {
    "Inputs": INPUT_ROWS,
    "Layout": LAYOUT_ROWS,
    "Output": OUTPUT_ROWS,
    "Messages": MESSAGE_ROWS,
    "Without effect": option_rows(),
    "Refused": refused_rows(),
}
