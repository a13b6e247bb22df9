"""Putting a finished file where the user wants it, whole or not at all.

A build that stops half way must not leave half a kernel that boots half way.  So the bytes go to a
temporary file beside the target, which then takes the target's name in one step.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from ..diag import fail
from ..elf_tables import Buffer


def write_file(
    path: str | os.PathLike[str],
    data: Buffer,
    *,
    executable: bool = False,
    wording: str = "cannot open output file {}: {}",
) -> None:
    """Write `data` to `path`: the old file stays until the new one is complete.

    executable: give the permission to run to everyone the umask lets, as linkers do.  An existing
    file keeps its permissions (and gains that one).  A device or pipe (/dev/null, /dev/stdout) is
    written straight.  A symbolic link stays a link: the file it points to is replaced.
    Fails with cannot-write, said by `wording` of path and reason; the temporary file is then gone.
    """
    target = os.path.realpath(path)
    try:
        mode = _mode(target)
        if mode is None or stat.S_ISREG(mode):
            _replace(target, data, mode, executable)
        else:
            with open(target, "wb") as file:
                file.write(data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise fail("cannot-write", wording.format(os.fspath(path), reason)) from None


def _mode(target: str) -> int | None:
    """st_mode of what is there; None when there is nothing."""
    try:
        return os.stat(target).st_mode
    except FileNotFoundError:
        return None


def _replace(target: str, data: Buffer, old_mode: int | None, executable: bool) -> None:
    """A temporary file in the same directory (os.replace cannot cross disks), then the name.

    The system applies the umask when a file is made; asking for the umask would mean setting it.
    """
    if old_mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    handle, temporary = _create(target, 0o777 if executable else 0o666)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            new_mode = os.fstat(handle).st_mode
        if old_mode is not None:
            os.chmod(temporary, stat.S_IMODE(old_mode) | new_mode & 0o111)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _create(target: str, mode: int) -> tuple[int, str]:
    """A new file beside the target, open for writing; two links at once take different names."""
    directory, name = os.path.split(target)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    for attempt in range(100):
        temporary = os.path.join(directory, f".{name[:40]}.{os.getpid()}-{attempt}.tmp")
        with suppress(FileExistsError):
            return os.open(temporary, flags, mode), temporary
    raise FileExistsError(errno.EEXIST, f"{temporary} and 99 more like it are in the way")
