"""Findings as LLD words them, for builds and editors that read its messages.

The first line is LLD's, with our name for the kind of finding at its end; places stand below it
after `>>>`.  What we know beside that, why it happened and the way out, follows as everywhere.
What LLD would not tell at all keeps our form.

    ld.lld: error: undefined symbol: memcpy [undefined-symbol]
    >>> referenced by kernel.o:(.text+0x1f)
       = help: link the object that defines it, or define it in the script or with --defsym

Found by giving ld.lld-19 and pyld the same links that fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import attrs

from ..diag import Diagnostic, Span
from ..passes.names.cxx_names import demangled
from ..report import PLAIN, printable, to_text
from .lld_damage import said_of_damage
from .lld_sentences import LLD_KINDS, SENTENCES, WITH_LINE, WITH_LINE_TOO, WITH_PLACE
from .names import readable

MANY = 3
"""How many places LLD lists before it only counts them."""

BARE_PLACE = re.compile(r"^([^:]*)(\(\S+\))$")
"""`a.o(.text)`, which LLD writes with a colon."""

PLACELESS = frozenset({"common-met"})
"""Kinds of which LLD does not tell the place."""

COLOURS = {"error": "\033[0;31m", "warning": "\033[0;35m"}

ROLES = {
    "bad-eh-frame": "defined in",
    "undefined-symbol": "referenced by",
    "discarded-symbol": "referenced by",
    "duplicate-symbol": "defined at",
    "reloc-not-pic": "referenced by",
    "reloc-in-read-only": "referenced by",
}
"""What the places of a finding are to it."""

NAME = re.compile(r"`([^']*)'")
OVERFLOW = re.compile(r"relocation truncated to fit: (\S+) against `(.*)'")
VALUE = re.compile(
    r"the value is (-?0x[0-9a-f]+); .* takes (-?0x[0-9a-f]+|-?\d+) to (0x[0-9a-f]+|\d+)"
)
PLACE_BEHIND = re.compile(r"^([^:]*)\((\S+)\)(\+0x[0-9a-f]+)$")
"""`a.o(.eh_frame)+0x8`, which LLD writes as `a.o:(.eh_frame+0x8)`."""

OVERLAP = re.compile(
    r"section (\S+) ([VL]MA) \[(\w+),(\w+)\] overlaps section (\S+) [VL]MA \[(\w+),(\w+)\]"
)
BACKWARDS = re.compile(r"cannot move location counter backwards \(from (\w+) to (\w+)\)")
MOVED = re.compile(r"INSERT (AFTER|BEFORE) moves ([^\s,]+)")
REGION = re.compile(r"memory region `(.*)' not declared")
WRAPS = re.compile(r"section (\S+) VMA wraps around address space: 0x(\w+) bytes from 0x(\w+)")
NAMED_FILE = re.compile(r"cannot find (?!-l|/)(.*): No such file or directory")
OF_SECTION = re.compile(r"section `([^']*)'")
MORE_PLACES = re.compile(r"also at (.*)")
FIRST = re.compile(r"(.*): first defined here")
COUNTED = re.compile(r"and (\d+) more references?")
OFFSET = re.compile(r"\+0x([0-9a-f]+)(?=\)$|\)\)$)")
LINE_AND_OBJECT = re.compile(r"(\S+:\d+) \((.*)\)")


def lld_report(
    found: Iterable[Diagnostic],
    program: str,
    *,
    colour: bool = False,
    demangle: bool = True,
    limit: int = 0,
) -> str:
    """All findings as they go to stderr: what LLD tells too in its form, the others in ours.

    demangle: names as in the source; limit: of errors, after which no more is said, 0 for all."""
    lines: list[str] = []
    errors = 0
    for d in found:
        if limit and errors == limit and d.severity == "error":
            lines.append(
                f"{program}: error: too many errors emitted, stopping now "
                "(use --error-limit=0 to see all errors)"
            )
            break
        errors += d.severity == "error"
        if d.slug in LLD_KINDS or said_of_damage(d):
            lines.append(lld_text(d, program, colour=colour, demangle=demangle))
        else:
            lines.append(to_text(d, colour=colour))
    return "".join(f"{line}\n" for line in lines)


def lld_text(d: Diagnostic, program: str, *, colour: bool = False, demangle: bool = True) -> str:
    """One finding with LLD's first line, then its places, notes and help; no newline at the end."""
    own = [note for note in d.notes if note.startswith(">>> ")]
    if demangle:
        d = attrs.evolve(d, message=NAME.sub(_readable, d.message))
    severity = f"{d.severity}: "
    if colour:
        severity = f"{COLOURS[d.severity]}{severity}{PLAIN}"
    damage = said_of_damage(d)
    first, more = (damage, []) if damage else _sentence(d)
    where = "" if damage else _where(d)
    lines = [f"{program}: {severity}{printable(where + first)} [{d.slug}]"]
    lines += [f">>> {printable(text)}" for text in more]
    lines += [printable(_unquoted(note, demangle)) for note in own]
    lines += [f">>> {text}" for text in _places(d)] if not (own or damage) else []
    if d.span is not None:
        lines += _quoted(d.span, d.label)
    elif d.label:
        lines.append(f"   = note: {printable(d.label)}")
    lines += _explained("note", (t for t in d.notes if not _is_place(t) and t not in own))
    lines += _explained("help", d.help)
    return "\n".join(lines)


