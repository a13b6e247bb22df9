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

from ..diag import Diagnostic, Span
from ..report import PLAIN, printable, to_text

MANY = 3
"""How many places LLD lists before it only counts them."""

Words = tuple[str, str]

SENTENCES: dict[str, tuple[Words, ...]] = {
    "bad-alignment": ((r"alignment must be power of 2.*", "alignment must be power of 2"),),
    "bad-merge-section": (
        (r"a string of \d+ bytes at the end .*", "string is not null terminated"),
    ),
    "bad-object": ((r"a relocation refers to offset .*", "offset is outside the section"),),
    "bad-option-value": (
        (r"unrecognised emulation mode: (.*)", r"unknown emulation: \1"),
        (r"(--end-\S+) without --start-.*", r"stray \1"),
        (r"`(.*)' is not a number: image-base", r"--image-base: number expected, but got \1"),
        (r"`(.*)' is not a number: -O", r"-O\1: number expected, but got '\1'"),
        (r"`(.*)' is not a number: (.*)", r"invalid \2: \1"),
        (
            r"`(.*)' is not a number of errors",
            r"--error-limit=\1: number expected, but got '\1'",
        ),
        (r"(\S+): \S+ is not a power of two", r"\1: value isn't a power of 2"),
        (r"`(.*)' is not a value of --icf", r"unknown argument '--icf=\1'"),
        (r"`(.*)' is not a value of --(orphan-handling)", r"unknown --\2 mode: \1"),
        (r"`(.*)' is not a value of --(sort-section)", r"unknown --\2 rule: \1"),
        (r"`(.*)' is not a value of --colour", r"unknown option: --color-diagnostics=\1"),
        (r"`(.*)' is not a value of --call-graph-sort",
         r"unknown --call-graph-profile-sort= value: \1"),
        (r"`(.*)' is not a value of --rsp-quoting", r"invalid response file quoting: \1"),
        (r"`(.*)' is not a value of (--\S+)", r"unknown \2 value: \1"),
        (r"(--hash-style): `(.*)' is none of .*", r"unknown \1: \2"),
        (r"invalid (--compress-\S+) option: `(.*)'", r"unknown \1 value: \2"),
        (r"unknown format of inputs: (.*)",
         r"unknown --format value: \1 (supported formats: elf, default, binary)"),
        (r"--defsym=(.*) assigns nothing", r"--defsym: syntax error: \1"),
        (r"invalid visibility in `-z (\S+)=(.*)'", r"unknown -z \1= value: \2"),
        (r"(--section-start=.*): `.*' is not an address", r"invalid argument: \1"),
        (r"(-T\S+): `(.*)' is not an address", r"invalid argument: \1=\2"),
        (r"(--compress-sections: invalid glob pattern, unmatched '\['): .*", r"\1"),
    ),
    "bad-phdr-type": ((r"unknown (program header type: .*)", r"invalid \1"),),
    "cannot-read": (
        (r"cannot find (-l.*): No such file or directory", r"unable to find library \1"),
        (
            r"cannot open linker script file (.*): No such file or directory",
            r"cannot find linker script \1",
        ),
        (r"cannot find (.*)", r"cannot open \1"),
    ),
    "discarded-symbol": (
        (
            r"`(.*)' is referenced but its section `\1' .*",
            r"relocation refers to a discarded section: \1",
        ),
        (
            r"`(.*)' is referenced but its section .*",
            r"relocation refers to a symbol in a discarded section: \1",
        ),
    ),
    "division-by-zero": ((r"% by zero", "modulo by zero"), (r"/ by zero", "division by zero")),
    "duplicate-symbol": ((r"multiple definition of `(.*)'", r"duplicate symbol: \1"),),
    "insert-target-missing": ((r"(.*) not found for insert", r"unable to insert at \1"),),
    "no-region": (
        (r"no memory region specified for loadable section `(.*)'",
         r"no memory region specified for section '\1'"),
    ),
    "number-too-large": ((r"(\S+) does not fit in 64 bits", r"malformed number: \1"),),
    "option-needs-value": ((r"option '(.*)' needs a value.*", r"\1: missing argument"),),
    "orphan-section": (
        (r"orphan section `(.*)' from `(.*)' being placed in section `(.*)'",
         r"\2:(\1) is being placed in '\3'"),
        (r"unplaced orphan section `(.*)' from `(.*)'", r"\2:(\1) is being placed in '\1'"),
    ),
    "prohibited-cross-reference": (
        (r"prohibited cross reference from (\S+) to (\S+)",
         r"prohibited cross reference from '\1' to '\2'"),
    ),
    "region-overflow": (
        (r"section `(.*)' will not fit in region `(.*)': region .* overflowed by (\d+) bytes",
         r"section '\1' will not fit in region '\2': overflowed by \3 bytes"),
    ),
    "region-defined-twice": (
        (r"redefinition of memory region alias `(.*)'", r"redefinition of memory region '\1'"),
        (r"redeclaration of memory region `(.*)'", r"region '\1' already defined"),
    ),
    "reloc-in-read-only": (
        (r"relocation (\S+) against `(.*)' in read-only section .*",
         r"relocation \1 cannot be used against symbol '\2'; recompile with -fPIC"),
    ),
    "reloc-not-pic": (
        (r"relocation (\S+) against `(.*)' can not be used .*",
         r"relocation \1 cannot be used against symbol '\2'; recompile with -fPIC"),
    ),
    "retained-undefined": (
        (r"--retain-symbols-file names `(.*)', .*",
         r"version script assignment of 'global' to symbol '\1' failed: symbol not defined"),
    ),
    "script-syntax": (
        (r"syntax error: unterminated comment.*", "unclosed comment in a linker script"),
        (r'syntax error: .*found the character `"`', "unclosed quote"),
        (r"syntax error: .*found the end of the (?:script|expression)", "unexpected EOF"),
        (r"syntax error: unknown command `(.*)`", r"unknown directive: \1"),
        (r"syntax error: invalid attribute .*", "invalid memory region attribute"),
        (r"syntax error: expected ORIGIN .*", "expected one of: ORIGIN, org, or o"),
        (r"syntax error: malformed number `(.*)`", r"malformed number: \1"),
        (r"syntax error: expected an expression, found `(.*)`", r"malformed number: \1"),
        (r"syntax error: expected a section name or pattern.*", "section pattern is expected"),
        (r"syntax error: expected .*program header.*found `(.*)`",
         r"unexpected header attribute: \1"),
        (r"syntax error: expected the end of the expression, found `(.*)`",
         r"EOF expected, but got \1"),
        (r"syntax error: expected `(.*?)`.*, found `(.*)`", r"\1 expected, but got \2"),
        (r"syntax error: (.*)", r"\1"),
    ),
    "two-load-addresses": (
        (r".*", "section can't have both LMA and a load region"),
    ),
    "two-relative-operands": (
        (r"(at least one side of the expression must be absolute): .*", r"\1"),
    ),
    "undefined-symbol": (
        (r"undefined reference to `(.*)'", r"undefined symbol: \1"),
        (r"required symbol `(.*)' not defined", r"undefined symbol: \1"),
    ),
    "unknown-constant": ((r"unknown constant `(.*)' .*", r"unknown constant: \1"),),
    "unknown-format": ((r"unknown output format `(.*)'", r"unknown output format name: \1"),),
    "unknown-keyword": ((r"-z (.*) ignored", r"unknown -z value: \1"),),
    "unknown-option": (
        (r"unrecognized option '(.*)'", r"unknown argument '\1'"),
        (r"--pop-state without --push-state", "unbalanced --push-state/--pop-state"),
    ),
    "unknown-region": (
        (r"undefined MEMORY region `(.*)' .*", r"memory region not defined: \1"),
        (r"memory region `(.*)' not declared", r"memory region '\1' not declared"),
    ),
    "unknown-section": ((r"undefined section `(.*)' .*", r"undefined section \1"),),
    "unknown-section-flag": ((r"unrecognized section flag `(.*)'", r"unrecognised flag: \1"),),
    "unknown-symbol": ((r"undefined symbol `(.*)' .*", r"symbol not found: \1"),),
}  # fmt: skip
"""For each kind what LLD says in the place of a sentence of ours."""

