"""What an input statement takes: the sections that nobody took yet, asked for by file, name and
flags, in the order in which it places them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import Any

import attrs

from ... import elf_const as c
from ...diag import Span, fail
from ...dialect import Dialect
from ...script import nodes as n
from ..names.resolve import Resolution
from ..section_list import SectionId, SectionList, linked_sections
from .file_names import FileTest, exact_test, exclude_test, file_test, sort_name
from .sorting import sort_key, sorted_sections, words_of
from .unclaimed import Unclaimed


def _goes_with(first: n.SectionPattern, pattern: n.SectionPattern) -> bool:
    """Whether a pattern's sections are put in order together with those of one before it; those of
    SORT_NONE stay by themselves, and each EXCLUDE_FILE in a SORT() begins anew."""
    together = pattern.joined and pattern.exclude == first.exclude
    return together if words_of(first) else not (first.sort or pattern.sort)


def _is_odd(patterns: Sequence[n.SectionPattern]) -> bool:
    """Whether GNU ld's order of what these patterns match is none that every two agree about: what
    another statement took before decides, too, where the others go."""
    sorts = [words_of(pattern) for pattern in patterns]
    return any(sorts) and (len(sorts) > 1 or "SORT_BY_INIT_PRIORITY" in sorts[0])


_Taken = tuple[n.SectionPattern, list[SectionId]]
"""A pattern, and the sections it claims."""


class Matcher:
    """The input statements of a link, and the sections that are left for them."""

    def __init__(self, resolution: Resolution, table: SectionList, dialect: Dialect) -> None:
        self._dialect = dialect
        self._files = resolution.files
        self._table = table
        self._unclaimed = Unclaimed(table)
        self._file_sets: dict[tuple[str, object], frozenset[int] | None] = {}

    def set_apart(self, patterns: Sequence[str]) -> list[SectionId]:
        """Take the sections of --unique away, so that no statement gets them."""
        rows = {row for pattern in patterns for row in self._unclaimed.rows(pattern)}
        self._unclaimed.take(rows)
        return self._unclaimed.sections(rows)

    def left(self, apart: Sequence[SectionId]) -> tuple[SectionId, ...]:
        """What nobody took, and what was set apart, in input order."""
        table = self._table
        no_orphans = table.phantoms | table.never_orphans
        left = [sid for sid in self._unclaimed.left() if sid not in no_orphans]
        return tuple(self._in_order([*left, *apart]))

    def files(
        self, pattern: str, kind: Callable[[str, Dialect], FileTest] = file_test
    ) -> frozenset[int] | None:
        """Numbers of the files a pattern means; None for `*`, which is every file."""
        if pattern == "*" and kind is not exact_test:
            return None
        key = pattern, kind
        if key not in self._file_sets:
            means = kind(pattern, self._dialect)
            self._file_sets[key] = frozenset(
                number for number, file in enumerate(self._files[:-1]) if means(file)
            )
        return self._file_sets[key]

    def take(self, node: n.InputStatement, discards: bool = False) -> tuple[SectionId, ...]:
        """The sections a statement claims, in the order it places them; discards: it stands in
        /DISCARD/.

        Sections matched by patterns without sort words stay in input order, even across patterns
        (`*(.text .rodata)`: GNU ld manual 3.6.4.1).
        """
        patterns = self._patterns(node)
        if self._dialect.sorted_patterns_share_a_list and _is_odd(patterns):
            with self._unclaimed.trying(every=True):
                every = self._taken_by(node, patterns, discards)
                order = self._ordered(every, node.file)
            taken = {sid for _, sids in self._taken_by(node, patterns, discards) for sid in sids}
            return tuple([sid for sid in order if sid in taken])
        return self._ordered(self._taken_by(node, patterns, discards), node.file)

    def _taken_by(
        self, node: n.InputStatement, patterns: Iterable[n.SectionPattern], discards: bool
    ) -> list[_Taken]:
        """What each pattern of a statement claims, in input order."""
        wanted = self._flag_test(node)
        return [(p, self._match(node.file, p, wanted, discards)) for p in patterns]

    def _ordered(self, taken_by: list[_Taken], file: n.FilePattern) -> tuple[SectionId, ...]:
        """What the patterns of a statement claim, in the order it places them."""
        if len(taken_by) == 1:
            pattern, taken = taken_by[0]
            return self._sort(taken, pattern, file)
        if self._dialect.sorted_patterns_share_a_list:
            return self._interleaved(taken_by)
        return self._pattern_by_pattern(taken_by, file)

    def would_take(self, node: n.OutputSection) -> list[SectionId]:
        """What the statements of an output section match, without taking it."""
        with self._unclaimed.trying():
            return self._take_all(node)

    def _take_all(self, node: n.OutputSection) -> list[SectionId]:
        statements = (s for s in node.statements if isinstance(s, n.InputStatement))
        return [sid for statement in statements for sid in self.take(statement)]

    def could_take(self, node: n.OutputSection) -> tuple[SectionId, ...]:
        """What the statements of an output section match, also what others took before."""
        with self._unclaimed.trying(every=True):
            return tuple(self._take_all(node))

    def matches(self, node: n.InputStatement) -> tuple[SectionId, ...]:
        """What a statement matches, also what another one took before: KEEP() keeps it all."""
        with self._unclaimed.trying(every=True):
            return self.take(node)

    def dependents(self, gone: Iterable[SectionId]) -> list[SectionId]:
        """LLD: sections with SHF_LINK_ORDER that nobody took leave with the one they name."""
        if self._dialect.tables_like_gnu:
            return []
        links = linked_sections(self._table, self._files)
        lost, out = set(gone), list[SectionId]()
        while found := [sid for sid, link in links.items() if link in lost and sid not in lost]:
            lost.update(found)
            for sid in found:
                if self._unclaimed.take_section(sid, self._table.name[sid]):
                    out.append(sid)
        return out

    def _patterns(self, node: n.InputStatement) -> tuple[n.SectionPattern, ...]:
        """The statement's patterns with the files each excludes, as the dialect reads
        EXCLUDE_FILE."""
        patterns = node.sections or (n.SectionPattern("*"),)
        if not self._dialect.exclude_file_lasts:
            return patterns
        out: list[n.SectionPattern] = []
        shut: tuple[str, ...] = ()
        sorted_before = False
        for pattern in patterns:
            begins = bool(pattern.sort) and not pattern.joined
            if begins or (sorted_before and not pattern.sort):
                shut = ()  # it lasts inside of SORT(...), or up to one
            sorted_before = bool(pattern.sort)
            shut = pattern.exclude or shut
            out.append(attrs.evolve(pattern, exclude=shut) if shut else pattern)
        return tuple(out)

    def _pattern_by_pattern(
        self, taken_by: list[_Taken], file: n.FilePattern
    ) -> tuple[SectionId, ...]:
        """LLD: each sorted pattern by itself, or with those in the same SORT(); a run of unsorted
        ones is one walk in input order."""
        out: list[SectionId] = []
        while taken_by:
            first = taken_by[0][0]
            size = 1
            while size < len(taken_by) and _goes_with(first, taken_by[size][0]):
                size += 1
            run = [sid for _, taken in taken_by[:size] for sid in taken]
            taken_by = taken_by[size:]
            out += self._sort(self._in_order(run), first, file)
        return tuple(out)

    def _interleaved(self, taken_by: list[_Taken]) -> tuple[SectionId, ...]:
        """GNU ld: one list in input order; a section of a sorted pattern goes in before the first
        one that is greater by that pattern's criterion."""
        if not any(words_of(p) for p, _ in taken_by):
            return tuple(self._in_order([sid for _, taken in taken_by for sid in taken]))
        every = sorted(
            ((sid, p) for p, taken in taken_by for sid in taken),
            key=lambda pair: self._rank(pair[0]),
        )
        out: list[SectionId] = []
        for sid, pattern in every:
            at = len(out)
            if words_of(pattern):
                key, back = self._sort_key(pattern), pattern.reverse
                mine = key(sid)
                later = (i for i, o in enumerate(out) if (key(o) < mine if back else key(o) > mine))
                at = next(later, at)
            out.insert(at, sid)
        return tuple(out)

    def _in_order(self, sids: list[SectionId]) -> list[SectionId]:
        """Sections in input order: by their numbers, unless some of the linker's own are there."""
        only_inputs = max(sids, default=0) < self._table.base[-1]
        return sorted(sids, key=None if only_inputs else self._rank)

    def _rank(self, sid: SectionId) -> tuple[int, int]:
        return self._table.input_rank(sid, self._dialect)

    def _match(
        self,
        file: n.FilePattern,
        pattern: n.SectionPattern,
        wanted: Callable[[int], bool] | None,
        discards: bool,
    ) -> list[SectionId]:
        """Claim what one pattern matches: sorted by input order, and gone from the index."""
        literal = file.quoted and self._dialect.quoted_files_are_names
        only = self.files(file.pattern, exact_test) if literal else self.files(file.pattern)
        outer = file.exclude if self._dialect.outer_exclude_file_counts else ()
        shut = [self.files(p, exclude_test) for p in (*outer, *pattern.exclude)]
        of, flags = self._table.file, self._table.flags
        keeps_apart = self._dialect.tables_like_gnu and not discards
        alone = self._table.alone if keeps_apart else frozenset()
        rows = self._unclaimed.rows(pattern.pattern)
        sids = self._unclaimed.sections(rows)
        if only is not None or shut or wanted or alone:
            meant = [
                (only is None or of[sid] in only)
                and not any(s is None or of[sid] in s for s in shut)
                and (wanted is None or wanted(flags[sid]))
                and sid not in alone
                for sid in sids
            ]
            rows, sids = list(compress(rows, meant)), list(compress(sids, meant))
        self._unclaimed.take(rows)
        return self._in_order(sids)

    def _flag_test(self, node: n.InputStatement) -> Callable[[int], bool] | None:
        """INPUT_SECTION_FLAGS: every named flag set, every `!` flag clear (manual 3.6.4.1)."""
        if not node.with_flags and not node.without_flags:
            return None
        on = _flag_mask(node.with_flags, node.span)
        off = _flag_mask(node.without_flags, node.span)
        return lambda flags: flags & on == on and not flags & off

    def _sort(
        self, sids: Sequence[SectionId], pattern: n.SectionPattern, file: n.FilePattern
    ) -> tuple[SectionId, ...]:
        out = list(sids)
        if words_of(pattern):
            out = sorted_sections(out, pattern, self._sort_key(pattern))
        if file.sort == "SORT_BY_NAME" or (file.reverse and not file.sort):
            names = {sid: sort_name(self._files[self._table.file[sid]]) for sid in out}
            out.sort(key=names.__getitem__, reverse=file.reverse)
        return tuple(out)

    def _sort_key(self, pattern: n.SectionPattern) -> Callable[[SectionId], tuple[Any, ...]]:
        return sort_key(pattern, self._table.name, self._table.align, self._dialect)


_FLAG_NUMBERS = {f"SHF_{name}": number for number, name in c.SHF_NAMES.items()}


def _flag_mask(names: Iterable[str], span: Span | None) -> int:
    mask = 0
    for name in names:
        try:
            mask |= _FLAG_NUMBERS.get(name) or int(name, 0)
        except ValueError:
            raise fail(
                "unknown-section-flag",
                f"unrecognized section flag `{name}'",
                span=span,
                help=["use a number, or one of " + ", ".join(sorted(_FLAG_NUMBERS))],
            ) from None
    return mask
