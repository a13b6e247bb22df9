"""Random links over the rest of the language: what `generate` leaves out because boot layouts
seldom use it.

Examples begin as those of `generate` do; then rare things are worked in: output section types, a
name used twice, overlays, INSERT, aliases, odd wildcards, groups, thread-local sections, the
builtin functions that are left.  Odds are high, because each thing is to be met together with the
others.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from .generate import EXCLUDED, Example, Item, Layout, Out, _Maker
from .objects import Obj, Sec, Sym

TYPES = {
    "gnu": ("(NOLOAD)", "(INFO)", "(COPY)", "(DSECT)", "(OVERLAY)", "(READONLY)"),
    "lld": ("(NOLOAD)", "(INFO)", "(COPY)", "(OVERLAY)"),
}

VALUES = (
    ("ABSOLUTE", "ABSOLUTE(ADDR({own})) + 1"),
    ("ALIGN-two", "ALIGN(ADDR({own}), 32)"),
    ("CONSTANT", "CONSTANT(MAXPAGESIZE)"),
    ("LOG2CEIL", "LOG2CEIL(100) + LOG2CEIL(SIZEOF({own}))"),
    ("SEGMENT_START", 'SEGMENT_START("text-segment", 0x40)'),
    ("SIZEOF_HEADERS", "SIZEOF_HEADERS"),
    ("shift", "(1 << 5) | (0x80 >> 3)"),
    ("modulo", "1000 % 7 + 1000 / 7"),
    ("compare", "(3 < 4) + (4 <= 4) * 2 + (5 != 5) * 4 + (ADDR({own}) > 0) * 8"),
    ("logic", "!0 + (1 && 2) * 2 + (0 || 3) * 4"),
    ("minus", "-ADDR({own}) & 0xff"),
    ("suffix", "1K + 1M / 16"),
    ("ternary", "SIZEOF({own}) > 8 ? ADDR({own}) : 0x77"),
)

DOTS = (
    ("dot-align-two", ". = ALIGN(., 32);"),
    ("dot-or", ". |= 3;"),
    ("dot-max", ". = MAX(., 0x20);"),
    ("dot-minus", ". -= 0;"),
    ("dot-block", ". = BLOCK(8);"),
)


def generate_wide(seed: int, number: int, dialect: str) -> Example:
    """Example `number` of a wide run."""
    return _WideMaker(random.Random(f"wide/{seed}/{number}/{dialect}"), dialect).example()


class _WideMaker(_Maker):
    """Draws as _Maker does, and works the rest of the language in."""

    def example(self) -> Example:
        made = super().example()
        objects = self.with_groups(made.objects)
        layout = made.layout
        changes: tuple[tuple[int, Callable[[Layout], Layout]], ...] = (
            (20, self.twice),
            (15, self.aliases),
            (25, self.types),
            (12, self.inserted),
            (12, self.overlay),
            (15, self.hidden),
            (20, self.wildcards),
            (10, self.constraints),
            (10, self.entry_inside),
            (10, self.input_flags),
            (12, self.headers),
        )
        for percent, change in changes:
            if self.chance(percent):
                layout = change(layout)
        return replace(made, objects=objects, layout=layout, tags=frozenset(self.tags))

    # objects

    def target(
        self, kind: str, number: int, index: int, symbols: list[list[Sym]]
    ) -> tuple[str | int | None, int]:
        """Seldom a narrow field that cannot hold what it is asked to: `generate` has those."""
        if kind.endswith(("_16", "_8", "PC16")) and not self.chance(8):
            if kind.endswith("PC16"):
                return index, self.rng.randint(-20, 20)
            name = "abs_small" if kind.endswith("_8") else "abs_word"
            return self.undefined(number, name, symbols), self.rng.choice((0, 1, 3))
        return super().target(kind, number, index, symbols)

    def sections(self, file: str) -> list[Sec]:
        made = super().sections(file)
        if self.chance(15):
            self.tag("tls")
            made.append(self.section(".tdata", "waT"))
            if self.chance(50):
                made.append(self.section(".tbss", "waT", "nobits"))
        if self.chance(15):
            self.tag("same-section-name")
            made.append(self.section(self.rng.choice(made).name, "wa"))
        if self.chance(10):
            self.tag("excluded-section")
            made.append(self.section(EXCLUDED, "axe"))
        return made

    def with_groups(self, objects: tuple[Obj, ...]) -> tuple[Obj, ...]:
        """Put a section of the same signature into every object as a COMDAT group."""
        if len(objects) < 2 or not self.chance(20):
            return objects
        self.tag("comdat")
        out = []
        for obj in objects:
            sec = self.section(".text.group", "ax")
            place = len(obj.sections) + 1
            sym = Sym("group_sig", "weak", "func", place, 0, sec.length)
            out.append(
                replace(
                    obj,
                    sections=(*obj.sections, sec),
                    symbols=(*obj.symbols, sym),
                    groups=(("group_sig", (place,)),),
                )
            )
        return tuple(out)

    # statements

    def value(self) -> str:
        if self.chance(50):
            tag, text = self.rng.choice(VALUES)
            self.tag(tag)
            return text.format(own=self.own)
        return super().value()

    def one_inside(self) -> str:
        if self.chance(15):
            tag, text = self.rng.choice(DOTS if self.dialect == "gnu" else DOTS[:-1])
            self.tag(tag)
            return text
        if self.chance(6):
            self.tag("ASSERT-inside")
            return f'ASSERT(SIZEOF({self.own}) < 0x10000, "big");'
        if self.chance(8):
            self.tag("assignment-operator")
            name = self.new_symbol()
            return f"{name} = 0x10; {name} += 0x21; {name} <<= 2;"
        return super().one_inside()

    # the script as a whole

    def outs(self, layout: Layout) -> list[int]:
        return [
            i
            for i, item in enumerate(layout.items)
            if isinstance(item, Out) and item.name != "/DISCARD/"
        ]

    def at(self, layout: Layout, i: int, item: Item) -> Layout:
        return replace(layout, items=(*layout.items[:i], item, *layout.items[i + 1 :]))

    def twice(self, layout: Layout) -> Layout:
        """Two output sections of one name."""
        found = self.outs(layout)
        if len(found) < 2:
            return layout
        first, second = self.rng.sample(found, 2)
        self.tag("same-output-name")
        gone, name = layout.items[second].name, layout.items[first].name

        def renamed(item: Item) -> Item:
            if isinstance(item, str):
                return item.replace(f"({gone})", f"({name})")
            changed = {
                part: getattr(item, part).replace(f"({gone})", f"({name})")
                for part in ("address", "at")
            }
            body = tuple(line.replace(f"({gone})", f"({name})") for line in item.body)
            return replace(
                item, name=name if item.name == gone else item.name, body=body, **changed
            )

        return replace(layout, items=tuple(renamed(item) for item in layout.items))

    def aliases(self, layout: Layout) -> Layout:
        if not layout.regions:
            return layout
        self.tag("REGION_ALIAS")
        items = tuple(
            replace(i, region="other") if isinstance(i, Out) and i.region == "ram" else i
            for i in layout.items
        )
        return replace(layout, items=items, aliases=('REGION_ALIAS("other", ram)',))

    def types(self, layout: Layout) -> Layout:
        i = self.rng.choice(self.outs(layout))
        kind = self.rng.choice(TYPES[self.dialect])
        self.tag("section-type", kind)
        return self.at(layout, i, replace(layout.items[i], type=kind))

    def inserted(self, layout: Layout) -> Layout:
        """Take one output section out and put it back with INSERT.

        GNU ld inserts everything since the script's beginning, the place to insert at included, so
        there a second script is needed.
        """
        found = self.outs(layout)
        if len(found) < 3 or self.dialect == "gnu":
            return layout
        i, home = self.rng.sample(found, 2)
        out = layout.items[i]
        assert isinstance(out, Out)
        where = self.rng.choice(("AFTER", "BEFORE"))
        self.tag(f"INSERT-{where}")
        text = f"SECTIONS {{\n{out.text()}\n}} INSERT {where} {layout.items[home].name};"
        items = (*layout.items[:i], *layout.items[i + 1 :])
        return replace(layout, items=items, after=(*layout.after, text))

    def overlay(self, layout: Layout) -> Layout:
        """Two neighbours as members of an OVERLAY."""
        found = self.outs(layout)
        if len(found) < 3 or layout.regions:
            return layout
        first, second = layout.items[found[1]], layout.items[found[2]]
        assert isinstance(first, Out) and isinstance(second, Out)
        names = [layout.items[i].name for i in found]
        if names.count(first.name) + names.count(second.name) != 2:
            return layout
        self.tag("OVERLAY")
        members = "\n".join(self.member(m) for m in (first, second))
        at = self.rng.choice((" :", " : AT(0x40000)"))
        items = list(layout.items)
        items[found[1]] = f"OVERLAY{at} {{\n{members}\n  }}"
        del items[found[2]]
        return replace(layout, items=tuple(items))

    def member(self, out: Out) -> str:
        """An output section as a member of an OVERLAY; LLD takes nothing but inputs there."""
        body = out.body
        if self.dialect == "lld":
            body = tuple(b for b in body if b.endswith(")") and b[0] in "*abc[?" and ";" not in b)
        plain = Out(out.name, body=body, fill=out.fill if self.dialect == "gnu" else "")
        return plain.text().replace(" : {", " {", 1)

    def hidden(self, layout: Layout) -> Layout:
        self.tag("HIDDEN")
        lines = ("HIDDEN(unseen = 0x12);", "PROVIDE_HIDDEN(provided = 0x31);")
        i = self.rng.randint(0, len(layout.items))
        return replace(layout, items=(*layout.items[:i], *lines, *layout.items[i:]))

    def wildcards(self, layout: Layout) -> Layout:
        i = self.rng.choice(self.outs(layout))
        out = layout.items[i]
        assert isinstance(out, Out)
        self.tag("wildcard")
        forms = (
            "[ab].o(.text.[ab])",
            "?.o(.data.?)",
            "*(.text.[!a])",
            '"a.o"(.rodata)',
            "*.o(.rodata.*)",
        )
        return self.at(layout, i, replace(out, body=(self.rng.choice(forms), *out.body)))

    def constraints(self, layout: Layout) -> Layout:
        i = self.rng.choice(self.outs(layout))
        out = layout.items[i]
        assert isinstance(out, Out)
        word = self.rng.choice(("ONLY_IF_RO", "ONLY_IF_RW"))
        self.tag(word)
        return self.at(layout, i, replace(out, subalign=f"{out.subalign} {word}".strip()))

    def headers(self, layout: Layout) -> Layout:
        """PHDRS, and sections sent to one, to two, or to none of them."""
        self.tag("PHDRS")
        first = "first PT_LOAD"
        items = list(layout.items)
        if isinstance(items[0], str) and items[0].startswith(". = 0x") and self.chance(60):
            first += " FILEHDR PHDRS"
            items[0] = f"{items[0][:-1]} + SIZEOF_HEADERS;"
            self.tag("FILEHDR")
        lines = [first, self.rng.choice(("second PT_LOAD", "second PT_LOAD FLAGS(6)"))]
        if self.chance(30):
            self.tag("PHDRS-AT")
            lines[1] = "second PT_LOAD AT(0x60000)"
        others = [":second", ":second", ":NONE", ""]
        if self.chance(40):
            lines.append("third PT_NOTE FLAGS(4)" if self.chance(50) else "third 0x6474e553")
            others += [":third", ":first :third", ":second :third"]
        begun = False
        for i, item in enumerate(items):
            if isinstance(item, Out) and item.name != "/DISCARD/":
                items[i] = replace(item, phdrs=self.rng.choice(others) if begun else ":first")
                begun = True
        return replace(layout, phdrs=tuple(lines), items=tuple(items))

    def entry_inside(self, layout: Layout) -> Layout:
        if self.dialect == "lld":
            return layout
        self.tag("ENTRY-inside")
        return replace(layout, items=("ENTRY(sym0_0)", *layout.items))

    def input_flags(self, layout: Layout) -> Layout:
        if self.dialect != "lld":
            return layout
        i = self.rng.choice(self.outs(layout))
        out = layout.items[i]
        assert isinstance(out, Out)
        self.tag("INPUT_SECTION_FLAGS")
        flags = self.rng.choice(
            ("SHF_WRITE", "!SHF_WRITE & SHF_EXECINSTR", "SHF_ALLOC & !SHF_WRITE")
        )
        line = f"INPUT_SECTION_FLAGS({flags}) *(.text* .data* .rodata*)"
        return self.at(layout, i, replace(out, body=(line, *out.body)))
