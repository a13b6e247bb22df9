"""LMA: where an output section is loaded, when that is not where it runs.

`AT(address)` and `AT>region` say so; a section that says nothing keeps the distance between load
and run address of one before it, so that one AT() moves a whole chain (GNU ld manual 3.6.8.2)."""

from __future__ import annotations

from ... import elf_const as c
from ...script import nodes as n
from ..matching.match import Claim
from ..placement import PlacedSection
from .scope import ADDRESS_MASK, Scope


def give_load_address(walk: Scope, section: PlacedSection, step: int) -> None:
    """LMA: AT(), AT>, or the same distance from the VMA as the section before (3.6.8.2)."""
    node = section.plan.node
    if not walk.dialect.lma_counts:
        _load_address_like_lld(walk, section, step)
        return
    if node is not None and node.at is not None:
        keep, walk.here, walk.shown = (walk.here, walk.shown), 0, 0
        lma = walk.value_in_header(node.at)
        section.lma = 0 if lma is None else lma.absolute() & ADDRESS_MASK
        walk.here, walk.shown = keep
        return
    lma_region = walk.regions.lma_region(section)
    if lma_region is not None:
        section.lma_region = lma_region.name
        section.lma = lma_region.current
        if node is not None and node.align_with_input:
            section.lma += step
        elif node is not None and node.align is not None:
            section.lma = align_up(section.lma, walk.number(node.align, 1) or 1)
        return
    previous = walk.kept_distance.get(section.region)
    if previous is not None and has_being(section):
        if section.size and section.vma + section.size <= previous.vma:
            if previous.vma != previous.lma:
                _moved_backwards(walk, section)
            return
        if _is_later_member(node) and _overlap(section, previous):
            section.lma = previous.lma + previous.size
            return
        section.lma = section.vma + previous.lma - previous.vma
        align = section.align
        if node is not None and node.address is not None:
            align = 1 if node.align is None else walk.alignment(node.align)
        section.lma = align_up(section.lma, align)


def _is_later_member(node: n.OutputSection | None) -> bool:
    """Whether it is a member of an OVERLAY, but the first, which is loaded as any section is."""
    return node is not None and node.overlay not in ("", node.name)


def _overlap(a: PlacedSection, b: PlacedSection) -> bool:
    return b.vma <= a.vma < b.vma + b.size or a.vma <= b.vma < a.vma + a.size


def _load_address_like_lld(walk: Scope, section: PlacedSection, step: int) -> None:
    """AT(), AT>, or the distance of the section before, when that is in the same region and was
    not sent to a load region; raw images do not count it.

    step: bytes its start was moved up to be aligned; a load region is used up by them, too."""
    node = section.plan.node
    before, before_region, before_lma = walk.lma_state
    section.lma_region = node.lma_region if node is not None else ""
    load_region = walk.regions.get(section.lma_region)
    distance = before
    if node is not None and node.at is not None:
        keep, walk.here, walk.shown = (walk.here, walk.shown), section.vma, section.vma
        distance = walk.number(node.at) - section.vma
        walk.here, walk.shown = keep
    elif load_region is not None:
        distance = align_up(load_region.current + step, section.align) - section.vma
    elif section.region != before_region or before_lma:
        distance = 0
    if walk.flat:
        distance = 0
    section.lma = (section.vma + _distance(walk, section, distance)) & ADDRESS_MASK
    walk.lma_state = (distance, section.region, section.lma_region)


def _distance(walk: Scope, section: PlacedSection, own: int) -> int:
    """How far from where it runs LLD loads a section: as far as the first one of its PT_LOAD, where
    there are segments; what is not in memory is at 0 in both.

    own: what the section itself asks for, and hands on to the next."""
    index, loaded_with = section.plan.index, walk.plan.sizes.loaded_with
    if not section.plan.alloc:
        return 0
    if loaded_with is None or loaded_with.get(index) == index:
        return own
    if index not in loaded_with:
        return 0
    first = walk.placed[loaded_with[index]]
    return first.lma - first.vma


def keep_distance(walk: Scope, section: PlacedSection, dot: int) -> None:
    """Remember the section whose distance from VMA to LMA the next one in its region keeps: the
    last that has contents, or did not move backwards, and was not sent to a load region.  What is
    thread-local and not loaded takes no room, and is none.

    dot: where it begins; for one that is left out, where `.` is before it and will be behind."""
    node = section.plan.node
    if not walk.hands_on_distance:
        return
    if node is not None and node.name == node.overlay and not section.lma_region:
        walk.kept_distance[section.region] = section  # even if it is empty and left out
    if not has_being(section) or _is_thread_room(section) or section.lma_region:
        return
    last = walk.kept_distance.get(section.region)
    if last is None:
        follow = bool(section.size) or section.vma != section.lma
    else:
        follow = bool(section.size) or dot >= last.vma
    if follow:
        walk.kept_distance[section.region] = section


def _is_thread_room(section: PlacedSection) -> bool:
    node, plan = section.plan.node, section.plan
    loaded = plan.type != c.SHT_NOBITS and (node is None or node.type != "NOLOAD")
    return bool(plan.flags & c.SHF_TLS) and not loaded


def _moved_backwards(walk: Scope, section: PlacedSection) -> None:
    walk.diags.warn(
        "lma-follows-vma",
        f"dot moved backwards before `{section.name}'",
        span=section.plan.node.name_span if section.plan.node is not None else None,
        notes=[
            f"the section before it is loaded elsewhere than it runs (AT); `{section.name}' "
            f"starts at a lower address and is loaded where it runs, at {section.vma:#x}"
        ],
        help=[f"say where `{section.name}' is loaded: AT(...)"],
    )


def has_being(section: PlacedSection) -> bool:
    """Whether GNU ld takes it for a section in memory: one that only symbols stand in is not."""
    plan = section.plan
    if not plan.alloc or section.advanced or section.size > 0:
        return plan.alloc
    return any(isinstance(item, Claim) and item.sections for item in plan.items)


def align_up(address: int, alignment: int) -> int:
    return (address + alignment - 1) & -alignment
