"""`pylink86 explain SLUG`: what a message means, told to somebody who meets it for the first time.

A message has room for what is wrong here and now.  What the thing is at all, how one gets there
and the usual cures stand here, one text per slug; a test looks for slugs without one.
"""

from __future__ import annotations

import sys

from .explanations_image import IMAGE_TEXTS
from .explanations_objcopy import OBJCOPY_TEXTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Explain each slug; without one, list them all.  1 when one of them does not exist."""
    if not argv:
        print("\n".join(sorted(EXPLANATIONS)))
        return 0
    return max(explain(word) for word in argv)


def explain(word: str) -> int:
    """Print the text of a slug, also given as `error[slug]`; 1 when there is none."""
    slug = word.rpartition("[")[2].rstrip("]: ")
    text = EXPLANATIONS.get(slug)
    if text is None:
        sys.stderr.write(_unknown(slug))
        return 1
    print(f"{slug}\n\n{text.strip()}\n")
    return 0


def _unknown(slug: str) -> str:
    from difflib import get_close_matches

    from ..diag import Diagnostic
    from ..report import render

    near = get_close_matches(slug, EXPLANATIONS, n=3)
    return render(
        [
            Diagnostic(
                "error",
                "unknown-slug",
                f"there is no message called `{slug}'",
                help=(f"did you mean {' or '.join(near)}?",)
                if near
                else ("`pylink86 explain' alone lists them all",),
            )
        ]
    )


EXPLANATIONS = {
    **IMAGE_TEXTS,
    **OBJCOPY_TEXTS,
    # The command line
    "unknown-option": """
An option that neither GNU ld, LLD nor pyld has.  Options can be abbreviated as long as only one
fits, and take one dash or two; those that begin with `o` need two, because `-ofile` is `-o file`.

Example: `pyld --gc-section boot.o` works, `pyld --gc-sektions boot.o` does not.
Cure: use the spelling the message offers, or look it up in `pyld --help`.
""",
    "option-not-supported": """
GNU ld or LLD have this option, pyld does not have it yet.  It is refused and not skipped, because
an image that silently lacks what was asked for is found out much later.

Options that mean nothing for an image without a dynamic loader (`--hash-style`, `-z relro`,
`-dynamic-linker`) are accepted in silence; `pyld --help` lists both kinds.
Cure: leave the option out if the image does not depend on it.
""",
    "option-needs-value": """
The option wants a value and the command line ends there.  Both `-o FILE` and `--output=FILE` work.

Cure: add the value; `pyld --help` says what it is.
""",
    "option-takes-no-value": """
The option is a switch, but was given a value with `=`.

Example: `--gc-sections=yes`.  Cure: write `--gc-sections`, or `--no-gc-sections` for the opposite.
""",
    "option-ambiguous": """
An abbreviated option fits several.

Example: `--no-w` could be `--no-warn` or `--no-whole-archive`.  Cure: write more of it.
""",
    "bad-option-value": """
The option exists, but not with this value; the message lists those it has.

Example: `--dialect=ld`.  Cure: `--dialect=gnu` or `--dialect=lld`.
""",
    "unknown-keyword": """
`-z` takes a word, and this one is not known.  As in GNU ld this is a warning: compilers pass words
that are newer than the linker, and few of them matter for a boot image.

Cure: check the spelling; `--no-warn=unknown-keyword` silences it.
""",
    "symbol-order": """
A line of the file that `--symbol-ordering-file` names orders nothing: no input has the symbol, it
is undefined or an absolute number, or it is listed twice.

Cure: correct the file, or link with `--no-warn-symbol-ordering`.
""",
    "zstd-missing": """
A debug section is compressed with zstd, or `--compress-debug-sections=zstd` asks for it.  Python
has zstd from version 3.14 on; before, a library has to be installed.

Cure: `pip install zstandard`; or compile with `-gz=zlib` and link with
`--compress-debug-sections=zlib`, which need nothing.
""",
    "response-file": """
