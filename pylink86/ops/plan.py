"""What an objcopy run shall do: one value that a command line, or a Python call, is turned into.

Every field is an option without its spelling; the defaults do nothing.  The drivers (`run_gnu`,
`run_llvm`) read it in the fixed order of their tool, so the order of options does not matter;
where it does, a field says so.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Names = tuple[str, ...]
    """Names or patterns; one that begins with `!` takes away what others matched."""
    Pairs = tuple[tuple[str, str], ...]

    Shift = tuple[str, str, str, int]
    """Address (`vma`, `lma`, `address` for both), section pattern, `=`, `+` or `-`, number."""


class Plan:
    """The options of one run.  Unknown names are a TypeError, as for any call."""

    # What to read and write.
    input_format: str = ""
    output_format: str = ""
    arch: str = ""
    # Which sections.
    only_section: Names = ()
    remove_section: Names = ()
    keep_section: Names = ()
    remove_relocations: Names = ()
    # What else is left out.
    strip_all: bool = False
    strip_all_gnu: bool = False
    strip_debug: bool = False
    strip_unneeded: bool = False
    strip_non_alloc: bool = False
    strip_sections: bool = False
    strip_dwo: bool = False
    extract_dwo: bool = False
    only_keep_debug: bool = False
    extract_symbol: bool = False
    discard: str = ""
    """`all` or `locals`: which local symbols go."""
    allow_broken_links: bool = False
    extract_partition: str = ""
    extract_main_partition: bool = False
    keep_file_symbols: bool = False
    keep_section_symbols: bool = False
    # Sections, one by one.
    rename_section: tuple[tuple[str, str, Names], ...] = ()
    set_section_flags: tuple[tuple[str, Names], ...] = ()
    set_section_alignment: tuple[tuple[str, int], ...] = ()
    set_section_type: tuple[tuple[str, int], ...] = ()
    add_section: tuple[tuple[str, bytes], ...] = ()
    update_section: tuple[tuple[str, bytes], ...] = ()
    dump_section: Pairs = ()
    """Section, path."""
    prefix_sections: str = ""
    prefix_alloc_sections: str = ""
    compress_debug: str = ""
    """`zlib`, `zlib-gnu`, `zstd`, or `none` to decompress."""
    compress_sections: Pairs = ()
    """Pattern, format."""
    debuglink: tuple[str, bytes] | None = None
    """Name and contents of the file with the debug sections."""
    verify_notes: bool = True
    writable_text: bool = False
    readonly_text: bool = False
    pure: bool = False
    impure: bool = False
    # Symbols.
    wildcard: bool = False
    regex: bool = False
    strip_symbol: Names = ()
    strip_unneeded_symbol: Names = ()
    keep_symbol: Names = ()
    localize_symbol: Names = ()
    globalize_symbol: Names = ()
    keep_global_symbol: Names = ()
    weaken_symbol: Names = ()
    weaken: bool = False
    localize_hidden: bool = False
    redefine_sym: Pairs = ()
    add_symbol: Names = ()
    """`name=[section:]value[,flags]` as spelled."""
    new_symbol_visibility: int = 0
    set_symbol_visibility: tuple[tuple[Names, int], ...] = ()
    skip_symbol: Names = ()
    prefix_symbols: str = ""
    remove_symbol_prefix: str = ""
    elf_stt_common: str = ""
    remove_leading_char: bool = False
    # Addresses.
    change_addresses: int = 0
    change_start: int = 0
    set_start: int | None = None
    change_section: tuple[Shift, ...] = ()
    section_patterns: Names = ()
    """Patterns of sections that other options name before `change_section` does: to GNU objcopy the
    one that was named last decides."""
    change_warnings: bool = True
    # Bytes of images.
    gap_fill: int | None = None
    pad_to: int | None = None
    reverse_bytes: int = 0
    interleave: int = 0
    interleave_width: int = 1
    byte: int = -1
    srec_len: int = 0
    srec_force_s3: bool = False
    verilog_data_width: int = 1
    # Beside the output.
    keep_times: bool = False
    """Members of archives keep times and owners."""
    output_name: str = ""
    """What the output calls itself: S-records carry it."""

    def __init__(self, **given: Any) -> None:
        for name, value in given.items():
            if not hasattr(Plan, name):
                raise TypeError(f"there is no operation {name!r}")
            setattr(self, name, value)

    def asked(self) -> set[str]:
        """The fields that change the output: those that are not what a plan begins with."""
        given = vars(self).items()
        return {name for name, value in given if value != getattr(Plan, name)} - NO_CHANGE


NO_CHANGE = {"output_name", "keep_times", "change_warnings", "section_patterns"}
"""What says nothing about the bytes of an ELF file."""


class Notes:
    """What a run has to say beside its result: warnings, and contents for other files."""

    def __init__(self) -> None:
        self.warnings: list[tuple[str, str]] = []
        """(slug, message)."""
        self.errors: list[tuple[str, str]] = []
        """What makes the exit status 1 although the output is written."""
        self.dumps: list[tuple[str, bytes]] = []
        """(path, bytes) of --dump-section."""
        self.members: list[tuple[str, bytes]] = []
        """(path, bytes) of the members of a thin archive."""

    def warn(self, slug: str, message: str) -> None:
        self.warnings.append((slug, message))

    def error(self, slug: str, message: str) -> None:
        self.errors.append((slug, message))


def matcher(
    names: Sequence[str], *, wildcard: bool = False, regex: bool = False
) -> Callable[[str], bool] | None:
    """The predicate "one of these", or None for no names.

    A pattern that begins with `!` takes away what the others matched, wherever it stands.
    """
    if not names:
        return None
    if not wildcard and not regex:
        return frozenset(names).__contains__
    wanted = [name for name in names if name[:1] != "!"]
    unwanted = [name[1:] for name in names if name[:1] == "!"]
    yes, no = (_any_of(wanted, regex), _any_of(unwanted, regex))
    if not unwanted:
        return yes
    return lambda name: yes(name) and not no(name)


REGEX = (
    ("unterminated character set", "brackets ([ ]) not balanced"),
    ("missing ), unterminated", "parentheses not balanced"),
    ("unbalanced parenthesis", "parentheses not balanced"),
    ("nothing to repeat", "repetition-operator operand invalid"),
    ("multiple repeat", "repetition-operator operand invalid"),
    ("unknown extension", "repetition-operator operand invalid"),
    ("min repeat greater", "invalid repetition count(s)"),
    ("bad escape", "trailing backslash (\\)"),
    ("bad character range", "invalid character range"),
)
"""What is wrong with an expression, in Python's words and in those of POSIX."""


