"""Which files the file part of an input statement means.

`*crt0.o(.text)` names files by a pattern.  An archive member has two names, the archive's and its
own, so there are patterns with a colon: `libc.a:printf.o`, `libc.a:` for every member, `:main.o`
for a file that is no member (GNU ld manual 3.6.4.1).  LLD 19 writes both names with a colon between
them and compares the whole.
"""

from __future__ import annotations

from collections.abc import Callable

from ...dialect import Dialect
from ...model import ObjectFile
from ...wildcard import compile_pattern, is_wildcard

FileTest = Callable[[ObjectFile], bool]


def file_test(pattern: str, dialect: Dialect) -> FileTest:
    """Whether a file is meant by the pattern before the parenthesis.

    In GNU ld a name without wildcards and colon never means a member.
    """
    if not dialect.patterns_see_archives:
        return _joined(pattern)
    if ":" in pattern:
        return _parted(pattern)
    matches = compile_pattern(pattern)
    if is_wildcard(pattern):
        return lambda file: matches(own_name(file))
    return lambda file: not file.archive and matches(file.name)


def exclude_test(pattern: str, dialect: Dialect) -> FileTest:
    """The same in EXCLUDE_FILE, where GNU ld takes an archive's name for all of its members."""
    if not dialect.patterns_see_archives:
        return _joined(pattern)
    if ":" in pattern:
        return _parted(pattern)
    matches = compile_pattern(pattern)
    return lambda file: matches(own_name(file)) or (bool(file.archive) and matches(file.archive))


def exact_test(name: str, dialect: Dialect) -> FileTest:
    """A name in double quotes, for LLD: no character of it stands for others."""
    return lambda file: (f"{file.archive}:{file.member}" if file.archive else file.name) == name


def own_name(file: ObjectFile) -> str:
    """A member's name without its archive."""
    return file.member if file.archive else file.name


def sort_name(file: ObjectFile) -> tuple[str, str]:
    """What SORT(file) sorts by: members stand where their archive does."""
    return file.archive or file.name, own_name(file)


def _joined(pattern: str) -> FileTest:
    matches = compile_pattern(pattern)
    return lambda file: matches(f"{file.archive}:{file.member}" if file.archive else file.name)


def _parted(pattern: str) -> FileTest:
    archive, _, member = pattern.partition(":")
    in_archive = compile_pattern(archive)
    is_member = compile_pattern(member)
    return lambda file: (
        bool(archive) == bool(file.archive)
        and (not archive or in_archive(file.archive))
        and (not member or is_member(own_name(file)))
    )
