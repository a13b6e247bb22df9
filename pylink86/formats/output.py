"""Putting a finished file where the user wants it, whole or not at all.

A build that stops half way must not leave half a kernel that boots half way.  So the bytes go to a
temporary file beside the target, which then takes the target's name in one step.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress

from ..diag import fail
from ..elf_tables import Buffer


def write_file(path: str | os.PathLike[str], data: Buffer, *, executable: bool = False) -> None:
    """Write `data` to `path`: the old file stays until the new one is complete.

    executable: give the permission to run to everyone the umask lets read, as linkers do.  An
    existing file keeps its permissions (and gains that one).  A device or pipe (/dev/null,
    /dev/stdout) is written straight.  A symbolic link stays a link: the file it points to is
    replaced. Fails with cannot-write; the temporary file is then gone.
    """
    target = os.path.realpath(path)
    try:
        mode = _old_mode(target)
        if mode is not None and not stat.S_ISREG(mode):
            _write_straight(target, data)
        else:
            _replace(target, data, _new_mode(mode, executable))
    except OSError as error:
        reason = error.strerror or str(error)
        raise fail("cannot-write", f"cannot open output file {os.fspath(path)}: {reason}") from None


def _old_mode(target: str) -> int | None:
    """st_mode of what is there; None when there is nothing."""
    try:
        return os.stat(target).st_mode
    except FileNotFoundError:
        return None


def _new_mode(old: int | None, executable: bool) -> int:
    """Permissions for the new file.  Reading the umask means setting it, so it is put back."""
    umask = os.umask(0)
    os.umask(umask)
    mode = 0o666 & ~umask if old is None else stat.S_IMODE(old)
    return mode | (0o111 & ~umask if executable else 0)


def _write_straight(target: str, data: Buffer) -> None:
    with open(target, "wb") as file:
        file.write(data)


def _replace(target: str, data: Buffer, mode: int) -> None:
    """A temporary file in the same directory (os.replace cannot cross disks), then the name."""
    if os.path.exists(target) and not os.access(target, os.W_OK):
        raise PermissionError(13, "Permission denied")
    directory, name = os.path.split(target)
    handle, temporary = tempfile.mkstemp(prefix=f".{name[:40]}.", suffix=".tmp", dir=directory)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
