"""Options about what is written.

The columns are those of `options.Row`: spellings, argument, what it does, destination, help.
"""

from __future__ import annotations

from .options import ADD, OFF, ON, SET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Row

OUTPUT_ROWS: tuple[Row, ...] = (
    ("-o --output", "FILE", SET, "output", "write the image to FILE (default: a.out)"),
    (
        "--oformat",
        "FORMAT",
        SET,
        "oformat",
        "format of the output: binary, srec, ihex, verilog, elf64-x86-64, elf32-i386, elf32-x86-64",
    ),
    (
        "-m",
        "EMULATION",
        SET,
        "emulation",
        "elf_x86_64, elf_i386, elf32_x86_64 or elf_iamcu; with _fbsd behind it for FreeBSD",
    ),
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
    ("-Ur", "", ON, "relocatable", "the same"),
    ("--task-link", "SYMBOL", ON, "relocatable", "the same, as GNU ld for ELF"),
    ("-q --emit-relocs", "", ON, "emit_relocs", "keep relocations"),
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
    (
        "--retain-symbols-file",
        "FILE",
        ADD,
        "retain_symbols_file",
        "list only the symbols that FILE names, and those that relocations need; LLD's dialect: "
        "make all others local",
    ),
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
    (
        "--gdb-index",
        "",
        ON,
        "gdb_index",
        "write .gdb_index, by which gdb finds addresses, and names where objects were compiled "
        "with -ggnu-pubnames",
    ),
    ("--no-gdb-index", "", OFF, "gdb_index", "no such index (default)"),
    (
        "--debug-names",
        "",
        ON,
        "debug_names",
        "make one .debug_names of those of all objects (clang -gpubnames), for lldb and gdb",
    ),
    ("--no-debug-names", "", OFF, "debug_names", "each object's as it is (default)"),
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
    (
        "-pie --pic-executable",
        "",
        ON,
        "pie",
        "ELF output that runs at any address: a table says what start-up code has to correct",
    ),
    ("-no-pie", "", OFF, "pie", "ELF output for fixed addresses (default)"),
    (
        "-I -dynamic-linker",
        "FILE",
        SET,
        "interpreter",
        "name the program that loads this one in .interp (LLD; not in images)",
    ),
    ("--no-dynamic-linker", "", OFF, "interpreter", "do not (default)"),
    (
        "--apply-dynamic-relocs",
        "",
        ON,
        "applies_relocs",
        "places that start-up code writes hold the value for address 0, too (LLD)",
    ),
    ("--no-apply-dynamic-relocs", "", OFF, "applies_relocs", "they do not (default)"),
    (
        "--hash-style",
        "STYLE",
        SET,
        "hash_style",
        "-pie: empty tables of names to make: gnu, sysv, both",
    ),
    ("--eh-frame-hdr", "", ON, "eh_frame_hdr", "add a sorted index of unwind tables"),
    ("--no-eh-frame-hdr", "", OFF, "eh_frame_hdr", "no index of unwind tables (default)"),
    (
        "--ld-generated-unwind-info",
        "",
        OFF,
        "no_unwind_info",
        "-pie: unwind records for the linkage table (default, GNU ld)",
    ),
    ("--no-ld-generated-unwind-info", "", ON, "no_unwind_info", "none for it"),
    ("--rosegment", "", OFF, "no_rosegment", "put read-only data beside the code (default)"),
    ("--no-rosegment", "", ON, "no_rosegment", "put read-only data with the code"),
)