def _readable(found: re.Match[str]) -> str:
    """A name in quotes as its author wrote it, still in quotes."""
    return f"`{_as_written(found[1])}'"


def _as_written(name: str) -> str:
    return demangled(name) or readable(name)


def _unquoted(text: str, demangle: bool) -> str:
    """One of LLD's lines, its names without our quotes."""
    return NAME.sub(lambda met: _as_written(met[1]) if demangle else met[1], text)


def _is_place(note: str) -> bool:
    return any(form.fullmatch(note) for form in (MORE_PLACES, COUNTED, FIRST))


def _sentence(d: Diagnostic) -> tuple[str, list[str]]:
    """What LLD says, and what it says below."""
    if d.slug == "reloc-overflow":
        return _overflow(d), []
    if d.slug == "sections-overlap" and (met := OVERLAP.fullmatch(d.message)):
        return _overlap(*met.groups())
    if d.slug == "dot-moved-backwards" and (met := BACKWARDS.match(d.message)):
        text = f"unable to move location counter (0x{met[1]}) backward to 0x{met[2]}"
        section = next((m for note in d.notes if (m := OF_SECTION.search(note))), None)
        return text + (f" for section '{section[1]}'" if section else ""), []
    if wraps := WRAPS.fullmatch(f"{d.message}: {d.label}"):
        size, start = (int(text, 16) for text in wraps.group(2, 3))
        return (
            f"section {wraps[1]} at 0x{start:X} of size 0x{size:X} exceeds available address space",
            [],
        )
    if d.slug == "unknown-region" and _is_alias(d):
        return REGION.sub(r"memory region '\1' is not defined", d.message), []
    if d.slug == "bad-section-type" and d.span is not None:
        return f"unknown section type {d.span.text}", []
    if _is_named_by_script(d):
        return NAMED_FILE.sub(r"unable to find \1", d.message), []
    moved = next((met for note in d.notes if (met := MOVED.match(note))), None)
    if d.slug == "insert-target-missing" and moved:
        anchor = d.message.split(" ")[0]
        return f"unable to insert {moved[2]} {moved[1].lower()} {anchor}", []
    for pattern, words in SENTENCES.get(d.slug, ()):
        if re.fullmatch(pattern, d.message):
            said = re.sub(pattern, words, d.message, count=1)
            return _with_guess(re.sub(r"`([^`']*)'", r"'\1'", said), d), []
    return re.sub(r"`([^`']*)'", r"'\1'", d.message), []


def _is_named_by_script(d: Diagnostic) -> bool:
    """Whether INPUT() or GROUP() names a file that is nowhere; of a path LLD says what it says of
    those on the command line."""
    return d.slug == "cannot-read" and d.span is not None and bool(NAMED_FILE.fullmatch(d.message))


def _is_alias(d: Diagnostic) -> bool:
    return d.span is not None and d.span.text.startswith("REGION_ALIAS")


