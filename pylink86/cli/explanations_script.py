"""What the messages about scripts and layouts mean; `explanations` prints them."""

from __future__ import annotations

SCRIPT_TEXTS = {
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
    "forward-address": """
With -r GNU ld goes over the script once to give output sections their addresses. An address, or an
assignment to `.`, that asks for ADDR() or LOADADDR() of an output section further down cannot be
reckoned then: describe that section first, or write the address as a number.
""",
    "gc-without-root": """
--gc-sections leaves out what nothing refers to, and that needs a beginning.  An output that is to
be linked again (-r) has no entry of its own: name one with -e SYMBOL, or all that others will ask
for with -u SYMBOL each.
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
    "tls-not-adjacent": """
Each thread gets a copy of the thread-local sections (.tdata, .tbss), which one program header
describes as a whole.  GNU ld wants nothing else between them; what (INFO) or the like takes out of
memory counts, too.

Cure: place .tdata and .tbss side by side, or say with PHDRS what belongs to the PT_TLS.
""",
    "unknown-phdr": """
An output section names a program header (`:text`) that PHDRS does not list.

Cure: add it to PHDRS, correct the name, or write `:NONE` for no segment at all.
""",
    "no-phdr": """
PHDRS describes the segments, and then no others are made; but no output section of the script says
with `:name` which of them it is in, so a loader would read nothing.

Cure: write the name of a segment behind the first output section, `.text : { ... } :text`; those
behind it are in the same one until another is named.
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
    "link-warning": """
A library attached a text to a name (a section `.gnu.warning.NAME`), to be shown to everybody who
refers to that name: libc does so for functions that are dangerous or need more files at run time.
The link goes on.

Cure: do what the text says, or call something else; --no-warnings hides such texts.
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
    "too-few-sections": """
NOCROSSREFS forbids references between the sections it names, NOCROSSREFS_TO references to the first
from the others; with fewer than two names there is nothing to forbid.

Cure: name the other section too, or drop the command.
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
    "section-may-spill": """
With --enable-non-contiguous-regions an input section that its region has no room for goes on to the
next statement whose patterns match it; --enable-non-contiguous-regions-warnings tells which ones
did.  A change of size elsewhere may send it back, or others along.

Cure: give the region more room, or write patterns that match each section once.
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
    "region-defined-twice": """
MEMORY or REGION_ALIAS gives a name to a memory region that another line has given already.  LLD
refuses both; GNU ld takes the last line of MEMORY with a warning, and refuses an alias.

Cure: remove one of the lines, or use another name.
""",
    "two-load-addresses": """
`AT(0x8000)` says where an output section is loaded, `AT> rom` that it is loaded behind what is in
that region already.  A section can have one load address only.

Cure: leave one of the two out.  To begin a region elsewhere, change its ORIGIN.
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
}
