"""Hostile inputs for links: damaged objects, damaged scripts, and a judge of what comes of them.

Whatever a file holds, a link ends in a result or in errors that a person can read; never in a
traceback, a hang or all of the memory.  `python -m tests.property.hostile KIND SEED COUNT` tries
COUNT examples with little memory and prints a line of JSON for each one that ends otherwise; a
process of its own, so that the limit is nobody else's.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from pylink86 import LinkError, link, read_bytes
from pylink86.cli import pyld
from pylink86.report import render
from tests.cases.language import parse_case, read_objects
from tests.samples import small_object

CASES = Path(__file__).resolve().parent.parent / "cases"
MEMORY = 1 << 30
"""Bytes of address space a link of a few hundred bytes may take, the interpreter included."""
SECONDS = 20
MAX_IMAGE = 1 << 24


class Example(NamedTuple):
    """Files of a link by name, in command-line order; the script is `script.ld`."""

    objects: tuple[tuple[str, bytes], ...]
    script: str
    dialect: str
    oformat: str = "binary"
    gc_sections: bool = False


class TooLong(BaseException):
    """The link took longer than SECONDS; no `except Exception` holds it up."""


# Examples


def samples() -> list[Example]:
    """The case files, as links to damage."""
    found = []
    for path in sorted(CASES.rglob("*.txt")):
        case = parse_case(path.read_text(encoding="utf-8"))
        objects = tuple((o.obj.name, o.encode()) for o in case.objects)
        for dialect in case.dialects:
            found.append(Example(objects, case.script, dialect))
    return found


WORD_TEXT = """
0xffffffffffffffff 0x7fffffff 0x80000000 0x8000000000000000 0 -1 1 10000000000000000000000
ALIGN(0) ALIGN(0x8000000000000000) ALIGN(3) SUBALIGN(0) SIZEOF(.text) ADDR(.none) LOADADDR(.a)
. += 0x7fffffff; . = . + . ; /DISCARD/ : { *(*) } KEEP( SORT( *( ) } { ; , > >ram AT> : =
=0x90 =. FILL(1/0) BYTE( LONG(-1) QUAD(.) ASSERT(0,"x") PROVIDE( HIDDEN( MEMORY INPUT(a.o)
INCLUDE script.ld ENTRY( OVERLAY NOLOAD INSERT AFTER .text x=x; x = y; y = x; ~ ! - * / % << >>
&& || ? ORIGIN(ram) LENGTH(ram) DEFINED(x) MAX(1,2) " /* \\ $ @ \0 \x80 é EXCLUDE_FILE(*) 1K
0x 0xg 08 10h
"""
WORDS = WORD_TEXT.split()


def damaged_script(rng: random.Random, base: Example) -> Example:
    """The sample with a few words of its script swapped, dropped, doubled or replaced."""
    text = base.script
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 0, 1, 3, 8, 30)))
        piece = rng.choice(
            (
                rng.choice(WORDS),
                f" {rng.choice(WORDS)} ",
                "",
                text[start:end] * 2,
                text[(other := rng.randrange(len(text))) : other + rng.randint(1, 20)],
            )
        )
        text = text[:start] + piece + text[end:] or " "
    return base._replace(script=text + "\n;")


NUMBERS = (0, 1, 2, 3, 7, 0x7F, 0x80, 0xFF, 0xFFF1, 0xFFF2, 0xFFFF, 0x7FFFFFFF, 0x80000000,
           0xFFFFFFFF, 1 << 63, (1 << 64) - 1)  # fmt: skip


def damaged_object(rng: random.Random, base: Example) -> Example:
    """The sample with bytes of one object changed: mostly whole fields, at places that matter."""
    objects = list(base.objects)
    which = rng.randrange(len(objects))
    name, data = objects[which]
    new = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        if len(new) < 64:
            break
        width = rng.choice((1, 2, 4, 8))
        at = rng.choice(
            (
                rng.randrange(len(new) - 8),
                rng.randrange(64),
                max(0, len(new) - rng.randrange(1, len(new)) & ~7) % (len(new) - 8),
            )
        )
        value = rng.choice(
            (*NUMBERS, rng.getrandbits(64), int.from_bytes(new[at : at + 8], "little") + 1)
        )
        new[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, "little")
    if rng.random() < 0.1:
        del new[rng.randrange(len(new)) :]
    objects[which] = (name, bytes(new))
    return base._replace(objects=tuple(objects))


DAMAGE: dict[str, Callable[[random.Random, Example], Example]] = {
    "script": damaged_script,
    "object": damaged_object,
}


def examples(kind: str, seed: int, count: int) -> Iterator[Example]:
    """Examples of a seed: always the same."""
    rng = random.Random(f"{kind} {seed}")
    bases = [base for base in samples() if base.objects]
    for _ in range(count):
        base = DAMAGE[kind](rng, rng.choice(bases))
        yield base._replace(
            oformat=rng.choice(("binary", "binary", "elf64-x86-64", "elf32-i386")),
            gc_sections=rng.random() < 0.2,
        )


# Examples by name: what damage at random does not find


def _one(script: str, text: str = "", **more: object) -> Example:
    objects = read_objects(text or "object a.o\nsection .text ax\n 90 c3\nsymbol f .text+0\n")
    files = tuple((o.obj.name, o.encode()) for o in objects)
    return Example(files, script, "gnu")._replace(**more)


def _field(offset: int, data: bytes, section: str = ".text") -> Example:
    """An object whose header of one section has other bytes at an offset."""
    whole = bytearray(small_object().to_bytes())
    read = read_bytes(bytes(whole), "small.o")
    assert read.layout is not None
    at = read.layout.shoff + 64 * read.sections.names.index(section) + offset
    whole[at : at + len(data)] = data
    return Example((("small.o", bytes(whole)),), "outside = 1; SECTIONS { .a 0 : { *(*) } }", "gnu")


HUGE = (1 << 63).to_bytes(8, "little")
IN = "SECTIONS {{ .a 0x1000 : {{ *(.text) {} }} }}"
AT = "SECTIONS {{ .a {} : {{ *(.text) }} }}"
TOP = "{} SECTIONS {{ .a 0x1000 : {{ *(.text) }} }}"


def _symbols(count: int, defined: bool) -> str:
    lines = ["object a.o", "section .text ax", f" 00*{4 * count}"]
    if not defined:
        lines += [f"reloc {4 * i} R_X86_64_32 name{i}" for i in range(count)]
    where = ".text+0" if defined else "UNDEF"
    return "\n".join([*lines, *(f"symbol name{i} {where}" for i in range(count))])


def named() -> dict[str, tuple[Example, str]]:
    """name -> (example, slug of the error it must end in; "" where it must link)."""
    text = _one("").objects
    found: dict[str, tuple[Example, str]] = {
        "dot-at-the-end-of-memory": (
            _one(". = 0xffffffffffffffff; " + AT.format("")),
            "address-wraps",
        ),
        "section-at-the-end-of-memory": (_one(AT.format("0xffffffffffffffff")), "address-wraps"),
        "dot-plus-2-gib": (_one(IN.format(". = . + 0x7fffffff;")), "image-too-large"),
        "dot-to-the-end": (_one(IN.format(". = 0xffffffffffffffff;")), "dot-moved-backwards"),
        "dot-minus-one": (_one(IN.format(". = -1;")), "dot-moved-backwards"),
        "dot-plus-2-gib-elf": (
            _one(IN.format(". = . + 0x7fffffff;"), oformat="elf64-x86-64"),
            "image-too-large",
        ),
        "align-0": (_one(IN.format(". = ALIGN(0);")), ""),
        "align-huge": (_one(IN.format(". = ALIGN(1 << 63);")), "image-too-large"),
        "section-align-huge": (_one(AT.format("").replace(":", ": ALIGN(1 << 63)")), ""),
        "subalign-0": (_one(AT.format("").replace(":", ": SUBALIGN(0)")), ""),
        "subalign-huge": (
            _one("SECTIONS { .a : SUBALIGN(1 << 63) { BYTE(1) *(.text) } }"),
            "image-too-large",
        ),
        "shift-huge": (_one(TOP.format("x = 1 << 0x7fffffffffffffff;")), ""),
        "shift-negative": (_one(TOP.format("x = 1 << -1; y = 1 >> -1;")), ""),
        "shift-again": (_one(TOP.format("x = 1; x <<= 0xffffffff; x >>= 0xffffffff;")), ""),
        "product-huge": (_one(TOP.format("x = " + " * ".join(["0xffffffff"] * 5000) + ";")), ""),
        "division-by-zero": (_one(TOP.format("x = 1 / 0;")), "division-by-zero"),
        "remainder-by-zero": (_one(TOP.format("x = 5; x %= 0;")), "script-syntax"),
        "length-divides-by-zero": (
            _one("MEMORY { r : ORIGIN = 0, LENGTH = 1 / 0 } " + AT.format("")),
            "division-by-zero",
        ),
        "origin-divides-by-length": (
            _one("MEMORY { r : ORIGIN = 1 % LENGTH(r), LENGTH = 0 } " + AT.format("")), "*",
        ),
        "data-divides-by-zero": (_one(IN.format("BYTE(1 % 0)")), "division-by-zero"),
        "nested-parentheses": (
            _one(TOP.format("x = " + "(" * 10000 + "1" + ")" * 10000 + ";")), "script-syntax",
        ),
        "nested-negations": (_one(TOP.format("x = " + "!" * 10000 + "1;")), "script-syntax"),
        "nested-choices": (_one(TOP.format("x = " + "1 ? 1 : " * 10000 + "1;")), "script-syntax"),
        "nested-calls": (
            _one(TOP.format("x = " + "ALIGN(" * 5000 + "1" + ")" * 5000 + ";")), "script-syntax",
        ),
        "long-sum": (_one(TOP.format("x = " + "1 + " * 20000 + "1;")), "script-syntax"),
        "unclosed-parentheses": (_one(TOP.format("x = " + "(" * 100000)), "script-syntax"),
        "unclosed-braces": (_one("SECTIONS {" + " .a : {" * 10000), "script-syntax"),
        "unclosed-comment": (_one(TOP.format("/*")), "script-syntax"),
        "unclosed-string": (_one(IN.format('ASSERT(1, "')), "script-syntax"),
        "decimal-of-5000-digits": (_one(TOP.format("x = " + "9" * 5000 + ";")), "script-syntax"),
        "hex-of-100000-digits": (_one(TOP.format("x = 0x" + "f" * 100000 + ";")), "script-syntax"),
        "fill-of-100000-digits": (
            _one(IN.format(". += 8;") [:-1] + "=0x" + "f" * 100001 + "}"),
            "script-syntax",
        ),
        "circle-of-two": (_one(TOP.format("x = y + 1; y = x + 1;")), "layout-does-not-settle"),
        "circle-of-one": (_one(TOP.format("x = x + 1;")), "unknown-symbol"),
        "circle-of-sizes": (
            _one("SECTIONS { .a : { *(.text) . += SIZEOF(.b); } "
                 ".b : { BYTE(1) . += SIZEOF(.a); } }"),
            "layout-does-not-settle",
        ),
        "doubling": (
            _one("SECTIONS { .a : { *(.text) . += SIZEOF(.b) * 2; } "
                 ".b : { . += SIZEOF(.a) * 2; } }"),
            "image-too-large",
        ),
        "swinging": (
            _one("SECTIONS { .a : { *(.text) . += DEFINED(x) ? 1 : 2; . += x == 1 ? 2 : 1; } "
                 ".b : { BYTE(1) } x = SIZEOF(.a) & 1; }"),
            "layout-does-not-settle",
        ),
        "provide-circle": (
            _one(TOP.format("PROVIDE(x = y); PROVIDE(y = x); z = x;")),
            "",
        ),
        "wildcard-backtracking": (
            _one("SECTIONS { .a : { *(" + "*a" * 30 + "b) } }",
                 "object a.o\nsection " + "a" * 200 + " ax\n 90\n"), "",
        ),
        "wildcard-brackets": (_one("SECTIONS { .a : { *([[[[]]]-!^*) *(.t[) } }"), ""),
        "ten-thousand-sections": (
            _one("SECTIONS { " + "".join(f".s{i} : {{ *(.none{i}) }} " for i in range(3000)) + "}"),
            "",
        ),
        "region-of-everything": (
            _one("MEMORY { r (rwxa) : ORIGIN = 0, LENGTH = 0xffffffffffffffff } " + AT.format("")),
            "",
        ),
        "region-past-the-end": (
            _one("MEMORY { r (rwx) : ORIGIN = 0xfffffffffffffffe, LENGTH = 64K } "
                 "SECTIONS { .a : { *(.text) QUAD(0) } > r }"),
            "address-wraps",
        ),
        "region-negative": (
            _one("MEMORY { r : ORIGIN = -4, LENGTH = -8 } SECTIONS { .a : { *(.text) } > r }"), "",
        ),
        "load-address-far-away": (
            _one("SECTIONS { .a 0 : AT(-1) { *(.text) } .b : AT(0) { BYTE(1) } }"), "*",
        ),
        "discard-everything": (_one("SECTIONS { /DISCARD/ : { *(*) } }"), ""),
        "undefined-200": (_one(AT.format("0"), _symbols(200, False)), "undefined-symbol"),
        "duplicate-2000": (
            Example(tuple((f"{n}.o", read_objects(_symbols(2000, True))[0].encode()) for n in "ab"),
                    AT.format("0"), "gnu"),
            "duplicate-symbol",
        ),
        "common-of-no-alignment": (
            _one(AT.format("0"), "object a.o\nsymbol x COMMON size=8 align=0\n"), ""),
        "common-of-alignment-3": (
            _one(AT.format("0"), "object a.o\nsymbol x COMMON size=8 align=3\n"), ""),
        "common-huge": (
            _one("SECTIONS { .a 0 : { BYTE(1) *(COMMON) } }",
                 f"object a.o\nsymbol x COMMON size={1 << 63} align={1 << 62}\n"),
            "image-too-large",
        ),
        "nobits-huge": (
            _one(AT.format("0"), f"object a.o\nsection .bss wa nobits size={(1 << 63) - 1}\n"), ""),
        "nobits-huge-among-contents": (
            _one("SECTIONS { .a 0 : { BYTE(1) *(*) BYTE(2) } }",
                 f"object a.o\nsection .bss wa nobits size={(1 << 63) - 1}\n"),
            "image-too-large",
        ),
        "two-huge-nobits": (
            _one("SECTIONS { .a 0 : { *(*) } end = .; }",
                 f"object a.o\nsection .bss wa nobits size={(1 << 63) + 5}\n"
                 f"section .bss2 wa nobits size={(1 << 63) + 5}\n"), "address-wraps"),
        "relocation-at-the-last-byte": (
            _one(AT.format("0"), "object a.o\nsection .text ax\n 90 90\nreloc 1 R_X86_64_32 .text"),
            "bad-object",
        ),
        "relocation-behind-the-section": (
            _one(AT.format("0"), "object a.o\nsection .text ax\n 90 90\nreloc 2 R_X86_64_8 .text"),
            "bad-object",
        ),
        "relocation-of-nobits": (
            _one("SECTIONS { .a 0 : { *(*) } }",
                 "object a.o\nsection .bss wa nobits size=8\nreloc 0 R_X86_64_64 .bss\n"), ""),
        "empty-object": (_one(AT.format("0"), "object a.o\n"), ""),
        "no-bytes": (Example((("a.o", b""),), AT.format("0"), "gnu"), "unsupported-input"),
        "header-only": (Example((("a.o", text[0][1][:64]),), AT.format("0"), "gnu"), "bad-object"),
        "alignment-2^63": (_field(48, HUGE), "bad-object"),
        "alignment-3": (_field(48, b"\3"), "bad-object"),
        "size-2^63": (_field(32, HUGE), "bad-object"),
        "offset-2^64": (_field(24, b"\xff" * 8), "bad-object"),
        "link-beyond": (_field(40, b"\xff\xff\0\0", ".symtab"), "bad-object"),
        "group-of-a-missing-section": (_group_of(99), "bad-object"),
        "group-of-itself": (_group_of(1), ""),
    }  # fmt: skip
    for name in list(found):
        example, slug = found[name]
        found[f"{name}-lld"] = (example._replace(dialect="lld"), slug and "*")
    return found


def _group_of(member: int) -> Example:
    whole = bytearray(small_object().to_bytes())
    read = read_bytes(bytes(whole), "small.o")
    at = read.sections.offset[1] + 4
    whole[at : at + 4] = member.to_bytes(4, "little")
    return Example((("small.o", bytes(whole)),), "outside = 1; SECTIONS { .a 0 : { *(*) } }", "gnu")


# Judging


def verdict(example: Example) -> str:
    """What is wrong with how a link of these files ends; "" when nothing is."""
    return outcome(example)[1]


def outcome(example: Example) -> tuple[tuple[str, ...], str]:
    """Slugs of the errors a link ended in, and what is wrong with that."""
    try:
        inputs = [read_bytes(data, name) for name, data in example.objects]
        result = link(
            inputs,
            example.script,
            dialect=example.dialect,
            oformat=example.oformat,
            gc_sections=example.gc_sections,
            max_image_size=MAX_IMAGE,
        )
        len(result.image)
        len(result.symbols), len(result.sections), len(result.pieces)
        render(result.diagnostics)
    except LinkError as problem:
        said = render(problem.diagnostics)
        slugs = tuple(d.slug for d in problem.diagnostics if d.severity == "error")
        if not slugs:
            return slugs, f"LinkError without an error: {said}"
        if len(said) > 50_000:
            return slugs, f"{len(said)} characters of message: {said[:300]}"
        return slugs, ""
    return (), ""


def command_verdict(example: Example) -> str:
    """The same through the command, with files."""
    for name, data in example.objects:
        Path(name).write_bytes(data)
    Path("script.ld").write_text(example.script, encoding="utf-8", errors="surrogateescape")
    said = io.StringIO()
    arguments = [f"--dialect={example.dialect}", f"--oformat={example.oformat}", "-T", "script.ld"]
    arguments += ["--max-image-size=16M", "-o", "out", *(name for name, _ in example.objects)]
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = pyld.main(arguments, "pyld")
    text = said.getvalue()
    if "error[internal]" in text or "Traceback" in text:
        return text
    if status not in (0, 1) or (status == 1) != ("error[" in text or "error: " in text):
        return f"exit status {status} with: {text[:500]}"
    return ""


def guarded(work: Callable[[], str]) -> str:
    """The verdict, also over what must never come out of a link."""
    try:
        with deadline(SECONDS):
            return work()
    except TooLong:
        return f"longer than {SECONDS} s"
    except (Exception, MemoryError):
        return traceback.format_exc(limit=-4)


@contextlib.contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Raise TooLong after so many seconds, where the system has alarms."""

    def ring(signum: int, frame: FrameType | None) -> None:
        raise TooLong

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def limit_memory() -> None:
    """At most MEMORY bytes of address space from here on, where the system can do that."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main(kind: str, seed: int, count: int) -> None:
    """Try the examples; a line of JSON for each that ends badly, or for each named one."""
    limit_memory()
    if kind == "named":
        for name, (example, _) in named().items():
            row: dict[str, object] = {"name": name}

            def work(example: Example = example, row: dict[str, object] = row) -> str:
                row["slugs"], wrong = outcome(example)
                return wrong

            print(json.dumps({**row, "wrong": guarded(work), **row}), flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for number, example in enumerate(examples(kind, seed, count)):
            judge = command_verdict if number % 4 == 3 else verdict
            wrong = guarded(lambda judge=judge, example=example: judge(example))  # type: ignore[misc]
            if wrong:
                row = {"number": number, "dialect": example.dialect, "wrong": wrong}
                print(json.dumps({**row, "script": example.script}), flush=True)
        os.chdir("/")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
