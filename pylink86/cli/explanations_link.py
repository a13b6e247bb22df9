"""What the messages about symbols, relocations and special sections mean."""

from __future__ import annotations

LINK_TEXTS = {
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
    "undefined-hidden": """
A name that nothing defines is hidden, internal or protected: a file says that this very program
defines it.  Options that let undefined symbols pass, such as `--unresolved-symbols=ignore-all`,
mean those that another program may bring, so LLD lets none of these pass.

Cure: link the object that defines it, or leave out the visibility where it is declared.
""",
    "backward-reference": """
A member of an archive joined because of a file that stands behind the archive.  LLD remembers the
names of every archive; GNU ld looks into one once, where it stands, and would not find it.
`--warn-backrefs` asks to be told.

Cure: name the archive behind the file that needs it, or both in `--start-group ... --end-group`;
`--warn-backrefs-exclude=GLOB` passes over members of that name.
""",
    "common-met": """
`--warn-common` asks to be told where a COMMON symbol, `int x;` of old C, meets another one or a
definition: both files then use the same variable, and have its larger size.

Cure: declare it `extern` in all files but one, or compile with `-fno-common`.
""",
    "retained-undefined": """
`--retain-symbols-file` lists the names that stay global in the output, and every other name becomes
local.  LLD takes a listed name that nothing defines for a mistake: it may be misspelled, and then a
symbol that is wanted is gone.

Cure: take the name out of the file, or link with --undefined-version.
""",
    "version-undefined": """
`--version-script` and VERSION name symbols that a library offers, or that stay local.  LLD takes a
name without wildcards that nothing defines for a mistake: it may be misspelled, and then a symbol
is global that should not be.

Cure: take the name out of the script, or link with --undefined-version.
""",
    "version-mixed": """
A node of a version script without a name, `{ global: f; local: *; };`, says which symbols are seen
from outside.  Nodes with names give symbols versions.  Both linkers take the one or the others.

Cure: give every node a name, or leave out all nodes but one.
""",
    "missing-property": """
`-z cet-report` and its like, and `-z force-ibt`, ask which inputs do not promise what the output
promises: that every target of an indirect jump is marked, or that shadow stacks hold.  The promise
stands in a section `.note.gnu.property`; assembly has none unless somebody writes it.

Cure: compile with -fcf-protection; in assembly mark the targets with endbr64 and add the note.
""",
    "discarded-table": """
Every ELF file has a table with the names of its sections, `.shstrtab`.  For LLD it is an input like
any other, so that `/DISCARD/ : { *(*) }` takes it, and nothing could be read any more.

Cure: give it a place before: `.shstrtab : { *(.shstrtab) }`; or discard by names, such as `*(.note*
.comment)`.
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
    "reloc-not-pic": """
With -pie the program is to run at any address, so no address is known when it is linked.  A whole
word in the data can be corrected at start-up; here an instruction holds an address in 32 bits, and
no start-up code corrects that.

Example: `mov $message, %edi`, which compilers write with -fno-pie.  Cure: compile with -fPIE (gcc,
clang) or -C relocation-model=pic (Rust), so that code uses distances; or link without -pie.
""",
    "reloc-in-read-only": """
With -pie addresses in the program are corrected when it starts.  This one is in a section that
cannot be written: correcting it would mean making code or constants writable for a while.

Example: a table of pointers in `.rodata`, from assembly.  Cure: put it into `.data.rel.ro`, which
is made read-only after start-up, or compile with -fPIE; -z notext says that it is all right.
""",
    "table-discarded": """
The script discards a table that another one, which stays, has to point to: `.dynamic` of a program
that runs anywhere (-pie) says where `.dynsym`, `.hash` and `.gnu.hash` are.

Cure: discard `.dynstr` as well, as boot loaders do: then names are not spoken of at all.
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
    "bad-debug-data": """
--gdb-index and --debug-names are made of debug data that compilers write, and some of it ends early
or contradicts itself.  The index has what could be read, so that a debugger may not find all names
and addresses; the program is as it should be.

Cure: compile the file again, with another version of the compiler if it is new.
""",
    "bad-debug-names": """
With --debug-names the `.debug_names` sections of all objects are taken apart and become one.  This
one does not follow the rules of DWARF 5, or says something in a way that is not understood.

Cure: compile the file again, or without `-gpubnames`; or link without --debug-names, and each
object's table is in the output as it is.
""",
    "no-layout": """
--dump-layout prints the script a link would follow: the one given with -T, or the layout that comes
with a boot sector (--boot-sector=real, protected or long).  Without either there is none to print.
""",
    "unknown-boot-sector": """
The package brings boot sectors for a few kinds of second stage, and this is none of them.

Cure: use one of those the message lists: they differ in the processor mode the stage starts in.
""",
}
