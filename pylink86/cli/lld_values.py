"""What LLD says of values and combinations of options, also of options that change nothing here.

Builds and their tests look for these sentences: a wrong number of threads is refused by LLD though
no output depends on it.  Each row names an option and how its value is judged; options for other
machines are refused as LLD refuses them for x86.

Found by giving ld.lld-19 each option with values that mean nothing.
"""

from __future__ import annotations

from .globs import glob_problems
from .options import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..diag import Diagnostic
    from .options import Parsed

OTHER_MACHINES = {
    **dict.fromkeys(("--fix-cortex-a53-843419", "--execute-only"), "AArch64"),
    **dict.fromkeys(("--be8", "--fix-cortex-a8", "--cmse-implib"), "ARM"),
    **dict.fromkeys(("--toc-optimize", "--pcrel-optimize"), "PowerPC64"),
    "--relax-gp": "RISC-V",
}
"""Option -> the machine it is for."""

VALUED_KEYWORDS = {
    "max-page-size": "invalid max-page-size: ",
    "common-page-size": "invalid common-page-size: ",
    "stack-size": "invalid stack-size: ",
    "dead-reloc-in-nonalloc": "-z dead-reloc-in-nonalloc=: expected <section_glob>=<value>",
    "start-stop-visibility": "unknown -z start-stop-visibility= value: ",
    "cet-report": "-z cet-report= parameter  is not recognized",
}
"""Keywords that need a value -> what LLD says without one."""

OTHER_KEYWORDS = dict.fromkeys(
    ("force-bti", "pac-plt", "gcs", "bti-report", "gcs-report", "pauth-report"), "AArch64"
)
"""The same for keywords of -z."""

NOT_ALONE = {"--filter": "-F", "--auxiliary": "-f"}
"""Options of shared libraries that LLD refuses elsewhere."""


def _positive(option: str, text: str) -> str:
    is_number = text.isdecimal() and int(text)
    return "" if is_number else f"{option}: expected a positive integer, but got '{text}'"


def _jobs(option: str, text: str) -> str:
    return "" if text in ("", "all") or text.isdecimal() else f"{option}: invalid job count: {text}"


def _number(option: str, text: str) -> str:
    return "" if text.isdecimal() else f"{option}={text}: number expected, but got '{text}'"


def _some(option: str, text: str) -> str:
    """A number of threads, which is not 0."""
    if text.isdecimal() and not int(text):
        return f"{option}: number of threads must be > 0"
    return _number(option, text)


def _one_of(wording: str, *words: str) -> Callable[[str, str], str]:
    """A judge of words; wording: what is wrong, {} being the value."""
    return lambda _, text: "" if text in words else wording.format(text)


SAVED = ("", "preopt", "promote", "internalize", "import", "opt", "precodegen", "prelink",
         "resolution", "asm")  # fmt: skip

JUDGES: dict[str, Callable[[str, str], str]] = {
    "--threads": _positive,
    "--thinlto-jobs": _jobs,
    "--lto-partitions": _some,
    "--split-stack-adjust-size": _number,
    "--save-temps": _one_of("unknown --save-temps value: {}", *SAVED),
    "--pack-dyn-relocs": _one_of(
        "unknown --pack-dyn-relocs format: {}", "none", "android", "relr", "android+relr"
    ),
    "--android-memtag-mode": _one_of(
        'unknown --android-memtag-mode value: "{}", should be one of {{async, sync, none}}',
        "async", "sync", "none",
    ),
}  # fmt: skip
"""Option -> what is wrong with a value, "" when nothing is."""


UNKNOWN = frozenset({
    "bndplt", "dynamic-undefined-weak", "globalaudit", "ibtplt", "loadfltr",
    "nodump", "nodynamic-undefined-weak", "noexecheap", "nounique", "report-relative-reloc",
    "unique",
})  # fmt: skip
"""Keywords of GNU ld that LLD warns about."""


def lld_problems(parsed: Parsed) -> list[Diagnostic]:
    """Everything that is wrong with a command line by LLD's rules, what the parser found included:
    bad-option-value, unknown-keyword."""
    own = [error("bad-option-value", message) for message in _messages(parsed)]
    for row, value in parsed.words:
        if row is not None and "--warn-backrefs-exclude" in row[0]:
            own += glob_problems("--warn-backrefs-exclude", value or "")
    told = {f"-z {word} ignored" for word in OTHER_KEYWORDS}
    told |= {_needs(word) for word in VALUED_KEYWORDS}
    found = [
        d
        for d in parsed.problems
        if not (d.message in told or (own and d.slug == "option-not-supported"))
    ]
    wrong = {d.message for d in parsed.problems}
    own += [
        error("bad-option-value", text)
        for word, text in VALUED_KEYWORDS.items()
        if _needs(word) in wrong
    ]
    found += [
        error("unknown-keyword", f"-z {word} ignored", severity="warning")
        for word in _keywords(parsed)
        if word.partition("=")[0] in UNKNOWN
    ]
    return found + own


def _needs(word: str) -> str:
    from .ld_keywords import KEYWORDS

    return f"option '-z {word}' needs a value: {KEYWORDS['z'][word][1]}"


def _messages(parsed: Parsed) -> Iterator[str]:
    values, given = parsed.values, dict[str, str]()
    for row, value in parsed.words:
        if row is not None:
            given.update(dict.fromkeys(row[0].split(), value or ""))
    keywords = {text.partition("=")[0] for text in _keywords(parsed)}
    for option, machine in OTHER_MACHINES.items():
        if option in given:
            yield f"{option} is only supported on {machine} targets"
    for word, machine in OTHER_KEYWORDS.items():
        if word in keywords:
            yield f"-z {word} only supported on {machine}"
    if "-shared" in given:
        if values.get("relocatable"):
            yield "-r and -shared may not be used together"
        if values.get("pie"):
            yield "-shared and -pie may not be used together"
    else:
        yield from (
            f"{letter} may not be used without -shared"
            for option, letter in NOT_ALONE.items()
            if option in given
        )
    if values.get("relocatable") and (values.get("export_dynamic") or "-shared" in given):
        yield "-r and --export-dynamic may not be used together"
    if "retpolineplt" in keywords and values.get("z_force_ibt"):
        yield "-z force-ibt may not be used with -z retpolineplt"
    if "ifunc-noplt" in keywords and values.get("z_text", True):
        yield "-z text and -z ifunc-noplt may not be used together"
    for option, judge in JUDGES.items():
        if option in given and (message := judge(option, given[option])):
            yield message


def _keywords(parsed: Parsed) -> Iterator[str]:
    return (value or "" for row, value in parsed.words if row is not None and row[0] == "-z")
