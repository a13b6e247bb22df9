"""Where GNU ld and LLD differ in what is linked: definitions, merged data, order, types."""

from __future__ import annotations

from .difference import differs


class Gathering:
    """What becomes of the input sections, and in which order."""

    # Which definition of a name counts
    objects_bring_warnings: bool = differs(
        "a section `.gnu.warning.NAME` is the text of a warning for who refers to NAME, and is not "
        "in an ELF output",
        "`.section .gnu.warning.gets` in libc: a warning in GNU ld, a section like others in LLD",
        gnu=True,
        lld=False,
    )
    unique_yields: bool = differs(
        "of a weak and a unique (STB_GNU_UNIQUE) definition the first counts, else the unique one",
        "`f` weak in a.o, `.type f, @gnu_unique_object` in b.o",
        gnu=False,
        lld=True,
    )
    lost_copies_define: bool = differs(
        "a definition in a group's copy that is left out counts as if it were linked: when it is "
        "the one that is chosen, references to it are errors, or 0 when it is weak",
        "`f` weak in the group's first copy and strong in the second",
        gnu=False,
        lld=True,
    )
    excluded_define_nothing: bool = differs(
        "a definition in a section that is not linked (SHF_EXCLUDE) stands in no other's way, and "
        "a weak one counts as a weak reference",
        '`.weak w; w:` in `.section .x, "axe"`, and a reference to it: 0 in LLD',
        gnu=False,
        lld=True,
    )
    excluded_are_references: bool = differs(
        "a symbol in a section that is not linked (SHF_EXCLUDE) is a reference to its name",
        '`.globl f; f:` in `.section .x, "axe"`, and a call of it: undefined in GNU ld',
        gnu=True,
        lld=False,
    )
    keeps_first_linkonce: bool = differs(
        "of `.gnu.linkonce.*` sections of one name the first is kept",
        "two objects with .gnu.linkonce.t.f",
        gnu=True,
        lld=False,
    )
    reserves_names: bool = differs(
        "names nobody defines are made where something refers to them: where the headers are "
        "loaded, where constructors are listed, and without SECTIONS where code, data and .bss "
        "end; else only __ehdr_start, for objects, where headers are loaded",
        "`.quad __init_array_start` with a script that has no such symbol: undefined in GNU ld; "
        "`.quad _end` without a script: both have it, GNU ld by its own script",
        gnu=False,
        lld=True,
    )
    references_to_discarded_are_zero: bool = differs(
        "a reference to a discarded symbol is 0, else an error",
        "`/DISCARD/ : { *(.x) }` and a relocation against a symbol in .x",
        gnu=True,
        lld=False,
    )

    # What is made of input sections
    generic_path: bool = differs(
        "GNU ld links to raw images (and srec, ihex, another class) through a path that "
        "merges no strings, edits no unwind tables and has no global offset table",
        "`ld --oformat binary` on two objects with equal strings: 54 bytes, LLD 44",
        gnu=True,
        lld=False,
    )
    rebuilds_eh_frame: bool = differs(
        "`.eh_frame` is taken apart and written anew, as an input section of no file",
        "`.s : { a.o; }` with unwind tables in a.o: in .s in GNU ld, an orphan in LLD",
        gnu=False,
        lld=True,
    )
    edits_unwind_in_place: bool = differs(
        "dead records and repeated CIEs are taken out of the `.eh_frame` sections in the output "
        "section of that name, padding shrinks, and each stays where it is; else see "
        "rebuilds_eh_frame",
        "two files of one function each, `readelf -wf`: one CIE in both, FDEs of 20 and 24 bytes",
        gnu=True,
        lld=False,
    )
    merges_strings_in_raw: bool = differs(
        "SHF_MERGE sections are merged in raw images too",
        'two objects with the string "abc" in .rodata.str1.1',
        gnu=False,
        lld=True,
    )
    merges_in_place: bool = differs(
        "of equal strings and constants (SHF_MERGE) the first stays where it is, and strings live "
        "at the end of longer ones; else all become one section, in the order of a hash of theirs",
        "two files with strings in .rodata.str1.1, their order in the output",
        gnu=True,
        lld=False,
    )
    merged_end_is_inside: bool = differs(
        "a relocation may refer to the end of a section of strings or constants",
        '`.quad .lit + 4` with `.lit` of 4 bytes, "aMS": an error in LLD',
        gnu=True,
        lld=False,
    )
    joins_property_notes: bool = differs(
        "`.note.gnu.property` of all inputs become one note of what all promise, and "
        "`.note.GNU-stack` is no input section; else both are sections like others",
        "`.s : { *(.note.GNU-stack) BYTE(1) }` with a non-empty one",
        gnu=False,
        lld=True,
    )
    joins_notes_in_place: bool = differs(
        "the first `.note.gnu.property` of the inputs becomes what all of them promise, the others "
        "leave; else see joins_property_notes",
        "two objects of `gcc -fcf-protection`, `readelf -n`",
        gnu=True,
        lld=False,
    )
    relaxes_absolute_loads: bool = differs(
        "a load of an absolute or undefined weak symbol through the global offset table becomes "
        "one of its number",
        "`mov x@GOTPCREL(%rip), %rax` with x = 0x1234: `mov $0x1234, %rax` in GNU ld, in LLD "
        "a slot",
        gnu=True,
        lld=False,
    )

    # In which order they come
    groups_commons_by_file: bool = differs(
        "COMMON blocks of a file form one section, in the order of a hash of their names;"
        " else one section a symbol",
        "three `.comm` symbols in one object, addresses read back",
        gnu=True,
        lld=False,
    )
    init_priority_ties_by_name: bool = differs(
        "SORT_BY_INIT_PRIORITY sorts sections of equal priority by name, else leaves them in order",
        "`*(SORT_BY_INIT_PRIORITY(.rodata.*))` with .rodata.x before .rodata.c",
        gnu=True,
        lld=False,
    )
    sorted_patterns_share_a_list: bool = differs(
        "in `*(SORT(.a*) .b)` sorted sections are inserted among all others",
        "`*(SORT(.text.*) SORT(.text))`: .text first in GNU ld, last in LLD",
        gnu=True,
        lld=False,
    )
    sorts_own_layout: bool = differs(
        "without SECTIONS, .init_array, .fini_array, .ctors and .dtors are in the order of the "
        "numbers in their inputs' names; else a built-in script says the order",
        "`.init_array.5` behind `.init_array.100`, crtbegin.o behind other files, and no -T",
        gnu=False,
        lld=True,
    )
    orphans_follow_flags: bool = differs(
        "orphans go behind the last section of like traits; else beside the section of "
        "the nearest rank",
        "see passes/ordering/orphans.py: a script of one section and orphans of each kind",
        gnu=True,
        lld=False,
    )
    orphans_join_flags: bool = differs(
        "an orphan is placed as writable, code, or thread-local as soon as a later orphan of its "
        "name is (in GNU ld not with -r)",
        "`.x` read-only in a.o and writable in b.o, with `.data : {..}` in the script",
        gnu=True,
        lld=False,
    )
    orphans_by_rank: bool = differs(
        "orphans are sorted by what they hold; GNU ld has rules of another kind, and LLD leaves "
        "them in the order of the inputs in an output that is linked again (-r)",
        "`ld.lld -r` on an object with .text, .data, .rodata in this order",
        gnu=False,
        lld=True,
    )

    # The type of an output section
    type_fits_inputs: bool = differs(
        "(TYPE=) must be the type of the section's inputs; else theirs counts, unless a data "
        "statement stands among them",
        "`.x (TYPE=SHT_NOTE) : { *(.data) }`: PROGBITS in GNU ld, an error in LLD",
        gnu=False,
        lld=True,
    )
    two_types_make_progbits: bool = differs(
        "inputs of two types make an SHT_PROGBITS section; else the first says which type it is, "
        "unless that is SHT_NOBITS",
        "`.x : { *(.note.x) *(.data) }`: NOTE in GNU ld, PROGBITS in LLD",
        gnu=False,
        lld=True,
    )
    tls_stays_apart: bool = differs(
        "thread-local sections share an output section with no others",
        "`.x : { *(.tdata) *(.data) }`: an error in LLD",
        gnu=False,
        lld=True,
    )
    noload_is_always_nobits: bool = differs(
        "(NOLOAD) makes sections that are not in memory SHT_NOBITS, too",
        "`.x (NOLOAD) : { *(.comment) }`: PROGBITS in GNU ld, NOBITS in LLD",
        gnu=False,
        lld=True,
    )
    data_makes_nobits_load: bool = differs(
        "a data statement among SHT_NOBITS inputs makes the section take space in the file",
        "`.c : { *(.bss) BYTE(7) }`",
        gnu=True,
        lld=False,
    )
    tells_in_order_of_files: bool = differs(
        "undefined names are told in the order of files and sections, with the function that "
        "refers to each and a name that differs in a letter; what is not in memory does not count",
        "`call nosuch` in two files and in a debug section",
        gnu=False,
        lld=True,
    )
