"""What is fed: for each target how an input is made from a number, and what is done with it.

An input is bytes, so that a finding is a file: `found/TARGET.name`.  What else a run needs (the
dialect, options, the other files) follows from the bytes themselves.
"""

from __future__ import annotations

import functools
import io
import os
import random
import zlib
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import fixtures
from pylink86 import link, read_bytes
from pylink86.cli import nm, size
from pylink86.cli.inputs import read_line
from pylink86.cli.ld_options import KEYWORDS, LD
from pylink86.cli.link_values import check_values, link_options
from pylink86.cli.options import Names, parse
from pylink86.cli.response_files import split_words
from pylink86.cli.sections import table
from pylink86.explain.names import readable, readable_section
from pylink86.formats import input_from_bytes, read_linkable
from pylink86.formats.ar import Archive
from pylink86.formats.ihex import read_ihex
from pylink86.formats.srec import read_srec
from pylink86.model import ObjectFile
from pylink86.script.parser import parse_defsym, parse_script
from pylink86.script.unparse import unparse
from tests.cases.language import Case, parse_case, read_objects
from tests.fuzz.coff import make_coff
from tests.fuzz.damage import damaged_bytes, damaged_text, damaged_words
from tests.fuzz.fields import extremes, fields, with_field
from tests.fuzz.indexes import feed_indexed, make_indexed
from tests.oracle.archives import Ar
from tests.property.hostile import CASES, WORDS
from tests.samples import small_object

MAX_IMAGE = 1 << 24


class Target(NamedTuple):
    """make: an input from a source of chance.  feed: what is done with it; LinkError is welcome.

    sample: how many inputs the tests try.
    """

    make: Callable[[random.Random], bytes]
    feed: Callable[[bytes], object]
    sample: int = 150


def choice_of(data: bytes, count: int) -> int:
    """A number below `count` that belongs to these bytes."""
    return zlib.crc32(data) % count


# What is damaged


@functools.cache
def objects() -> tuple[bytes, ...]:
    """Small objects of every kind that the fixtures and the cases hold."""
    found = [small_object(32).to_bytes(), small_object(64).to_bytes()]
    found += [
        path.read_bytes()
        for path in sorted(fixtures.OBJECTS.glob("*.o"))
        if path.stat().st_size < 6000
    ]
    found += [obj.encode() for case in cases() for obj in read_objects_of(case)[:1]]
    return tuple(found)


@functools.cache
def cases() -> tuple[Case, ...]:
    return tuple(parse_case(p.read_text(encoding="utf-8")) for p in sorted(CASES.rglob("*.txt")))


def read_objects_of(case: Case) -> list[Any]:
    return [o.obj for o in case.objects if not o.patches and o.cut is None]


def debug_objects() -> tuple[bytes, ...]:
    names = ("c64_clang_g", "c32_clang_g", "boot_gas_g", "boot_long_stabs")
    return tuple((fixtures.OBJECTS / f"{name}.o").read_bytes() for name in names)


@functools.cache
def archives() -> tuple[bytes, ...]:
    found = []
    for case in cases()[::7]:
        members = tuple(read_objects_of(case))
        if not members:
            continue
        for table_kind, thin, bsd in (
            ("narrow", False, False), ("wide", False, False), ("", False, True),
            ("narrow", True, False),
        ):  # fmt: skip
            found.append(Ar("lib.a", members, table_kind, thin, bsd).encode())
    return tuple(found)


@functools.cache
def scripts() -> tuple[str, ...]:
    folder = fixtures.ROOT.parent
    files = [*folder.glob("examples/**/*.ld"), *folder.glob("fixtures/layouts/*.ld")]
    texts = [path.read_text(encoding="utf-8") for path in sorted(files)]
    return (*texts, *(case.script for case in cases()))


@functools.cache
def hex_texts() -> tuple[bytes, ...]:
    result = link([_partner(64)], "outside = 1; SECTIONS { .a 0x12340 : { *(*) } }")
    return tuple(result.to_bytes(kind) for kind in ("ihex", "srec"))


