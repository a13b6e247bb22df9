"""The relocation types of the x86-64: 64-bit code, and 16- and 32-bit code in 64-bit object files.

Object files are SHT_RELA: the addend lies in the relocation, what is in the place does not count.
Most code reaches its data by a signed 32-bit distance (PC32) or a sign-extended address (32S).
"""

from __future__ import annotations

from .reloc import (
    ABS,
    DYNAMIC,
    GOT,
    GOT_BASE,
    GOT_OFF,
    GOT_PC,
    NONE,
    OBSOLETE,
    PC,
    PLT,
    PLT_OFF,
    SIZE,
    TLS_DESC,
    TLS_GD,
    TLS_IE,
    TLS_LD,
    TLS_LE,
    TLS_OFFSET,
    table,
)

WORD = 8
"""Bytes in an address."""

ROWS = {
    **table(
        "psABI x86-64 1.0, table 4.9",
        (
            (0, "R_X86_64_NONE", "", NONE, 0, "none"),
            (1, "R_X86_64_64", "S + A", ABS, 8, "word"),
            (2, "R_X86_64_PC32", "S + A - P", PC, 4, "signed"),
            (3, "R_X86_64_GOT32", "G + A", GOT, 4, "signed"),
            (4, "R_X86_64_PLT32", "L + A - P", PLT, 4, "signed"),
            (5, "R_X86_64_COPY", "", DYNAMIC, 0, "none"),
            (6, "R_X86_64_GLOB_DAT", "S", DYNAMIC, 8, "word"),
            (7, "R_X86_64_JUMP_SLOT", "S", DYNAMIC, 8, "word"),
            (8, "R_X86_64_RELATIVE", "B + A", DYNAMIC, 8, "word"),
            (9, "R_X86_64_GOTPCREL", "G + GOT + A - P", GOT_PC, 4, "signed"),
            (10, "R_X86_64_32", "S + A", ABS, 4, "unsigned"),
            (11, "R_X86_64_32S", "S + A", ABS, 4, "signed"),
            (12, "R_X86_64_16", "S + A", ABS, 2, "field"),
            (13, "R_X86_64_PC16", "S + A - P", PC, 2, "near"),
            (14, "R_X86_64_8", "S + A", ABS, 1, "field"),
            (15, "R_X86_64_PC8", "S + A - P", PC, 1, "signed"),
            (16, "R_X86_64_DTPMOD64", "", DYNAMIC, 8, "word"),
            # Static in debug information (DW_OP_form_tls_address), dynamic in a GOT slot.
            (17, "R_X86_64_DTPOFF64", "", TLS_OFFSET, 8, "wrap"),
            (18, "R_X86_64_TPOFF64", "", TLS_LE, 8, "wrap"),
            (19, "R_X86_64_TLSGD", "", TLS_GD, 4, "signed"),
            (20, "R_X86_64_TLSLD", "", TLS_LD, 4, "signed"),
            (21, "R_X86_64_DTPOFF32", "", TLS_OFFSET, 4, "signed"),
            (22, "R_X86_64_GOTTPOFF", "", TLS_IE, 4, "signed"),
            (23, "R_X86_64_TPOFF32", "", TLS_LE, 4, "signed"),
            (24, "R_X86_64_PC64", "S + A - P", PC, 8, "wrap"),
            (25, "R_X86_64_GOTOFF64", "S + A - GOT", GOT_OFF, 8, "wrap"),
            (26, "R_X86_64_GOTPC32", "GOT + A - P", GOT_BASE, 4, "signed"),
            (27, "R_X86_64_GOT64", "G + A", GOT, 8, "wrap"),
            (28, "R_X86_64_GOTPCREL64", "G + GOT + A - P", GOT_PC, 8, "wrap"),
            (29, "R_X86_64_GOTPC64", "GOT + A - P", GOT_BASE, 8, "wrap"),
            # GOTPLT64 of older editions: the slot may also be the one of the linkage table.
            (30, "R_X86_64_GOTPLT64", "G + A", GOT, 8, "wrap"),
            (31, "R_X86_64_PLTOFF64", "L + A - GOT", PLT_OFF, 8, "wrap"),
            (32, "R_X86_64_SIZE32", "Z + A", SIZE, 4, "size"),
            (33, "R_X86_64_SIZE64", "Z + A", SIZE, 8, "word"),
            (34, "R_X86_64_GOTPC32_TLSDESC", "", TLS_DESC, 4, "signed"),
            (35, "R_X86_64_TLSDESC_CALL", "", TLS_DESC, 0, "none"),
            (36, "R_X86_64_TLSDESC", "", DYNAMIC, 16, "none"),
            (37, "R_X86_64_IRELATIVE", "indirect (B + A)", DYNAMIC, 8, "word"),
            (38, "R_X86_64_RELATIVE64", "B + A", DYNAMIC, 8, "word"),
            # PC32 and PLT32 with a BND prefix: deprecated together with MPX.
            (39, "R_X86_64_PC32_BND", "S + A - P", OBSOLETE, 4, "signed"),
            (40, "R_X86_64_PLT32_BND", "L + A - P", OBSOLETE, 4, "signed"),
        ),
    ),
    # Loads through the GOT that may become something shorter: the number is how many bytes before
    # the place the instruction begins (2 without prefix, 3 with REX, 4 to 6 with the APX prefixes).
    **table(
        "psABI x86-64 1.0, table 4.9, 4.4.1 and B.2",
        (
            (41, "R_X86_64_GOTPCRELX", "G + GOT + A - P", GOT_PC, 4, "signed"),
            (42, "R_X86_64_REX_GOTPCRELX", "G + GOT + A - P", GOT_PC, 4, "signed"),
            (43, "R_X86_64_CODE_4_GOTPCRELX", "G + GOT + A - P", GOT_PC, 4, "signed"),
            (44, "R_X86_64_CODE_4_GOTTPOFF", "", TLS_IE, 4, "signed"),
            (45, "R_X86_64_CODE_4_GOTPC32_TLSDESC", "", TLS_DESC, 4, "signed"),
            (46, "R_X86_64_CODE_5_GOTPCRELX", "G + GOT + A - P", GOT_PC, 4, "signed"),
            (47, "R_X86_64_CODE_5_GOTTPOFF", "", TLS_IE, 4, "signed"),
            (48, "R_X86_64_CODE_5_GOTPC32_TLSDESC", "", TLS_DESC, 4, "signed"),
            (49, "R_X86_64_CODE_6_GOTPCRELX", "G + GOT + A - P", GOT_PC, 4, "signed"),
            (50, "R_X86_64_CODE_6_GOTTPOFF", "", TLS_IE, 4, "signed"),
            (51, "R_X86_64_CODE_6_GOTPC32_TLSDESC", "", TLS_DESC, 4, "signed"),
        ),
    ),
    # Marks for the garbage collector of C++ virtual tables; nothing is patched.
    **table(
        "GNU as manual 7 (.vtable_inherit, .vtable_entry)",
        (
            (250, "R_X86_64_GNU_VTINHERIT", "", NONE, 0, "none"),
            (251, "R_X86_64_GNU_VTENTRY", "", NONE, 0, "none"),
        ),
    ),
}
