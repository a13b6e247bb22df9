"""`pylink86 replay FILE.tar`: make the link again that `--reproduce` packed, here or elsewhere."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ..diag import Diagnostic, fail
from .options import ON, SET, error, help_text, parse
from .program import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Table

OPTIONS: Table = {
    "Options": (
        ("-o --output", "FILE", SET, "output", "write the output to FILE (default: its name then)"),
        ("-C --directory", "DIR", SET, "folder", "unpack into DIR, and leave everything there"),
        ("--help", "", ON, "help", "print this, and stop"),
    )
}

MAX_UNPACKED = 4 << 30
"""Bytes an archive may unpack to."""


def main(argv: Sequence[str]) -> int:
    """Run `pylink86 replay`; the exit status is that of the link."""
    from ..diag import LinkError

    parsed = parse(argv, OPTIONS)
    values, names = parsed.values, [text for _, text, _ in parsed.inputs]
    if values.get("help"):
        print(f"Usage: pylink86 replay [OPTIONS] FILE.tar\n{help_text(OPTIONS)}", end="")
        return 0
    problems: list[Diagnostic] = list(parsed.problems)
    if not problems and len(names) != 1:
        text = f"one archive is wanted, {len(names)} are named"
        problems.append(error("bad-option-value", text))
    if show(problems, values):
        return 1
    try:
        if "folder" in values:
            return replay(names[0], Path(values["folder"]), values.get("output"))
        with tempfile.TemporaryDirectory(prefix="replay") as folder:
            return replay(names[0], Path(folder), values.get("output"), os.getcwd())
    except LinkError as problem:
        show(problem.diagnostics, values)
        return 1


def replay(
    archive: str, folder: Path, output: str | None = None, results: str | None = None
) -> int:
    """Unpack and link; the exit status.  results: where files the link writes go, beside its inputs
    by default.  Raises cannot-read for what is no archive of --reproduce."""
    base = unpack(archive, folder)
    from .pyld import main as link

    here = os.getcwd()
    words = [f"--dialect={packed_dialect(base)}", "--sysroot=.", "@response.txt"]
    if output is not None:
        words += ["-o", os.path.join(here, output)]
    before = set(os.listdir(base))
    os.chdir(base)
    try:
        status = link(words, "pyld")
    finally:
        os.chdir(here)
    if results is not None:
        for name in sorted(set(os.listdir(base)) - before):
            shutil.move(base / name, os.path.join(results, name))
    return status


def packed_dialect(base: Path) -> str:
    """Which linker's meaning the link had: what `version.txt` says, LLD's own included."""
    try:
        text = (base / "version.txt").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "gnu"
    return "lld" if "dialect: lld" in text or "LLD" in text.split("\n")[0] else "gnu"


def unpack(archive: str, folder: Path) -> Path:
    """Write the files of an archive below a folder; the directory that holds `response.txt`.

    Only plain files with names that stay inside are taken: archives come from strangers."""
    found: Path | None = None
    left = MAX_UNPACKED
    try:
        with tarfile.open(archive, "r:") as tar:
            for member in tar:
                name = PurePosixPath(member.name)
                if not member.isfile() or name.is_absolute() or ".." in name.parts:
                    continue
                left -= member.size
                data = tar.extractfile(member)
                if left < 0 or data is None:
                    raise fail(
                        "cannot-read", f"{archive} unpacks to more than {MAX_UNPACKED} bytes"
                    )
                target = folder.joinpath(*name.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data.read())
                if name.name == "response.txt" and len(name.parts) <= 2:
                    found = target.parent
    except OSError as problem:
        raise fail("cannot-read", f"cannot read {archive}: {problem.strerror or problem}") from None
    except (tarfile.TarError, ValueError) as problem:
        raise fail("cannot-read", f"{archive} is no tar archive: {problem}") from None
    if found is None:
        raise fail(
            "cannot-read", f"{archive} holds no response.txt; --reproduce makes one that does"
        )
    return found
