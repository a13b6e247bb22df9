"""The text of a case: objects told in a few words, a script, a command, and what must come of it.

A case is a file one can read alone::

    FILL() in GNU ld counts from where it stands

    Anything that stands between the title and the first `==` explains.
    dialects: gnu lld
    differs: gnu, row of docs/DEVIATIONS.md        (only when a peer would not agree)
    words: FILL, =fill                             (docs/linker-scripts.md explains them by it)
    shows: segments                                (they are compared, too)

    == objects
    object a.o
    section .text ax align=16
      90 90 e8 00*4 c3
      reloc 3 R_X86_64_PC32 far -4
    section .bss wa nobits size=24 align=8
    symbol main .text+0 func
    symbol far UNDEF weak
    symbol buffer COMMON align=8 size=32
    group main .text
    patch 0x12 03 00                               (bytes of the encoded file)
    cut 100                                        (the file ends there)

    == script                                      (or `script examples/scripts/x.ld`: that file)
    SECTIONS { .text 0x7c00 : { *(.text) } }

    == archive libx.a                              (or `archive libx.a thin`, `... no-table`)
    b.o c.o

    == file inner.ld                               (any other file the link reads)
    x = 1;

    == command
    pyld --oformat=binary -T script.ld a.o

    == gnu lld
    ... what both dialects make of it

What is expected is written by the runner itself (PYLINK86_UPDATE_CASES=1) and then read by a
person."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.oracle.archives import Ar
from tests.oracle.objects import BINDINGS, FLAGS, SYMBOL_TYPES, TYPES, Obj, Reloc, Sec, Sym

DIALECTS = ("gnu", "lld")
ROOT = Path(__file__).parents[2]
SETTING = re.compile(r"^(dialects|differs|words|shows): *(.+)$\n?", flags=re.M)


@dataclass(frozen=True)
class ObjectText:
    """An object and what is done to its bytes after encoding."""

    obj: Obj
    patches: tuple[tuple[int, bytes], ...] = ()
    cut: int | None = None

    def encode(self) -> bytes:
        data = bytearray(self.obj.encode())
        for at, new in self.patches:
            data[at : at + len(new)] = new
        return bytes(data[: self.cut])


@dataclass(frozen=True)
class Case:
    """One case file, taken apart; `parts` keeps everything but expectations as it was written."""

    title: str
    dialects: tuple[str, ...]
    differs: dict[str, str]
    objects: tuple[ObjectText, ...]
    script: str
    files: dict[str, str]
    command: tuple[str, ...]
    expected: dict[str, str]
    archives: tuple[Ar, ...] = ()
    words: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    about: str = ""
    head: str = field(repr=False, default="")

    def with_expected(self, expected: dict[str, str]) -> str:
        """The file's text with these expectations; dialects that agree share one part."""
        groups: dict[str, list[str]] = {}
        for dialect, text in expected.items():
            groups.setdefault(text, []).append(dialect)
        parts = [f"== {' '.join(names)}\n{text.rstrip()}\n" for text, names in groups.items()]
        return self.head.rstrip() + "\n\n" + "\n".join(parts)


def parse_case(text: str) -> Case:
    """A case file; ValueError says what it does not understand."""
    head, *rest = re.split(r"^== (.+)\n", text, flags=re.M)
    titles, bodies = rest[::2], rest[1::2]
    settings = dict(SETTING.findall(head))
    dialects = tuple(settings.get("dialects", "gnu lld").split())
    differs = {}
    if "differs" in settings:
        names, _, row = settings["differs"].partition(",")
        differs = {name: row.strip() for name in names.split()}
    parts: dict[str, str] = {}
    files: dict[str, str] = {}
    expected: dict[str, str] = {}
    archives: list[tuple[str, list[str], list[str]]] = []
    kept = head
    for title, body in zip(titles, bodies, strict=True):
        words = title.split()
        if set(words) <= set(DIALECTS):
            expected.update((name, body.strip("\n")) for name in words)
            continue
        kept += f"== {title}\n{body}"
        if words[0] == "archive":
            archives.append((words[1], words[2:], body.split()))
        elif words[0] == "script" and len(words) == 2:
            parts["script"] = (ROOT / words[1]).read_text(encoding="utf-8")
        elif words[0] == "file":
            files[words[1]] = body.strip("\n") + "\n"
        elif title in ("objects", "script", "command"):
            parts[title] = body
        else:
            raise ValueError(f"what is `== {title}`?")
    objects = read_objects(parts.get("objects", ""))
    command = tuple(shlex.split(parts.get("command", ""), comments=False)) or (
        "pyld", "--oformat=binary", "-T", "script.ld", *(o.obj.name for o in objects),
    )  # fmt: skip
    script = parts.get("script", "").strip("\n") + "\n"
    title, *about = SETTING.sub("", head).strip().splitlines()
    made = {o.obj.name: o.obj for o in objects}
    packed = tuple(
        Ar(
            name,
            tuple(made[member] for member in members),
            "" if "no-table" in how else "narrow",
            "thin" in how,
        )
        for name, how, members in archives
    )
    return Case(
        title, dialects, differs, objects, script, files, command, expected, packed,
        words=tuple(word.strip() for word in settings.get("words", "").split(",") if word),
        shows=tuple(settings.get("shows", "").split()),
        about="\n".join(about).strip(),
        head=kept,
    )  # fmt: skip