@functools.cache
def _partner(elf_class: int) -> ObjectFile:
    return read_bytes(small_object(elf_class).to_bytes(), "small.o")


# Making


def make_object(rng: random.Random) -> bytes:
    """Damaged at random, or in a field of a header or table."""
    data = rng.choice(objects())
    for _ in range(rng.choice((0, 1, 1, 2))):
        field = rng.choice(_fields(data))
        old = int.from_bytes(data[field.file_off : field.file_off + field.width], "little")
        value = rng.choice((*extremes(field.width), old + 1, old - 1, rng.randrange(40)))
        data_now = with_field(data, field, value % (1 << 8 * field.width))
        return damaged_bytes(rng, data_now) if rng.random() < 0.2 else data_now
    return damaged_bytes(rng, data)


@functools.cache
def _fields(data: bytes) -> tuple[Any, ...]:
    return tuple(fields(read_bytes(data)))


def make_debug(rng: random.Random) -> bytes:
    return damaged_bytes(rng, rng.choice(debug_objects()))


def make_archive(rng: random.Random) -> bytes:
    return damaged_bytes(rng, rng.choice(archives()))


def make_script(rng: random.Random) -> bytes:
    text = damaged_text(rng, rng.choice(scripts()), WORDS)
    return text.encode("utf-8", "surrogatepass")


def make_hex(rng: random.Random) -> bytes:
    data = damaged_bytes(rng, rng.choice(hex_texts()))
    return _with_sums(data) if rng.random() < 0.5 else data


def _with_sums(data: bytes) -> bytes:
    """Intel HEX lines with the checksum their bytes have: damage goes deeper then."""
    lines = []
    for line in data.split(b"\n"):
        try:
            body = bytearray.fromhex(line.strip()[1:].decode("ascii"))
        except (ValueError, UnicodeDecodeError):
            lines.append(line)
            continue
        if line[:1] == b":" and body:
            body[0] = max(0, len(body) - 5) % 256
            body[-1] = -sum(body[:-1]) % 256
            line = b":" + bytes(body).hex().upper().encode()
        lines.append(line)
    return b"\n".join(lines)


LINES = (
    "-m elf_x86_64 -z noexecstack --build-id=sha1 --no-undefined -z max-page-size=0x200000 -o k",
    "-flavor gnu a.o --as-needed -Bstatic -L lib -Bdynamic --gc-sections -O1 -Tk.ld",
    "--defsym=x=1 -Ttext=0x7c00 --section-start=.a=10 --start-group b.o --end-group -( c.o -)",
    "--whole-archive l.a --no-whole-archive --push-state -b binary d --pop-state --oformat binary",
    "--icf=all --error-limit=3 -u x -e main --wrap=f --sort-section=name --unique=.t --fatal-w",
    "--max-image-size=4K --image-base=0x1000 -z stack-size=4 --compress-debug-sections=zlib -T a",
)
VALUES = (
    "0", "-1", "0x", "1 << 63", "=", "==", "", " ", "-", "--", "'", '"', "\\", "a=b", "x=y+1", "k",
    "all", "none", "sha1", "0x" + "f" * 40, "9" * 5000, "é", "\udc80", "\n", "@", "@k", "*", "[",
    "{", "/", ".", "..", "a,b", "nan", "1e9", "1_000", "٣", "binary", "elf64-x86-64", "lld", "json",
)  # fmt: skip


def make_line(rng: random.Random) -> bytes:
    names = [("--" if len(n) > 1 else "-") + n for n in (*Names(LD).long, *Names(LD).short)]
    names += ["-z " + word for word in KEYWORDS["z"]]
    new = damaged_words(rng, rng.choice(LINES).split(), names, VALUES)
    return "\0".join(new).encode("utf-8", "surrogatepass")


def make_response(rng: random.Random) -> bytes:
    return damaged_text(rng, rng.choice(LINES), VALUES).encode("utf-8", "surrogatepass")


