"""Where GNU ld and LLD read a script differently: its inputs, expressions and commands."""

from __future__ import annotations

from .difference import differs


class Reading:
    """What the words of a script mean."""

    hex_fill_is_pattern: bool = differs(
        "`=0x90` repeats the bytes as written; otherwise the low 32 bits, big endian",
        "`.a : { BYTE(1) . = 8; BYTE(1) } =0x90`: GNU ld 01 90 90 ..., LLD 01 00 00 00 90 ...",
        gnu=True,
        lld=False,
    )
    dot_in_section_is_relative: bool = differs(
        "`. = 510` inside an output section counts from its start",
        "`.a 0x7c00 : { BYTE(1) . = 510; }`: 510 bytes in GNU ld, an error in LLD",
        gnu=True,
        lld=False,
    )
    opens_files_named_in_patterns: bool = differs(
        "a script's file name without wildcards that is not on the command line is an input",
        "`.a : { other.o(.text) }` without other.o: opened by GNU ld, matches nothing in LLD",
        gnu=True,
        lld=False,
    )

    # Inputs (GNU ld manual 2.1 --library, 3.4.2, 3.11)
    archives_are_remembered: bool = differs(
        "an archive gives members to whoever needs them, wherever it stands; else it is searched "
        "once, where it stands, or again while its group does not rest",
        "`libx.a a.o` with f in libx.a and a.o in need of it: undefined in GNU ld, linked in LLD",
        gnu=False,
        lld=True,
    )
    common_takes_definition: bool = differs(
        "a COMMON symbol draws in the archive member that has a strong definition of it",
        "`int f;` in a.o, `int f = 1;` in libx.a: the member joins in GNU ld",
        gnu=True,
        lld=False,
    )
    default_entry_is_needed: bool = differs(
        "`_start`, when no other entry is named, draws in the archive member that defines it",
        "`ld a.o libx.a` with _start in libx.a: joins in LLD",
        gnu=False,
        lld=True,
    )
    thin_members_are_paths: bool = differs(
        "to patterns a member of a thin archive is called by its path",
        "`sub/libx.a:sub/../m.o` in GNU ld, `sub/libx.a:../m.o` in LLD",
        gnu=True,
        lld=False,
    )
    patterns_see_archives: bool = differs(
        "a colon in a file pattern parts archive and member: `lib.a:` is every member, `:a.o` no "
        "member at all, a pattern without one is for the member's name alone; else the pattern is "
        "for the whole of `lib.a:member.o`",
        "`*(libx.a: .text)` takes all members in GNU ld, nothing in LLD 19; `*x.a*` the reverse",
        gnu=True,
        lld=False,
    )
    quoted_files_are_names: bool = differs(
        "a file pattern in double quotes is the name of one file",
        '`"*.o"(.text)` takes nothing in LLD, all in GNU ld',
        gnu=False,
        lld=True,
    )
    scripts_know_their_folder: bool = differs(
        "INPUT looks for a file beside the script first; else only for scripts among the inputs",
        "`-T sub/s.ld` with `INPUT(m.o)` and sub/m.o: found by LLD",
        gnu=False,
        lld=True,
    )
    implicit_scripts_come_last: bool = differs(
        "what scripts among the inputs say counts after all that -T names, wherever they stand",
        "`i.ld -T s.ld` with SECTIONS in both: those of s.ld come first in GNU ld",
        gnu=True,
        lld=False,
    )

    # Expressions (GNU ld manual 3.10)
    arithmetic_on_offsets: bool = differs(
        "operators work on the offsets of addresses in one section, and a number inside an output "
        "section counts from its start; otherwise on addresses, and only `+-&|^` keep a section",
        "`.t 0x1003 : { BYTE(1) T = .; s = T * 2; n = 5; a = ALIGN(T, 16); }`: s 0x1005, n 0x1008, "
        "a 0x1013, all in .t, in GNU ld; s 0x2008 and n 5, absolute, a 0x1010 in .t, in LLD",
        gnu=True,
        lld=False,
    )
    align_any_number: bool = differs(
        "ALIGN takes numbers that are no power of two",
        "`s = ALIGN(7, 3);`: 9 in GNU ld, `alignment must be power of 2` in LLD",
        gnu=True,
        lld=False,
    )
    divides_signed: bool = differs(
        "`/` and `%` take their operands as signed numbers",
        "`s = -4 / 2;`: -2 in GNU ld, 0x7ffffffffffffffe in LLD",
        gnu=True,
        lld=False,
    )
    stops_at_first_truth: bool = differs(
        "`&&` and `||` do not look at the right side when the left one decides",
        "`s = 0 && nope;`: undefined symbol in GNU ld, 0 in LLD",
        gnu=False,
        lld=True,
    )
    leading_zero_is_octal: bool = differs(
        "a number that begins with 0 is octal",
        "`s = 010;`: 8 in GNU ld, 10 in LLD",
        gnu=True,
        lld=False,
    )
    letters_are_numbers: str = differs(
        "undefined names of hexadecimal digits that end in one of these letters are numbers, as is "
        "`$` and hexadecimal digits where `$` is among them",
        "`s = 0xa + ah + fx + $10;`: GNU ld takes all, LLD only `ah`",
        gnu="hHxXbBoOdD$",
        lld="hH",
    )
    unknown_section_has_size_0: bool = differs(
        "SIZEOF of an output section that does not exist is 0",
        "`s = SIZEOF(.nope);`: undefined section in GNU ld, 0 in LLD",
        gnu=False,
        lld=True,
    )
    data_is_outside: bool = differs(
        "the value of BYTE, SHORT, LONG, QUAD is reckoned as outside the output section",
        "`.q 0x4000 : { QUAD(8 + .) QUAD(3 < ADDR(.q)) }`: 0x4008 in both, but 1 and 1 in GNU ld "
        "as `s = 3 < ADDR(.q);` gives 1 outside and 0 inside",
        gnu=True,
        lld=False,
    )
    data_sees_last_values: bool = differs(
        "BYTE, SHORT, LONG, QUAD see the last value a symbol is assigned; else that of their place",
        "`x = 1; .a : { BYTE(x) } x = 2;`: 01 in GNU ld, 02 in LLD",
        gnu=False,
        lld=True,
    )
    assert_gives_dot: bool = differs(
        "ASSERT in an expression has the value of the location counter, otherwise its condition's",
        '`.t 0x1000 : { BYTE(1) s = ASSERT(5, "x"); }`: 5 in GNU ld, 0x1001 in LLD',
        gnu=False,
        lld=True,
    )
    defined_looks_ahead: bool = differs(
        "DEFINED(x) knows of assignments further down",
        "`y = DEFINED(x) ? 1 : 2; x = 1;`",
        gnu=False,
        lld=True,
    )
    first_name_counts: bool = differs(
        "of output sections of one name expressions mean the first the scripts describe, also when "
        "it is left out or INSERT changes the order, and the first PROVIDE in that order counts, "
        "before those under ONLY_IF_RO and ONLY_IF_RW",
        "`SECTIONS { .a : { } } SECTIONS { .a : { LONG(SIZEOF(.a)) } } INSERT AFTER .a;`: 0 in LLD",
        gnu=False,
        lld=True,
    )

    # Commands (GNU ld manual 3.4, 3.5, 3.6)
    exclude_file_lasts: bool = differs(
        "EXCLUDE_FILE in a list of patterns counts for all patterns after it, not only the next",
        "`*(EXCLUDE_FILE(a.o) .text .data)` with .data in a.o",
        gnu=False,
        lld=True,
    )
    outer_exclude_file_counts: bool = differs(
        "`EXCLUDE_FILE(a.o) *(.text)` excludes; LLD 19 parses and forgets it",
        "`EXCLUDE_FILE(a.o) *(.text)` with .text in a.o",
        gnu=True,
        lld=False,
    )
    failed_constraint_leaves_name: bool = differs(
        "an output section whose ONLY_IF_RO or ONLY_IF_RW does not hold is an empty one, which "
        "expressions may name; else it is not there",
        "`.r : ONLY_IF_RW { *(.rodata) } s = ADDR(.r);`: undefined section in GNU ld",
        gnu=False,
        lld=True,
    )
    discard_leaves_names: bool = differs(
        "a symbol that /DISCARD/ assigns is there all the same, and 0",
        "`/DISCARD/ : { x = 5; }`: x is not defined in GNU ld, 0 in LLD",
        gnu=False,
        lld=True,
    )
    insert_moves_all: bool = differs(
        "INSERT moves everything since the last INSERT, assignments too; else the output sections "
        "of the SECTIONS command before it",
        "`SECTIONS { .b : {..} s = .; } INSERT AFTER .a; SECTIONS { .a 0x1000 : {..} }`: s behind "
        ".b in GNU ld, 0 in LLD",
        gnu=True,
        lld=False,
    )
    overwrites_sections: bool = differs(
        "OVERWRITE_SECTIONS describes output sections of other scripts",
        "`OVERWRITE_SECTIONS { .text : {..} }`: a syntax error in GNU ld",
        gnu=False,
        lld=True,
    )
    data_segment_moves: bool = differs(
        "DATA_SEGMENT_ALIGN chooses a place so that the RELRO part ends with a page, or no page is "
        "wasted; else both it and DATA_SEGMENT_RELRO_END round up to pages",
        "`. = DATA_SEGMENT_ALIGN(0x1000, 0x1000); .d : {BYTE(1)} . = DATA_SEGMENT_RELRO_END(0, .);`"
        ": .d at the last byte of a page in GNU ld, at the first in LLD",
        gnu=True,
        lld=False,
    )
    sections_start_segments: bool = differs(
        '-Ttext is the start of segment "text" when the script asks for it',
        '`. = SEGMENT_START("text", 0x1000); .text : {..}` with -Ttext=0x3000: the same place in '
        "both, but SEGMENT_START is 0x1000 in LLD",
        gnu=True,
        lld=False,
    )
    checks_output_arch: bool = differs(
        "OUTPUT_ARCH must name an architecture",
        "`OUTPUT_ARCH(arm)`: an error in GNU ld, ignored by LLD",
        gnu=True,
        lld=False,
    )
    starts_at_start: bool = differs(
        "a script without ENTRY() is entered at `start`, or else at the begin of `.text`; LLD: at "
        "`_start`, or else at 0",
        "`SECTIONS { .text 0x1000 : { *(.text) } }` with `_start` two bytes into .text: 0x1000 in "
        "GNU ld, 0x1002 in LLD",
        gnu=True,
        lld=False,
    )
    version_hides: bool = differs(
        "names under `local:` of VERSION are local symbols of a static program",
        "`VERSION { { local: f; }; }`: f global in GNU ld, local in LLD",
        gnu=False,
        lld=True,
    )
