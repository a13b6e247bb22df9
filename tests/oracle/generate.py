"""Random links: small objects and a script for them, from a seed, the same on every machine.

What a linker script means only shows where its parts meet: a fill pattern beside an orphan, a
forward reference across a region, a sort among alignments.  So examples are drawn, not written:
each is one to three objects of a few sections, and a script that places some of them by pattern and
leaves others over.  A tag is noted for everything that was put in, and `coverage` counts the tags
of the examples that the peer accepted; the odds below are set so that most examples are accepted
and no tag is rare.

An example is data that can be taken apart again: `shrink` drops sections, symbols, statements and
whole output sections as long as the difference stays.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from .objects import Obj, Reloc, Sec, Sym, width_of


@dataclass(frozen=True)
class Out:
    """An output section statement, its parts as script text."""

    name: str
    address: str = ""
    type: str = ""
    at: str = ""
    align: str = ""
    subalign: str = ""
    body: tuple[str, ...] = ()
    region: str = ""
    lma_region: str = ""
    fill: str = ""
    phdrs: str = ""

    def text(self) -> str:
        head = " ".join(w for w in (self.name, self.address, self.type) if w) + " :"
        for word in (self.at, self.align, self.subalign):
            head += f" {word}" if word else ""
        tail = " ".join(
            w
            for w in (
                f">{self.region}" if self.region else "",
                f"AT>{self.lma_region}" if self.lma_region else "",
                self.phdrs,
                self.fill,
            )
            if w
        )
        lines = [f"  {head} {{", *(f"    {line}" for line in self.body), f"  }} {tail}".rstrip()]
        return "\n".join(lines)


Item = str | Out


@dataclass(frozen=True)
class Layout:
    """A script: lines before SECTIONS, program headers, regions, and the items of SECTIONS."""

    top: tuple[str, ...] = ()
    phdrs: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    after: tuple[str, ...] = ()

    def text(self) -> str:
        lines = list(self.top)
        if self.phdrs:
            lines += ["PHDRS {", *(f"  {p};" for p in self.phdrs), "}"]
        if self.regions:
            lines += ["MEMORY {", *(f"  {r}" for r in self.regions), "}", *self.aliases]
        lines.append("SECTIONS {")
        lines += [item.text() if isinstance(item, Out) else f"  {item}" for item in self.items]
        lines += ["}", *self.after]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Example:
    """One link to be tried; output: a row of OUTPUTS in `peers`."""

    dialect: str
    machine: str
    objects: tuple[Obj, ...]
    layout: Layout
    output: str = "binary"
    tags: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def script(self) -> str:
        return self.layout.text()


TEXT = (".text", ".text.a", ".text.b", ".text.init.5", ".text.init.10", ".boot")
READ = (".rodata", ".rodata.c", ".rodata.x")
DATA = (".data", ".data.x", ".data.y")
ZERO = (".bss", ".bss.z")
ORPHAN = (
    ("zt", "ax", "progbits"),
    ("zr", "a", "progbits"),
    ("zw", "wa", "progbits"),
    ("zb", "wa", "nobits"),
    ("zx", "wax", "progbits"),
    (".note.z", "a", "note"),
    (".text.orphan", "ax", "progbits"),
    (".data.rel.ro.z", "wa", "progbits"),
    (".init_array", "wa", "init_array"),
    ("zn", "", "progbits"),
)
DISCARDED = ".zd"
EXCLUDED = ".text.gone"
STRINGS = ".lit"
CONSTANTS = ".cst4"

SIZES = (0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 24, 40)
ALIGNMENTS = (1, 1, 1, 2, 4, 4, 8, 16, 32)

ABSOLUTE = ("abs_small", "abs_word", "abs_far")
"""Symbols only the script defines; small enough for 8 and 16 bits, and one that is not."""

ABSOLUTE_VALUES = {"abs_small": "0x2a", "abs_word": "0x1234", "abs_far": "0x123456"}

APPLIED = {
    "x86_64": (
        "R_X86_64_64",
        "R_X86_64_PC32",
        "R_X86_64_PLT32",
        "R_X86_64_32",
        "R_X86_64_32S",
        "R_X86_64_16",
        "R_X86_64_PC16",
        "R_X86_64_8",
        "R_X86_64_PC8",
        "R_X86_64_PC64",
    ),
    "i386": (
        "R_386_32",
        "R_386_PC32",
        "R_386_PLT32",
        "R_386_16",
        "R_386_PC16",
        "R_386_8",
        "R_386_PC8",
    ),
}
SIZE_RELOCATIONS = ("R_X86_64_SIZE32", "R_X86_64_SIZE64")
"""Taken by LLD for x86-64 only; it does not know R_386_SIZE32."""

SORTS = {
    "sort-name": "SORT_BY_NAME({})",
    "sort-short": "SORT({})",
    "sort-alignment": "SORT_BY_ALIGNMENT({})",
    "sort-name-alignment": "SORT_BY_NAME(SORT_BY_ALIGNMENT({}))",
    "sort-alignment-name": "SORT_BY_ALIGNMENT(SORT_BY_NAME({}))",
    "sort-priority": "SORT_BY_INIT_PRIORITY({})",
    "sort-none": "SORT_NONE({})",
}

FILLS = {
    "fill-hex": ("=0x90", "=0xab", "=0xdeadc0de", "=0x1234"),
    "fill-leading-zero": ("=0x0090", "=0x00", "=0x000102"),
    "fill-decimal": ("=144", "=4660", "=0"),
    "fill-expression": ("=(1+2)", "=(0x90 << 8)", "=(300)"),
}
LONG_FILLS = ("=0x0102030405060708", "=0x123456789a", "=0x0102030405060708090a")

FORWARD = {
    "forward-sizeof": "SIZEOF({later})",
    "forward-addr": "ADDR({later})",
    "forward-symbol": "later_symbol",
}


@dataclass(frozen=True)
class Style:
    """What a dialect's peer takes at all; the rest of the generator is the same for both."""

    long_fill: bool
    relative_dot: bool
    dot_in_data: bool
    size_relocations: bool
    first_base: tuple[int, ...]