NAMES = (
    "_ZN5hello4halt17h38422bbf82b08b72E", "_RNvCs1234_7mycrate3foo", "_RNvNtCs9_4core3fmt5write",
    "_ZN4core3fmt9Formatter9write_str17h0123456789abcdefE.llvm.1234", ".text._ZN3foo3barE",
    "_ZN8$LT$u7e$GT$3fooE", "_ZN1a1bEv",
)  # fmt: skip


def make_name(rng: random.Random) -> bytes:
    words = (
        "_ZN",
        "E",
        "1",
        "99",
        "17h",
        "$LT$",
        "$u7e$",
        "..",
        "_R",
        "Nv",
        "C",
        "s_",
        "0",
        "1" * 60,
    )
    return damaged_text(rng, rng.choice(NAMES), words).encode("utf-8", "surrogatepass")


# Feeding


def feed_elf(data: bytes) -> None:
    """Read it, look at all of it, print it, write it."""
    walk(read_bytes(data, "fuzz.o"))


def walk(file: ObjectFile) -> None:
    for section in file:
        bytes(section.content), section.name, str(section)
    len(file.symbols.names), len(file.global_names)
    for tables in file.relocation_sections.values():
        for index in tables:
            file.relocations(index)
    table(file, full=True)
    file.to_bytes()