def _with_guess(text: str, d: Diagnostic) -> str:
    """LLD guesses what a misspelt option means in the same line."""
    guess = next((m for h in d.help if (m := re.fullmatch(r"did you mean (\S+)\?", h))), None)
    return f"{text}, did you mean '{guess[1]}'" if guess and d.slug == "unknown-option" else text


def _overflow(d: Diagnostic) -> str:
    found = OVERFLOW.match(d.message)
    value = next((m for note in d.notes if (m := VALUE.match(note))), None)
    if not found or not value:
        return d.message
    number, low, high = (int(text, 0) for text in value.groups())
    symbol = found[2]
    kind = "section " if symbol.startswith(".") else ""
    return (
        f"relocation {found[1]} out of range: {number} is not in [{low}, {high}]; "
        f"references {kind}'{symbol}'"
    )


def _overlap(
    later: str, what: str, start: str, end: str, earlier: str, first: str, last: str
) -> tuple[str, list[str]]:
    """LLD names the lower section first, and the ranges below."""
    kind = {"VMA": "virtual address", "LMA": "load address"}[what]
    ranges = sorted(
        [(int(first, 16), int(last, 16), earlier), (int(start, 16), int(end, 16), later)],
        key=lambda row: row[0],
    )
    told = [f"{name} range is [0x{low:X}, 0x{high:X}]" for low, high, name in ranges]
    return f"section {ranges[0][2]} {kind} range overlaps with {ranges[1][2]}", told


def _where(d: Diagnostic) -> str:
    with_line = d.slug in WITH_LINE or d.message.startswith(WITH_LINE_TOO)
    if d.span is not None and (with_line or _is_named_by_script(d) or _is_alias(d)):
        name, line = d.span.source.name, d.span.line
        if name.startswith("--defsym"):
            name = "--defsym"
        if not d.span.text and line > 1 and not d.span.source.line_text(line):
            line -= 1  # behind the newline that ends the file
        return f"{name}:{line}: "
    if d.slug == "bad-eh-frame" and "refers to no CIE" in d.message:
        return PLACE_BEHIND.sub(r"\1:(\2): ", d.place)
    if d.place and d.slug in WITH_PLACE:
        place = d.place.replace("`", "").replace("'", "")
        if "(function " not in place:
            place = OFFSET.sub(lambda met: "+0x" + met[1].upper(), place)
        return BARE_PLACE.sub(r"\1:\2", place) + ": "
    return ""


def _places(d: Diagnostic) -> Iterator[str]:
    """`referenced by a.o:(.text+0x1)`, three of them at most; with a source line, that first."""
    if (
        not d.place
        or d.slug in PLACELESS
        or d.slug in WITH_PLACE
        or "refers to no CIE" in d.message
    ):
        return
    places = [FIRST.sub(r"\1", note) for note in d.notes if FIRST.fullmatch(note)]
    places.append(d.place)
    for note in d.notes:
        if more := MORE_PLACES.fullmatch(note):
            places += re.split(r", | and (?=\S)", more[1])
    role = ROLES.get(d.slug, "")
    for place in places[:MANY]:
        place = PLACE_BEHIND.sub(r"\1:(\2\3)", place)
        place = OFFSET.sub(lambda met: "+0x" + met[1].upper(), place)
        both = LINE_AND_OBJECT.fullmatch(place)
        shown = [both[1], " " * len(role) + f" {both[2]}"] if both else [place]
        yield printable(f"{role} {shown[0]}".strip())
        yield from (printable(text) for text in shown[1:])
    more = next((m for note in d.notes if (m := COUNTED.fullmatch(note))), None)
    if more:
        yield f"referenced {more[1]} more times"


def _quoted(span: Span, label: str) -> list[str]:
    """The line of the script with a caret below, as LLD quotes it, and what is wrong there."""
    line, column = span.source.line_col(span.start)
    text = span.source.line_text(line)
    caret = " " * len(text[: column - 1].expandtabs(1)) + "^"
    return [
        f">>> {printable(text.expandtabs(1))}",
        f">>> {caret}" + (f" {printable(label)}" if label else ""),
    ]


def _explained(kind: str, texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        body = f"\n{' ' * 11}".join(printable(text, newlines=True).split("\n"))
        yield f"   = {kind}: {body}"
