"""Every option of `pyld`: those of GNU ld 2.40 and LLD 19, and our own.

One row each: spellings, argument, what it does (see `options`), destination, help.  Options that
change nothing in a static link are in `ld_ignored`.  What would change the image but is not built
is REFUSED by name, because an option that is quietly dropped is a wrong image found weeks later.

Sources: `ld --help`, `ld.lld --help`, the command lines of gcc 12, clang 19, rustc 1.95 and Kbuild.
"""

from __future__ import annotations

from .ld_ignored import keyword_rows, option_rows
from .options import (
    ADD,
    HERE,
    HERE_OFF,
    HERE_ON,
    IGNORED,
    INPUT,
    KEYWORD,
    OFF,
    ON,
    POP,
    PUSH,
    REFUSED,
    SET,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Row, Table

TARGETS = ("elf64-x86-64", "elf32-i386", "elf32-x86-64", "binary", "srec", "ihex", "verilog")
"""Output formats, as BFD names them; `--help` lists them where configure scripts look."""

EMULATIONS = ("elf_x86_64", "elf_i386", "elf32_x86_64")

_INPUT: tuple[Row, ...] = (
    (
        "-L --library-path",
        "DIR",
        ADD,
        "search",
        "look for libraries, scripts and files named in scripts in DIR, too",
    ),
    (
        "-l --library",
        "NAME",
        INPUT,
        "library",
        "link with libNAME.a, or with FILE for -l:FILE, from the directories of -L",
    ),
    (
        "--whole-archive",
        "",
        HERE_ON,
        "whole_archive",
        "link all members of the archives that follow",
    ),
    ("--no-whole-archive", "", HERE_OFF, "whole_archive", "only those needed (default)"),
    (
        "-( --start-group",
        "",
        INPUT,
        "start-group",
        "search the archives up to --end-group again until no member is needed any more",
    ),
    ("-) --end-group", "", INPUT, "end-group", "end of the group"),
    (
        "--start-lib",
        "",
        INPUT,
        "start-lib",
        "link the objects up to --end-lib only when needed, like members of an archive",
    ),
    ("--end-lib", "", INPUT, "end-lib", "end of these objects"),
    ("-Bstatic -dn -non_shared -static", "", HERE_ON, "static", "of -l, look for archives only"),
    (
        "-Bdynamic -dy -call_shared",
        "",
        HERE_OFF,
        "static",
        "look for libNAME.so that is a script, too (default)",
    ),
    ("--sysroot", "DIR", SET, "sysroot", "what = stands for at the front of a directory or file"),
    (
        "--boot-sector",
        "KIND",
        SET,
        "boot_sector",
        "begin with a bundled boot sector that loads the rest and starts it in real, protected or "
        "long mode; without -T link by its layout, without --oformat to a raw image",
    ),
    ("--dump-layout", "", ON, "dump_layout", "print the script a link would follow, and stop"),
    (
        "--prefix-alloc-sections",
        "PREFIX",
        HERE,
        "prefix_alloc_sections",
        "put PREFIX before the names of the sections that occupy memory, in the inputs that "
        "follow; an empty PREFIX ends it",
    ),
    (
        "--prefix-sections",
        "PREFIX",
        HERE,
        "prefix_sections",
        "the same for every section",
    ),
    (
        "--prefix-symbols",
        "PREFIX",
        HERE,
        "prefix_symbols",
        "the same for every symbol",
    ),
    ("--push-state", "", PUSH, "", "remember the options that apply to the inputs that follow"),
    ("--pop-state", "", POP, "", "go back to what --push-state remembered"),
    (
        "-b --format",
        "FORMAT",
        HERE,
        "format",
        "binary: the inputs that follow are data, with symbols around them; default: as they are",
    ),
    (
        "-R --just-symbols",
        "FILE",
        ADD,
        "just_symbols",
        "take the addresses of symbols from FILE, not its contents",
    ),
    (
        "--wrap",
        "SYMBOL",
        ADD,
        "wrap",
        "let references to SYMBOL mean __wrap_SYMBOL, and those to __real_SYMBOL mean SYMBOL",
    ),
    ("--remap-inputs", "GLOB=FILE", REFUSED, "", "use another file"),
    ("--remap-inputs-file", "FILE", REFUSED, "", "use other files"),
    ("-c --mri-script", "FILE", REFUSED, "", "read an MRI script"),
    ("-EB", "", REFUSED, "", "big-endian output"),
)

_LAYOUT: tuple[Row, ...] = (
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
    ("-d -dc -dp", "", ON, "define_common", "give COMMON blocks their place with -r, too"),
    ("--no-define-common", "", REFUSED, "", "do not allocate common symbols"),
    (
        "--force-group-allocation",
        "",
        ON,
        "force_group_allocation",
        "make sections of groups ordinary ones with -r",
    ),
    ("--enable-non-contiguous-regions", "", REFUSED, "", "spill sections to a later region"),
    ("--split-by-file", "[SIZE]", REFUSED, "", "split output sections"),
    ("--split-by-reloc", "[COUNT]", REFUSED, "", "split output sections"),
    ("--version-script", "FILE", REFUSED, "", "symbol versions"),
    ("--version-exports-section", "SYMBOL", REFUSED, "", "symbol versions"),
    (
        "--unresolved-symbols",
        "METHOD",
        SET,
        "unresolved_symbols",
        "undefined symbols: report-all (default), or ignore-all; they are then 0",
    ),
    ("--warn-unresolved-symbols", "", ON, "warn_unresolved", "only warn about undefined symbols"),
    ("--ignore-unresolved-symbol", "SYMBOL", REFUSED, "", "do not mind one undefined symbol"),
    ("-z", "KEYWORD", KEYWORD, "z", "further options, each a word"),
    (
        "--allow-multiple-definition",
        "",
        ON,
        "multiple_definitions",
        "take the first of several definitions",
    ),
    ("--no-check-sections", "", ON, "no_check_sections", "let sections overlap"),
    ("--relax", "", OFF, "no_relax", "rewrite loads that need no slot in the table (default)"),
    (
        "--no-relax",
        "",
        ON,
        "no_relax",
        "leave loads through the global offset table as the compiler wrote them",
    ),
    ("--embedded-relocs", "", REFUSED, "", "embedded relocations"),
    ("--error-handling-script", "FILE", REFUSED, "", "ask a program about errors"),
)

_OUTPUT: tuple[Row, ...] = (
    ("-o --output", "FILE", SET, "output", "write the image to FILE (default: a.out)"),
    (
        "--oformat",
        "FORMAT",
        SET,
        "oformat",
        "format of the output: binary, srec, ihex, verilog, elf64-x86-64, elf32-i386, elf32-x86-64",
    ),
    ("-m", "EMULATION", SET, "emulation", "elf_x86_64 or elf_i386"),
    (
        "--max-image-size",
        "SIZE",
        SET,
        "max_image_size",
        "refuse to write a raw image larger than SIZE (default: 1G)",
    ),
    (
        "--dialect",
        "NAME",
        SET,
        "dialect",
        "read scripts as gnu (default) or lld does; called as ld.lld, the default is lld",
    ),
    ("-r -i --relocatable", "", ON, "relocatable", "write an object file"),
    ("-Ur", "", REFUSED, "", "write an object file"),
    ("-q --emit-relocs", "", ON, "emit_relocs", "keep relocations"),
    ("-shared -Bshareable", "", REFUSED, "", "make a shared library"),
    (
        "--print-layout",
        "[full]",
        SET,
        "print_layout",
        "print where everything lies, in memory and in the file, and why; full: every small part",
    ),
    ("--picture", "FILE", SET, "picture", "write the same as an HTML page to look around in"),
    ("-Map", "FILE", SET, "map_file", "write a map: what went where, as GNU ld or LLD writes it"),
    ("-M --print-map", "", ON, "print_map", "print it"),
    ("--cref", "", ON, "cref", "add a table of names and the files that mention them"),
    ("--dependency-file", "FILE", SET, "dependency_file", "write the inputs as a rule for make"),
    (
        "--elf-twin",
        "FILE",
        SET,
        "elf_twin",
        "write the same link as ELF, too, with symbols and debug data: for gdb beside a raw image",
    ),
    (
        "--gdb-script",
        "FILE",
        SET,
        "gdb_script",
        "write gdb commands that load it and read code as 16, 32 or 64 bits by its address",
    ),
    ("--out-implib", "FILE", REFUSED, "", "write an import library"),
    ("--retain-symbols-file", "FILE", REFUSED, "", "keep only listed symbols"),
    (
        "--compress-debug-sections",
        "KIND",
        SET,
        "compress_debug",
        "compress debug sections: zlib, zstd, or none (default); zlib-gnu as GNU ld",
    ),
    (
        "--compress-sections",
        "GLOB=KIND[:LEVEL]",
        ADD,
        "compress_sections",
        "compress sections that GLOB fits and that are not in memory, too: zlib, zstd or none",
    ),
    ("--gdb-index", "", REFUSED, "", "write .gdb_index"),
    ("--debug-names", "", REFUSED, "", "write .debug_names"),
    (
        "--reproduce",
        "FILE",
        SET,
        "reproduce",
        "pack the inputs and the command line into a tar archive, for pylink86 replay",
    ),
    ("-s --strip-all", "", ON, "strip_all", "leave out the symbol table"),
    ("-S --strip-debug", "", ON, "strip_debug", "leave out debug sections"),
    ("-x --discard-all", "", ON, "discard_all", "leave out local symbols"),
    ("-X --discard-locals", "", ON, "discard_locals", "leave out temporary local symbols"),
    ("--discard-none", "", ON, "discard_none", "keep all local symbols"),
    ("-n --nmagic", "", ON, "nmagic", "do not align segments to pages"),
    ("-N --omagic", "", ON, "omagic", "do not align segments to pages, make code writable"),
    ("--no-omagic", "", OFF, "omagic", "undo -N"),
    ("--no-nmagic", "", OFF, "nmagic", "undo -n"),
    ("--noinhibit-exec", "", ON, "noinhibit_exec", "write the output in spite of errors"),
    ("--force-exe-suffix", "", REFUSED, "", "end the file name in .exe"),
    (
        "--package-metadata",
        "[JSON]",
        SET,
        "package_metadata",
        "add a note that says which package the output belongs to, for who reads core files",
    ),
    (
        "-O",
        "[LEVEL]",
        SET,
        "optimize",
        "LLD's dialect: 0 merges no strings and constants, 2 lets strings share their ends",
    ),
    (
        "--build-id",
        "[STYLE]",
        SET,
        "build_id",
        "add a note with an id of the output: sha1 (default), md5, uuid, 0xHEX, none; LLD's "
        "dialect has fast and tree, too",
    ),
    ("--eh-frame-hdr", "", ON, "eh_frame_hdr", "add a sorted index of unwind tables"),
    ("--no-eh-frame-hdr", "", OFF, "eh_frame_hdr", "no index of unwind tables (default)"),
    ("--rosegment", "", OFF, "no_rosegment", "put read-only data beside the code (default)"),
    ("--no-rosegment", "", ON, "no_rosegment", "put read-only data with the code"),
)

_MESSAGES: tuple[Row, ...] = (
    ("--fatal-warnings", "", ON, "fatal_warnings", "treat warnings as errors"),
    ("--no-fatal-warnings", "", OFF, "fatal_warnings", "do not (default)"),
    (
        "--error-limit",
        "NUMBER",
        SET,
        "error_limit",
        "tell so many errors of one kind in full, and count the others (default: 20; 0: all)",
    ),
    ("--no-warn", "SLUG", ADD, "silenced", "do not warn about SLUG, the word in warning[SLUG]"),
    ("-w --no-warnings", "", ON, "no_warnings", "do not warn at all"),
    ("--error-format", "FORMAT", SET, "error_format", "text (default), or json: one object a line"),
    (
        "--color-diagnostics",
        "[WHEN]",
        SET,
        "colour",
        "auto (default: on a terminal, unless NO_COLOR is set), always or never",
    ),
    ("--no-color-diagnostics", "", OFF, "colour", "never"),
    ("--explain", "SLUG", SET, "explain", "say more about an error or warning, and stop"),
    ("--help", "", ON, "help", "print this, and stop"),
    ("--version", "", ON, "version", "print the version, and stop"),
    ("-v", "", ON, "show_version", "print the version, and link if there is anything to link"),
    ("-V", "", ON, "show_emulations", "the same, with the supported emulations"),
    ("--verbose --dll-verbose", "[NUMBER]", ON, "verbose", "print the built-in script in use"),
    ("-t --trace", "", ON, "trace", "print the inputs"),
    ("-y --trace-symbol", "SYMBOL", ADD, "trace_symbol", "print who mentions SYMBOL"),
    ("--print-gc-sections", "", ON, "print_gc_sections", "print what --gc-sections leaves out"),
    (
        "--why-live",
        "SYMBOL",
        ADD,
        "why_live",
        "print the chain of references that keeps SYMBOL with --gc-sections",
    ),
    ("--no-print-gc-sections", "", OFF, "print_gc_sections", "do not (default)"),
    ("--print-icf-sections", "", ON, "print_icf_sections", "print what --icf leaves out"),
    ("--no-print-icf-sections", "", OFF, "print_icf_sections", "do not (default)"),
    ("--print-memory-usage", "", ON, "memory_usage", "print how full the regions of MEMORY are"),
    ("--print-output-format", "", REFUSED, "", "print the output format"),
    ("--print-sysroot", "", REFUSED, "", "print the sysroot"),
    (
        "--print-archive-stats",
        "FILE",
        SET,
        "archive_stats",
        "write how many members each archive has and how many are linked (-: print it)",
    ),
    ("--why-extract", "FILE", SET, "why_extract", "write why archive members are linked"),
    ("--target-help", "", REFUSED, "", "print options of the target"),
    ("--demangle", "[STYLE]", ON, "demangle", "show names of Rust and C++ in LLD's maps (default)"),
    ("--no-demangle", "", OFF, "demangle", "show them as they are"),
)

_OTHERS: tuple[Row, ...] = (
    # rustc begins the line for LLD's driver with these two words; every other linker swallows them.
    ("-flavor", "NAME", SET, "flavor", "which of LLD's drivers to be: gnu"),
    ("--task-link", "SYMBOL", REFUSED, "", "task level linking"),
)

LD: Table = {
    "Inputs": _INPUT,
    "Layout": _LAYOUT,
    "Output": _OUTPUT,
    "Messages": _MESSAGES,
    "Others": _OTHERS,
    "Without effect": option_rows(),
}

_Z_UNBUILT = """
    start-stop-gc keep-text-section-prefix nokeep-text-section-prefix ibt shstk force-ibt
    x86-64-baseline x86-64-v2 x86-64-v3 x86-64-v4
    """
_Z_UNBUILT_VALUES = "start-stop-visibility call-nop"

_Z: tuple[Row, ...] = (
    ("max-page-size", "SIZE", SET, "max_page_size", "largest page size the image may meet"),
    ("common-page-size", "SIZE", SET, "common_page_size", "page size to optimise for"),
    ("stack-size", "SIZE", SET, "stack_size", "size the stack is said to have (PT_GNU_STACK)"),
    (
        "dead-reloc-in-nonalloc",
        "GLOB=VALUE",
        ADD,
        "dead_references",
        "what sections that GLOB fits and that are not in memory say of code that was left out",
    ),
    ("execstack", "", ON, "exec_stack", "say that the stack is executable"),
    ("noexecstack", "", OFF, "exec_stack", "say that it is not"),
    ("nognustack", "", ON, "no_gnu_stack", "say nothing about the stack"),
    ("relro", "", OFF, "no_relro", "describe what may be made read-only (default)"),
    ("norelro", "", ON, "no_relro", "do not"),
    ("muldefs", "", ON, "multiple_definitions", "take the first of several definitions"),
    ("undefs", "", ON, "undefs", "do not mind undefined symbols: they are 0"),
    ("noreloc-overflow", "", REFUSED, "", "do not mind relocations that do not fit"),
    ("separate-code", "", ON, "separate_code", "code shares no page with data"),
    ("noseparate-code", "", OFF, "separate_code", "it may"),
    ("separate-loadable-segments", "", ON, "separate_loadable", "no segments share a page"),
    *((word, "", IGNORED, "", "") for word in _Z_UNBUILT.split()),
    *((word, "VALUE", IGNORED, "", "") for word in _Z_UNBUILT_VALUES.split()),
    *keyword_rows(),
)

KEYWORDS: dict[str, dict[str, Row]] = {"z": {row[0]: row for row in _Z}}
