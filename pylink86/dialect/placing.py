"""Where GNU ld and LLD differ in where things lie and how they are written."""

from __future__ import annotations

from .difference import differs


class Placing:
    """Addresses, what fills gaps, and the file."""

    # Output sections that are empty, and `.`
    drops_zero_size: bool = differs(
        "an output section is dropped when its inputs are all empty, even if it has some",
        "`.e 0x3000 : { *(.z) }` with an empty .z: dropped in GNU ld, kept in LLD",
        gnu=True,
        lld=False,
    )
    drops_addressed_empty: bool = differs(
        "an empty output section is dropped even when an expression uses ADDR() of it",
        "`.e 0x3000 : { } q = ADDR(.e);`",
        gnu=True,
        lld=False,
    )
    empty_section_moves_dot: bool = differs(
        "the address of an empty output section moves `.`, which counts after the next assignment",
        "`.x 0x1000:{..} .e 0x3000:{} a = 1; .y:{..}`: .y at 0x3000 in GNU ld, behind .x in LLD;"
        " without `a = 1;` behind .x in both",
        gnu=True,
        lld=False,
    )
    nonalloc_moves_dot: bool = differs(
        "a section that is not loaded but placed by the script moves `.`",
        "`.n 0x3000 : { *(.comment) } .y : {..}`",
        gnu=True,
        lld=False,
    )

    # Addresses
    align_moves_explicit_address: bool = differs(
        "ALIGN() on an output section also raises an explicit address",
        "`.a 0x1001 : ALIGN(16) { }`: 0x1010 in GNU ld, 0x1001 in LLD",
        gnu=True,
        lld=False,
    )
    subalign_sets_section_alignment: bool = differs(
        "SUBALIGN(n) also sets the output section's own alignment",
        "`.b : SUBALIGN(8)` with an input aligned to 32, at 0x1008",
        gnu=False,
        lld=True,
    )
    lma_counts: bool = differs(
        "load addresses order and space a raw image; else AT() is ignored there",
        "`.a 0x1000 : AT(0x2000) {..} .b 0x1100 : AT(0x3000) {..}`: 4097 bytes in GNU ld,"
        " 257 in LLD",
        gnu=True,
        lld=False,
    )
    aligns_overlays: bool = differs(
        "an OVERLAY without an address begins where its first section may",
        "`. = 1; OVERLAY : { .a { *(.a) } .b { *(.b) } }` with .a aligned to 16: .a at 16 in GNU "
        "ld, at 1 and its input at 16 in LLD",
        gnu=True,
        lld=False,
    )
    needs_region: bool = differs(
        "where there is MEMORY, a section in memory must be in a region (in GNU ld not with -r)",
        "`ld -r` with a region `m (r)` and `.d : { *(.data) }`: an error without -r",
        gnu=True,
        lld=True,
    )
    size_grows: bool = differs(
        "SIZEOF of a section, asked in an assignment or ASSERT inside it, is what stands before it",
        "`.d : { *(.d) n = SIZEOF(.d); *(.e) }`: LLD does not count .e",
        gnu=False,
        lld=True,
    )
    assigned_hide_objects: bool = differs(
        "a name that the script assigns never has the value an object gives it, not even where it "
        "is read before: `f = f + 4` would go on for ever, an error",
        "`f` of an object and `SECTIONS { f = f + 4; }`: GNU ld adds 4 once",
        gnu=False,
        lld=True,
    )
    walks_once: bool = differs(
        "addresses follow from one walk over the script, in which what stands further down has no "
        "size yet (GNU ld with -r)",
        "`.a SIZEOF(.b) : {..} .b : {..}`: .a at 0 with `ld -r`, behind .b without",
        gnu=False,
        lld=False,
    )
    sections_have_addresses: bool = differs(
        "memory regions, and addresses in data statements, count (in LLD not with -r, where each "
        "section is at 0)",
        "`ld.lld -r` with `. = 0x1000; .x : { LONG(ADDR(.x)) }`: 0",
        gnu=True,
        lld=True,
    )

    # What fills gaps, and what is reported
    pads_code_with_nops: bool = differs(
        "gaps in code are filled with NOPs, else with int3 (0xcc)",
        "`.t : { *(.text) . = ALIGN(64); }`",
        gnu=True,
        lld=False,
    )
    fill_statement_is_for_all: bool = differs(
        "FILL() counts for the whole section, else from where it stands",
        "`.s : { BYTE(1) . = 8; FILL(0xaa) BYTE(2) . = 16; }`",
        gnu=False,
        lld=True,
    )
    fill_runs_on: bool = differs(
        "the fill pattern runs through from one input section to the next, else begins "
        "anew at each gap",
        "`.s : { *(.t) . = . + 5; BYTE(0x77) . = . + 5; } =0xdeadc0de`",
        gnu=False,
        lld=True,
    )
    ignores_what_is_not_written: bool = differs(
        "values that do not fit in a section that a raw image leaves out are no error",
        "`.x (INFO) : { *(.t) }` with `.byte x` in .t and x = 0x1234",
        gnu=False,
        lld=True,
    )
    scans_sections_without_contents: bool = differs(
        "undefined names are reported for output sections of SHT_NOBITS, too",
        "`.x (NOLOAD) : { *(.t) }` with `.quad nope` in .t",
        gnu=False,
        lld=True,
    )

    # The file
    signs_output: bool = differs(
        "an ELF output says in .comment which linker made it (pylink86 names itself)",
        "any link to ELF, `readelf -p .comment`: `Linker: LLD 19.1.7`, nothing by GNU ld",
        gnu=False,
        lld=True,
    )
    pads_package_note: bool = differs(
        "the size of the text of .note.package counts what fills it up to whole words; and the "
        "text must be JSON",
        "`--package-metadata={}` and `--package-metadata=x`",
        gnu=True,
        lld=False,
    )
    build_id_is_of_sections: bool = differs(
        "a build id is the MD5 or SHA-1 of headers and sections, and its note one of the first "
        "input's sections; else BLAKE3 (`fast`: XXH3) of the whole file, a MiB at a time",
        "`--build-id=md5`: 16 bytes by both linkers, reckoned anew from the output",
        gnu=True,
        lld=False,
    )
    tables_like_gnu: bool = differs(
        "symbols, string tables, section headers and segments are written as GNU ld does: "
        ".symtab .strtab .shstrtab, globals in the order of its table of names; else .symtab "
        ".shstrtab .strtab, globals as first mentioned",
        "two objects linked to ELF, `readelf -SlsW`",
        gnu=True,
        lld=False,
    )
    compresses_like_gnu: bool = differs(
        "compressed debug sections are aligned like an address and compressed as a whole; else not "
        "aligned, and each MiB by itself, at zlib's lowest level",
        "`--compress-debug-sections=zlib`, `readelf -t`",
        gnu=True,
        lld=False,
    )
    phdrs_begin_with_first_load: bool = differs(
        "with PHDRS, sections before the first `:phdr` are in the first PT_LOAD; GNU ld looks "
        "ahead for a `:phdr` while it fills the first segment, and goes on with the last of all "
        "for each other one",
        "`PHDRS { a PT_LOAD; } SECTIONS { .x : { *(.x) } .y : { *(.y) } :a }`",
        gnu=False,
        lld=True,
    )
