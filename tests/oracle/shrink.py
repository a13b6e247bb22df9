"""From a difference in a random example to the few lines that show it.

Greedy: try every way to make the example smaller by one thing, keep the first that still shows a
difference of the same kind, begin again; stop when nothing can go.  Big things are tried first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from .generate import Example, Layout, Out
from .objects import Obj, Sec, width_of

Still = Callable[[Example], bool]


WORDS = ("address", "type", "at", "align", "subalign", "region", "lma_region", "fill", "phdrs")
"""Parts of an output section statement that can be left out."""


def shrink(example: Example, still: Still, patience: int = 3000) -> Example:
    """The smallest example the greedy walk finds; `still` says whether the difference is there."""
    progress = True
    while progress and patience > 0:
        progress = False
        for smaller in candidates(example):
            patience -= 1
            if still(smaller):
                example = smaller
                progress = True
                break
            if patience <= 0:
                break
    return example


def candidates(example: Example) -> Iterator[Example]:
    """Every example that is smaller by one thing."""
    for i in range(len(example.objects)):
        if len(example.objects) > 1:
            yield replace(example, objects=without(example.objects, i))
    for layout in smaller_layouts(example.layout):
        yield replace(example, layout=layout)
    for i, obj in enumerate(example.objects):
        for smaller in smaller_objects(obj):
            objects = (*example.objects[:i], smaller, *example.objects[i + 1 :])
            yield replace(example, objects=objects)


def without(items: tuple, i: int) -> tuple:
    return (*items[:i], *items[i + 1 :])


def smaller_layouts(layout: Layout) -> Iterator[Layout]:
    for i in range(len(layout.items)):
        yield replace(layout, items=without(layout.items, i))
    if layout.phdrs:
        items = tuple(
            replace(item, phdrs="") if isinstance(item, Out) else item for item in layout.items
        )
        yield replace(layout, phdrs=(), items=items)
    if layout.regions:
        items = tuple(
            replace(item, region="", lma_region="") if isinstance(item, Out) else item
            for item in layout.items
        )
        yield replace(layout, regions=(), aliases=(), items=items)
    for part in ("top", "after", "aliases", "regions", "phdrs"):
        lines = getattr(layout, part)
        for i in range(len(lines)):
            yield replace(layout, **{part: without(lines, i)})
    for i, item in enumerate(layout.items):
        if isinstance(item, Out):
            for smaller in smaller_outs(item):
                yield replace(layout, items=(*layout.items[:i], smaller, *layout.items[i + 1 :]))


def smaller_outs(out: Out) -> Iterator[Out]:
    for i in range(len(out.body)):
        yield replace(out, body=without(out.body, i))
    for part in (
        "address",
        "type",
        "at",
        "align",
        "subalign",
        "region",
        "lma_region",
        "fill",
        "phdrs",
    ):
        if getattr(out, part):
            yield replace(out, **{part: ""})
    for i, line in enumerate(out.body):
        if line.startswith("KEEP("):
            yield replace(out, body=(*out.body[:i], line[5:-1], *out.body[i + 1 :]))


def smaller_objects(obj: Obj) -> Iterator[Obj]:
    for number in range(len(obj.sections), 0, -1):
        yield obj.without_section(number)
    for i, sec in enumerate(obj.sections):
        for smaller in smaller_sections(sec):
            yield replace(obj, sections=(*obj.sections[:i], smaller, *obj.sections[i + 1 :]))
    used = {r.symbol for s in obj.sections for r in s.relocs} | {name for name, _ in obj.groups}
    for i, sym in enumerate(obj.symbols):
        if sym.name not in used:
            yield replace(obj, symbols=without(obj.symbols, i))
        if sym.size and sym.place != "COMMON":
            symbols = (*obj.symbols[:i], replace(sym, size=0), *obj.symbols[i + 1 :])
            yield replace(obj, symbols=symbols)


def smaller_sections(sec: Sec) -> Iterator[Sec]:
    for i in range(len(sec.relocs)):
        yield replace(sec, relocs=without(sec.relocs, i))
    if "M" in sec.flags:
        return
    needed = max((r.offset + width_of(r.type) for r in sec.relocs), default=0)
    for length in sorted({needed, max(needed, 1), max(needed, len(sec.data) // 2)}):
        if length < len(sec.data):
            yield replace(sec, data=sec.data[:length])
    if sec.size > 1:
        yield replace(sec, size=sec.size // 2)
    if sec.align > 1:
        yield replace(sec, align=1)
    for i, reloc in enumerate(sec.relocs):
        if reloc.addend:
            relocs = (*sec.relocs[:i], replace(reloc, addend=0), *sec.relocs[i + 1 :])
            yield replace(sec, relocs=relocs)
