"""--warn-backrefs: members that other linkers would not have found.

GNU ld looks into a library once, where it stands, so a library before the file that needs it is of
no use.  LLD remembers what it has passed and links all the same; who wants the command line to work
with both lets it warn.  Files between --start-group and --end-group, in GROUP() or between
--start-lib and --end-lib stand at one place, and a library further behind that has the name makes
all well.

Source: ld.lld(1); archives of one member each, before and behind their user, given to ld.lld-19."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .library import Library
from .load import Step
from .member_walk import Reason


def backward_members(
    steps: Sequence[Step], homes: Sequence[int], reasons: Mapping[int, Reason]
) -> tuple[int, ...]:
    """Numbers of members that joined because of a file behind their library, in their order.

    homes: for each file the step that named it or its library; reasons: of each member that joined
    for some."""
    places = _places(steps)
    return tuple(
        number
        for number, reason in reasons.items()
        if reason.file >= 0
        and places[homes[number]] < places[homes[reason.file]]
        and not _known_later(steps[reason.step + 1 :], reason.symbol)
    )


def _places(steps: Sequence[Step]) -> list[int]:
    """Where each step stands; those of one group at one place."""
    places: list[int] = []
    for number, step in enumerate(steps):
        together = number > 0 and step.group is not None and step.group == steps[number - 1].group
        places.append(places[-1] if together else number)
    return places


def _known_later(steps: Iterable[Step], name: str) -> bool:
    """Whether a library of these has a name."""
    items = (step.item for step in steps)
    return any(
        name in item.symbols[0] for item in items if isinstance(item, Library) and not item.whole
    )
