"""This package's image of a pair of fixtures, as `fixtures.peers` has the peers' images."""

from __future__ import annotations

import fixtures
from fixtures import peers
from pylink86 import ObjectFile, link, read_bytes


def link_pair(dialect: str, layout: str, boot: str, stage: str | None) -> bytes:
    """Link a pair to a flat image; the stage is prefixed where the layout wants it."""
    script = fixtures.LAYOUTS / f"{layout}.ld"
    objects = _inputs(layout, boot, stage)
    emulation = peers.emulation_of(boot, stage)
    result = link(objects, script, dialect=dialect, oformat="binary", emulation=emulation)
    return result.image


def _inputs(layout: str, boot: str, stage: str | None) -> list[ObjectFile]:
    """The objects in link order, under the file names that the layouts know."""
    objects = [read_bytes(fixtures.path(boot).read_bytes(), peers.BOOT)]
    if stage is not None:
        second = read_bytes(fixtures.path(stage).read_bytes(), peers.STAGE)
        if layout in peers.PREFIXES:
            second = second.prefix_alloc_sections(peers.PREFIXES[layout])
        objects.append(second)
    return objects
