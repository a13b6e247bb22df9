"""objcopy on an archive: every member through the same operations, the table of symbols anew."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..formats.ar import Archive, Member
    from ..formats.ar_write import Entry
    from .plan import Notes, Plan


def transform_archive(
    data: bytes, name: str, plan: Plan, dialect: str, notes: Notes, *, deterministic: bool = True
) -> bytes:
    """The archive with each member transformed; members that are no object stay as they are in
    GNU's dialect and are an error in LLVM's.

    The members of a thin archive are files beside it, to be written like the result: `notes` has
    them.  GNU objcopy refuses thin archives: unsupported-input."""
    from ..formats.ar import read_archive
    from ..formats.ar_write import write_archive
    from .draft import complain

    archive = read_archive(data, name)
    if archive.thin and dialect == "gnu":
        complain("unsupported-input", f"{name}: sorry: copying thin archives is not supported")
    entries = [_entry(archive, member, plan, dialect, notes, deterministic) for member in archive]
    index = archive.table is not None or dialect == "gnu"
    llvm = dialect == "llvm"
    now = _now() if llvm and not deterministic else 0
    if archive.thin:
        folder = os.path.dirname(plan.output_name)
        notes.members += [(os.path.join(folder, entry.name), entry.data) for entry in entries]
    return write_archive(entries, index=index, thin=archive.thin, index_time=now, like_llvm=llvm)


def _now() -> int:
    """The date of LLVM's table of symbols, where members keep theirs."""
    import time

    return int(time.time())


def _entry(
    archive: Archive, member: Member, plan: Plan, dialect: str, notes: Notes, deterministic: bool
) -> Entry:
    from ..formats.ar_write import Entry
    from .run import transform

    content = archive.content(member)
    if content[:4] == b"\x7fELF" or dialect == "llvm":
        content = transform(content, f"{archive.name}({member.name})", plan, dialect, notes)
    entry = Entry(member.name, content, symbols_of(content, member.name))
    if not deterministic:
        copy_header(entry, archive, member)
    return entry


def copy_header(entry: Entry, archive: Archive, member: Member) -> None:
    """Time, owner and mode as the archive has them."""
    raw = bytes(archive.data[member.offset + 16 : member.offset + 48])
    entry.time, entry.uid, entry.gid = (
        int(raw[a:b].strip() or b"0") for a, b in ((0, 12), (12, 18), (18, 24))
    )
    entry.mode = int(raw[24:32].strip() or b"0", 8)


def symbols_of(content: bytes, name: str) -> list[str] | None:
    """Names an object defines for an archive's table; None for what is no object."""
    if content[:4] != b"\x7fELF":
        return None
    from .draft_read import read_draft

    draft = read_draft(content, name)
    return [sym.name for sym in draft.syms if sym.binding and not sym.undefined and sym.type != 3]
