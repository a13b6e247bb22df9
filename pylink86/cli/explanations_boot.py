"""What the messages about images that would not start, and about running them, mean."""

from __future__ import annotations

BOOT_TEXTS = {
    # Images that link but would not start
    "pattern-names-no-file": """
A script may say from which file sections come: `boot.o(.text)`, or `boot.o;` for all of them.  No
input has that name, so the pattern takes nothing, and the linkers themselves say nothing about it.

Example: the script says `hello.o;`, the command line `target/hello_prefixed.o`.
Cure: write the name the file has, or a pattern such as `*hello*.o`.
""",
    "empty-output-section": """
The script gives this section an address, or computes with its size, address or end, but no input
came into it.  What was meant to be there is somewhere else, or missing.

Example: `.stage 0x7e00 : { *(.rust.*) }` when no section is called `.rust.` anything.
Sections that a program may well not have (`.data`, `.bss`, `.got` ...) are never told of.
Cure: `pylink86 sections FILES` shows the names the sections really have.
""",
    "orphan-before-image": """
A section that no pattern of the script names is an orphan; the linker finds a place for it.  Here
that is before the first section of the script, so the image no longer begins with what the
firmware reads.

Example: `.note.gnu.property` or `.eh_frame`, which compilers add by themselves, at address 0.
Cure: name it in the section it belongs to, or discard it: `/DISCARD/ : { *(.note*) }`.
""",
    "orphan-far-away": """
A section that no pattern of the script names was placed more than 1 MiB behind everything else,
and a raw image is a copy of memory: the gap is in the file as zeros.  It happens behind sections
that have an address far up but no contents, such as a heap with (NOLOAD).

Cure: name it in the section it belongs to, or discard it: `/DISCARD/ : { *(.note*) }`.
""",
    "nonalloc-in-image": """
Debug information and compiler notes are in object files for debuggers, not for memory.  A pattern
that takes every section draws them into the image all the same.  It does no harm but takes room,
and a boot sector has little.

Example: a bare `boot.o;`, or `*(*)`.  Who writes `*(.comment)` gets it without a word.
Cure: name the sections that are loaded, such as `*(.text* .rodata* .data* .bss*)`.
""",
    "nonalloc-left-out": """
The script places a section, but the object file does not mark it as memory (the alloc flag), so a
raw image does not hold it.  Assemblers set the flag by themselves only for well-known names.

Cure: set it in the source: `.section name, "a"` in gas, `section name progbits alloc` in nasm.
""",
    "no-boot-signature": """
A BIOS starts a disk only when bytes 510 and 511 of its first sector are 55 AA (hexadecimal).  The
image starts at 0x7c00, where boot sectors run, and does not have them there: nobody wrote them, the
sector is not filled up to 510 before them, or the boot sector is not the first thing in the file.

Cure: in nasm `times 510-($-$$) db 0` and `dw 0xaa55` at the end of the sector; in a script
`. = 510; SHORT(0xaa55)` inside the section (dialect gnu; in lld `. = 0x7c00 + 510;`).
An image for PXE or a CD needs no signature, and some projects add it with a tool of their own:
`--no-warn=no-boot-signature`.
""",
    "boot-sector-too-long": """
A boot sector has 512 bytes, the last two are the signature.  More code than that pushes the
signature out of the place where the BIOS looks.

Cure: keep in the sector only what loads the second stage, and move the rest there.
""",
    "partial-sector": """
Disks are read in sectors of 512 bytes.  A symbol of the script counts the stage in whole sectors,
but the image ends within one: when the division rounds down, the last bytes are never loaded; when
it rounds up, the file ends before the sector does, and not every BIOS or emulator reads that one.

GNU ld does not write padding of a section that holds nothing else to a raw file.
Cure: `. = ALIGN(512);` at the end of the last section that has contents.
""",
    "sector-count-over-127": """
The stage has more sectors than one BIOS call reads on every PC (127), and the boot sector hands
the whole count to one call: `mov al, COUNT` with `mov ah, 2`, or a disk address packet.

Cure: read in a loop of calls of at most 127 sectors, or use one of the bundled boot sectors.
""",
    "stage-reaches-bios-data": """
Real-mode memory ends at 640 KiB, and the BIOS keeps its own data in the last part (the EBDA):
nearly always from 0x9fc00 on, on some machines from 0x80000.  The image reaches into it.

Cure: make it smaller, or copy what is large above 1 MiB from protected mode.
""",
    "section-in-video-memory": """
From 0xa0000 to 0x100000 a PC has the graphics card and ROM instead of memory.  What is loaded
there is lost, or appears as coloured characters.

Cure: end the section below 0x80000, or place it at 1 MiB or above.
""",
    "image-hole": """
A raw image is a copy of memory, so a gap between two sections becomes as many zeros in the file.

Example: `.boot` at 0x7c00 and `.kernel` at 1 MiB make a file of nearly 1 MiB, more than a loader
can read into the memory below 640 KiB.
Cure: give the second one a load address behind the first, `AT(LOADADDR(.boot) + SIZEOF(.boot))`,
and copy it at run time.  LLD ignores AT in raw output.
""",
    "bss-not-in-image": """
Variables without a value (`.bss`, COMMON) take no room in a file; whoever loads it has to provide
zeros.  Behind a raw image nobody does: the memory holds whatever was there before.  Emulators
often start with zeros, so that it shows on real machines only.

It is told of compiled variables only; stacks and tables that assembly reserves need no zeros.
Cure: take `*(.bss* COMMON)` into the last section that has contents, or clear it in the start
code, from and to symbols that the script defines around it.
""",
    "boot-header-dropped": """
A boot loader finds a kernel by a header (multiboot, PVH, Limine) that nothing in the program
refers to.  It was left out: discarded, removed by --gc-sections, or in a section without the alloc
flag, which is not loaded.

Cure: `KEEP(*(.multiboot*))` at the start of the first section; `.section .multiboot, "a"` in gas.
""",
    "boot-header-misaligned": """
Loaders look for their header in steps of 4 or 8 bytes; this one lies in between and is not found.

Cure: `.balign 8` (gas) or `align 8` (nasm) before it.
""",
    "boot-header-too-deep": """
Loaders look for their header only at the beginning of the file: multiboot in the first 8 KiB,
multiboot2 in the first 32 KiB.  Here it comes later.

Cure: make its section the first of the script; in ELF output pages push even the
first section back: link with `-n` or `-z max-page-size=0x1000`.
""",
    # Running images
    "emulator-missing": """
`pylink86 run` boots an image in an emulator inside Python.  The part that executes instructions is
the package `unicorn`, which is not installed with pylink86 because linking does not need it.

Cure: `pip install pylink86[emulate]`, or `pylink86 run --qemu` where QEMU is installed.
""",
    "qemu-missing": """
`--qemu`, `--window` and `--gdb` run the program `qemu-system-x86_64`, which was not found.

Cure: install it (Debian and Ubuntu: `apt install qemu-system-x86`; macOS: `brew install qemu`) and
check that it is on the path.  Without these options the built-in emulator is used.
""",
    "qemu-failed": """
QEMU was started and ended at once, or never answered.  The notes are its own words.

Cure: start `qemu-system-x86_64 --version` by hand; `--window` needs a graphical session.
""",
    "empty-image": """
The image to boot has no bytes.  A BIOS loads the first 512 bytes of a disk and jumps into them.

Cure: check the link that made it; a script whose patterns match nothing gives an empty file.
""",
    "bad-memory": """
A machine to boot in can have 2 MiB to 3 GiB of memory: below that the places above 1 MiB that boot
code uses do not exist, above it the memory would run into the PC's devices.

Example: `pylink86 run --memory 64M img.bin`.
""",
    "one-image": """
`pylink86 run` boots one image: a raw disk or floppy image that begins with a boot sector.

Example: `pylink86 run --floppy img.bin`.
""",
}
