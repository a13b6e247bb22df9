"""Options about where things go, what is kept and which names mean what.

The columns are those of `options.Row`: spellings, argument, what it does, destination, help.
"""

from __future__ import annotations

from .options import ADD, INPUT, KEYWORD, OFF, ON, REFUSED, SET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Row

LAYOUT_ROWS: tuple[Row, ...] = (
    ("-T --script", "FILE", INPUT, "script", "lay the image out as the linker script FILE says"),
    ("-e --entry", "SYMBOL", SET, "entry", "start at SYMBOL, or at an address"),
    ("-u --undefined", "SYMBOL", ADD, "undefined", "make SYMBOL needed"),
    (
        "--require-defined",
        "SYMBOL",
        ADD,
        "require_defined",
        "the same, and fail when SYMBOL stays undefined",
    ),
    ("--defsym", "SYMBOL=EXPRESSION", INPUT, "defsym", "define a symbol"),
    ("--gc-sections", "", ON, "gc_sections", "leave out sections that nothing refers to"),
    ("--no-gc-sections", "", OFF, "gc_sections", "keep them (default)"),
    (
        "-dT --default-script",
        "FILE",
        SET,
        "default_script",
        "the same, if there is no -T, and after all inputs",
    ),
    ("-Ttext", "ADDRESS", SET, "ttext", "address of .text"),
    ("-Tdata", "ADDRESS", SET, "tdata", "address of .data"),
    ("-Tbss", "ADDRESS", SET, "tbss", "address of .bss"),
    ("-Ttext-segment", "ADDRESS", SET, "ttext_segment", "address of the text segment"),
    (
        "-Trodata-segment",
        "ADDRESS",
        SET,
        "trodata_segment",
        "address of the read-only data segment",
    ),
    ("-Tldata-segment", "ADDRESS", SET, "tldata_segment", "address of the large data segment"),
    ("--section-start", "SECTION=ADDRESS", ADD, "section_start", "address of a section"),
    ("--image-base", "ADDRESS", SET, "image_base", "LLD's word for -Ttext-segment"),
    (
        "--undefined-glob",
        "PATTERN",
        ADD,
        "undefined_globs",
        "make every symbol of the libraries needed that PATTERN fits",
    ),
    ("--gc-keep-exported", "", REFUSED, "", "keep exported symbols"),
    (
        "--orphan-handling",
        "MODE",
        SET,
        "orphan_handling",
        "what to do with sections the script does not name: place, warn, error or discard",
    ),
    (
        "--unique",
        "[SECTION]",
        ADD,
        "unique",
        "give each input section of that name, or each orphan, an output section of its own",
    ),
    ("--sort-section", "KIND", SET, "sort_section", "sort input sections by name or alignment"),
    (
        "--sort-common",
        "[ORDER]",
        SET,
        "sort_common",
        "place common symbols by alignment: descending (default) or ascending",
    ),
    (
        "--symbol-ordering-file",
        "FILE",
        SET,
        "symbol_ordering_file",
        "put the sections of the symbols that FILE lists first, in its order",
    ),
    (
        "--no-warn-symbol-ordering",
        "",
        ON,
        "no_warn_symbol_ordering",
        "do not tell which lines of that file order nothing",
    ),
    ("--warn-symbol-ordering", "", OFF, "no_warn_symbol_ordering", "tell it (default)"),
    (
        "--shuffle-sections",
        "GLOB=SEED",
        ADD,
        "shuffle_sections",
        "put the sections that GLOB fits in an order picked by SEED: a number, 0 for any order, -1 "
        "to turn it round",
    ),
    ("--icf", "KIND", SET, "icf", "keep one of identical sections: none (default), safe or all"),
    ("--keep-unique", "SYMBOL", ADD, "keep_unique", "do not leave out the section of SYMBOL"),
    (
        "--ignore-data-address-equality",
        "",
        ON,
        "icf_data",
        "nobody compares addresses of data: --icf=all counts for it, too",
    ),
    ("--call-graph-ordering-file", "FILE", REFUSED, "", "order sections by calls"),
    ("--print-symbol-order", "FILE", REFUSED, "", "write that order"),
    ("-d -dc -dp", "", ON, "define_common", "give COMMON blocks their place with -r, too"),
    ("--no-define-common", "", REFUSED, "", "do not allocate common symbols"),
    (
        "--force-group-allocation",
        "",
        ON,
        "force_group_allocation",
        "make sections of groups ordinary ones with -r",
    ),
    (
        "--enable-non-contiguous-regions",
        "",
        ON,
        "spills",
        "let a section that does not fit go on to the next statement that matches it",
    ),
    (
        "--enable-non-contiguous-regions-warnings",
        "",
        ON,
        "spill_warnings",
        "tell which sections went on",
    ),
    ("--split-by-file", "[SIZE]", REFUSED, "", "split output sections"),
    ("--split-by-reloc", "[COUNT]", REFUSED, "", "split output sections"),
    (
        "--unresolved-symbols",
        "METHOD",
        SET,
        "unresolved_symbols",
        "undefined symbols: report-all (default), or ignore-all; they are then 0",
    ),
    ("--warn-unresolved-symbols", "", ON, "warn_unresolved", "only warn about undefined symbols"),
    (
        "--ignore-unresolved-symbol",
        "SYMBOL",
        ADD,
        "ignored_symbols",
        "do not mind when SYMBOL is undefined: it is then 0",
    ),
    ("-z", "KEYWORD", KEYWORD, "z", "further options, each a word"),
    (
        "--allow-multiple-definition",
        "",
        ON,
        "multiple_definitions",
        "take the first of several definitions",
    ),
    (
        "--no-allow-multiple-definition",
        "",
        OFF,
        "multiple_definitions",
        "several definitions are an error (default)",
    ),
    ("--error-unresolved-symbols", "", OFF, "warn_unresolved", "they are errors (default)"),
    ("--check-sections", "", OFF, "no_check_sections", "they must not overlap (default)"),
    ("--no-check-sections", "", ON, "no_check_sections", "let sections overlap"),
    ("--relax", "", OFF, "no_relax", "rewrite loads that need no slot in the table (default)"),
    (
        "--no-relax",
        "",
        ON,
        "no_relax",
        "leave loads through the global offset table as the compiler wrote them",
    ),
)
