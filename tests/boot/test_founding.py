"""Every pair of fixtures in every founding layout gives the bytes of the linker it imitates.

`fixtures/expected.json` holds what GNU ld and LLD answered, so neither has to be here.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any

import pytest

import fixtures
from boot.ours import link_pair
from pylink86 import LinkError

Key = tuple[str, str, str]
ROWS: dict[Key, list[dict[str, Any]]] = defaultdict(list)
for _row in fixtures.expected():
    ROWS[_row["dialect"], _row["layout"], _row["boot"]].append(_row)


MIXED_CLASSES = "incompatible"  # in LLD's words; this package links them in either dialect


@pytest.mark.parametrize("key", ROWS, ids="-".join)
def test_same_bytes(key: Key) -> None:
    """All stages of one boot sector at once; what differs is listed by stage and size."""
    dialect, layout, boot = key
    wrong = []
    for row in ROWS[key]:
        if MIXED_CLASSES in row.get("refused", ""):
            continue
        try:
            image = link_pair(dialect, layout, boot, row["stage"])
        except LinkError as problem:
            if "refused" not in row:
                wrong.append(f"{row['stage']}: {problem}")
            continue
        if hashlib.sha256(image).hexdigest() != row.get("sha256"):
            peer = row.get("refused") or f"the peer's has {row['size']} bytes"
            wrong.append(f"{row['stage']}: {len(image)} bytes, {peer}")
    assert wrong == []