`@FILE` on the command line stands for the words in FILE.  The file cannot be read, or the files
name each other in a circle.

Cure: check which files are named by `@` in it.
""",
    "unknown-command": """
`pylink86` is followed by the name of a command; `pylink86 --help` lists them.  To link, use
`pylink86 link ...` or `pyld ...`.
""",
    "unknown-slug": """
`pylink86 explain` wants the word in brackets of a message: `error[cannot-read]` is explained by
`pylink86 explain cannot-read`.
""",
    "internal": """
Something happened in pylink86 that its authors did not think of.  It is always a fault in
pylink86, never in your files: even a damaged file should give a proper message.

Cure: please report it with the command line and, if you can, the input files.
`PYLINK86_TRACEBACK=1` in the environment adds the traceback that a report needs.
""",
    # Files
    "no-inputs": """
There is nothing to link: no object file on the command line, and no INPUT in the script.

Cure: name at least one object, such as `pyld -T kernel.ld boot.o`.
""",
    "cannot-read": """
A file named on the command line or in the script does not exist or may not be read.

In GNU ld's dialect a file name without wildcards in a script, such as `boot.o(.text)` or a bare
`boot.o;`, is an input, too: it is opened when the command line does not name it.
Cure: check the spelling and the current directory; `-L DIR` adds a directory to look in.
""",
    "cannot-write": """
The output file could not be written: its directory does not exist, is not writable or is full.
Nothing half-written is left behind, and an older file of that name stays as it was.
""",
    "output-is-input": """
The output would overwrite one of the inputs, which is nearly always an `-o` without its name, as
in `pyld -o boot.o kernel.o`.

Cure: name the output behind `-o`.
""",
    "unsupported-input": """
The file is no ELF object for x86: for example a flat binary (`nasm -f bin`), an archive, a Mach-O
file (the compiler of macOS), a COFF file (that of Windows) or LLVM bitcode (`-flto`).

Cure: make an ELF object.  `nasm -f elf32` or `-f elf64`; `clang --target=x86_64-elf -c`;
`rustc --emit=obj --target=x86_64-unknown-none`.
""",
    "bad-object": """
The file says it is ELF, but its tables contradict each other or reach past its end.  The message
names the table and the offset.

Usually the file is cut off (a full disk, an interrupted copy), or the tool that wrote it is wrong.
Cure: build the file again; `readelf -a FILE` shows what another reader makes of it.
""",
    "unknown-dialect": """
pylink86 reads scripts as GNU ld (`gnu`) or as LLD (`lld`) does; there is no third dialect.

Cure: `--dialect=gnu` or `--dialect=lld`, in Python `link(..., dialect="lld")`.
""",
    "unknown-format": """
`--oformat` or OUTPUT_FORMAT names a format that cannot be written.  `binary` is the raw image that
firmware reads; `elf64-x86-64` and `elf32-i386` are ELF executables.

Cure: choose one of those.
""",
    "image-too-large": """
A raw image is a copy of memory from its first byte to its last, holes included.  One section far
from the others, often at address 0 because the script forgot it, makes the file huge.

Example: `.boot` at 0x7c00 and `.text` at 0xffffffff80000000 would need 16 EiB.
Cure: place or discard the section the message names; give code that is loaded low and runs high a
load address with AT(...).  `--max-image-size=SIZE` moves the limit.
""",
    "out-of-range-for-ihex": """
Intel HEX has 32 bits for an address, and a section's load address or the entry point needs more.
Addresses from 0xffffffff80000000 on count as negative numbers of 32 bits and do fit.

Cure: give the section a lower load address with AT(...), or write another format: --oformat verilog
takes 64 bits, binary has no addresses at all.
""",
    # Scripts
    "script-syntax": """
The linker script does not follow the grammar.  The caret stands where reading stopped; what is
missing often belongs just before it, such as a `;` after an assignment or a blank before a name
(`a-b` is one name in some places of a script, `a - b` never is).

Source: chapter 3 of the GNU ld manual describes the language.
""",
    "include-cycle": """
