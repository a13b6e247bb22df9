"""`pylink86 shim DIR`: commands under the names that compilers and Makefiles call.

gcc looks for a program named `ld` in the directories of `-B`, clang for the one `-fuse-ld` names,
a Makefile for `x86_64-elf-ld` on PATH.  A shim is a script of a few lines under such a name that
starts this very package with this very Python, wherever both are, and is itself found under the
name it was called by: as `ld.lld` it speaks LLD's dialect.  `bootimage` and `cargo-bootimage` are
for Rust kernels.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from .options import ON, SET, error, help_text, parse
from .program import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Table

SHIMS: Mapping[str, str] = {
    "ld": "pyld",
    "ld.bfd": "pyld",
    "ld.lld": "pyld",
    "objcopy": "objcopy",
    "llvm-objcopy": "objcopy",
    "strip": "strip",
    "llvm-strip": "strip",
    "ar": "ar",
    "size": "size",
    "nm": "nm",
    "bootimage": "bootimage",
    "cargo-bootimage": "bootimage",
}
"""Name of a shim -> the module of `pylink86.cli` whose `script()` it runs."""

OPTIONS: Table = {
    "Options": (
        ("--prefix", "PREFIX", SET, "prefix", "put PREFIX before the names: x86_64-elf-"),
        ("--help", "", ON, "help", "print this, and stop"),
    )
}

BARE = "-IS"
"""Options for Python: no look at what is installed, which is a third of its own start.  A shim says
itself where everything lies."""

NEEDED = ("attr", "elftools", "lief", "unicorn", "tomli")
"""Packages that are imported from elsewhere; all but the first are missed by few commands."""

POSIX = """\
#!{python}
import sys
sys.path += {folders!r}
from pylink86.cli.{module} import script
script()
"""

WINDOWS = """\
@"{python}" {bare} -c "import sys; sys.argv[0] = {name!r}; sys.path += {folders!r}; \
from pylink86.cli.{module} import script; script()" %*
"""

LONGEST_INTERPRETER = 120
"""Characters of a path that every kernel takes behind `#!`."""


def main(argv: Sequence[str]) -> int:
    """Run `pylink86 shim`; the exit status."""
    parsed = parse(argv, OPTIONS)
    folders = [text for _, text, _ in parsed.inputs]
    if parsed.values.get("help"):
        print(f"Usage: pylink86 shim [OPTIONS] DIR\n{help_text(OPTIONS)}", end="")
        return 0
    problems = list(parsed.problems)
    if not problems and len(folders) != 1:
        problems.append(
            error(
                "bad-option-value",
                f"one directory is wanted, {len(folders)} are named",
                help=("write `pylink86 shim DIR`, then for example `gcc -B DIR`",),
            )
        )
    if show(problems, parsed.values):
        return 1
    try:
        for path in write_shims(Path(folders[0]), parsed.values.get("prefix", "")):
            print(path)
    except OSError as problem:
        where = problem.filename or folders[0]
        text = f"cannot write {where}: {problem.strerror or problem}"
        show([error("cannot-write", text)], parsed.values)
        return 1
    return 0


def write_shims(folder: Path, prefix: str = "", windows: bool = os.name == "nt") -> list[Path]:
    """Write the shims into a folder, which is made if need be; their paths.

    Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder, prefix + name, module, windows) for name, module in SHIMS.items()]


def _write(folder: Path, name: str, module: str, windows: bool) -> Path:
    folders, python = _folders(), sys.executable
    if windows:
        path = folder / f"{name}.cmd"
        text = WINDOWS.format(python=python, bare=BARE, name=name, folders=folders, module=module)
    else:
        path = folder / name
        text = POSIX.format(python=_interpreter(python), folders=folders, module=module)
    path.write_text(text, encoding="utf-8", newline="\r\n" if windows else "\n")
    path.chmod(0o755)
    return path


def _folders() -> list[str]:
    """Where this package lies, and those it needs."""
    found = [str(Path(__file__).resolve().parents[2])]
    for name in NEEDED:
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            where = Path(spec.origin).parent
            found.append(str(where.parent if spec.submodule_search_locations else where))
    return list(dict.fromkeys(found))


def _interpreter(python: str) -> str:
    """What stands behind `#!`: kernels cut long paths, and blanks end them."""
    if len(python) <= LONGEST_INTERPRETER and " " not in python:
        return f"{python} {BARE}"
    return "/usr/bin/env python3"
