"""The linkers others wrote, asked as processes: GNU ld for the gnu dialect, ld.lld for lld.

Files lie in memory where the system has such a place, processes run one at a time, and an answer is
only whether the peer took the link, the image, and its first words when it did not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .objects import Obj

if TYPE_CHECKING:
    from .compare import Case
    from .generate import Example

COMMANDS = {"gnu": ("ld", "ld.bfd"), "lld": ("ld.lld-19", "ld.lld")}
INSTALL = {"gnu": "binutils", "lld": "lld"}
EMULATIONS = {"x86_64": "elf_x86_64", "i386": "elf_i386"}

OUTPUTS: dict[str, tuple[str, ...]] = {
    "binary": ("--oformat", "binary"),
    "elf": (),
    "relocatable": ("-r",),
    "relocatable-bare": ("-r",),
    "relocs": ("-q",),
}
"""What an example is linked to; the last one without its script."""


@dataclass(frozen=True)
class Answer:
    """What a linker made of a link: an image, or the reason why not.

    crashed: it died, or said itself that it has a bug; such answers are no oracle.
    """

    image: bytes | None
    message: str = ""
    crashed: bool = False

    @property
    def accepted(self) -> bool:
        return self.image is not None


def find(dialect: str) -> str | None:
    """The peer's command on this machine, or None."""
    for name in COMMANDS[dialect]:
        path = shutil.which(name)
        if path is not None:
            return path
    return None


def missing(dialect: str) -> str:
    """Why a test skips: what to install."""
    names = " or ".join(COMMANDS[dialect])
    return f"needs {names}: apt install {INSTALL[dialect]}"


def answer(example: Example | Case, folder: Path) -> Answer:
    """The peer's answer to an example or a case."""
    script = "" if example.output.endswith("bare") else example.script
    options = OUTPUTS[example.output]
    return ask(example.dialect, folder, example.objects, script, example.machine, options)


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for the files of a run, in memory when there is /dev/shm."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="oracle", dir=memory) as folder:
        yield Path(folder)


def ask(
    dialect: str,
    folder: Path,
    objects: Sequence[Obj],
    script: str,
    machine: str,
    options: Sequence[str] = OUTPUTS["binary"],
) -> Answer:
    """The peer's answer; the folder's files are overwritten.  script: "" is no script."""
    command = find(dialect)
    assert command is not None, missing(dialect)
    for obj in objects:
        (folder / obj.name).write_bytes(obj.encode())
    (folder / "script.ld").write_text(script)
    out = folder / "out"
    out.unlink(missing_ok=True)
    arguments = [command, "-m", EMULATIONS[machine], *options, "-o", "out"]
    if dialect == "lld":
        arguments.append("--threads=1")
    arguments += [obj.name for obj in objects]
    # Last: GNU ld loads the files that a script names when it comes to the script.
    if script:
        arguments += ["-T", "script.ld"]
    done = subprocess.run(
        arguments, cwd=folder, capture_output=True, check=False, close_fds=False, timeout=60
    )
    said = (done.stderr + done.stdout).decode(errors="replace").strip()
    crashed = (
        done.returncode < 0
        or "internal error" in said
        or "file truncated" in said
        or "PLEASE submit" in said
    )
    if done.returncode != 0 or crashed:
        return Answer(None, said, crashed)
    return Answer(out.read_bytes() if out.exists() else b"", said)
