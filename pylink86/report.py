"""Findings as text for people, or as JSON for tools.

`diag` gathers facts; this module prints them.  People get the sentence, the line of the script it
is about with a caret under the words to blame, why it happened and the way out.  Tools get one
JSON object a line.  Names come from files, and files come from anywhere: whatever could drive a
terminal is printed as an escape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .diag import Diagnostic, Span

TAB = 4
"""Columns between tab stops in a snippet; the file's own are unknown."""

WIDTH = 100
"""Columns of a snippet; of a longer line the part around the blamed words is shown."""

RED, YELLOW, BLUE, BOLD, PLAIN = "\033[1;31m", "\033[1;33m", "\033[1;34m", "\033[1m", "\033[0m"
COLOURS = {"error": RED, "warning": YELLOW}

Paint = Callable[[str, str], str]


def render(found: Iterable[Diagnostic], *, as_json: bool = False, colour: bool = False) -> str:
    """All findings as they go to stderr, each ending with a newline; "" when there are none.

    as_json: one JSON object a line, never coloured.
    """
    if as_json:
        return "".join(to_json(d) + "\n" for d in found)
    return "".join(to_text(d, colour=colour) + "\n" for d in found)


def to_text(d: Diagnostic, *, colour: bool = False) -> str:
    """One finding: headline, place, snippet with caret, notes, help; no newline at the end."""
    paint: Paint = _paint if colour else _leave
    lines = [
        paint(f"{d.severity}[{d.slug}]", COLOURS[d.severity])
        + paint(f": {printable(d.message)}", BOLD)
    ]
    width = max(2, len(str(d.span.line))) if d.span else 2
    pad = " " * width
    if d.span:
        lines += _snippet(d.span, d.label, width, paint, COLOURS[d.severity])
    if d.place:
        lines.append(f"{pad}{paint('-->' if not d.span else ':::', BLUE)} {printable(d.place)}")
    if d.label and not d.span:
        lines.append(f"{pad} {paint('=', BLUE)} note: {printable(d.label)}")
    for kind, texts in (("note", d.notes), ("help", d.help)):
        for text in texts:
            body = f"\n{pad}         ".join(printable(text, newlines=True).split("\n"))
            lines.append(f"{pad} {paint('=', BLUE)} {kind}: {body}")
    return "\n".join(lines)


def to_json(d: Diagnostic) -> str:
    """One finding as a JSON object on one line; positions count from 1, ends are exclusive."""
    import json

    span = None
    if d.span:
        line, column = d.span.source.line_col(d.span.start)
        end_line, end_column = d.span.source.line_col(d.span.end)
        span = {
            "file": d.span.source.name,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "text": d.span.text,
        }
    facts = {
        "severity": d.severity,
        "slug": d.slug,
        "message": d.message,
        "span": span,
        "label": d.label,
        "place": d.place,
        "notes": list(d.notes),
        "help": list(d.help),
    }
    return json.dumps(facts)


def wants_colour(stream: object, environ: Mapping[str, str]) -> bool:
    """Colour only for a terminal that knows it, unless NO_COLOR is set (no-color.org)."""
    is_tty = getattr(stream, "isatty", None)
    return (
        is_tty is not None
        and is_tty()
        and not environ.get("NO_COLOR")
        and environ.get("TERM", "dumb" if "WT_SESSION" not in environ else "wt") != "dumb"
    )


def printable(text: str, *, newlines: bool = False) -> str:
    """The text with everything escaped that a terminal would obey or cannot print.

    Names from object files may hold any byte; bytes that are not UTF-8 arrive as lone surrogates.
    """
    if text.isprintable():
        return text
    return "".join(
        ch if ch.isprintable() or (newlines and ch == "\n") else _escape(ch) for ch in text
    )


def _escape(ch: str) -> str:
    code = ord(ch)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(
        ch, f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"
    )


def _paint(text: str, colour: str) -> str:
    return f"{colour}{text}{PLAIN}"


def _leave(text: str, colour: str) -> str:
    return text


def _snippet(span: Span, label: str, width: int, paint: Paint, colour: str) -> list[str]:
    """`--> file:line:col`, the line, and carets below it with the label.

    A span over several lines is shown by its first line, and the carets end with `...`.
    """
    line, column = span.source.line_col(span.start)
    text = span.source.line_text(line)
    first = column - 1
    last = max(first + 1, min(first + span.end - span.start, len(text)))
    shown, before, under = _window(_cells(text), first, last)
    carets = "^" * max(1, under) + ("..." if "\n" in span.text.rstrip() else "")
    marks = f"{carets} {printable(label)}" if label else carets
    bar = paint("|", BLUE)
    return [
        f"{' ' * width}{paint('-->', BLUE)} {printable(span.source.name)}:{line}:{column}",
        f"{paint(f'{line:>{width}}', BLUE)} {bar} {shown}".rstrip(),
        f"{' ' * width} {bar} {' ' * before}{paint(marks, colour)}",
    ]


def _cells(text: str) -> list[tuple[str, int]]:
    """For each character what is printed for it, and the columns that takes."""
    cells = []
    column = 0
    for ch in text:
        shown = " " * (TAB - column % TAB) if ch == "\t" else printable(ch)
        columns = len(shown) if ch.isascii() else _columns(shown)
        cells.append((shown, columns))
        column += columns
    return cells


def _columns(shown: str) -> int:
    """Columns a terminal uses: none for combining marks, two for East Asian wide characters."""
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(ch) else 1 + (east_asian_width(ch) in "WF") for ch in shown)


def _window(cells: list[tuple[str, int]], first: int, last: int) -> tuple[str, int, int]:
    """The line cut to WIDTH around [first, last): text, columns before and under that part."""
    low, high = 0, len(cells)
    if sum(columns for _, columns in cells) > WIDTH:
        low = max(0, min(first - WIDTH // 3, high - WIDTH))
        high = min(high, low + WIDTH)
    left, right = "..." if low else "", "..." if high < len(cells) else ""
    shown = left + "".join(text for text, _ in cells[low:high]) + right
    before = len(left) + sum(columns for _, columns in cells[low:first])
    return shown, before, sum(columns for _, columns in cells[first : min(last, high)])
