"""What the bytes of a section are for, in the few words every view uses."""

from __future__ import annotations

from .. import elf_const as c

KINDS = {
    "code": "code",
    "constants": "read-only data",
    "data": "data",
    "zeroed": "zeroed memory",
    "padding": "padding",
    "script": "written by the script",
    "other": "not loaded",
}
"""What bytes are for, and the words for it."""


def kind_of(type: int, flags: int) -> str:
    """What a section is for, of KINDS, by its ELF type and flags (gABI ch.4)."""
    if not flags & c.SHF_ALLOC:
        return "other"
    if type == c.SHT_NOBITS:
        return "zeroed"
    if flags & c.SHF_EXECINSTR:
        return "code"
    return "data" if flags & c.SHF_WRITE else "constants"
