"""The relocation types of the i386: 32-bit code, and 16-bit code in 32-bit object files.

Object files are SHT_REL: the addend lies in the place that is patched.  Addresses are 32 bits, so a
32-bit field never overflows; distances wrap at 4 GiB, and in 16-bit code at 64 KiB.
"""

from __future__ import annotations

from .reloc import (
    ABS,
    DYNAMIC,
    GOT,
    GOT_BASE,
    GOT_OFF,
    NONE,
    OBSOLETE,
    PC,
    PLT,
    PLT_ABS,
    SIZE,
    TLS_DESC,
    TLS_GD,
    TLS_IE,
    TLS_LD,
    TLS_LE,
    TLS_OFFSET,
    table,
)

WORD = 4
"""Bytes in an address."""

ROWS = {
    **table(
        "psABI i386 1.1, table 4.9",
        (
            (0, "R_386_NONE", "", NONE, 0, "none"),
            (1, "R_386_32", "S + A", ABS, 4, "word"),
            (2, "R_386_PC32", "S + A - P", PC, 4, "wrap"),
            (3, "R_386_GOT32", "G + A", GOT, 4, "wrap"),
            (4, "R_386_PLT32", "L + A - P", PLT, 4, "wrap"),
            (5, "R_386_COPY", "", DYNAMIC, 0, "none"),
            (6, "R_386_GLOB_DAT", "S", DYNAMIC, 4, "word"),
            (7, "R_386_JUMP_SLOT", "S", DYNAMIC, 4, "word"),
            (8, "R_386_RELATIVE", "B + A", DYNAMIC, 4, "word"),
            (9, "R_386_GOTOFF", "S + A - GOT", GOT_OFF, 4, "wrap"),
            (10, "R_386_GOTPC", "GOT + A - P", GOT_BASE, 4, "wrap"),
            (20, "R_386_16", "S + A", ABS, 2, "field"),
            (21, "R_386_PC16", "S + A - P", PC, 2, "segment"),
            (22, "R_386_8", "S + A", ABS, 1, "field"),
            (23, "R_386_PC8", "S + A - P", PC, 1, "signed"),
            (38, "R_386_SIZE32", "Z + A", SIZE, 4, "word"),
            # mov foo@GOT(%reg), %reg may become lea foo@GOTOFF(%reg), %reg, or mov $foo, %reg.
            (43, "R_386_GOT32X", "G + A", GOT, 4, "wrap"),
        ),
    ),
    **table(
        "psABI i386 1.1, table 4.9; ELF Handling For Thread-Local Storage 4.4.6",
        (
            (14, "R_386_TLS_TPOFF", "", DYNAMIC, 4, "word"),
            (15, "R_386_TLS_IE", "", TLS_IE, 4, "word"),
            (16, "R_386_TLS_GOTIE", "", TLS_IE, 4, "wrap"),
            (17, "R_386_TLS_LE", "", TLS_LE, 4, "wrap"),
            (18, "R_386_TLS_GD", "", TLS_GD, 4, "wrap"),
            (19, "R_386_TLS_LDM", "", TLS_LD, 4, "wrap"),
            (32, "R_386_TLS_LDO_32", "", TLS_OFFSET, 4, "wrap"),
            (33, "R_386_TLS_IE_32", "", TLS_IE, 4, "wrap"),
            (34, "R_386_TLS_LE_32", "", TLS_LE, 4, "wrap"),
            (35, "R_386_TLS_DTPMOD32", "", DYNAMIC, 4, "word"),
            (36, "R_386_TLS_DTPOFF32", "", DYNAMIC, 4, "word"),
            (37, "R_386_TLS_TPOFF32", "", DYNAMIC, 4, "word"),
            (39, "R_386_TLS_GOTDESC", "", TLS_DESC, 4, "wrap"),
            (40, "R_386_TLS_DESC_CALL", "", TLS_DESC, 0, "none"),
            (41, "R_386_TLS_DESC", "", DYNAMIC, 8, "none"),
            (42, "R_386_IRELATIVE", "indirect (B + A)", DYNAMIC, 4, "word"),
        ),
    ),
    # The thread-local sequences of Solaris, numbered but never made by gas, clang or nasm.
    **table(
        "Solaris Linker and Libraries Guide, 32-bit x86 relocation types",
        (
            (11, "R_386_32PLT", "L + A", PLT_ABS, 4, "word"),
            (12, "R_386_TLS_GD_PLT", "", OBSOLETE, 4, "wrap"),
            (13, "R_386_TLS_LDM_PLT", "", OBSOLETE, 4, "wrap"),
            (24, "R_386_TLS_GD_32", "", OBSOLETE, 4, "wrap"),
            (25, "R_386_TLS_GD_PUSH", "", OBSOLETE, 4, "wrap"),
            (26, "R_386_TLS_GD_CALL", "", OBSOLETE, 4, "wrap"),
            (27, "R_386_TLS_GD_POP", "", OBSOLETE, 4, "wrap"),
            (28, "R_386_TLS_LDM_32", "", OBSOLETE, 4, "wrap"),
            (29, "R_386_TLS_LDM_PUSH", "", OBSOLETE, 4, "wrap"),
            (30, "R_386_TLS_LDM_CALL", "", OBSOLETE, 4, "wrap"),
            (31, "R_386_TLS_LDM_POP", "", OBSOLETE, 4, "wrap"),
        ),
    ),
    # Marks for the garbage collector of C++ virtual tables; nothing is patched.
    **table(
        "GNU as manual 7 (.vtable_inherit, .vtable_entry)",
        (
            (250, "R_386_GNU_VTINHERIT", "", NONE, 0, "none"),
            (251, "R_386_GNU_VTENTRY", "", NONE, 0, "none"),
        ),
    ),
}
