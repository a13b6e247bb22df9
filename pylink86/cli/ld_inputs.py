"""Options about what is linked: files, libraries, and what holds for them.

The columns are those of `options.Row`: spellings, argument, what it does, destination, help.
"""

from __future__ import annotations

from .options import ADD, HERE, HERE_OFF, HERE_ON, INPUT, OFF, ON, POP, PUSH, REFUSED, SET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Row

INPUT_ROWS: tuple[Row, ...] = (
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
    (
        "--chroot",
        "DIR",
        SET,
        "chroot",
        "files named with a / in front are in DIR, as where an archive of --reproduce was unpacked",
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
    (
        "--remap-inputs",
        "GLOB=FILE",
        ADD,
        "remap_inputs",
        "read FILE in the place of an input or script that is named as GLOB; /dev/null: nothing",
    ),
    (
        "--remap-inputs-file",
        "FILE",
        ADD,
        "remap_files",
        "the same for each line of FILE that does not begin with #",
    ),
    (
        "--rsp-quoting",
        "STYLE",
        SET,
        "rsp_quoting",
        "how response files quote: posix (default), or windows, where a backslash is a backslash "
        "but before a double quote",
    ),
    (
        "--fortran-common",
        "",
        ON,
        "fortran_common",
        "link members of archives that define a COMMON symbol (default, but in LLD's dialect)",
    ),
    ("--no-fortran-common", "", OFF, "fortran_common", "LLD's dialect: do not (default)"),
    ("-c --mri-script", "FILE", REFUSED, "", "read an MRI script"),
    # rustc begins the line for LLD's driver with these two words; other linkers swallow them.
    ("-flavor", "NAME", SET, "flavor", "which of LLD's drivers to be: gnu"),
)
