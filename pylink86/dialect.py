"""Where GNU ld and LLD differ: one documented row per difference, asked by name.

A script means slightly different things to the two linkers; both meanings are in use, so both are
spoken here.  A pass asks `dialect.pads_code_with` and never which linker it is.  Each row says what
differs and names the experiment (a script both linkers were given) that shows it; the table is
printed into docs/DIALECTS.md.
"""

from __future__ import annotations

from typing import Any

import attrs


def row(says: str, experiment: str) -> Any:
    """A field of Dialect with its documentation."""
    return attrs.field(metadata={"says": says, "experiment": experiment})


@attrs.frozen(eq=False, repr=False)
class Dialect:
    """How one linker reads a script and builds an image."""

    name: str
    hex_fill_is_pattern: bool = row(
        "`=0x90` repeats the bytes as written; otherwise the low 32 bits, big endian",
        "`.a : { BYTE(1) . = 8; BYTE(1) } =0x90`: GNU ld 01 90 90 ..., LLD 01 00 00 00 90 ...",
    )
    dot_in_section_is_relative: bool = row(
        "`. = 510` inside an output section counts from its start",
        "`.a 0x7c00 : { BYTE(1) . = 510; }`: 510 bytes in GNU ld, an error in LLD",
    )
    opens_files_named_in_patterns: bool = row(
        "a script's file name without wildcards that is not on the command line is an input",
        "`.a : { other.o(.text) }` without other.o: opened by GNU ld, matches nothing in LLD",
    )

    # Inputs (GNU ld manual 2.1 --library, 3.4.2, 3.11)
    archives_are_remembered: bool = row(
        "an archive gives members to whoever needs them, wherever it stands; else it is searched "
        "once, where it stands, or again while its group does not rest",
        "`libx.a a.o` with f in libx.a and a.o in need of it: undefined in GNU ld, linked in LLD",
    )
    common_takes_definition: bool = row(
        "a COMMON symbol draws in the archive member that has a strong definition of it",
        "`int f;` in a.o, `int f = 1;` in libx.a: the member joins in GNU ld",
    )
    default_entry_is_needed: bool = row(
        "`_start`, when no other entry is named, draws in the archive member that defines it",
        "`ld a.o libx.a` with _start in libx.a: joins in LLD",
    )
    script_names_are_needed: bool = row(
        "every name a script mentions draws in the member that defines it, after all files are "
        "read; else only names on the right of assignments, where the script stands, and a symbol "
        "that was assigned before keeps members out",
        "`.t : { LONG(g) }` and `f = 5;` with f and g in libx.a",
    )
    thin_members_are_paths: bool = row(
        "to patterns a member of a thin archive is called by its path",
        "`sub/libx.a:sub/../m.o` in GNU ld, `sub/libx.a:../m.o` in LLD",
    )
    patterns_see_archives: bool = row(
        "a colon in a file pattern parts archive and member: `lib.a:` is every member, `:a.o` no "
        "member at all, a pattern without one is for the member's name alone; else the pattern is "
        "for the whole of `lib.a:member.o`",
        "`*(libx.a: .text)` takes all members in GNU ld, nothing in LLD 19; `*x.a*` the reverse",
    )
    objects_bring_warnings: bool = row(
        "a section `.gnu.warning.NAME` is the text of a warning for who refers to NAME, and is not "
        "in an ELF output",
        "`.section .gnu.warning.gets` in libc: a warning in GNU ld, a section like others in LLD",
    )
    scripts_know_their_folder: bool = row(
        "INPUT looks for a file beside the script first; else only for scripts among the inputs",
        "`-T sub/s.ld` with `INPUT(m.o)` and sub/m.o: found by LLD",
    )
    implicit_scripts_come_last: bool = row(
        "what scripts among the inputs say counts after all that -T names, wherever they stand",
        "`i.ld -T s.ld` with SECTIONS in both: those of s.ld come first in GNU ld",
    )

    # Expressions (GNU ld manual 3.10)
    arithmetic_on_offsets: bool = row(
        "operators work on the offsets of addresses in one section, and a number inside an output "
        "section counts from its start; otherwise on addresses, and only `+-&|^` keep a section",
        "`.t 0x1003 : { BYTE(1) T = .; s = T * 2; n = 5; a = ALIGN(T, 16); }`: s 0x1005, n 0x1008, "
        "a 0x1013, all in .t, in GNU ld; s 0x2008 and n 5, absolute, a 0x1010 in .t, in LLD",
    )
    align_any_number: bool = row(
        "ALIGN takes numbers that are no power of two",
        "`s = ALIGN(7, 3);`: 9 in GNU ld, `alignment must be power of 2` in LLD",
    )
    divides_signed: bool = row(
        "`/` and `%` take their operands as signed numbers",
        "`s = -4 / 2;`: -2 in GNU ld, 0x7ffffffffffffffe in LLD",
    )
    stops_at_first_truth: bool = row(
        "`&&` and `||` do not look at the right side when the left one decides",
        "`s = 0 && nope;`: undefined symbol in GNU ld, 0 in LLD",
    )
    leading_zero_is_octal: bool = row(
        "a number that begins with 0 is octal",
        "`s = 010;`: 8 in GNU ld, 10 in LLD",
    )
    letters_are_numbers: str = row(
        "undefined names of hexadecimal digits that end in one of these letters are numbers, as is "
        "`$` and hexadecimal digits where `$` is among them",
        "`s = 0xa + ah + fx + $10;`: GNU ld takes all, LLD only `ah`",
    )
    unknown_section_has_size_0: bool = row(
        "SIZEOF of an output section that does not exist is 0",
        "`s = SIZEOF(.nope);`: undefined section in GNU ld, 0 in LLD",
    )
    data_is_outside: bool = row(
        "the value of BYTE, SHORT, LONG, QUAD is reckoned as outside the output section",
        "`.q 0x4000 : { QUAD(8 + .) QUAD(3 < ADDR(.q)) }`: 0x4008 in both, but 1 and 1 in GNU ld "
        "as `s = 3 < ADDR(.q);` gives 1 outside and 0 inside",
    )
    data_sees_last_values: bool = row(
        "BYTE, SHORT, LONG, QUAD see the last value a symbol is assigned; else that of their place",
        "`x = 1; .a : { BYTE(x) } x = 2;`: 01 in GNU ld, 02 in LLD",
    )
    assert_gives_dot: bool = row(
        "ASSERT in an expression has the value of the location counter, otherwise its condition's",
        '`.t 0x1000 : { BYTE(1) s = ASSERT(5, "x"); }`: 5 in GNU ld, 0x1001 in LLD',
    )
    generic_path: bool = row(
        "GNU ld links to raw images (and srec, ihex, another class) through a path that "
        "merges no strings, edits no unwind tables and has no global offset table",
        "`ld --oformat binary` on two objects with equal strings: 54 bytes, LLD 44",
    )
    rebuilds_eh_frame: bool = row(
        "`.eh_frame` is taken apart and written anew, as an input section of no file",
        "`.s : { a.o; }` with unwind tables in a.o: in .s in GNU ld, an orphan in LLD",
    )
    merges_strings: bool = row(
        "SHF_MERGE sections are merged in the order of a hash of their pieces",
        "two strings in .rodata.str1.1, their order in the output",
    )
    merges_strings_in_raw: bool = row(
        "SHF_MERGE sections are merged in raw images too",
        'two objects with the string "abc" in .rodata.str1.1',
    )
    relaxes_absolute_loads: bool = row(
        "a load of an absolute or undefined weak symbol through the global offset table becomes "
        "one of its number",
        "`mov x@GOTPCREL(%rip), %rax` with x = 0x1234: `mov $0x1234, %rax` in GNU ld, in LLD "
        "a slot",
    )
    joins_property_notes: bool = row(
        "`.note.gnu.property` of all inputs become one note of what all promise, and "
        "`.note.GNU-stack` is no input section; else both are sections like others",
        "`.s : { *(.note.GNU-stack) BYTE(1) }` with a non-empty one",
    )
    groups_commons_by_file: bool = row(
        "COMMON blocks of a file form one section, in the order of a hash of their names;"
        " else one section a symbol",
        "three `.comm` symbols in one object, addresses read back",
    )
    init_priority_ties_by_name: bool = row(
        "SORT_BY_INIT_PRIORITY sorts sections of equal priority by name, else leaves them in order",
        "`*(SORT_BY_INIT_PRIORITY(.rodata.*))` with .rodata.x before .rodata.c",
    )
    sorts_own_layout: bool = row(
        "without SECTIONS, .init_array, .fini_array, .ctors and .dtors are in the order of the "
        "numbers in their inputs' names; else a built-in script says the order",
        "`.init_array.5` behind `.init_array.100`, crtbegin.o behind other files, and no -T",
    )
    commons_come_first: bool = row(
        "COMMON blocks are the first of all inputs, else the last of their file's",
        "`.s : { a.o; }` and `*(.bss COMMON)` with .comm in a.o",
    )
    merges_in_place: bool = row(
        "of equal strings and constants (SHF_MERGE) the first stays where it is, and strings live "
        "at the end of longer ones; else all become one section, in the order of a hash of theirs",
        "two files with strings in .rodata.str1.1, their order in the output",
    )
    edits_unwind_in_place: bool = row(
        "dead records and repeated CIEs are taken out of the `.eh_frame` sections in the output "
        "section of that name, padding shrinks, and each stays where it is; else see "
        "rebuilds_eh_frame",
        "two files of one function each, `readelf -wf`: one CIE in both, FDEs of 20 and 24 bytes",
    )
    joins_notes_in_place: bool = row(
        "the first `.note.gnu.property` of the inputs becomes what all of them promise, the others "
        "leave; else see joins_property_notes",
        "two objects of `gcc -fcf-protection`, `readelf -n`",
    )
    compresses_like_gnu: bool = row(
        "compressed debug sections are aligned like an address and compressed as a whole; else not "
        "aligned, and each MiB by itself, at zlib's lowest level",
        "`--compress-debug-sections=zlib`, `readelf -t`",
    )
    keeps_first_linkonce: bool = row(
        "of `.gnu.linkonce.*` sections of one name the first is kept",
        "two objects with .gnu.linkonce.t.f",
    )
    sorted_patterns_share_a_list: bool = row(
        "in `*(SORT(.a*) .b)` sorted sections are inserted among all others",
        "`*(SORT(.text.*) SORT(.text))`: .text first in GNU ld, last in LLD",
    )
    exclude_file_lasts: bool = row(
        "EXCLUDE_FILE in a list of patterns counts for all patterns after it, not only the next",
        "`*(EXCLUDE_FILE(a.o) .text .data)` with .data in a.o",
    )
    outer_exclude_file_counts: bool = row(
        "`EXCLUDE_FILE(a.o) *(.text)` excludes; LLD 19 parses and forgets it",
        "`EXCLUDE_FILE(a.o) *(.text)` with .text in a.o",
    )
    insert_moves_all: bool = row(
        "INSERT moves everything since the last INSERT, assignments too; else the output sections "
        "of the SECTIONS command before it",
        "`SECTIONS { .b : {..} s = .; } INSERT AFTER .a; SECTIONS { .a 0x1000 : {..} }`: s behind "
        ".b in GNU ld, 0 in LLD",
    )
    overwrites_sections: bool = row(
        "OVERWRITE_SECTIONS describes output sections of other scripts",
        "`OVERWRITE_SECTIONS { .text : {..} }`: a syntax error in GNU ld",
    )
    data_segment_moves: bool = row(
        "DATA_SEGMENT_ALIGN chooses a place so that the RELRO part ends with a page, or no page is "
        "wasted; else both it and DATA_SEGMENT_RELRO_END round up to pages",
        "`. = DATA_SEGMENT_ALIGN(0x1000, 0x1000); .d : {BYTE(1)} . = DATA_SEGMENT_RELRO_END(0, .);`"
        ": .d at the last byte of a page in GNU ld, at the first in LLD",
    )
    sections_start_segments: bool = row(
        '-Ttext is the start of segment "text" when the script asks for it',
        '`. = SEGMENT_START("text", 0x1000); .text : {..}` with -Ttext=0x3000: the same place in '
        "both, but SEGMENT_START is 0x1000 in LLD",
    )
    checks_output_arch: bool = row(
        "OUTPUT_ARCH must name an architecture",
        "`OUTPUT_ARCH(arm)`: an error in GNU ld, ignored by LLD",
    )
    version_hides: bool = row(
        "names under `local:` of VERSION are local symbols of a static program",
        "`VERSION { { local: f; }; }`: f global in GNU ld, local in LLD",
    )
    type_fits_inputs: bool = row(
        "(TYPE=) must be the type of the section's inputs; else theirs counts, unless a data "
        "statement stands among them",
        "`.x (TYPE=SHT_NOTE) : { *(.data) }`: PROGBITS in GNU ld, an error in LLD",
    )
    two_types_make_progbits: bool = row(
        "inputs of two types make an SHT_PROGBITS section; else the first says which type it is, "
        "unless that is SHT_NOBITS",
        "`.x : { *(.note.x) *(.data) }`: NOTE in GNU ld, PROGBITS in LLD",
    )
    tls_stays_apart: bool = row(
        "thread-local sections share an output section with no others",
        "`.x : { *(.tdata) *(.data) }`: an error in LLD",
    )
    noload_is_always_nobits: bool = row(
        "(NOLOAD) makes sections that are not in memory SHT_NOBITS, too",
        "`.x (NOLOAD) : { *(.comment) }`: PROGBITS in GNU ld, NOBITS in LLD",
    )
    orphans_follow_flags: bool = row(
        "orphans go behind the last section of like traits; else beside the section of "
        "the nearest rank",
        "see passes/orphans.py: a script of one section and orphans of each kind",
    )
    orphans_join_flags: bool = row(
        "an orphan is placed as writable, code, or thread-local as soon as a later orphan of its "
        "name is (in GNU ld not with -r)",
        "`.x` read-only in a.o and writable in b.o, with `.data : {..}` in the script",
    )
    drops_zero_size: bool = row(
        "an output section is dropped when its inputs are all empty, even if it has some",
        "`.e 0x3000 : { *(.z) }` with an empty .z: dropped in GNU ld, kept in LLD",
    )
    drops_addressed_empty: bool = row(
        "an empty output section is dropped even when an expression uses ADDR() of it",
        "`.e 0x3000 : { } q = ADDR(.e);`",
    )
    empty_section_moves_dot: bool = row(
        "the address of an empty output section moves `.`, which counts after the next assignment",
        "`.x 0x1000:{..} .e 0x3000:{} a = 1; .y:{..}`: .y at 0x3000 in GNU ld, behind .x in LLD;"
        " without `a = 1;` behind .x in both",
    )
    data_makes_nobits_load: bool = row(
        "a data statement among SHT_NOBITS inputs makes the section take space in the file",
        "`.c : { *(.bss) BYTE(7) }`",
    )
    pads_code_with_nops: bool = row(
        "gaps in code are filled with NOPs, else with int3 (0xcc)",
        "`.t : { *(.text) . = ALIGN(64); }`",
    )
    fill_statement_is_for_all: bool = row(
        "FILL() counts for the whole section, else from where it stands",
        "`.s : { BYTE(1) . = 8; FILL(0xaa) BYTE(2) . = 16; }`",
    )
    fill_runs_on: bool = row(
        "the fill pattern runs through from one input section to the next, else begins "
        "anew at each gap",
        "`.s : { *(.t) . = . + 5; BYTE(0x77) . = . + 5; } =0xdeadc0de`",
    )
    align_moves_explicit_address: bool = row(
        "ALIGN() on an output section also raises an explicit address",
        "`.a 0x1001 : ALIGN(16) { }`: 0x1010 in GNU ld, 0x1001 in LLD",
    )
    subalign_sets_section_alignment: bool = row(
        "SUBALIGN(n) also sets the output section's own alignment",
        "`.b : SUBALIGN(8)` with an input aligned to 32, at 0x1008",
    )
    lma_counts: bool = row(
        "load addresses order and space a raw image; else AT() is ignored there",
        "`.a 0x1000 : AT(0x2000) {..} .b 0x1100 : AT(0x3000) {..}`: 4097 bytes in GNU ld,"
        " 257 in LLD",
    )
    dot_alone_loads: bool = row(
        "an output section that only moves `.` is written to a raw image",
        "`.e : { . = ALIGN(512); }` between two sections",
    )
    number_in_section_is_relative: bool = row(
        "a number assigned inside an output section counts from its start",
        "`.a 0x1000 : { x = 5; }`: 0x1005 in GNU ld, 5 in LLD",
    )
    defined_looks_ahead: bool = row(
        "DEFINED(x) knows of assignments further down",
        "`y = DEFINED(x) ? 1 : 2; x = 1;`",
    )
    nonalloc_moves_dot: bool = row(
        "a section that is not loaded but placed by the script moves `.`",
        "`.n 0x3000 : { *(.comment) } .y : {..}`",
    )
    starts_at_start: bool = row(
        "a script without ENTRY() is entered at `start`, or else at the begin of `.text`; LLD: at "
        "`_start`, or else at 0",
        "`SECTIONS { .text 0x1000 : { *(.text) } }` with `_start` two bytes into .text: 0x1000 in "
        "GNU ld, 0x1002 in LLD",
    )
    references_to_discarded_are_zero: bool = row(
        "a reference to a discarded symbol is 0, else an error",
        "`/DISCARD/ : { *(.x) }` and a relocation against a symbol in .x",
    )

    failed_constraint_leaves_name: bool = row(
        "an output section whose ONLY_IF_RO or ONLY_IF_RW does not hold is an empty one, which "
        "expressions may name; else it is not there",
        "`.r : ONLY_IF_RW { *(.rodata) } s = ADDR(.r);`: undefined section in GNU ld",
    )
    aligns_overlays: bool = row(
        "an OVERLAY without an address begins where its first section may",
        "`. = 1; OVERLAY : { .a { *(.a) } .b { *(.b) } }` with .a aligned to 16: .a at 16 in GNU "
        "ld, at 1 and its input at 16 in LLD",
    )
    first_name_counts: bool = row(
        "of output sections of one name expressions mean the first the scripts describe, also when "
        "it is left out or INSERT changes the order, and the first PROVIDE in that order counts, "
        "before those under ONLY_IF_RO and ONLY_IF_RW",
        "`SECTIONS { .a : { } } SECTIONS { .a : { LONG(SIZEOF(.a)) } } INSERT AFTER .a;`: 0 in LLD",
    )
    merged_end_is_inside: bool = row(
        "a relocation may refer to the end of a section of strings or constants",
        '`.quad .lit + 4` with `.lit` of 4 bytes, "aMS": an error in LLD',
    )
    needs_region: bool = row(
        "where there is MEMORY, a section in memory must be in a region (in GNU ld not with -r)",
        "`ld -r` with a region `m (r)` and `.d : { *(.data) }`: an error without -r",
    )
    walks_once: bool = row(
        "addresses follow from one walk over the script, in which what stands further down has no "
        "size yet (GNU ld with -r)",
        "`.a SIZEOF(.b) : {..} .b : {..}`: .a at 0 with `ld -r`, behind .b without",
    )
    sections_have_addresses: bool = row(
        "memory regions, and addresses in data statements, count (in LLD not with -r, where each "
        "section is at 0)",
        "`ld.lld -r` with `. = 0x1000; .x : { LONG(ADDR(.x)) }`: 0",
    )
    unique_yields: bool = row(
        "of a weak and a unique (STB_GNU_UNIQUE) definition the first counts, else the unique one",
        "`f` weak in a.o, `.type f, @gnu_unique_object` in b.o",
    )
    lost_copies_define: bool = row(
        "a definition in a group's copy that is left out counts as if it were linked: when it is "
        "the one that is chosen, references to it are errors, or 0 when it is weak",
        "`f` weak in the group's first copy and strong in the second",
    )
    excluded_define_nothing: bool = row(
        "a definition in a section that is not linked (SHF_EXCLUDE) stands in no other's way, and "
        "a weak one counts as a weak reference",
        '`.weak w; w:` in `.section .x, "axe"`, and a reference to it: 0 in LLD',
    )
    ignores_what_is_not_written: bool = row(
        "values that do not fit in a section that a raw image leaves out are no error",
        "`.x (INFO) : { *(.t) }` with `.byte x` in .t and x = 0x1234",
    )
    scans_sections_without_contents: bool = row(
        "undefined names are reported for output sections of SHT_NOBITS, too",
        "`.x (NOLOAD) : { *(.t) }` with `.quad nope` in .t",
    )
    tables_like_gnu: bool = row(
        "symbols, string tables, section headers and segments are written as GNU ld does: "
        ".symtab .strtab .shstrtab, globals in the order of its table of names; else .symtab "
        ".shstrtab .strtab, globals as first mentioned",
        "two objects linked to ELF, `readelf -SlsW`",
    )
    signs_output: bool = row(
        "an ELF output says in .comment which linker made it (pylink86 names itself)",
        "any link to ELF, `readelf -p .comment`: `Linker: LLD 19.1.7`, nothing by GNU ld",
    )
    pads_package_note: bool = row(
        "the size of the text of .note.package counts what fills it up to whole words; and the "
        "text must be JSON",
        "`--package-metadata={}` and `--package-metadata=x`",
    )
    build_id_is_of_sections: bool = row(
        "a build id is the MD5 or SHA-1 of headers and sections, and its note one of the first "
        "input's sections; else BLAKE3 (`fast`: XXH3) of the whole file, a MiB at a time",
        "`--build-id=md5`: 16 bytes by both linkers, reckoned anew from the output",
    )
    orphans_by_rank: bool = row(
        "orphans are sorted by what they hold; GNU ld has rules of another kind, and LLD leaves "
        "them in the order of the inputs in an output that is linked again (-r)",
        "`ld.lld -r` on an object with .text, .data, .rodata in this order",
    )
    reserves_names: bool = row(
        "names nobody defines are made where something refers to them: where the headers are "
        "loaded, where constructors are listed, and without SECTIONS where code, data and .bss "
        "end; else only __ehdr_start, for objects, where headers are loaded",
        "`.quad __init_array_start` with a script that has no such symbol: undefined in GNU ld; "
        "`.quad _end` without a script: both have it, GNU ld by its own script",
    )
    phdrs_begin_with_first_load: bool = row(
        "with PHDRS, sections before the first `:phdr` are in the first PT_LOAD; GNU ld looks "
        "ahead for a `:phdr` while it fills the first segment, and goes on with the last of all "
        "for each other one",
        "`PHDRS { a PT_LOAD; } SECTIONS { .x : { *(.x) } .y : { *(.y) } :a }`",
    )


