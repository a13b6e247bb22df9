"""The objects that `size` and `nm` look at: files, and members of archives, one after the other."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..formats.ar import Archive
    from ..ops.draft import Draft


def drafts(path: str) -> Iterator[tuple[str, Draft | str]]:
    """(member, object) of a file; member is "" for a plain file.

    A member, or file, that cannot be read gives the reason instead of the object; a file that
    cannot be opened raises cannot-read.
    """
    from ..formats import file_bytes

    data = file_bytes(path)
    archive = open_archive(data, path)
    if archive is None:
        yield "", _draft(data, path)
        return
    for member in archive:
        yield member.name, _draft(archive.content(member), member.name)


def open_archive(data: bytes, path: str) -> Archive | None:
    if data[:8] not in (b"!<arch>\n", b"!<thin>\n"):
        return None
    from ..formats.ar import read_archive

    return read_archive(data, path)


def _draft(data: bytes, name: str) -> Draft | str:
    from ..ops.draft_read import read_draft

    if data[:4] != b"\x7fELF":
        return "file format not recognized"
    try:
        return read_draft(data, name)
    except Exception as problem:
        from ..diag import LinkError

        if not isinstance(problem, LinkError):
            raise
        return "; ".join(d.message for d in problem.diagnostics)