A script includes itself, directly or through others, so that it would never end.

Cure: remove the INCLUDE that leads back.
""",
    "assert-failed": """
An ASSERT of the script does not hold; its own message says what its author wanted.

Example: `ASSERT(SIZEOF(.boot) <= 512, "the boot sector is too long")`.
Cure: make the condition true, for example with less code; the script says which limit is meant.
""",
    "dot-moved-backwards": """
`.` is the address the next thing gets.  Setting it below where it already is would put two things
in one place.  It nearly always means that what stands before has grown too large.

Example: `. = 510; SHORT(0xaa55)` at the end of a boot sector whose code needs 600 bytes.
Inside braces `.` counts from the start of the section in the gnu dialect, and is an address in
lld.
Cure: make what stands before smaller (the message lists the largest parts), or move the address
up.
""",
    "bad-alignment": """
ALIGN moves an address up to the next multiple of a power of two.  Another number has no such
multiple that a processor or a disk would know.

Example: `. = ALIGN(500);`.  Cure: 512, or `. = (. + 499) / 500 * 500` where 500 is really meant.
""",
    "out-of-range-for-elf32": """
A 32-bit ELF file writes addresses, sizes and values of symbols in 32 bits, and one of this link
needs more.

Cure: `--oformat=elf64-x86-64` or a raw image, or an address below 0x100000000.
""",
    "address-wraps": """
A section starts so near to the highest address that its end would be at address 0 again: addresses
have 64 bits (32 on i386), and there is nothing behind the last one.

Cure: a lower address, or a smaller section; often an address of -1 came out of an expression.
""",
    "unknown-section-flag": """
INPUT_SECTION_FLAGS takes input sections by their ELF flags, and what stands there is none.

Example: `INPUT_SECTION_FLAGS(SHF_EXECINSTR & !SHF_WRITE) *(.text*)`.  A number is taken as it is.
""",
    "fill-too-wide": """
LLD takes the fill behind `=` and in FILL() as a number of 32 bits, its most significant byte first.
GNU ld repeats a hexadecimal constant of any length as it is written.

Cure: four bytes of pattern, or data statements (QUAD) where a longer text is really meant.
""",
    "division-by-zero": """
An expression of the script divides by something that is 0, often the SIZEOF of an empty section.

Cure: `SIZEOF(.a) ? x / SIZEOF(.a) : 0`, or an ASSERT that says what is missing.
""",
    "number-too-large": """
A number of the script needs more than 64 bits.

Cure: check its digits; `K` and `M` behind a number multiply it by 1024 and 1024 * 1024.
""",
    "two-relative-operands": """
Both sides of an operator are addresses counted from the start of a section, and the result would
count from neither.  GNU ld refuses this, and so does the gnu dialect.

Example: `.a : { x = . * .; }`.  Cure: `ABSOLUTE(.)` makes a plain number of an address.
""",
    "script-name": """
A layout built in Python uses a name that a linker script has no way to write, so it cannot be
printed as one.

Cure: choose a name without quotes, blanks and line breaks.
""",
    "layout-does-not-settle": """
A script may use the size or address of something that comes later.  It is then computed again and
again until nothing changes; here something changes every time, because it depends on itself.

Example: `.a : { . += SIZEOF(.b); }` with `.b : { . += SIZEOF(.a) + 1; }`.
Cure: break the circle, for example with a constant and an ASSERT that it is large enough.
""",
    "lma-follows-vma": """
A section has two addresses: VMA, where it runs, and LMA, where it is loaded.  After a section with
AT(...), the sections behind it go on being loaded in that distance, but not one that starts at a
lower address: that one is loaded where it runs, which is rarely meant.

Cure: say where it is loaded with AT(...), or put it before the section with AT.
""",
    "section-before-image": """
A section of type (INFO), (COPY), (DSECT) or (OVERLAY) is not in memory, and GNU ld begins a flat
image with the lowest section that is.  It writes the others, too, each at its load address, and one
that lies before the image's first byte cannot be written.  Give it a load address with AT(...), or
leave the type out.
""",
    "bad-dot-assignment": """
