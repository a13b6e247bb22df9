"""Options about what is said.

The columns are those of `options.Row`: spellings, argument, what it does, destination, help.
"""

from __future__ import annotations

from .options import ADD, OFF, ON, SET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Row

MESSAGE_ROWS: tuple[Row, ...] = (
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
    (
        "--version-as",
        "LINKER",
        SET,
        "version_as",
        "begin --version as LINKER does, for builds that ask: gnu-ld, or gnu-ld:2.40 for a version",
    ),
    (
        "--error-handling-script",
        "FILE",
        SET,
        "error_script",
        "run FILE with undefined-symbol NAME or missing-lib NAME when that is what is wrong",
    ),
    ("-v", "", ON, "show_version", "print the version, and link if there is anything to link"),
    ("-V", "", ON, "show_emulations", "the same, with the supported emulations"),
    ("--verbose --dll-verbose", "[NUMBER]", ON, "verbose", "print the built-in script in use"),
    ("--time", "", ON, "time", "print how long each pass took, to stderr"),
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
    ("--print-output-format", "", ON, "print_format", "print the format of the output"),
    (
        "--warn-backrefs",
        "",
        ON,
        "warn_backrefs",
        "warn of archive members that only a file behind their archive needs (LLD's dialect)",
    ),
    ("--no-warn-backrefs", "", OFF, "warn_backrefs", "do not (default)"),
    (
        "--warn-backrefs-exclude",
        "GLOB",
        ADD,
        "backrefs_exclude",
        "do not warn so of members that GLOB fits, such as `libc.a(*)`",
    ),
    ("--warn-common", "", ON, "warn_common", "warn where a COMMON symbol meets another definition"),
    ("--no-warn-common", "", OFF, "warn_common", "do not (default)"),
    ("--print-sysroot", "", ON, "print_sysroot", "print what --sysroot says"),
    (
        "--print-archive-stats",
        "FILE",
        SET,
        "archive_stats",
        "write how many members each archive has and how many are linked (-: print it)",
    ),
    ("--why-extract", "FILE", SET, "why_extract", "write why archive members are linked"),
    ("--target-help", "", ON, "target_help", "print the keywords of -z, and stop"),
    ("--demangle", "[STYLE]", ON, "demangle", "show names of Rust and C++ in LLD's maps (default)"),
    ("--no-demangle", "", OFF, "demangle", "show them as they are"),
)
