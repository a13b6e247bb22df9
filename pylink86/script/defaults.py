"""Built-in layouts, as script text: what to link with when nobody wrote a script.

A raw boot image has the bundled boot sector first and the user's code, the stage, right behind it,
in memory as on the disk.  The layouts are ordinary linker scripts that GNU ld and LLD take too, so
that one of them, printed with `--dump-layout`, is a good start for a script of one's own.
"""

from __future__ import annotations

SECTOR_KINDS = ("real", "protected", "long")
"""The bundled boot sectors: the processor mode each starts the stage in."""

STAGE_START = 0x7E00
"""Where the stage is loaded: behind the boot sector, which the BIOS loads to 0x7c00."""

STAGE_LIMIT = 0x80000
"""Where it must end: above, a BIOS may keep its data (the EBDA), at 0xa0000 starts video memory."""

_TITLE = {
    "real": "a 16-bit stage, started in real mode",
    "protected": "a 32-bit stage, started in protected mode with flat segments",
    "long": "a 64-bit stage, started in long mode with the first 4 GiB mapped one to one",
}

_ROOM = {
    "real": """\
  /* The stack grows down from the boot sector. */
  PROVIDE(__stage_stack = 0x7c00);
""",
    "protected": """\
  /* The stack grows down from the boot sector. */
  PROVIDE(__stage_stack = 0x7c00);
""",
    "long": """\
  /* Page tables: 0x1000 to 0x6fff.  They leave 3 KiB for a stack below the boot sector, so it grows
     down from 0x80000 instead, unless the stage itself reaches into the last 16 KiB. */
  PROVIDE(__stage_page_tables = 0x1000);
  __stage_low_end = __stage_bss_start < 0x80000 ? __stage_bss_end : __stage_end;
  PROVIDE(__stage_stack = __stage_low_end > 0x7c000 ? 0x7c00 : 0x80000);
""",
}

_RAW = """\
/* A raw boot image: boot sector `@KIND@`, then @TITLE@.
   Write it with --oformat binary, or with objcopy -O binary from the ELF that GNU ld makes. */
ENTRY(__stage_entry)
SECTIONS
{
  /* Nobody reads these in a raw image. */
  /DISCARD/ :
  {
    *(.comment) *(.note .note.*) *(.eh_frame .eh_frame_hdr)
    *(.rel.dyn .rel.plt .rela.dyn .rela.plt)
  }

  /* The BIOS loads the first sector of the disk to 0x7c00 and jumps to it. */
  .bootsector 0x7c00 : { KEEP(*(.bootsector)) }

  /* The boot sector loads all of this section, so it has to end with a whole sector.
     Code comes first, and of the code what looks like a start. */
  .stage 0x7e00 :
  {
    KEEP(*(.text.start .text.start.* .text._start .text.boot .init))
    *(.text .text.*)
    *(.rodata .rodata.*)
    *(.data .data.*)
    *(.got .got.*)
    /* Whatever else has to be in memory, under any name but .bss and COMMON. */
    INPUT_SECTION_FLAGS(SHF_ALLOC) *(.[!b]* .b[!s]* .bs[!s]* [!.C]* C[!O]*)
    . = ALIGN(512);
  } =0
  __stage_start = ADDR(.stage);
  __stage_end = __stage_start + SIZEOF(.stage);
  __stage_sectors = SIZEOF(.stage) / 512;

  /* Not in the file: the boot sector fills it with zeros, in units of 16 bytes. */
  .bss :
  {
    __stage_bss_start = .;
    *(.bss .bss.*)
    *(COMMON)
    . = ALIGN(16);
    __stage_bss_end = .;
  }
  __stage_bss_size = __stage_bss_end - __stage_bss_start;

  /* Where the stage starts: --defsym __stage_entry=... has the last word. */
  PROVIDE(__stage_entry = DEFINED(@ENTRY@) ? @ENTRY@ : __stage_start);

@ROOM@}

ASSERT(SIZEOF(.bootsector) == 512, "there must be one boot sector of 512 bytes")
ASSERT(__stage_sectors > 0, "the stage is empty: no code or data to load behind the boot sector")
ASSERT(__stage_end <= 0x80000, "the stage is too large: loaded to 0x7e00 it must end by 0x80000,\
 so code and data have 0x78200 bytes, 961 sectors of 512")
@CHECK@"""

_HIGH_BSS = """\
ASSERT(__stage_end > 0x80000 || __stage_bss_end <= 0x80000 || __stage_bss_start >= 0x100000,
  "the stage's .bss is too large: it follows code and data and must end by 0x80000; in a layout of\
 your own, give .bss an address such as 0x100000")
"""

_CHECK = {
    "real": """\
ASSERT(__stage_end > 0x80000 || __stage_bss_end <= 0x80000,
  "the stage's .bss is too large: it follows code and data and must end by 0x80000")
ASSERT(__stage_entry < 0x10000, "the stage's entry point must lie below 0x10000: the boot sector\
 starts 16-bit code with cs = 0")
""",
    "protected": _HIGH_BSS,
    "long": _HIGH_BSS,
}


def raw_layout(kind: str, entry: str = "_start") -> str:
    """The script of a raw boot image with the bundled sector `kind`, see SECTOR_KINDS.

    entry: the symbol the stage starts at; when nobody defines it, the start of the stage.
    The names it defines are what the sector asks for: docs/boot-sectors.md has the list.
    KeyError for a kind that is not bundled: options are checked where they are parsed.
    """
    values = {
        "KIND": kind,
        "TITLE": _TITLE[kind],
        "ENTRY": entry,
        "ROOM": _ROOM[kind],
        "CHECK": _CHECK[kind],
    }
    text = _RAW
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