WITH_LINE = frozenset({
    "bad-alignment", "bad-phdr-type", "division-by-zero", "dot-moved-backwards", "fill-too-wide",
    "include-cycle", "number-too-large", "region-defined-twice", "script-syntax",
    "two-relative-operands", "unknown-constant", "unknown-format", "unknown-section",
    "unknown-section-flag", "unknown-symbol", "bad-section-type",
})  # fmt: skip
"""Kinds whose first line begins with the script and its line."""

WITH_PLACE = frozenset({
    "bad-merge-section", "bad-object", "prohibited-cross-reference", "reloc-overflow",
})  # fmt: skip
"""Kinds whose first line begins with the section."""

WITH_LINE_TOO = ("undefined MEMORY region", "cannot open linker script")
"""Beginnings of sentences of other kinds that do."""

BARE_PLACE = re.compile(r"^([^:]*)(\(\S+\))$")
"""`a.o(.text)`, which LLD writes with a colon."""

SAME = frozenset({
    "assert-failed", "cannot-write", "discarded-table", "entry-missing", "headers-do-not-fit",
    "incompatible-files", "link-order-discarded", "missing-property", "no-inputs",
    "option-not-supported", "region-ignored", "relro-not-contiguous", "section-type-mismatch",
    "sections-overlap", "symbol-order", "symbol-undefined", "version-undefined",
})  # fmt: skip
"""Further kinds that LLD tells, in the same words."""

