"""`--reproduce=FILE.tar`: everything a link read, and its command line, in one file.

A link that goes wrong on one machine is hard to explain to somebody on another.  The archive holds
every input under its absolute path, and `response.txt`, the command line with the paths changed to
match: unpacked anywhere, `pyld @response.txt` or `pylink86 replay` makes the same link.  It has the
shape of LLD's, so that either linker can replay what the other packed.

Source: `ld.lld-19 --reproduce` on links that succeed and that fail.
"""

from __future__ import annotations

import io
import os
import re
import tarfile
from collections.abc import Iterable, Iterator

from .options import REFUSED
from .program import version_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Parsed, Row

WRITTEN_FILES = frozenset(
    ["output", "map_file", "dependency_file", "elf_twin", "gdb_script", "picture"]
)
"""Options whose file is written: on replay it is made where the replay runs."""

LEFT_OUT = frozenset(["reproduce", "dialect"])

PLAIN = re.compile(r"[\w@%+=:,./~-]+")
"""Words of a response file that need no quotes."""


def pack(parsed: Parsed, opened: Iterable[str], dialect: str) -> bytes:
    """The tar file's bytes; files that cannot be read are left out, as they were from the link.

    opened: every path the link read, in order."""
    base = os.path.basename(parsed.values["reproduce"]).removesuffix(".tar") or "repro"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        _add(tar, f"{base}/response.txt", "".join(response(parsed)).encode())
        _add(tar, f"{base}/version.txt", f"{version_line()}\ndialect: {dialect}\n".encode())
        for path in dict.fromkeys(map(os.path.abspath, opened)):
            try:
                with open(path, "rb") as file:
                    _add(tar, f"{base}/{inside(path)}", file.read())
            except OSError:
                continue
    return out.getvalue()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """A member without owner or time, so that the same link packs to the same bytes."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o664
    tar.addfile(info, io.BytesIO(data))


def inside(path: str) -> str:
    """A path as the archive has it: absolute, without what makes it so."""
    drive, rest = os.path.splitdrive(os.path.abspath(path))
    return (drive.replace(":", "") + rest).replace(os.sep, "/").lstrip("/")


def response(parsed: Parsed) -> Iterator[str]:
    """The lines of `response.txt`."""
    for row, value in parsed.words:
        if row is None:
            yield f"{quoted(_moved(value or ''))}\n"
        elif row[3] not in LEFT_OUT and row[2] != REFUSED:
            yield f"{_option(row, value)}\n"
    # Names in scripts are looked for where the linker ran; there is no such place on replay.
    yield f"-L {quoted(inside('.') or '.')}\n"


def _moved(path: str) -> str:
    return inside(path) if os.path.exists(path) else path


def _option(row: Row, value: str | None) -> str:
    """An option with its value, by its last spelling; what its value is, its placeholder says."""
    name = row[0].split()[-1]
    if value is None:
        return name
    if row[3] in WRITTEN_FILES:
        value = os.path.basename(value)
    elif row[1] in ("FILE", "DIR"):
        value = _moved(value)
    if row[1][0] == "[":
        return f"{name}{'' if len(name) == 2 else '='}{quoted(value)}"
    return f"{name} {quoted(value)}"


def quoted(word: str) -> str:
    """A word as a response file holds it."""
    if PLAIN.fullmatch(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
