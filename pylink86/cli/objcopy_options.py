"""Every option of objcopy and strip, GNU's and LLVM's, as rows.

A row says how an option is spelled, what its argument is, where the value goes, and which tools
have it: `g` and `l` for GNU objcopy 2.40 and llvm-objcopy 19, `G` and `L` for their `strip`.  The
parser, the help text and docs/objcopy.md read the same rows.  Some letters mean different things
in different tools (`-S` is --strip-all in objcopy and --strip-debug in strip), so a table is made
for each.
"""

from __future__ import annotations

from .options import ADD, IGNORED, ON, REFUSED, SET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Table

    ToolRow = tuple[str, str, str, str, str, str]
    """names, argument, how, dest, tools, help"""

NAMES = "SYMBOL"
LIST = "FILE"

ROWS: dict[str, tuple[ToolRow, ...]] = {
    "Formats": (
        ("-I --input-target", "FORMAT", SET, "input_format", "glG",
         "the input is FORMAT: an elf target, binary, srec or ihex"),
        ("-O --output-target", "FORMAT", SET, "output_format", "glG",
         "write FORMAT: an elf target, binary, srec, ihex or verilog"),
        ("-F --target", "FORMAT", SET, "target", "glG", "both"),
        ("-B --binary-architecture", "ARCH", SET, "arch", "gl",
         "the architecture of an input that has none, such as i386:x86-64"),
    ),
    "Which sections": (
        ("-j --only-section", "PATTERN", ADD, "only_section", "gl",
         "only sections that match, and what they need"),
        ("-R --remove-section", "PATTERN", ADD, "remove_section", "glGL",
         "leave out sections that match; !PATTERN keeps"),
        ("--keep-section", "PATTERN", ADD, "keep_section", "glGL", "never leave out these"),
        ("--remove-relocations", "PATTERN", ADD, "remove_relocations", "gG",
         "leave out the relocations of sections that match"),
        ("--allow-broken-links", "", ON, "allow_broken_links", "lL",
         "let sections go that others point to"),
    ),
    "Stripping": (
        ("-S --strip-all", "", ON, "strip_all", "gl",
         "no symbols, no relocations, no debug sections"),
        ("-s --strip-all", "", ON, "strip_all", "GL",
         "no symbols, no relocations, no debug sections"),
        ("--no-strip-all", "", ON, "no_strip_all", "L",
         "do not strip all when nothing else is asked"),
        ("--strip-all-gnu", "", ON, "strip_all_gnu", "lL", "as GNU objcopy's --strip-all"),
        ("-g --strip-debug", "", ON, "strip_debug", "gl", "no debug sections, no file symbols"),
        ("-g -S -d --strip-debug", "", ON, "strip_debug", "GL",
         "no debug sections, no file symbols"),
        ("--strip-unneeded", "", ON, "strip_unneeded", "glGL",
         "no symbols that relocations do not need"),
        ("--strip-non-alloc", "", ON, "strip_non_alloc", "l", "no sections that are not loaded"),
        ("--strip-sections", "", ON, "strip_sections", "lL", "no section headers"),
        ("--strip-dwo", "", ON, "strip_dwo", "glG", "no .dwo sections"),
        ("--extract-dwo", "", ON, "extract_dwo", "gl", "only .dwo sections"),
        ("--split-dwo", "FILE", SET, "split_dwo", "l", "--extract-dwo to FILE, then --strip-dwo"),
        ("--only-keep-debug", "", ON, "only_keep_debug", "glGL",
         "only what a debugger needs beside the stripped file"),
        ("--extract-symbol", "", ON, "extract_symbol", "g",
         "symbols without the contents of sections"),
        ("-x --discard-all", "", ON, "discard_all", "glGL", "no local symbols"),
        ("-X --discard-locals", "", ON, "discard_locals", "glGL",
         "no local symbols that begin with .L"),
        ("--keep-file-symbols", "", ON, "keep_file_symbols", "glGL", "keep names of source files"),
        ("--keep-section-symbols", "", ON, "keep_section_symbols", "gG",
         "keep symbols that stand for sections"),
    ),
    "Sections": (
        ("--rename-section", "OLD=NEW[,FLAGS]", ADD, "rename_section", "gl",
         "rename a section, and give it flags"),
        ("--set-section-flags", "NAME=FLAGS", ADD, "set_section_flags", "gl",
         "alloc, load, noload, readonly, code, data, rom, exclude, share, debug, contents, "
         "merge, strings, large"),
        ("--set-section-alignment", "NAME=BYTES", ADD, "set_section_alignment", "gl",
         "align a section"),
        ("--set-section-type", "NAME=TYPE", ADD, "set_section_type", "l",
         "set a section's type number"),
        ("--add-section", "NAME=FILE", ADD, "add_section", "gl",
         "add a section with the contents of FILE"),
        ("--update-section", "NAME=FILE", ADD, "update_section", "gl",
         "give a section the contents of FILE"),
        ("--dump-section", "NAME=FILE", ADD, "dump_section", "gl",
         "write a section's contents to FILE"),
        ("--prefix-sections", "PREFIX", SET, "prefix_sections", "g", "prefix every section name"),
        ("--prefix-alloc-sections", "PREFIX", SET, "prefix_alloc_sections", "gl",
         "prefix names of sections that are loaded"),
        ("--compress-debug-sections", "[FORMAT]", SET, "compress_debug", "gl",
         "zlib, zlib-gnu, zlib-gabi, zstd or none"),
        ("--decompress-debug-sections", "", ON, "decompress", "gl", "debug sections as they were"),
        ("--compress-sections", "PATTERN=FORMAT", ADD, "compress_sections", "l",
         "compress (zlib, zstd) or decompress (none) sections"),
        ("--add-gnu-debuglink", "FILE", SET, "debuglink", "gl",
         "point to the file with the debug sections"),
        ("--verify-note-sections", "", ON, "verify_notes", "l",
         "look at notes that are added (default)"),
        ("--no-verify-note-sections", "", "off", "verify_notes", "l", "do not"),
        ("--writable-text", "", ON, "writable_text", "g",
         "for formats with such a mark; ELF has none"),
        ("--readonly-text", "", ON, "readonly_text", "g",
         "for formats with such a mark; ELF has none"),
        ("--pure", "", ON, "pure", "g", "for formats with such a mark; ELF has none"),
        ("--impure", "", ON, "impure", "g", "for formats with such a mark; ELF has none"),
    ),
    "Symbols": (
        ("-N --strip-symbol", NAMES, ADD, "strip_symbol", "glGL", "leave out a symbol"),
        ("--strip-symbols", LIST, ADD, "strip_symbol@", "gl",
         "those listed in FILE, a name a line"),
        ("--strip-unneeded-symbol", NAMES, ADD, "strip_unneeded_symbol", "gl",
         "leave it out unless a relocation needs it"),
        ("--strip-unneeded-symbols", LIST, ADD, "strip_unneeded_symbol@", "gl", "those listed"),
        ("-K --keep-symbol", NAMES, ADD, "keep_symbol", "glGL", "never leave it out"),
        ("--keep-symbols", LIST, ADD, "keep_symbol@", "gl", "those listed"),
        ("-L --localize-symbol", NAMES, ADD, "localize_symbol", "gl", "make it local"),
        ("--localize-symbols", LIST, ADD, "localize_symbol@", "gl", "those listed"),
        ("--localize-hidden", "", ON, "localize_hidden", "gl", "make hidden symbols local"),
        ("--globalize-symbol", NAMES, ADD, "globalize_symbol", "gl", "make it global"),
        ("--globalize-symbols", LIST, ADD, "globalize_symbol@", "gl", "those listed"),
        ("-G --keep-global-symbol", NAMES, ADD, "keep_global_symbol", "gl",
         "make all others local"),
        ("--keep-global-symbols", LIST, ADD, "keep_global_symbol@", "gl", "those listed"),
        ("-W --weaken-symbol", NAMES, ADD, "weaken_symbol", "gl", "make it weak"),
        ("--weaken-symbols", LIST, ADD, "weaken_symbol@", "gl", "those listed"),
        ("--weaken", "", ON, "weaken", "gl", "make all weak"),
        ("--redefine-sym", "OLD=NEW", ADD, "redefine_sym", "gl", "rename a symbol"),
        ("--redefine-syms", LIST, ADD, "redefine_sym@", "gl", "pairs listed in FILE"),
        ("--add-symbol", "NAME=[SECTION:]VALUE[,FLAGS]", ADD, "add_symbol", "gl", "add a symbol"),
        ("--new-symbol-visibility", "WORD", SET, "new_symbol_visibility", "l",
         "visibility of symbols that are added"),
        ("--set-symbol-visibility", "SYMBOL=WORD", ADD, "set_symbol_visibility", "l",
         "default, hidden, internal or protected"),
        ("--set-symbols-visibility", "FILE=WORD", ADD, "set_symbols_visibility", "l",
         "those listed"),
        ("--skip-symbol", NAMES, ADD, "skip_symbol", "l", "leave a symbol as it is"),
        ("--skip-symbols", LIST, ADD, "skip_symbol@", "l", "those listed"),
        ("--prefix-symbols", "PREFIX", SET, "prefix_symbols", "gl", "prefix every symbol name"),
        ("--remove-symbol-prefix", "PREFIX", SET, "remove_symbol_prefix", "l",
         "take a prefix away"),
        ("--remove-leading-char", "", ON, "remove_leading_char", "g",
         "take a leading underscore away where the format has one"),
        ("-w --wildcard", "", ON, "wildcard", "glGL", "symbol names are patterns"),
        ("--regex", "", ON, "regex", "lL", "names are regular expressions"),
        ("--elf-stt-common", "[WORD]", SET, "elf_stt_common", "g",
         "yes: COMMON symbols are STT_COMMON; no: STT_OBJECT"),
    ),
    "Addresses": (
        ("--change-addresses --adjust-vma", "NUMBER", ADD, "change_addresses", "g",
         "add NUMBER to all addresses and the entry"),
        ("--change-section-address --adjust-section-vma", "PATTERN{=+-}NUMBER", ADD,
         "change_section_address", "g",
         "of sections that match, VMA and LMA"),
        ("--change-section-lma", "PATTERN{=+-}NUMBER", ADD, "change_section_lma", "gl",
         "where they are loaded"),
        ("--change-section-vma", "PATTERN{=+-}NUMBER", ADD, "change_section_vma", "g",
         "where they run"),
        ("--change-warnings --adjust-warnings", "", ON, "change_warnings", "g",
         "warn about patterns that match nothing (default)"),
        ("--no-change-warnings --no-adjust-warnings", "", "off", "change_warnings", "g", "do not"),
        ("--set-start", "ADDRESS", SET, "set_start", "gl", "the entry"),
        ("--change-start --adjust-start", "NUMBER", ADD, "change_start", "gl",
         "add NUMBER to the entry"),
    ),
    "Bytes of images": (
        ("--gap-fill", "BYTE", SET, "gap_fill", "gl", "what gaps are filled with"),
        ("--pad-to", "ADDRESS", SET, "pad_to", "gl", "fill up to ADDRESS"),
        ("--reverse-bytes", "N", SET, "reverse_bytes", "g", "turn N bytes at a time around"),
        ("-i", "N", SET, "interleave", "g", "the same as --interleave=N"),
        ("--interleave", "[N]", SET, "interleave", "g", "take some of every N bytes (4)"),
        ("--interleave-width", "N", SET, "interleave_width", "g", "how many (1)"),
        ("-b --byte", "N", SET, "byte", "g", "from byte N on"),
        ("--srec-len", "N", SET, "srec_len", "g", "data bytes of an S-record at most"),
        ("--srec-forceS3", "", ON, "srec_force_s3", "g", "S3 records only"),
        ("--verilog-data-width", "N", SET, "verilog_data_width", "g",
         "bytes of a word: 1, 2, 4, 8 or 16"),
    ),
    "Files": (
        ("-o", "FILE", SET, "output", "GL", "write to FILE"),
        ("-p --preserve-dates", "", ON, "preserve_dates", "glGL", "keep the time of the input"),
        ("-D --enable-deterministic-archives", "", ON, "deterministic", "glGL",
         "archives without times and owners (default)"),
        ("-U --disable-deterministic-archives", "", "off", "deterministic", "glGL", "with them"),
        ("--dialect", "NAME", SET, "dialect", "glGL", "gnu or llvm: whose rules and whose layout"),
        ("-v --verbose", "", ON, "verbose", "gG", "say what is copied"),
        ("-V --version", "", ON, "version", "glGL", "say the version"),
        ("-h --help", "", ON, "help", "glGL", "say this"),
        ("--info", "", ON, "info", "gG", "list formats and architectures"),
        ("--no-merge-notes", "", IGNORED, "", "gG", "notes stay as they are (the default)"),
    ),
    "Not here": (
        ("-M --merge-notes", "", REFUSED, "", "gG", "joins GNU build notes of annobin"),
        ("--debugging", "", REFUSED, "", "g", "converts debug information of other formats"),
        ("--change-leading-char", "", IGNORED, "", "g", "ELF for x86 has no leading character"),
        ("--alt-machine-code", "N", REFUSED, "", "g", "another machine"),
        ("--long-section-names", "WORD", REFUSED, "", "g", "PE"),
        ("--file-alignment", "N", REFUSED, "", "g", "PE"),
        ("--heap", "SIZE", REFUSED, "", "g", "PE"),
        ("--image-base", "ADDRESS", REFUSED, "", "g", "PE"),
        ("--section-alignment", "N", REFUSED, "", "g", "PE"),
        ("--stack", "SIZE", REFUSED, "", "g", "PE"),
        ("--subsystem", "NAME", IGNORED, "", "gl", "for PE"),
        ("--plugin", "NAME", REFUSED, "", "gG", "LTO"),
        ("--extract-partition", "NAME", SET, "extract_partition", "l",
         "a partition of an Android library, which no file for bare metal has"),
        ("--extract-main-partition", "", ON, "extract_main_partition", "l",
         "the file without its partitions"),
        ("--keep-undefined", "", IGNORED, "", "lL", "for Mach-O"),
        ("-T", "", IGNORED, "", "L", "for Swift symbols of Mach-O"),
    ),
}  # fmt: skip


def table(*, strip: bool, llvm_only: bool = False) -> Table:
    """The rows of objcopy or of strip as the parser wants them: of both dialects, or only what
    LLVM's tool has."""
    tools = set("GL" if strip else "gl") & (set("lL") if llvm_only else set("gGlL"))
    return {
        title: tuple(
            (names, argument, how, dest, help)
            for names, argument, how, dest, having, help in rows
            if not tools.isdisjoint(having)
        )
        for title, rows in ROWS.items()
    }