The location counter can be moved between output sections and inside those that are there.  An
output section whose ONLY_IF_RO or ONLY_IF_RW fails is not there, and GNU ld refuses `. = ...` in
it.  Move the assignment out of the section.
""",
    "sections-overlap": """
Two output sections occupy the same addresses, or the same place in the file (LMA).  The one that
is written last would destroy the other.

Example: `.boot 0x7c00` with 600 bytes of code and `.stage 0x7e00`.
Cure: make the first one smaller (the message lists what is in it), move the second, or leave its
address away so that it follows the first.
""",
    "file-overlap": """
In an ELF file the sections of one segment keep the distances their addresses have.  LLD writes them
in the order of the script, so a section that runs below the one before it would lie over it in the
file.  GNU ld sorts them, and `--dialect=gnu` accepts the same script.

Cure: list output sections by rising address, or use PHDRS to give this one a segment of its own.
""",
    "headers-do-not-fit": """
The program headers shall be in memory (FILEHDR or PHDRS in the script), but the first section
begins so low, or so early in its page, that there is no room for them before it.

Cure: begin with `. = BASE + SIZEOF_HEADERS;`, or drop FILEHDR and PHDRS.
""",
    "unknown-phdr": """
An output section names a program header (`:text`) that PHDRS does not list.

Cure: add it to PHDRS, correct the name, or write `:NONE` for no segment at all.
""",
    "bad-phdr-type": """
PHDRS gives a segment a type that is neither a PT_ name nor a number.  `PT_LOAD` is what a loader
reads into memory.
""",
    "relro-not-contiguous": """
Sections that a loader may make read-only after relocating them (thread-local data, .init_array,
.data.rel.ro ...) must lie side by side, because one program header describes them all.

Cure: place them next to each other, or link with `-z norelro`.
""",
    "script-not-supported": """
The script says something that pylink86 understands and does not do, or that the linker whose
dialect is spoken does not know.  It is an error because the image would be another one without it.

Cure: the help of the message says how to put it otherwise, or which dialect knows it.
""",
    "insert-target-missing": """
`SECTIONS { ... } INSERT AFTER name` adds output sections to a layout behind the one called `name`,
and the layout has none.  In GNU ld everything since the last INSERT moves, so the layout it goes
into has to come after it: another SECTIONS further down, or the script of a later -T.

Example: `SECTIONS { .mine : { *(.mine) } } INSERT AFTER .text;` without an output section .text.
Cure: name one that is there, or put the part with INSERT first.
""",
    "prohibited-cross-reference": """
NOCROSSREFS names output sections that must not refer to each other, usually overlays: parts of a
program that take turns in the same memory.  When one of them runs, what the other one had is gone.

Example: `NOCROSSREFS(.menu .game)` and a call from a function in .menu to one in .game.
Cure: put what both need into a section that is always in memory.
""",
    "entry-missing": """
The entry symbol that ENTRY(), -e or the linker's own layout names is not defined, so the address in
the header is that of `.text`, or 0.  A loader that reads it jumps to the wrong place; a raw image
has no such header and does not care.

Cure: make the label global, name the one there is (`-e main`), or give a number (`-e 0x7c00`).
""",
    "address-not-aligned": """
The script gives an output section an address that is no multiple of the alignment its contents ask
for.  The address counts, as in LLD; what relies on the alignment (SSE loads, page tables) fails at
run time.

Cure: `.data ALIGN(32) : { ... }`, or leave the address out: then `.` is aligned by itself.
""",
    "region-ignored": """
A section that is not in memory (debug data, comments, data statements behind such sections) was
sent to a region with `>`.  It takes no memory, so the region does not count.

Cure: drop `> region`, or make the input section allocatable (flag `a`).
""",
    "described-twice": """
Two OVERWRITE_SECTIONS describe the same output section.  The first description takes its place; the
second becomes an output section of its own.

