"""What takes part in the link: the script, and the input files in command-line order.

A user hands over paths, bytes or ObjectFiles; a script can name more files with INPUT, and in GNU
ld's dialect a file name without wildcards in a section pattern is an input too.  After this pass
the list of files is complete and in the order that decides every tie later on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, Union

import attrs

from ..diag import Diagnostics, LinkError, Span, fail
from ..dialect import Dialect
from ..formats import read, read_bytes
from ..model import ObjectFile
from ..script import nodes as n
from ..script.parser import parse_script
from ..wildcard import is_wildcard
from .near import listed, nearest_files

if TYPE_CHECKING:
    from ..script.build import Layout

InputLike = Union[str, "os.PathLike[str]", bytes, ObjectFile]
LayoutLike = Union[str, "os.PathLike[str]", "Layout", n.Script, None]

INCLUDE_DEPTH = 100
MAX_INCLUDES = 2000
"""INCLUDEs followed in a link: thirty files that include the next one twice would be a billion."""

T = TypeVar("T")


@attrs.frozen(eq=False)
class ScriptFile:
    """The script of a link, every INCLUDE replaced by what it names.

    commands: what stands outside SECTIONS and SECTIONS itself, in order.
    """

    commands: tuple[n.TopLevel, ...]

    def of(self, kind: type[T]) -> Iterator[T]:
        """Every top-level command of one kind, in order."""
        return (c for c in self.commands if isinstance(c, kind))

    @property
    def has_sections(self) -> bool:
        return any(isinstance(c, n.SectionsCommand) for c in self.commands)


@attrs.frozen(eq=False)
class Inputs:
    """The input files in command-line order; the first `explicit` were not opened for a pattern."""

    files: tuple[ObjectFile, ...]
    explicit: int


def load_script(
    layout: LayoutLike, search: Sequence[str], diags: Diagnostics, extra: Iterable[n.TopLevel] = ()
) -> ScriptFile:
    """Parse the layout, follow its INCLUDEs, and append the nodes that options stand for.

    layout: a path, script text (a str with a line break, a brace or a semicolon), a Layout, a
    Script, or None for no script.  Raises script-syntax, cannot-read, include-cycle."""
    script = _parse(layout)
    expanded = _expand(script.commands, "script", _Includes(search), ())
    return ScriptFile((*expanded, *extra))


def _parse(layout: LayoutLike) -> n.Script:
    if layout is None:
        return n.Script()
    if isinstance(layout, n.Script):
        return layout
    if isinstance(layout, str) and any(mark in layout for mark in "\n{;"):
        return parse_script(layout)
    if isinstance(layout, (str, os.PathLike)):
        return parse_script(_read_text(os.fspath(layout), None), os.fspath(layout))
    return layout.script


def _read_text(path: str, span: Span | None) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError as problem:
        raise fail(
            "cannot-read",
            f"cannot open linker script file {path}: {problem.strerror or problem}",
            span=span,
        ) from None


@attrs.define
class _Includes:
    """Where INCLUDE looks for files, and how many it has opened."""

    search: Sequence[str]
    opened: int = 0


def _expand(
    items: tuple[Any, ...], where: str, search: _Includes, stack: tuple[str, ...]
) -> tuple[Any, ...]:
    """Replace each Include by the nodes its file holds, at every level where one may stand.

    GNU ld manual 3.4.2: the file is looked for in the current directory, then along `-L`.
    """
    if not any(isinstance(i, _NESTING) for i in items):
        return items
    out: list[Any] = []
    for item in items:
        if isinstance(item, n.Include):
            out += _included(item, where, search, stack)
        elif isinstance(item, n.SectionsCommand):
            out.append(attrs.evolve(item, items=_expand(item.items, "sections", search, stack)))
        elif isinstance(item, n.OutputSection):
            inner = _expand(item.statements, "output section", search, stack)
            out.append(attrs.evolve(item, statements=inner) if inner != item.statements else item)
        elif isinstance(item, n.Memory):
            out.append(attrs.evolve(item, regions=_expand(item.regions, "memory", search, stack)))
        else:
            out.append(item)
    return tuple(out)


_NESTING = (n.Include, n.SectionsCommand, n.OutputSection, n.Memory)


def _included(
    node: n.Include, where: str, search: _Includes, stack: tuple[str, ...]
) -> tuple[Any, ...]:
    path = find_file(node.path, search.search) or node.path
    real = os.path.realpath(path)
    search.opened += 1
    if search.opened > MAX_INCLUDES:
        raise fail(
            "include-cycle",
            f"more than {MAX_INCLUDES} INCLUDEs",
            span=node.span,
            notes=[f"included through {' -> '.join([*stack[-3:], real])}"],
            help=["include each file once"],
        )
    if real in stack or len(stack) >= INCLUDE_DEPTH:
        raise fail(
            "include-cycle",
            f"INCLUDE {node.path} includes itself",
            span=node.span,
            notes=[f"included through {' -> '.join([*stack[-3:], real])}"],
            help=["remove the INCLUDE that leads back"],
        )
    text = _read_text(path, node.span)
    return _expand(_fragment(text, path, where), where, search, (*stack, real))


def _fragment(text: str, path: str, where: str) -> tuple[Any, ...]:
    if where == "script":
        return parse_script(text, path).commands
    found: tuple[Any, ...] = parse_script(text, path, where)  # type: ignore[call-overload]
    return found


def find_file(name: str, search: Sequence[str]) -> str | None:
    """The first existing file of that name: as given, then in each directory of `search`."""
    for directory in ("", *search):
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            return path
        if os.path.isabs(name):
            break
    return None


def load_inputs(
    objs: Iterable[InputLike],
    script: ScriptFile,
    search: Sequence[str],
    dialect: Dialect,
    diags: Diagnostics,
    ahead: int | None = None,
) -> Inputs:
    """Read every input; those that patterns of the script name come after all others.

    ahead: how many of the caller's come before those of INPUT, as -T stands among the files on a
    command line; None is all.

    Reports cannot-read, unsupported-input, bad-object for each file that cannot be taken, and
    no-inputs when nothing is left to link.  Source: GNU ld manual 3.4.2 (INPUT, GROUP, STARTUP);
    files named in patterns: see the dialect row.
    """
    files: list[ObjectFile] = []
    for number, obj in enumerate(objs):
        _take(files, diags, lambda obj=obj, number=number: _read_one(obj, number))  # type: ignore[misc]
    explicit = len(files)
    known = {file.name for file in files}
    named: list[ObjectFile] = []
    for name, span, in_pattern in _named_by_script(script, dialect):
        path = find_file(name, search)
        if name in known or (path is not None and path in known):
            continue
        known.add(name)
        if path is not None:
            taker = files if in_pattern else named
            _take(taker, diags, lambda path=path, name=name: _named(read(path), name))  # type: ignore[misc]
        else:
            _tell_missing(name, span, in_pattern, [file.name for file in files], diags)
    diags.stop_on_errors()
    at = explicit if ahead is None else ahead
    files[at:at] = named
    if not files:
        raise fail("no-inputs", "no input files", help=["name at least one object file"])
    return Inputs(tuple(files), explicit + len(named))


def _tell_missing(
    name: str, span: Span | None, in_pattern: bool, given: list[str], diags: Diagnostics
) -> None:
    """A file the script names is not there: which input may be meant, and why it is looked for."""
    notes = [f"the input files are {listed(given)}"] if given else []
    near = nearest_files(name, given)
    help_ = [f"did you mean {listed(near).replace(', ', ' or ')}?"] if near else []
    if in_pattern:
        notes.append("GNU ld opens a file that a pattern names, when no input has that name")
        help_.append("write a name the file has, or a pattern such as *.o")
    else:
        help_.append("check the name; -L DIR adds a directory to look in")
    diags.error(
        "cannot-read",
        f"cannot find {name}: No such file or directory",
        span=span,
        label="no input has this name" if in_pattern else "",
        notes=notes,
        help=help_,
    )


def _take(files: list[ObjectFile], diags: Diagnostics, get: Callable[[], ObjectFile]) -> None:
    try:
        files.append(get())
    except LinkError as problem:
        diags.extend(problem.diagnostics)


def _named(file: ObjectFile, name: str) -> ObjectFile:
    """The file under the name a pattern of the script knows it by."""
    return file if file.name == name else attrs.evolve(file, name=name)


def _read_one(obj: InputLike, number: int) -> ObjectFile:
    if isinstance(obj, ObjectFile):
        return obj
    if isinstance(obj, (bytes, bytearray, memoryview)):
        return read_bytes(bytes(obj), f"<input {number + 1}>")
    return read(obj)


def _named_by_script(
    script: ScriptFile, dialect: Dialect
) -> Iterator[tuple[str, Span | None, bool]]:
    """Names of inputs in the script: (name, where, whether a section pattern names it)."""
    for command in script.of(n.Input):
        for file in command.files:
            yield file.name, file.span, False
    if not dialect.opens_files_named_in_patterns:
        return
    for sections in script.of(n.SectionsCommand):
        for item in sections.items:
            if isinstance(item, n.OutputSection) and item.name != "/DISCARD/":
                for statement in item.statements:
                    if isinstance(statement, n.InputStatement):
                        name = statement.file.pattern
                        if not is_wildcard(name) and ":" not in name:
                            yield name, statement.file.span or statement.span, True
