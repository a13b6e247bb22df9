"""What a static link needs of a linker, and the tests that show it: the rows of docs/support.md.

A row says what is supported, in which dialects ("both", "gnu", "lld", "-" for not yet), and which
tests hold it in place: files under tests/, with `::function` where one of many is meant.  A row
without a test is a mistake."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """what: a feature; where: its dialects; tests: paths below tests/; note: what to know."""

    what: str
    where: str
    tests: tuple[str, ...]
    note: str = ""


ROWS: dict[str, tuple[Row, ...]] = {
    "Inputs": (
        Row(
            "archives `.a` and `.rlib`, with a table of names or without one",
            "both",
            ("oracle/test_archives.py", "cases/inputs/no-table.txt", "oracle/test_rust_link.py"),
        ),
        Row(
            "thin archives, also in thin archives",
            "both",
            (
                "unit/test_ar.py::test_a_thin_archive_can_name_a_member_of_another",
                "cases/inputs/thin.txt",
            ),
        ),
        Row(
            "member headers whose name offset is followed by blanks and a slash",
            "both",
            ("unit/test_ar.py::test_names_as_they_are_written",),
        ),
        Row(
            "members join in the order of GNU ld, and of LLD",
            "both",
            ("oracle/test_archives.py::test_members_join_as_the_peer_draws_them",),
        ),
        Row(
            "members are opened only when something needs them",
            "both",
            (
                "unit/test_ar.py::test_members_stay_closed",
                "unit/test_load_archives.py::test_only_members_that_join_are_read",
            ),
        ),
        Row(
            "`--start-group`, `--start-lib`, `--whole-archive`, `--push-state`",
            "both",
            (
                "cases/inputs/group.txt",
                "cases/inputs/start-lib.txt",
                "cases/inputs/whole-archive.txt",
            ),
        ),
        Row(
            "`-l`, `-L`, `--sysroot`, `=path`",
            "both",
            (
                "cases/inputs/library.txt",
                "unit/test_load_archives.py::test_sysroot_is_what_an_equals_sign_stands_for",
            ),
        ),
        Row("`-b binary`, `--format`, and back to elf", "both", ("unit/test_raw_input.py",)),
        Row(
            "SHF_EXCLUDE and `lib.rmeta` are left out",
            "both",
            ("cases/match/exclude-flag.txt", "oracle/test_rust_link.py"),
        ),
        Row(
            "COFF objects: nasm -f win32/win64, compilers for Windows and UEFI",
            "both",
            ("unit/test_coff.py", "oracle/test_coff_links.py"),
            "GNU ld reads them, LLD does not",
        ),
        Row(
            "shared libraries, LLVM bitcode, gcc -flto, other machines are refused by name",
            "both",
            (
                "cases/inputs/shared.txt",
                "cases/objects/other-machine.txt",
                "unit/test_coff.py::test_objects_of_gcc_without_code_are_named",
            ),
        ),
    ),
    "Symbols": (
        Row(
            "strong, weak, common and undefined weak ones",
            "both",
            (
                "unit/test_resolve.py",
                "cases/symbols/weak-and-strong.txt",
                "cases/symbols/undefined-weak.txt",
            ),
        ),
        Row(
            "visibility, hidden ones, file names",
            "both",
            ("oracle/test_elf_output.py", "oracle/test_indirect_links.py"),
        ),
        Row(
            "`--defsym`, `--wrap`, `-u`, `--require-defined`, `--just-symbols`",
            "both",
            (
                "cases/symbols/defsym.txt",
                "cases/symbols/wrap.txt",
                "cases/inputs/undefined-option.txt",
                "cases/inputs/require-defined.txt",
                "unit/test_just_symbols.py",
            ),
        ),
        Row(
            "`-z muldefs`, `--unresolved-symbols`, `--no-undefined`",
            "both",
            ("unit/test_tolerances.py",),
        ),
        Row(
            "`_etext`, `_edata`, `_end`, `__start_`/`__stop_`, `_GLOBAL_OFFSET_TABLE_`",
            "both",
            (
                "cases/symbols/start-stop.txt",
                "cases/tables/offset-table.txt",
                "oracle/test_elf_output.py",
            ),
        ),
        Row(
            "functions chosen at start-up (STT_GNU_IFUNC), in ELF output",
            "both",
            ("oracle/test_indirect_links.py", "unit/test_indirect_functions.py"),
            "images: LLD's dialect only",
        ),
        Row("`.gnu.warning.NAME`", "gnu", ("unit/test_link_warnings.py",)),
        Row(
            "COMMON with alignment, `-d`, `--sort-common`",
            "both",
            (
                "cases/symbols/common.txt",
                "cases/symbols/sort-common.txt",
                "unit/test_elf_readers.py",
            ),
        ),
        Row(
            "COMDAT groups, and what refers to a copy that lost",
            "both",
            ("cases/symbols/comdat.txt", "oracle/test_tombstones.py::test_copies_that_lost"),
        ),
        Row(
            "`.gnu.linkonce` sections",
            "gnu",
            ("unit/test_versioned_names.py::test_linkonce",),
            "in LLD's dialect ordinary sections",
        ),
        Row("versions in names: `f@@V` defines `f`", "both", ("unit/test_versioned_names.py",)),
        Row(
            "`--version-script`: names under `local:`",
            "both",
            ("oracle/test_version_scripts.py",),
            "GNU ld looks at it with `-pie` only",
        ),
    ),
    "Dead code": (
        Row(
            "`--gc-sections` from entry, `-u`, KEEP, notes, arrays, SHF_LINK_ORDER, RETAIN",
            "both",
            (
                "unit/test_live.py",
                "cases/match/gc-reach.txt",
                "oracle/test_keep.py",
                "oracle/test_gc_gnu.py",
            ),
            "GNU ld leaves arrays and unwind tables to KEEP()",
        ),
        Row(
            "`--gc-keep-exported`, `-E`, `--dynamic-list` and its kin",
            "both",
            ("oracle/test_version_scripts.py::test_exported_names_are_kept",),
            "the last three: LLD",
        ),
        Row(
            "debug sections and unwind tables only follow",
            "both",
            (
                "unit/test_live.py::test_sections_that_are_not_loaded_stay",
                "unit/test_unwind_gnu.py::test_dead_functions_leave_with_their_cie",
            ),
        ),
        Row("`--print-gc-sections`, `--why-live`", "both", ("unit/test_why_live.py",)),
        Row(
            "`--icf`, `--symbol-ordering-file`",
            "both",
            ("unit/test_icf.py", "unit/test_symbol_order.py"),
        ),
    ),
    "Sections that are edited": (
        Row(
            "mergeable strings in the order of each linker",
            "both",
            (
                "oracle/test_merge_gnu.py",
                "oracle/test_merge_order.py",
                "oracle/test_merged_links.py",
            ),
        ),
        Row(
            "mergeable constants",
            "both",
            ("unit/test_merge.py", "unit/test_merge_gnu.py::test_constants"),
        ),
        Row(
            "`.eh_frame` and `.eh_frame_hdr`",
            "both",
            ("oracle/test_unwind_links.py", "oracle/test_unwind_tables.py"),
        ),
        Row(
            "`.note.gnu.property` and `.comment`",
            "both",
            ("oracle/test_property_notes.py", "oracle/test_merged_links.py"),
        ),
        Row(
            "debug sections: what points to dead code, compressed ones",
            "both",
            ("oracle/test_tombstones.py", "oracle/test_compressed_debug.py"),
        ),
        Row("`--build-id`", "both", ("oracle/test_build_id.py",)),
    ),
    "Tables": (
        Row(
            "the global offset table, and loads rewritten to do without",
            "both",
            ("oracle/test_tables.py::test_every_load", "unit/test_loads.py"),
        ),
        Row(
            "thread-local storage: every model to local exec, descriptors",
            "both",
            (
                "oracle/test_tables.py::test_every_thread_model",
                "oracle/test_tables.py::test_descriptors",
            ),
        ),
        Row(
            "loads of undefined names",
            "both",
            ("oracle/test_undefined_loads.py",),
            "0 with --unresolved-symbols=ignore-all",
        ),
        Row("loads whose symbol is out of reach keep their slot", "both", ("unit/test_table.py",)),
        Row(
            "position-independent code linked to fixed addresses",
            "both",
            ("oracle/test_tables.py::test_position_independent_code",),
        ),
        Row("`-pie` output with relative relocations", "both", ("unit/test_options.py",)),
    ),
    "Whole programs": (
        Row(
            "gcc -static with libc.a, x86-64 and i386: equal files, and they run",
            "both",
            ("oracle/test_indirect_links.py::test_a_static_program_runs",),
        ),
        Row(
            "gcc -nostdlib, x86-64 and i386: equal files, and they run",
            "both",
            ("oracle/test_nostdlib.py",),
        ),
        Row("a no_std Rust kernel with core::fmt", "both", ("oracle/test_rust_link.py",)),
        Row(
            "freestanding C kernels of gcc and clang with debug information",
            "both",
            ("oracle/test_merged_links.py", "toolchains/test_c.py"),
        ),
    ),
}