GNU = Dialect(
    name="gnu",
    hex_fill_is_pattern=True,
    dot_in_section_is_relative=True,
    opens_files_named_in_patterns=True,
    archives_are_remembered=False,
    common_takes_definition=True,
    default_entry_is_needed=False,
    script_names_are_needed=False,
    thin_members_are_paths=True,
    patterns_see_archives=True,
    objects_bring_warnings=True,
    scripts_know_their_folder=False,
    implicit_scripts_come_last=True,
    arithmetic_on_offsets=True,
    align_any_number=True,
    divides_signed=True,
    stops_at_first_truth=False,
    leading_zero_is_octal=True,
    letters_are_numbers="hHxXbBoOdD$",
    unknown_section_has_size_0=False,
    data_is_outside=True,
    data_sees_last_values=False,
    assert_gives_dot=False,
    generic_path=True,
    rebuilds_eh_frame=False,
    merges_strings=False,
    merges_strings_in_raw=False,
    relaxes_absolute_loads=True,
    joins_property_notes=False,
    groups_commons_by_file=True,
    init_priority_ties_by_name=True,
    sorts_own_layout=False,
    commons_come_first=False,
    merges_in_place=True,
    edits_unwind_in_place=True,
    joins_notes_in_place=True,
    compresses_like_gnu=True,
    keeps_first_linkonce=True,
    sorted_patterns_share_a_list=True,
    exclude_file_lasts=False,
    outer_exclude_file_counts=True,
    insert_moves_all=True,
    overwrites_sections=False,
    data_segment_moves=True,
    sections_start_segments=True,
    checks_output_arch=True,
    version_hides=False,
    type_fits_inputs=False,
    two_types_make_progbits=False,
    tls_stays_apart=False,
    noload_is_always_nobits=False,
    orphans_follow_flags=True,
    orphans_join_flags=True,
    drops_zero_size=True,
    drops_addressed_empty=True,
    empty_section_moves_dot=True,
    data_makes_nobits_load=True,
    pads_code_with_nops=True,
    fill_statement_is_for_all=False,
    fill_runs_on=False,
    align_moves_explicit_address=True,
    subalign_sets_section_alignment=False,
    lma_counts=True,
    dot_alone_loads=False,
    number_in_section_is_relative=True,
    defined_looks_ahead=False,
    nonalloc_moves_dot=True,
    starts_at_start=True,
    references_to_discarded_are_zero=True,
    failed_constraint_leaves_name=False,
    aligns_overlays=True,
    first_name_counts=False,
    merged_end_is_inside=True,
    needs_region=True,
    walks_once=False,
    sections_have_addresses=True,
    unique_yields=False,
    lost_copies_define=False,
    excluded_define_nothing=False,
    ignores_what_is_not_written=False,
    scans_sections_without_contents=False,
    tables_like_gnu=True,
    signs_output=False,
    pads_package_note=True,
    build_id_is_of_sections=True,
    orphans_by_rank=False,
    reserves_names=False,
    phdrs_begin_with_first_load=False,
)

