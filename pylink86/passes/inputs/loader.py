"""The walk over the inputs from left to right, and what it makes of each: an object, a library with
its members still closed, commands of a script.

An input is a path, bytes, an ObjectFile, or an Input, which also says what the options before it
mean for it (--whole-archive, --start-group).  A script names more inputs where it stands."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Union

import attrs

from ... import elf_const as c
from ...diag import Diagnostics, LinkError, Span, fail
from ...dialect import Dialect
from ...formats import input_from_bytes, read_input
from ...model import ObjectFile
from ...script import nodes as n
from ...wildcard import is_wildcard
from ..near import listed, nearest_files
from ..reading.scripts import LayoutLike, find_file, read_commands
from ..reading.scripts import ScriptFile as ScriptFile
from .library import Library, Search, find_library, prefixed

if TYPE_CHECKING:
    from ...formats.ar import Archive

FILE, LIBRARY, SCRIPT = "file", "library", "script"


@attrs.frozen(eq=False, repr=False)
class Input:
    """One input and what holds for it.

    what: a path, bytes or an ObjectFile; for kind "library" the NAME of `-lNAME`, or `:file`; for
        kind "script" a layout, whose own inputs stand here.
    whole_archive: all members join.  group: archives of one number other than 0 are searched in
        turn until no more members join.  lazy: an object that joins only when needed, as between
        --start-lib and --end-lib (a number for each pair).  static: of -l, archives only.
    binary: a file is data, whatever it is.
    prefixes: (method of ObjectFile, prefix), as ("prefix_symbols", "k_").
    """

    what: InputLike | LayoutLike
    kind: str = FILE
    whole_archive: bool = False
    group: int = 0
    lazy: int = 0
    static: bool = False
    binary: bool = False
    prefixes: tuple[tuple[str, str], ...] = ()


InputLike = Union[str, "os.PathLike[str]", bytes, ObjectFile, Input]

PLAIN = Input("")


@attrs.frozen(eq=False, repr=False)
class Step:
    """One thing to do on the way from left to right.

    label: what --trace calls it.  group: steps of one group are repeated until no member joins.
    by_pattern: only a section pattern of a script names the file.
    """

    item: ObjectFile | Library | tuple[n.TopLevel, ...]
    label: str = ""
    group: tuple[str, int] | None = None
    by_pattern: bool = False


def words_of_commands(scripts: Iterable[ScriptFile], word: str) -> Iterator[str]:
    """The arguments of every plain command of that word."""
    for script in scripts:
        for command in script.of(n.Command):
            if command.word == word:
                yield from command.args


class Loader:
    """The walk from left to right; `ahead` are the inputs of the caller by path, `done` the numbers
    of those that were taken out of turn."""

    def __init__(self, search: Search, dialect: Dialect, diags: Diagnostics) -> None:
        self.search = search
        self.dialect = dialect
        self.diags = diags
        self.steps: list[Step] = []
        self.commands: list[n.TopLevel] = []
        self.late: list[n.TopLevel] = []
        self.ahead: dict[str, tuple[int, Input]] = {}
        self.done: set[int] = set()
        self.names: set[str] = set()
        self.groups = 0
        self.in_group = False
        self.binary = False
        self.has_raw = False

    # Files

    def take(self, inp: Input, number: int) -> None:
        """One of the caller's inputs."""
        self.done.add(number)
        what = inp.what
        if inp.kind == LIBRARY:
            self.library(str(what), inp, None)
        elif isinstance(what, ObjectFile):
            self.add(what, what.name, inp)
        elif isinstance(what, (bytes, bytearray, memoryview)):
            name = f"<input {number + 1}>"
            try:
                self.add(input_from_bytes(bytes(what), name), name, inp)
            except LinkError as problem:
                self.diags.extend(problem.diagnostics)
        else:
            path = os.fspath(what)  # type: ignore[arg-type]
            self.open(path, path, inp)

    def open(
        self, path: str, name: str, inp: Input, by_pattern: bool = False, as_needed: bool = False
    ) -> None:
        """The file at a path, of whatever kind, as an input of that name."""
        try:
            if inp.binary or self.binary:
                self.add(self.raw(path, name), name, inp, by_pattern)
                return
            found = read_input(path)
            if isinstance(found, str):
                self.implicit(found, path, inp)
                return
            if isinstance(found, ObjectFile) and found.header.type != c.ET_REL:
                if as_needed:
                    return
                raise _linked_already(found)
        except LinkError as problem:
            self.diags.extend(problem.diagnostics)
            return
        self.add(found, name, inp, by_pattern)

    def raw(self, path: str, name: str) -> ObjectFile:
        """Any file as an object of data."""
        from ...formats import read_raw
        from .raw_input import binary_object

        self.has_raw = True
        return binary_object(read_raw(path), name, self.dialect)

    def add(
        self, found: ObjectFile | Archive, name: str, inp: Input, by_pattern: bool = False
    ) -> None:
        self.names.add(name)
        if isinstance(found, ObjectFile):
            if found.name != name:
                found = attrs.evolve(found, name=name)
            found = prefixed(found, inp.prefixes)
            if inp.lazy:
                self.steps.append(Step(Library(name, found), name, ("lib", inp.lazy)))
            else:
                self.steps.append(Step(found, name, self.group(inp), by_pattern))
            return
        paths = self.dialect.thin_members_are_paths
        library = Library(name, found, inp.whole_archive, paths, inp.prefixes)
        self.steps.append(Step(library, name, self.group(inp), by_pattern))

    def group(self, inp: Input) -> tuple[str, int] | None:
        """A group of the command line, else the GROUP() of a script being walked."""
        if inp.group:
            return "group", inp.group
        return ("GROUP", self.groups) if self.in_group else None

    def library(self, name: str, inp: Input, span: Span | None) -> None:
        """`-lNAME`, as find_library reads it."""
        path, shared = find_library(name, inp.static, self.search)
        if path is not None:
            self.open(path, path, inp)
            return
        why, help_ = "No such file or directory", "-L DIR adds a directory to look in"
        if shared:
            why = f"{shared} is a shared library"
            help_ = "an image has no dynamic loader: link with a static library, libNAME.a"
        self.diags.error(
            "cannot-read",
            f"cannot find -l{name}: {why}",
            span=span,
            notes=[f"looked in {listed(self.search.folders)}"] if self.search.folders else [],
            help=[help_],
        )

    # Scripts

    def script(self, commands: Sequence[n.TopLevel], inp: Input) -> None:
        """The inputs of a script that was given as one."""
        self.commands += commands
        self._walk(commands, inp, None)

    def implicit(self, text: str, path: str, inp: Input) -> None:
        """A script that stands among the inputs (GNU ld manual 3.11)."""
        try:
            commands = read_commands(text, path, self.search.folders)
        except LinkError as problem:
            note = f"`{path}' is no object and no archive, so it is read as a linker script"
            self.diags.extend(attrs.evolve(d, notes=(*d.notes, note)) for d in problem.diagnostics)
            return
        self.names.add(path)
        words = words_of_commands([ScriptFile(commands)], "SEARCH_DIR")
        self.search = self.search.with_folders(words)
        if self.dialect.implicit_scripts_come_last:
            self.late += commands
        else:
            self.commands += commands
        self.steps.append(Step((), path, self.group(inp)))
        self._walk(commands, inp, os.path.dirname(path) or ".")

    def _walk(self, commands: Sequence[n.TopLevel], inp: Input, folder: str | None) -> None:
        """Inputs and assignments in the order they stand; folder: where an implicit script lies."""
        outer_target = self.binary
        for command in commands:
            if isinstance(command, n.Input):
                outer, self.in_group = self.in_group, self.in_group or command.group
                self.groups += self.in_group and not outer
                for file in command.files:
                    self.named(file.name, inp, file.span, folder, file.as_needed)
                self.in_group = outer
            if isinstance(command, n.Command) and command.word == "TARGET":
                self.binary = command.args == ("binary",)
            if isinstance(command, n.SectionsCommand):
                self._files_in_patterns(command)
            if isinstance(command, (n.Assignment, n.SectionsCommand)):
                self.steps.append(Step((command,), "", self.group(inp)))
        self.binary = outer_target

    def named(
        self,
        name: str,
        inp: Input,
        span: Span | None,
        folder: str | None = None,
        as_needed: bool = False,
    ) -> None:
        """A file of INPUT, GROUP or STARTUP, or `-lNAME` there.

        GNU ld looks in the folder of an implicit script, then where it runs, then along -L; LLD in
        the folder of the script that names the file first.
        """
        if name[:2] == "-l":
            self.library(name[2:], inp, span)
            return
        name = self.search.rooted(name, span.source.name if span is not None else "")
        if self.dialect.scripts_know_their_folder:
            folder = os.path.dirname(span.source.name) if span is not None else None
        beside = os.path.join(folder, name) if folder is not None else ""
        found = beside and os.path.isfile(beside)
        path = beside if found else find_file(name, self.search.folders)
        if path is None:
            self._tell_missing(name, span, False)
        else:
            self.open(path, path, inp, as_needed=as_needed)

    def _files_in_patterns(self, command: n.SectionsCommand) -> None:
        """GNU ld opens a file that a pattern names when it comes to the script; one that stands
        further to the right is linked here then."""
        if not self.dialect.opens_files_named_in_patterns:
            return
        for name, span in _names_in_patterns(command):
            if name in self.names:
                continue
            if name in self.ahead:
                number, inp = self.ahead[name]
                self.take(inp, number)
                continue
            path = find_file(name, self.search.folders)
            if path in self.names:
                continue
            self.names.add(name)
            if path is None:
                self._tell_missing(name, span, True)
            else:
                self.open(path, name, PLAIN, by_pattern=True)

    def _turn(self, name: str) -> int:
        return self.ahead[name][0]

    def _tell_missing(self, name: str, span: Span | None, in_pattern: bool) -> None:
        """A file the script names is not there: which input may be meant, and why it is looked
        for."""
        labels = [step.label for step in self.steps if step.label]
        given = [*dict.fromkeys([*sorted(self.ahead, key=self._turn), *labels])]
        notes = [f"the input files are {listed(given)}"] if given else []
        near = nearest_files(name, given)
        help_ = [f"did you mean {listed(near).replace(', ', ' or ')}?"] if near else []
        if in_pattern:
            notes.append("GNU ld opens a file that a pattern names, when no input has that name")
            help_.append("write a name the file has, or a pattern such as *.o")
        else:
            help_.append("check the name; -L DIR adds a directory to look in")
        self.diags.error(
            "cannot-read",
            f"cannot find {name}: No such file or directory",
            span=span,
            label="no input has this name" if in_pattern else "",
            notes=notes,
            help=help_,
        )


def _names_in_patterns(command: n.SectionsCommand) -> Iterator[tuple[str, Span | None]]:
    """File names in section patterns that are no wildcards, and where they stand."""
    for item in command.items:
        sections = item.sections if isinstance(item, n.Overlay) else (item,)
        for section in sections:
            if not isinstance(section, n.OutputSection):
                continue
            for statement in section.statements:
                if isinstance(statement, n.InputStatement):
                    name = statement.file.pattern
                    if not is_wildcard(name) and ":" not in name:
                        yield name, statement.file.span or statement.span


def _linked_already(file: ObjectFile) -> LinkError:
    what = "a shared library" if file.header.type == c.ET_DYN else "a linked program"
    return fail(
        "unsupported-input",
        f"{file.name} is {what}; only relocatable objects can be linked",
        place=file.name,
        help=["give the objects it was linked from, or a static library"],
    )