# Objects


def read_objects(text: str) -> tuple[ObjectText, ...]:
    """Every object of a text; blank lines and `//` comments are skipped."""
    blocks: list[list[list[str]]] = []
    for line in text.splitlines():
        words = line.split("//")[0].split()
        if words[:1] == ["object"]:
            blocks.append([])
        if words:
            blocks[-1].append(words)
    return tuple(_object(block) for block in blocks)


def _object(lines: list[list[str]]) -> ObjectText:
    _, name, *machine = lines[0]
    sections: list[Sec] = []
    symbols: list[Sym] = []
    groups: list[tuple[str, tuple[int, ...]]] = []
    patches: list[tuple[int, bytes]] = []
    cut: int | None = None

    def number(section: str) -> int:
        return [s.name for s in sections].index(section) + 1

    later: list[list[str]] = []
    for words in lines[1:]:
        kind, *rest = words
        if kind == "section":
            sections.append(_section(rest))
        elif kind == "reloc":
            sections[-1] = replace(sections[-1], relocs=(*sections[-1].relocs, _reloc(rest)))
        elif kind in ("symbol", "group"):
            later.append(words)
        elif kind == "patch":
            patches.append((int(rest[0], 0), data_of(rest[1:])))
        elif kind == "cut":
            cut = int(rest[0], 0)
        else:
            sections[-1] = replace(sections[-1], data=sections[-1].data + data_of(words))
    for kind, *rest in later:
        if kind == "group":
            groups.append((rest[0], tuple(number(s) for s in rest[1:])))
        else:
            symbols.append(_symbol(rest, number))
    sections = [
        replace(s, relocs=tuple(_against(r, symbols, number) for r in s.relocs)) for s in sections
    ]
    obj = Obj(name, *(machine or ["x86_64"]), tuple(sections), tuple(symbols), tuple(groups))
    return ObjectText(obj, tuple(patches), cut)


def data_of(words: list[str]) -> bytes:
    """`90 c3 00*4 "text"`: bytes in hex, `*` repeats, double quotes are ASCII."""
    out = b""
    for word in words:
        text, _, times = word.partition("*")
        data = text.strip('"').encode() if text.startswith('"') else bytes.fromhex(text)
        out += data * int(times or "1", 0)
    return out


def _section(words: list[str]) -> Sec:
    name, *rest = words
    flags = ""
    given: dict[str, int] = {}
    kind = "progbits"
    for word in rest:
        key, equals, value = word.partition("=")
        if equals:
            given[key] = int(value, 0)
        elif word in TYPES:
            kind = word
        elif set(word) <= {*FLAGS, "-"}:
            flags = word.replace("-", "")
        else:
            raise ValueError(f"what is {word} of section {name}?")
    return Sec(name, flags, kind, **given)


def _reloc(words: list[str]) -> Reloc:
    offset, kind, target, *addend = words
    return Reloc(int(offset, 0), kind, target, int(addend[0], 0) if addend else 0)


def _against(reloc: Reloc, symbols: list[Sym], number: object) -> Reloc:
    """A relocation against a name that is no symbol's is against that section's symbol."""
    if any(s.name == reloc.symbol for s in symbols):
        return reloc
    return replace(reloc, symbol=number(reloc.symbol))  # type: ignore[operator]


def _symbol(words: list[str], number: object) -> Sym:
    name, where, *rest = words
    binding, kind, size, align = "global", "notype", 0, 1
    for word in rest:
        if word in BINDINGS:
            binding = word
        elif word in SYMBOL_TYPES:
            kind = word
        elif word.startswith("size="):
            size = int(word[5:], 0)
        elif word.startswith("align="):
            align = int(word[6:], 0)
        else:
            raise ValueError(f"what is {word} of symbol {name}?")
    if where == "UNDEF":
        return Sym(name, binding, kind, "UNDEF", 0, size)
    if where == "COMMON":
        return Sym(name, binding, "object", "COMMON", align, size)
    section, _, offset = where.partition("+")
    value = int(offset or "0", 0)
    if section == "ABS":
        return Sym(name, binding, kind, "ABS", value, size)
    return Sym(name, binding, kind, number(section), value, size)  # type: ignore[operator]