Cure: put what both say into one description.
""",
    "link-order-discarded": """
A section with the flag SHF_LINK_ORDER says something about another one, its sh_link.  That one is
not in the output (/DISCARD/, --gc-sections, or a COMDAT group that an earlier file brought), so
what is said about it would mean nothing, or something else.

Cure: discard both (`/DISCARD/ : { *(.text.x) *(.meta.x) }`), or keep both.
""",
    "orphan-section": """
`--orphan-handling=warn` or `=error` tells of every input section that no statement of the script
takes.  Such a section is placed beside one of its kind, which may be where nobody expects it.

Cure: name it where it belongs, `*(.name)`, or under `/DISCARD/`.
""",
    "section-type-mismatch": """
`(TYPE=...)` gives an output section a type, and in LLD its inputs must be of that type.

Example: `.notes (TYPE=SHT_NOTE) : { *(.data) }`.
Cure: leave TYPE out, or take other inputs.
""",
    "section-flags-mismatch": """
Thread-local sections are the pattern of which every thread gets a copy.  In LLD's dialect an output
section is thread-local as a whole or not at all.

Example: `.all : { *(.tdata) *(.data) }`.
Cure: `.tdata : { *(.tdata) }` beside it.
""",
    "bad-section-type": """
`(TYPE=...)` takes the name of a section type, such as SHT_NOTE, or a number other than 0.

Example: `.x (TYPE=SHT_NULL) : { BYTE(1) }`.
""",
    "region-overflow": """
What the script sends to a MEMORY region is larger than the region.  The region stands for real
memory, such as the 512 bytes of a boot sector, so this is the limit you set yourself.

Cure: less code (optimise for size, --gc-sections), a larger LENGTH, or another region.
""",
    "unknown-region": """
`> name` sends a section to a region that MEMORY does not declare.

Example: `.text : { *(.text) } > ram` without `MEMORY { ram (rwx) : ORIGIN = 1M, LENGTH = 1M }`.
Cure: declare it, or use one of those the message lists.
""",
    "no-region": """
As soon as a script has MEMORY, every section that is loaded has to be in a region.  This one names
none, and no region's attributes fit it.

Cure: add `> region` behind the section's braces, or attributes such as (rwx) to a region.
""",
    "unknown-section": """
SIZEOF, ADDR, LOADADDR or ALIGNOF asks for an output section that the script does not make.  The
name is that of an output section (left of the colon), not of a section in an object file.

Cure: check the spelling, dot included: `SIZEOF(.text)`.
""",
    "unknown-symbol": """
An expression of the script uses a name that no input defines and no line of the script sets.

Example: `. = BASE;` without `BASE = 0x7c00;` before it.
Cure: check the spelling, link the object that defines it, or set it with `--defsym=NAME=VALUE`.
`DEFINED(name) ? name : 0` gives a default.
""",
    "unknown-constant": """
CONSTANT(...) knows MAXPAGESIZE and COMMONPAGESIZE, the sizes of a page, and nothing else.

Cure: use one of these two, or a symbol of your own.
""",
    "unknown-dot": """
`.` is the address the next thing gets.  Outside of SECTIONS nothing is being placed, so it has no
value there.

Cure: move the assignment into SECTIONS { ... }.
""",
    "unknown-headers": """
SIZEOF_HEADERS is the size of an ELF file's headers.  A raw image has none.

Cure: use 0, or link to ELF.
""",
    "layout-fill": """
The pattern that fills gaps is written with 1, 2 or 4 bytes in a layout built in Python: those mean
the same to GNU ld and LLD.

Example: `fill=b"\\x90"`, `fill=0xdeadc0de`.
Cure: use such a pattern; longer ones can be written in script text.
""",
    # Symbols
    "duplicate-symbol": """
Two inputs define the same global symbol, and the linker cannot know which one is meant.

Often one file is linked twice, or a header defines a variable instead of declaring it.
Cure: remove one definition or make it local (`static` in C, no `global` in assembly).  When two
parts really need their own, `--prefix-symbols=PREFIX` before an input renames all of its symbols.
""",
    "undefined-symbol": """