def feed_link(data: bytes) -> None:
    """Link it: script, format and options by the bytes."""
    pick = choice_of(data, 1 << 20)
    layouts = (
        None,
        "SECTIONS { .a 0x1000 : { *(.text*) *(.rodata*) *(.data*) *(.bss*) *(COMMON) } }",
        "SECTIONS { . = 0x7c00; .x : { KEEP(*(*)) } }",
    )
    result = link(
        [read_bytes(data, "fuzz.o"), _partner(32 if data[4:5] == b"\1" else 64)],
        layouts[pick % 3],
        dialect=("gnu", "lld")[pick // 3 % 2],
        oformat=("binary", "", "srec", "")[pick // 6 % 4],
        gc_sections=pick // 24 % 3 == 0,
        entry="start",
        tolerated=("undefined-symbol",) if pick // 72 % 2 else (),
        max_image_size=MAX_IMAGE,
    )
    len(result.image)
    len(result.pieces)
    if pick // 144 % 8 == 0:
        result.picture()


def feed_debug(data: bytes) -> None:
    """Ask every address of a link for its source line."""
    from pylink86.explain.dwarf import source_line

    file = read_bytes(data, "fuzz.o")
    for section in list(file)[:20]:
        source_line(file, section.index, 0)
        source_line(file, section.index, max(0, section.size - 1))


def feed_coff(data: bytes) -> None:
    """Translate it, look at all of it, and link it with its like."""
    file = read_linkable(data, "fuzz.obj")
    walk(file)
    pick = choice_of(data, 1 << 10)
    result = link(
        [file, _partner(file.header.elf_class)],
        (None, "SECTIONS { .a 0x1000 : { *(*) } }")[pick % 2],
        dialect=("gnu", "lld")[pick // 2 % 2],
        oformat=("", "binary")[pick // 4 % 2],
        gc_sections=pick // 8 % 3 == 0,
        entry="start",
        tolerated=("undefined-symbol",),
        max_image_size=MAX_IMAGE,
    )
    len(result.image)


LISTS = (
    "f 1\n# comment\n_start f 10\nf f 3\n", "a b 18446744073709551615\nb a 0\n",
    "_start\nf\n\n # x\n", "{ global: f; a*; local: *; };", "V1 { global: f; }; V2 { } V1;",
    '{ extern "C++" { "f()"; g*; }; };',
)  # fmt: skip


def make_list(rng: random.Random) -> bytes:
    words = ("{", "}", ";", "*", "local:", "global:", '"', "#", "f", "9" * 30, "-1", "\0", "[", "é")
    return damaged_text(rng, rng.choice(LISTS), words).encode("utf-8", "surrogatepass")


def feed_list(data: bytes) -> None:
    """Link with it as each of the files that list symbols."""
    pick = choice_of(data, 1 << 10)
    option = LIST_OPTIONS[pick % len(LIST_OPTIONS)]
    path = Path(f"fuzz-{os.getpid()}.txt")
    path.write_bytes(data)
    try:
        values = parse([f"{option}={path}"], LD, KEYWORDS).values
        values["dialect"] = ("gnu", "lld")[pick // 8 % 2]
        check_values(values)
        options = link_options(values, None)
        inputs = [_partner(64)]
        len(link(inputs, dialect=values["dialect"], options=options, entry="start").to_bytes())
    finally:
        path.unlink()


LIST_OPTIONS = (
    "--symbol-ordering-file", "--call-graph-ordering-file", "--retain-symbols-file",
    "--version-script", "--dynamic-list",
)  # fmt: skip


def feed_archive(data: bytes) -> None:
    """Its table, its members, and what is in them."""
    archive = input_from_bytes(data, "fuzz.a")
    if not isinstance(archive, Archive):
        return
    _, offsets = archive.symbols
    for offset in offsets[:20]:
        archive.open(offset)
    for member in archive:
        archive.content(member)


def feed_library(data: bytes) -> None:
    """The same as an input of a link that wants everything from it."""
    link([data], "SECTIONS { .a 0 : { *(*) } }", entry="main", oformat="binary",
         undefined=("main", "f", "x"), max_image_size=MAX_IMAGE,
         dialect=("gnu", "lld")[choice_of(data, 2)])  # fmt: skip


def feed_script(data: bytes) -> None:
    """Parse it, write it, parse that: a tree comes back as it was."""
    text = data.decode("utf-8", "surrogatepass")
    tree = parse_script(text, "fuzz.ld")
    again = parse_script(unparse(tree), "again.ld")
    if again != tree:
        raise AssertionError("the script comes back another one")


def feed_layout(data: bytes) -> None:
    """Link small objects by it."""
    pick = choice_of(data, 1 << 16)
    objs = read_objects(_OBJECTS)
    inputs = [read_bytes(o.encode(), o.obj.name) for o in objs]
    result = link(
        inputs,
        data.decode("utf-8", "surrogatepass") + "\n;",
        dialect=("gnu", "lld")[pick % 2],
        oformat=("binary", "elf64-x86-64", "binary", "elf32-i386")[pick // 2 % 4],
        gc_sections=pick // 8 % 4 == 0,
        max_image_size=MAX_IMAGE,
        tolerated=("undefined-symbol", "assert-failed") if pick // 32 % 2 else (),
    )
    len(result.image)
    len(result.pieces)


_OBJECTS = """\
object a.o
section .text ax align=16
  90 90 e8 00*4 c3
  reloc 3 R_X86_64_PC32 far -4
section .data wa
  01 02 03 04
section .bss wa nobits size=24 align=8
symbol main .text+0 func
symbol _start .text+1 func
symbol far UNDEF weak
symbol buffer COMMON align=8 size=32
object b.o
section .text ax align=4
  c3
section .rodata a
  68 69 00
symbol far .text+0 func
symbol x ABS+5
"""


def feed_line(data: bytes) -> None:
    """Take a command line apart, and work out every option, up to the point of reading files."""
    words = data.decode("utf-8", "surrogatepass").split("\0")
    parsed = parse([w for w in words if w[:1] != "@"], LD, KEYWORDS)
    parsed.values.setdefault("dialect", "gnu")
    problems = [*parsed.problems, *check_values(parsed.values)]
    if not any(p.severity == "error" for p in problems):
        parsed.values.pop("symbol_ordering_file", None)
        link_options(parsed.values, None)
        parsed.values.pop("default_script", None)
        read_line(parsed)


def feed_response(data: bytes) -> None:
    split_words(data.decode("utf-8", "surrogatepass"))


def feed_defsym(data: bytes) -> None:
    parse_defsym(data.decode("utf-8", "surrogatepass"))


EXPRESSIONS = ("x=1+2*(3-y)", "x = ALIGN(0x1000) + SIZEOF(.text)", "a=b?c:d", "x=~!-1<<3&&0||2%3",
               "x=MAX(1,MIN(2,3))", "x=DEFINED(y)?LOADADDR(.a):ADDR(.b)", "a=0x10K")  # fmt: skip


def make_defsym(rng: random.Random) -> bytes:
    return damaged_text(rng, rng.choice(EXPRESSIONS), WORDS).encode("utf-8", "surrogatepass")


def feed_hex(data: bytes) -> None:
    """As Intel HEX and as S-records; what is read is written and read again."""
    reader = (read_ihex, read_srec)[data[:1] == b"S"]
    file = reader(data, "fuzz.hex")
    walk(file)


def feed_name(data: bytes) -> None:
    name = data.decode("utf-8", "surrogatepass")
    readable(name)
    readable_section(name)


PLANS = (
    "-S", "-g", "--strip-unneeded", "-O binary", "-O ihex", "-O srec", "-O elf32-i386",
    "--prefix-symbols=k_ --prefix-alloc-sections=.r", "-j .text", "-R .text -R .bss",
    "--rename-section .text=.code,alloc --set-section-flags .bss=contents", "-O verilog", "",
    "--localize-hidden --weaken --globalize-symbol=x", "--change-addresses 0x1000 --gap-fill 0x90",
    "--compress-debug-sections", "--decompress-debug-sections", "--extract-dwo",
    "--only-keep-debug", "--pad-to 0x8000 -O binary", "--keep-global-symbol=x",
    "--add-symbol=n=.text:0x1,global",
)  # fmt: skip


def feed_objcopy(data: bytes) -> None:
    """Through objcopy, by a plan that belongs to the bytes."""
    from pylink86.cli.objcopy_options import table as options
    from pylink86.cli.objcopy_plan import plan_of
    from pylink86.ops import assemble
    from pylink86.ops.archives import transform_archive
    from pylink86.ops.plan import Notes
    from pylink86.ops.run import transform

    pick = choice_of(data, len(PLANS) * 2)
    dialect = ("gnu", "llvm")[pick % 2]
    assemble.MAX_FILE = MAX_IMAGE
    parsed = parse(PLANS[pick // 2].split(), options(strip=False))
    plan = plan_of(parsed.values, dialect, strip=False, words=parsed.words)
    plan.output_name = "out"
    if data[:8] in (b"!<arch>\n", b"!<thin>\n"):
        transform_archive(data, "fuzz.a", plan, dialect, Notes(), deterministic=True)
    else:
        transform(data, "fuzz.o", plan, dialect, Notes())


def make_any(rng: random.Random) -> bytes:
    return rng.choice((make_object, make_object, make_object, make_archive))(rng)


def feed_tools(data: bytes) -> None:
    """nm, size, sections and ar t, through files, as their users call them."""
    path = Path(f"fuzz-{os.getpid()}.o")
    path.write_bytes(data)
    said = io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            (nm.main, size.main)[choice_of(data, 2)]([str(path)])
    finally:
        path.unlink()
    if "error[internal]" in said.getvalue():
        raise AssertionError(said.getvalue())


TARGETS: dict[str, Target] = {
    "elf": Target(make_object, feed_elf, 300),
    "link": Target(make_object, feed_link),
    "debug": Target(make_debug, feed_debug, 40),
    "archive": Target(make_archive, feed_archive),
    "library": Target(make_archive, feed_library),
    "script": Target(make_script, feed_script),
    "layout": Target(make_script, feed_layout),
    "options": Target(make_line, feed_line, 300),
    "response": Target(make_response, feed_response, 300),
    "defsym": Target(make_defsym, feed_defsym, 300),
    "hex": Target(make_hex, feed_hex, 300),
    "names": Target(make_name, feed_name, 300),
    "objcopy": Target(make_any, feed_objcopy),
    "tools": Target(make_any, feed_tools),
    "coff": Target(make_coff, feed_coff),
    "lists": Target(make_list, feed_list),
    "indexes": Target(make_indexed, feed_indexed),
}


def example(target: str, seed: int, number: int) -> bytes:
    """The input of that number: always the same."""
    return TARGETS[target].make(random.Random(f"{target} {seed} {number}"))