LLD_KINDS = frozenset({*SENTENCES, *WITH_LINE, *WITH_PLACE, *SAME})
"""What LLD tells too; all else only we tell, in our own form."""

COLOURS = {"error": "\033[0;31m", "warning": "\033[0;35m"}

ROLES = {
    "undefined-symbol": "referenced by",
    "discarded-symbol": "referenced by",
    "duplicate-symbol": "defined at",
    "reloc-not-pic": "referenced by",
    "reloc-in-read-only": "referenced by",
}
"""What the places of a finding are to it."""

OVERFLOW = re.compile(r"relocation truncated to fit: (\S+) against `(.*)'")
VALUE = re.compile(
    r"the value is (-?0x[0-9a-f]+); .* takes (-?0x[0-9a-f]+|-?\d+) to (0x[0-9a-f]+|\d+)"
)
OVERLAP = re.compile(
    r"section (\S+) ([VL]MA) \[(\w+),(\w+)\] overlaps section (\S+) [VL]MA \[(\w+),(\w+)\]"
)
BACKWARDS = re.compile(r"cannot move location counter backwards \(from (\w+) to (\w+)\)")
OF_SECTION = re.compile(r"section `([^']*)'")
MORE_PLACES = re.compile(r"also at (.*)")
FIRST = re.compile(r"(.*): first defined here")
COUNTED = re.compile(r"and (\d+) more references?")
OFFSET = re.compile(r"\+0x([0-9a-f]+)(?=\)$|\)\)$)")
LINE_AND_OBJECT = re.compile(r"(\S+:\d+) \((.*)\)")


def lld_report(found: Iterable[Diagnostic], program: str, *, colour: bool = False) -> str:
    """All findings as they go to stderr: what LLD tells too in its form, the others in ours."""
    return "".join(
        (lld_text(d, program, colour=colour) if d.slug in LLD_KINDS else to_text(d, colour=colour))
        + "\n"
        for d in found
    )


def lld_text(d: Diagnostic, program: str, *, colour: bool = False) -> str:
    """One finding with LLD's first line, then its places, notes and help; no newline at the end."""
    severity = f"{d.severity}: "
    if colour:
        severity = f"{COLOURS[d.severity]}{severity}{PLAIN}"
    first, more = _sentence(d)
    lines = [f"{program}: {severity}{printable(_where(d) + first)} [{d.slug}]"]
    lines += [f">>> {printable(text)}" for text in more]
    lines += [f">>> {text}" for text in _places(d)]
    if d.span is not None:
        lines += _quoted(d.span, d.label)
    elif d.label:
        lines.append(f"   = note: {printable(d.label)}")
    lines += _explained("note", (t for t in d.notes if not _is_place(t)))
    lines += _explained("help", d.help)
    return "\n".join(lines)


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
    for pattern, words in SENTENCES.get(d.slug, ()):
        if re.fullmatch(pattern, d.message):
            return _with_guess(re.sub(pattern, words, d.message, count=1), d), []
    return re.sub(r"`([^`']*)'", r"'\1'", d.message), []


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
    if d.span is not None and (d.slug in WITH_LINE or d.message.startswith(WITH_LINE_TOO)):
        name, line = d.span.source.name, d.span.line
        if name.startswith("--defsym"):
            name = "--defsym"
        if not d.span.text and line > 1 and not d.span.source.line_text(line):
            line -= 1  # behind the newline that ends the file
        return f"{name}:{line}: "
    if d.place and d.slug in WITH_PLACE:
        place = OFFSET.sub(lambda met: "+0x" + met[1].upper(), d.place)
        return BARE_PLACE.sub(r"\1:\2", place) + ": "
    return ""


def _places(d: Diagnostic) -> Iterator[str]:
    """`referenced by a.o:(.text+0x1)`, three of them at most; with a source line, that first."""
    if not d.place or d.slug in WITH_PLACE:
        return
    places = [FIRST.sub(r"\1", note) for note in d.notes if FIRST.fullmatch(note)]
    places.append(d.place)
    for note in d.notes:
        if more := MORE_PLACES.fullmatch(note):
            places += re.split(r", | and (?=\S)", more[1])
    role = ROLES.get(d.slug, "")
    for place in places[:MANY]:
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