LLD = Dialect(
    name="lld",
    hex_fill_is_pattern=False,
    dot_in_section_is_relative=False,
    opens_files_named_in_patterns=False,
    archives_are_remembered=True,
    common_takes_definition=False,
    default_entry_is_needed=True,
    script_names_are_needed=True,
    thin_members_are_paths=False,
    patterns_see_archives=False,
    objects_bring_warnings=False,
    scripts_know_their_folder=True,
    implicit_scripts_come_last=False,
    arithmetic_on_offsets=False,
    align_any_number=False,
    divides_signed=False,
    stops_at_first_truth=True,
    leading_zero_is_octal=False,
    letters_are_numbers="hH",
    unknown_section_has_size_0=True,
    data_is_outside=False,
    data_sees_last_values=True,
    assert_gives_dot=True,
    generic_path=False,
    rebuilds_eh_frame=True,
    merges_strings=True,
    merges_strings_in_raw=True,
    relaxes_absolute_loads=False,
    joins_property_notes=True,
    groups_commons_by_file=False,
    init_priority_ties_by_name=False,
    sorts_own_layout=True,
    commons_come_first=True,
    merges_in_place=False,
    edits_unwind_in_place=False,
    joins_notes_in_place=False,
    compresses_like_gnu=False,
    keeps_first_linkonce=False,
    sorted_patterns_share_a_list=False,
    exclude_file_lasts=True,
    outer_exclude_file_counts=False,
    insert_moves_all=False,
    overwrites_sections=True,
    data_segment_moves=False,
    sections_start_segments=False,
    checks_output_arch=False,
    version_hides=True,
    type_fits_inputs=True,
    two_types_make_progbits=True,
    tls_stays_apart=True,
    noload_is_always_nobits=True,
    orphans_follow_flags=False,
    orphans_join_flags=False,
    drops_zero_size=False,
    drops_addressed_empty=False,
    empty_section_moves_dot=False,
    data_makes_nobits_load=False,
    pads_code_with_nops=False,
    fill_statement_is_for_all=True,
    fill_runs_on=True,
    align_moves_explicit_address=False,
    subalign_sets_section_alignment=True,
    lma_counts=False,
    dot_alone_loads=True,
    number_in_section_is_relative=False,
    defined_looks_ahead=True,
    nonalloc_moves_dot=False,
    starts_at_start=False,
    references_to_discarded_are_zero=False,
    failed_constraint_leaves_name=True,
    aligns_overlays=False,
    first_name_counts=True,
    merged_end_is_inside=False,
    needs_region=True,
    walks_once=False,
    sections_have_addresses=True,
    unique_yields=True,
    lost_copies_define=True,
    excluded_define_nothing=True,
    ignores_what_is_not_written=True,
    scans_sections_without_contents=True,
    tables_like_gnu=False,
    signs_output=True,
    pads_package_note=False,
    build_id_is_of_sections=False,
    orphans_by_rank=True,
    reserves_names=True,
    phdrs_begin_with_first_load=True,
)

DIALECTS = {"gnu": GNU, "lld": LLD}