def _python_expression(pattern: str) -> str:
    """An extended regular expression of POSIX as one of Python: `[[:alpha:]]` and plain `[` in
    brackets; a backslash before a letter means that letter."""
    import re

    from ..wildcard import CLASSES

    pattern = re.sub(r"\\([A-Za-z])", r"\1", pattern)
    for name, letters in CLASSES.items():
        pattern = pattern.replace(f"[:{name}:]", letters)
    return re.sub(
        r"\[\^?\]?[^\]]*\]", lambda found: "[" + found[0][1:].replace("[", r"\["), pattern
    )


def _plain(pattern: str) -> bool:
    return not any(char in pattern for char in "*?[")


def _any_of(patterns: Sequence[str], regex: bool) -> Callable[[str], bool]:
    # A backslash before what is no wildcard only makes it plain.
    plain = frozenset([*patterns, *[p.replace("\\", "") for p in patterns if _plain(p)]])
    if regex:
        import re

        from .draft import complain

        found = []
        for pattern in patterns:
            try:
                # As LLVM: ^ and $ around the text, which bind closer than the | in it.
                found.append(re.compile(f"^{_python_expression(pattern)}$").search)
            except re.error as problem:
                why = next((why for start, why in REGEX if problem.msg.startswith(start)), problem)
                complain(
                    "bad-option-value", f"cannot compile regular expression '{pattern}': {why}"
                )
        return lambda name: any(match(name) is not None for match in found)
    wild = [pattern for pattern in patterns if not _plain(pattern)]
    if not wild:
        return plain.__contains__
    from ..wildcard import compile_pattern

    tests = [compile_pattern(pattern) for pattern in wild]
    return lambda name: name in plain or any(test(name) for test in tests)
