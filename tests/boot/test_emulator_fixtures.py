"""Every pair of fixtures boots in the emulator exactly where it boots in QEMU.

`fixtures/expected.json` says which pairs boot, as QEMU was seen to do; the images here are linked
by this package, from the recorded objects.
"""

from __future__ import annotations

import importlib.util

import pytest

import fixtures
from boot.ours import link_pair
from fixtures import peers
from pylink86 import boot
from pylink86.diag import LinkError

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("unicorn") is None,
    reason="unicorn is not installed (pip install pylink86[emulate])",
)

# Loaders read whole sectors; a disk has more of them than the image.
REST_OF_THE_DISK = bytes(64 * 1024)


def rows(dialect: str, layout: str) -> list[dict[str, object]]:
    found = fixtures.expected()
    return [r for r in found if (r["dialect"], r["layout"]) == (dialect, layout) and "boots" in r]


@pytest.mark.parametrize("layout", ["prefixed", "byfile", "plain"])
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_pairs_boot_where_qemu_boots_them(dialect: str, layout: str) -> None:
    differ, seen = [], 0
    for row in rows(dialect, layout):
        sector, stage = str(row["boot"]), row["stage"]
        stage = None if stage is None else str(stage)
        try:
            image = link_pair(dialect, layout, sector, stage)
        except LinkError:
            continue
        padded = image + bytes(-len(image) % 512) + REST_OF_THE_DISK
        machine = boot.run(padded, max_instructions=2_000_000)
        seen += 1
        greeted = machine.lines[0].startswith(peers.greeting_of(sector, stage))
        if greeted != row["boots"]:
            differ.append((sector, stage, machine.explain()))
    assert differ == []
    assert seen > 0