STYLES = {
    "gnu": Style(
        long_fill=True,
        relative_dot=True,
        dot_in_data=True,
        size_relocations=False,  # docs/DEVIATIONS.md, gnu-raw-size: patched with the address there
        first_base=(0, 0x40, 0x1000, 0x7C00, 0x7C01, 0x10000),
    ),
    "lld": Style(
        long_fill=False,
        relative_dot=False,
        dot_in_data=False,
        size_relocations=True,
        first_base=(0x1000, 0x2000, 0x7C00, 0x7C01, 0x9000),
    ),
}


def generate(seed: int, number: int, dialect: str) -> Example:
    """Example `number` of a run; any example can be made again without the ones before it."""
    return _Maker(random.Random(f"{seed}/{number}/{dialect}"), dialect).example()


class _Maker:
    """Draws one example; `tags` gathers what was put in."""

    def __init__(self, rng: random.Random, dialect: str) -> None:
        self.rng = rng
        self.dialect = dialect
        self.style = STYLES[dialect]
        self.machine = rng.choice(("x86_64", "i386"))
        self.tags: set[str] = {self.machine}
        self.globals: list[str] = []
        self.script_symbols: list[str] = []
        self.wanted_provides: list[str] = []

    # small helpers

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def tag(self, *names: str) -> None:
        self.tags.update(names)

    def some(self, pool: Sequence[str], low: int, high: int) -> list[str]:
        return self.rng.sample(pool, min(len(pool), self.rng.randint(low, high)))

    # the whole

    def example(self) -> Example:
        names = ("a.o", "b.o", "c.o")[: self.rng.choice((1, 2, 2, 2, 3))]
        drafts = [self.sections(name) for name in names]
        objects = self.connect(names, drafts)
        layout = self.layout(objects)
        return Example(self.dialect, self.machine, objects, layout, tags=frozenset(self.tags))

    # objects

    def sections(self, file: str) -> list[Sec]:
        rng = self.rng
        made = [self.section(n, "ax") for n in self.some(TEXT, 1, 3)]
        made += [self.section(n, "a") for n in self.some(READ, 0, 2)]
        made += [self.section(n, "wa") for n in self.some(DATA, 0, 2)]
        if self.chance(40):
            self.tag("bss")
            made.append(self.section(rng.choice(ZERO), "wa", "nobits"))
        if self.chance(25):
            self.tag("orphan")
            made += [self.section(*one) for one in rng.sample(ORPHAN, rng.randint(1, 3))]
        if self.chance(12):
            self.tag("discard")
            made.append(self.section(DISCARDED, "wa"))
        if self.chance(12):
            made.append(self.strings())
        if self.chance(10):
            self.tag("merge-constants")
            words = [rng.choice((b"AAAA", b"BBBB", b"CCCC", b"DDDD")) for _ in range(4)]
            made.append(Sec(CONSTANTS, "aM", "progbits", 4, b"".join(words), 0, 4))
        rng.shuffle(made)
        return made

    def section(self, name: str, flags: str, kind: str = "progbits") -> Sec:
        rng = self.rng
        size = rng.choice(SIZES) * (8 if self.chance(5) else 1)
        align = rng.choice(ALIGNMENTS)
        if kind == "init_array":
            word = 8 if self.machine == "x86_64" else 4
            size, align = word * rng.randint(1, 2), word
        if align > 1:
            self.tag("alignment")
        if kind == "nobits":
            return Sec(name, flags, kind, align, b"", size)
        return Sec(name, flags, kind, align, bytes(rng.choices(range(1, 255), k=size)))

    def strings(self) -> Sec:
        self.tag("merge-strings")
        words = self.rng.choices((b"abc", b"bc", b"hello", b"lo", b"x", b"", b"zebra"), k=4)
        return Sec(STRINGS, "aMS", "progbits", 1, b"".join(w + b"\0" for w in words), 0, 1)

    def connect(self, files: Sequence[str], drafts: list[list[Sec]]) -> tuple[Obj, ...]:
        """Symbols and relocations: definitions first, so that any file may refer to any."""
        symbols: list[list[Sym]] = []
        for number, sections in enumerate(drafts):
            symbols.append(self.definitions(number, sections))
        if self.chance(20) and len(files) > 1:
            self.tag("weak")
            for number, sections in enumerate(drafts[:2]):
                place = self.rng.randint(1, len(sections))
                symbols[number].append(
                    Sym("weak_twice", "weak", "object", place, 0, sections[place - 1].length)
                )
            self.globals.append("weak_twice")
        self.commons(symbols)
        objects = []
        for number, (file, sections) in enumerate(zip(files, drafts, strict=True)):
            with_relocs = [self.relocate(number, s, i, symbols) for i, s in enumerate(sections, 1)]
            objects.append(Obj(file, self.machine, tuple(with_relocs), tuple(symbols[number])))
        return tuple(objects)

    def definitions(self, number: int, sections: list[Sec]) -> list[Sym]:
        rng = self.rng
        made = []
        for i in range(rng.randint(1, 3)):
            place = rng.randint(1, len(sections))
            if sections[place - 1].name in (DISCARDED, EXCLUDED):
                continue
            length = sections[place - 1].length
            if sections[place - 1].flags.startswith("aM"):
                length = 0
            name = f"sym{number}_{i}"
            binding = "local" if self.chance(25) else "global"
            if binding == "global":
                self.globals.append(name)
            else:
                self.tag("local-symbol")
            value = rng.randint(0, length)
            kind = rng.choice(("notype", "object", "func"))
            made.append(Sym(name, binding, kind, place, value, rng.randint(0, 20)))
        return made

    def commons(self, symbols: list[list[Sym]]) -> None:
        if not self.chance(20):
            return
        self.tag("common")
        rng = self.rng
        for name in ("com_a", "com_b", "com_c")[: rng.randint(1, 3)]:
            for table in rng.sample(symbols, min(len(symbols), rng.choice((1, 1, 2)))):
                align, size = rng.choice((1, 4, 8, 16)), rng.randint(1, 20)
                table.append(Sym(name, "global", "object", "COMMON", align, size))
            self.globals.append(name)

    def relocate(self, number: int, sec: Sec, index: int, symbols: list[list[Sym]]) -> Sec:
        if sec.type in ("nobits", "note") or "M" in sec.flags or not sec.flags:
            return sec
        if sec.name in (DISCARDED, ".init_array"):
            return sec
        relocs = []
        at = 0
        while at + 1 <= len(sec.data):
            if self.chance(45):
                made = self.relocation(number, sec, index, at, symbols)
                if made is not None:
                    relocs.append(made)
                    at += width_of(made.type)
                    continue
            at += self.rng.randint(1, 4)
        return replace(sec, relocs=tuple(relocs))

    def relocation(
        self, number: int, sec: Sec, index: int, at: int, symbols: list[list[Sym]]
    ) -> Reloc | None:
        kinds = [k for k in APPLIED[self.machine] if at + width_of(k) <= len(sec.data)]
        if self.style.size_relocations and self.machine == "x86_64" and self.chance(15):
            kinds = [k for k in SIZE_RELOCATIONS if at + width_of(k) <= len(sec.data)]
        if not kinds:
            return None
        kind = self.rng.choice(kinds)
        symbol, addend = self.target(kind, number, index, symbols)
        if symbol is None:
            return None
        self.tag(kind)
        return Reloc(at, kind, symbol, addend)

    def target(
        self, kind: str, number: int, index: int, symbols: list[list[Sym]]
    ) -> tuple[str | int | None, int]:
        """A symbol the type can most likely reach, and an addend."""
        rng = self.rng
        addend = rng.choice((0, 0, 0, 1, -4, 7))
        if "SIZE" in kind:
            named = [s.name for s in symbols[number] if isinstance(s.place, int)]
            return (rng.choice(named) if named else None), addend
        if kind.endswith("PC8") and not self.chance(4):
            self.tag("section-symbol")
            return index, rng.randint(-20, 20)
        if kind.endswith("_8") and not self.chance(4):
            return self.undefined(number, "abs_small", symbols), rng.choice((0, 1, 3))
        if kind.endswith(("_16", "PC16")) and self.chance(50):
            return self.undefined(number, "abs_word", symbols), addend
        if self.chance(8):
            return self.undefined(number, rng.choice(ABSOLUTE), symbols), addend
        if self.chance(7):
            self.tag("weak-undefined")
            self.reference(number, "nobody", symbols, "weak")
            return "nobody", 0
        if self.chance(8):
            self.tag("provide")
            self.reference(number, "provided", symbols)
            self.wanted_provides.append("provided")
            return "provided", addend
        own = [s.name for s in symbols[number] if s.binding == "local"]
        if self.chance(20):
            self.tag("section-symbol")
            return rng.choice((index, index, 1)), addend
        if own and self.chance(25):
            return rng.choice(own), addend
        if not self.globals:
            return index, addend
        name = rng.choice(self.globals)
        self.reference(number, name, symbols)
        return name, addend

    def undefined(self, number: int, name: str, symbols: list[list[Sym]]) -> str:
        self.reference(number, name, symbols)
        return name

    def reference(
        self, number: int, name: str, symbols: list[list[Sym]], binding: str = "global"
    ) -> None:
        if all(s.name != name for s in symbols[number]):
            symbols[number].append(Sym(name, binding))

    # the script

    def layout(self, objects: tuple[Obj, ...]) -> Layout:
        rng = self.rng
        regions: list[str] = []
        if self.chance(22):
            self.tag("region")
            regions = self.regions()
        self.with_regions = bool(regions)
        self.later = ""
        names = [".one", ".two", ".three", ".four", ".five"][: rng.randint(2, 5)]
        if self.chance(25):
            names[0] = ".text"
        if self.chance(20):
            names[-1] = rng.choice((".data", ".bss", ".rodata"))
        shares = self.share_out(names, objects)
        items: list[Item] = []
        base = rng.choice(self.style.first_base)
        if not regions and self.chance(50):
            items.append(f". = {base:#x};")
            base = -1
        for i, name in enumerate(names):
            self.later = names[rng.randint(i + 1, len(names) - 1)] if i + 1 < len(names) else ""
            address = f"{base:#x}" if i == 0 and base >= 0 and not regions else ""
            items.append(self.output_section(name, address, shares[name], i))
            if self.chance(35):
                items += self.between(i)
        items += self.closing(names, objects)
        top = [f"{name} = {ABSOLUTE_VALUES[name]};" for name in ABSOLUTE]
        if self.chance(30):
            self.tag("entry")
            top.append(f"ENTRY({rng.choice(['sym0_0', 'abs_word'])})")
        after = [line for line in top if self.chance(20)]
        if after:
            self.tag("symbol-after-sections")
        return Layout(
            tuple(line for line in top if line not in after),
            regions=tuple(regions),
            items=tuple(items),
            after=tuple(after),
        )

    def regions(self) -> list[str]:
        ram = self.rng.choice((0x1000, 0x7C00, 0x2001))
        rom = self.rng.choice((0x100, 0x8F00, 0x20001))
        attributes = self.rng.choice(("", " (rwx)", " (rx)", " (wa)"))
        made = [
            f"ram{attributes} : ORIGIN = {ram:#x}, LENGTH = {self.rng.choice(('0x1000', '4K'))}",
            f"rom (rx) : ORIGIN = {rom:#x}, LENGTH = 64K",
        ]
        if self.chance(30):
            self.rng.shuffle(made)
        return made

    def share_out(self, names: Sequence[str], objects: tuple[Obj, ...]) -> dict[str, list[str]]:
        """Input statements for each output section; what nobody takes becomes an orphan."""
        statements = self.statements(objects)
        shares: dict[str, list[str]] = {name: [] for name in names}
        for statement in statements:
            shares[self.rng.choice(names)].append(statement)
        return shares

    def statements(self, objects: tuple[Obj, ...]) -> list[str]:
        rng = self.rng
        made = []
        for group in (TEXT, READ, DATA, ZERO, (STRINGS,), (CONSTANTS,)):
            if self.chance(8):
                if any(s.name in group for o in objects for s in o.sections):
                    self.tag("orphan")
                continue
            made += self.patterns(group)
        if "common" in self.tags and self.chance(85):
            made.append(
                rng.choice(("*(COMMON)", "*(COMMON)", "*(.bss COMMON)", "a.o(COMMON) *(COMMON)"))
            )
        if self.chance(10):
            self.tag("bare-file")
            made.append(f"{rng.choice(objects).name};")
        if self.chance(12):
            self.tag("file-pattern")
            made.append(f"{rng.choice(objects).name}({rng.choice(TEXT)}*)")
        return made

    def patterns(self, group: Sequence[str]) -> list[str]:
        rng = self.rng
        form = rng.randrange(10)
        family = group[0] + "*"
        if form < 3:
            return [self.wrapped(f"*({family})")]
        if form < 5:
            return [self.wrapped(f"*({' '.join(self.some(group, 1, 3))})"), f"*({family})"]
        if form < 7:
            self.tag("exclude-file")
            if self.chance(50):
                return [f"*(EXCLUDE_FILE(b.o) {family})", f"*({family})"]
            return [f"*(EXCLUDE_FILE(*a.o c.o) {family} {rng.choice(group)})", f"*({family})"]
        tag = rng.choice(list(SORTS))
        self.tag(tag)
        word = SORTS[tag].format(rng.choice((family, group[0] + ".*")))
        extra = f" {rng.choice(group)}" if self.chance(15) else ""
        return [self.wrapped(f"*({word}{extra})"), f"*({family})"]

    def wrapped(self, statement: str) -> str:
        if self.chance(20):
            self.tag("keep")
            return f"KEEP({statement})"
        return statement

    def output_section(self, name: str, address: str, inputs: list[str], i: int) -> Out:
        rng = self.rng
        self.own = name
        body: list[str] = []
        if self.chance(12):
            self.tag("FILL")
            body.append(f"FILL({self.fill_value()})")
        for statement in inputs:
            if self.chance(25):
                body += self.inside()
            body.append(statement)
        if self.chance(40):
            body += self.inside()
        if not address and i and not self.with_regions and self.chance(15):
            address = self.address(i)
        at = ""
        if self.chance(12) and not self.with_regions:
            self.tag("AT")
            at = f"AT({self.load_address(name, i)})"
        align = subalign = ""
        if self.chance(10):
            self.tag("ALIGN-section")
            align = f"ALIGN({rng.choice((2, 8, 16, 64))})"
        if self.chance(8):
            self.tag("SUBALIGN")
            subalign = f"SUBALIGN({rng.choice((1, 2, 4, 8, 32))})"
        fill = ""
        if self.chance(30):
            fill = self.fill()
        region = lma_region = ""
        if self.with_regions:
            region = "ram" if i == 0 or self.chance(70) else "rom"
            if self.chance(10) and i:
                region = ""
            if region == "ram" and self.chance(35):
                self.tag("AT>")
                lma_region = "rom"
        return Out(name, address, "", at, align, subalign, tuple(body), region, lma_region, fill)

    def address(self, i: int) -> str:
        self.tag("address")
        far = f"{0x10000 + 0x400 * i + self.rng.choice((0, 1, 8)):#x}"
        forms = [f"ALIGN({self.rng.choice((16, 256))})", ". + 0x10", far]
        if self.later:
            self.tag("forward-sizeof")
            forms.append(f". + SIZEOF({self.later})")
        return self.rng.choice(forms)

    def load_address(self, name: str, i: int) -> str:
        forms = [f"{0x30000 + 0x1000 * i:#x}", f"ADDR({name}) + 0x20000"]
        return self.rng.choice(forms)

    def fill(self) -> str:
        kinds = list(FILLS)
        if self.style.long_fill:
            kinds.append("fill-long")
        kind = self.rng.choice(kinds)
        self.tag(kind, "fill")
        return self.rng.choice(FILLS.get(kind, LONG_FILLS))

    def fill_value(self) -> str:
        return self.rng.choice(("0x90", "0x1234", "0x00ab", "17", "0xcafebabe"))

    def inside(self) -> list[str]:
        """One or two statements inside an output section."""
        return [self.one_inside() for _ in range(self.rng.choice((1, 1, 2)))]

    def one_inside(self) -> str:
        rng = self.rng
        form = rng.randrange(12)
        if form < 3:
            self.tag("gap")
            return f". = . + {rng.choice((1, 2, 3, 5, 8, 11, 21))};"
        if form < 5:
            self.tag("ALIGN")
            return f". = ALIGN({rng.choice((2, 4, 8, 16, 64))});"
        if form < 8:
            return self.data()
        if form == 8:
            self.tag("nested-assignment")
            name = self.new_symbol()
            if self.dialect == "gnu" and self.chance(30):
                forms = ("5", ". - 4", "ABSOLUTE(7)", f". - ADDR({self.own})")
                return f"{name} = {rng.choice(forms)};"
            return f"{name} = {rng.choice(('.', '. + 1', 'ALIGN(16)'))};"
        if form == 9:
            self.tag("FILL")
            return f"FILL({self.fill_value()})"
        if form == 10 and self.style.relative_dot:
            self.tag("relative-dot")
            return f". = {rng.choice((0x80, 0xC0, 0x100)):#x};"
        if form == 11:
            self.tag("provide")
            return "PROVIDE(provided = .);"
        self.tag("gap")
        return f". += {rng.choice((1, 4, 6))};"

    def new_symbol(self) -> str:
        name = f"here_{len(self.script_symbols)}"
        self.script_symbols.append(name)
        return name

    def data(self) -> str:
        word = self.rng.choice(("BYTE", "SHORT", "LONG", "QUAD"))
        self.tag(word)
        return f"{word}({self.value()})"

    def value(self) -> str:
        rng = self.rng
        forms = ["0x55", "-1", "0x123456789", "abs_word", "abs_small + 1", f"SIZEOF({self.own})"]
        forms += [f"ADDR({self.own})", f"ALIGNOF({self.own})", f"LOADADDR({self.own})"]
        forms += ["(3 + 4 * 5) & 0xfe", "MAX(3, 9) - MIN(3, 9)", "abs_far >> 4", "DEFINED(nobody)"]
        forms += ["0x10 == 16 ? 0xaa : 0xbb", "~0 & 0xf0", "1K + 1"]
        if self.style.dot_in_data:
            forms += [".", ". + 1"]
        if self.script_symbols:
            forms += [rng.choice(self.script_symbols)] * 2
        if self.with_regions:
            forms += ["ORIGIN(ram)", "LENGTH(rom)"]
        if self.later and self.chance(40):
            tag = rng.choice(list(FORWARD))
            self.tag(tag, "forward")
            if tag == "forward-symbol":
                self.needs_later = True
            return FORWARD[tag].format(later=self.later)
        return rng.choice(forms)

    needs_later = False

    def between(self, i: int) -> list[str]:
        """Statements between output sections."""
        rng = self.rng
        made = []
        for _ in range(rng.choice((1, 1, 2))):
            form = rng.randrange(8)
            if form < 2:
                self.tag("gap-between")
                made.append(f". = . + {rng.choice((1, 4, 16, 100))};")
            elif form < 4:
                self.tag("ALIGN")
                made.append(f". = ALIGN({rng.choice((4, 16, 512))});")
            elif form < 6:
                self.tag("assignment")
                made.append(f"{self.new_symbol()} = .;")
            elif form == 6:
                self.tag("provide")
                made.append("PROVIDE(provided = 0x77);")
            else:
                self.tag("ASSERT")
                condition = f"SIZEOF({self.own}) < 0x8000" if not self.chance(4) else "0"
                made.append(f'ASSERT({condition}, "too big")')
        return made

    def closing(self, names: Sequence[str], objects: tuple[Obj, ...]) -> list[Item]:
        rng = self.rng
        made: list[Item] = []
        if self.needs_later:
            made.append(rng.choice(("later_symbol = .;", f"later_symbol = ADDR({names[-1]}) + 2;")))
        if self.wanted_provides and all("provided" not in o for o in self.script_symbols):
            made.append("PROVIDE(provided = 0x66);")
        if self.chance(25):
            self.tag("length")
            made.append(f"length = . - ADDR({rng.choice(list(names))});")
        if any(s.name == DISCARDED for o in objects for s in o.sections) and self.chance(85):
            made.append(Out("/DISCARD/", body=(f"*({DISCARDED}*)",)))
        if self.chance(10):
            self.tag("ASSERT")
            made.append(f'ASSERT(. >= ADDR({names[0]}) || 1, "moved")')
        return made


def tags_of(examples: Iterable[Example]) -> dict[str, int]:
    """How many of the examples carry each tag."""
    counts: dict[str, int] = {}
    for example in examples:
        for tag in example.tags:
            counts[tag] = counts.get(tag, 0) + 1
    return counts