Something is called or read that no input defines and no line of the script sets.  The message
lists the places that want it, and what is known: a name that is nearly the same, a function that
Rust or C++ renamed, a label its file does not export.

Common causes: the object that defines it is not on the command line; the name differs (C++ and
Rust change names unless `extern "C"`, `#[unsafe(no_mangle)]` is there; nasm wants `global name`);
a compiler calls memcpy, memset or memcmp by itself, and without a C library nobody has them.
Cure: add the object, export the name, or define the function.  A symbol that may be missing is
weak.
""",
    "discarded-symbol": """
A section that was thrown away with /DISCARD/ (or because another copy of its group was kept) is
still referred to by one that stays.  In raw output GNU ld writes zeros into such a place and says
nothing; the gnu dialect does so, too, and warns.

Cure: keep the section by taking it out of /DISCARD/, or discard the one that uses it, too.
""",
    # Relocations: the places in code and data that the linker fills in
    "reloc-overflow": """
The linker fills in addresses where the assembler left room for them.  Here the room is too small
for the address: an 8-bit field holds 0 to 255, a 16-bit field up to 65,535.

Example: `mov si, message` in a boot sector, where `message` was placed at 0x12000.  Often a
section without an address in the script was placed somewhere unexpected; the message says where.
Cure: place the target lower, or use a wider field.  Real-mode code reaches beyond 64 KiB through a
segment register: `message_seg = message >> 4;` in the script gives it a value to load, and the
offset is `message & 15`.  A jump into 32-bit code takes a 32-bit offset with `jmp dword 0x08:main`.
A count of sectors fits in 16 bits (`mov cx, SECTORS`), and is read in a loop of small calls.
""",
    "reloc-wraps": """
The address does not fit the field, but the linker whose dialect is spoken writes its low bits and
says nothing.  So does pylink86, because code may rely on it (16-bit jumps wrap around at 64 KiB),
but it warns, because most of the time the image is wrong.

Cure: as for reloc-overflow; `--no-warn=reloc-wraps` when wrapping is meant.
""",
    "reloc-not-supported": """
A relocation of a kind that needs something this link does not have: a global offset table (code
compiled with -fPIC or for dynamic linking) or thread-local storage.

Cure: compile for a fixed address: gcc and clang `-fno-pic -mcmodel=kernel` or `-mcmodel=large`,
rustc `-C relocation-model=static`.
""",
    # Sections with a structure of their own
    "bad-merge-section": """
A section marked as mergeable strings (flags `MS`) has to be a row of strings that end in a zero,
or equal strings could not be shared.  This one ends in the middle of a string.

Cure: end it with a zero (`.asciz`, `db "text", 0`), or drop the flags from the section directive.
""",
    "bad-eh-frame": """
`.eh_frame` tells a debugger or an exception handler how to walk up the stack.  Its records
contradict each other, so that it cannot be taken apart.

Cure: if nothing needs it, compile with `-fno-asynchronous-unwind-tables` (rustc:
`-C force-unwind-tables=no`), or discard it in the script: `/DISCARD/ : { *(.eh_frame) }`.
""",
    "no-layout": """
--dump-layout prints the script a link would follow: the one given with -T, or the layout that comes
with a boot sector (--boot-sector=real, protected or long).  Without either there is none to print.
""",
    "unknown-boot-sector": """
The package brings boot sectors for a few kinds of second stage, and this is none of them.

Cure: use one of those the message lists: they differ in the processor mode the stage starts in.
""",
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

Cure: make its section the first of the script; in ELF output a smaller page size helps, too.
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
    "unknown-key": """
`--keys` is typed on a US keyboard, and no key there makes this character.

Named keys are written in angle brackets: `--keys "<down><enter>"`.
""",
    "one-image": """
`pylink86 run` boots one image: a raw disk or floppy image that begins with a boot sector.

Example: `pylink86 run --floppy img.bin`.
""",
}
