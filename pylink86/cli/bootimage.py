"""`bootimage` and `cargo bootimage`, under their own names, for projects that call them.

`pylink86 shim DIR` writes both.  `cargo bootimage [ARGS]` builds the kernel through cargo with the
manifest's build-command and leaves a disk, bootimage-<name>.bin, beside each executable;
`bootimage runner` is `pylink86 runner`.

Source: bootimage 0.10, `cargo bootimage --help`; the Cargo book, "External tools".
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .options import error
from .program import guarded, run_process, show, version_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import NoReturn

    from ..boot.image.manifest import Manifest

USAGE = {
    "bootimage": "bootimage runner [--quiet] KERNEL [ARGS]",
    "cargo-bootimage": "cargo bootimage [--quiet] [ARGS FOR CARGO'S BUILD]",
}


def script() -> NoReturn:
    """The installed command; its name says which of the two it is."""
    run_process(lambda: guarded(lambda: main(Path(sys.argv[0]).stem, sys.argv[1:])))


def main(name: str, argv: Sequence[str]) -> int:
    """Be `bootimage` or `cargo-bootimage`; the exit status."""
    words = list(argv)
    cargo = name.endswith("cargo-bootimage")
    if cargo and words[:1] == ["bootimage"]:
        words.pop(0)  # cargo passes the name of its subcommand on
    if words[:1] in (["-h"], ["--help"]):
        print(f"Usage: {USAGE['cargo-bootimage' if cargo else 'bootimage']}")
        return 0
    if words[:1] in (["-V"], ["--version"]):
        print(version_line())
        return 0
    if cargo:
        return _guarded_build(words)
    if words[:1] == ["runner"]:
        from .runner import main as runner

        return runner(words[1:])
    problem = error("unknown-command", "bootimage has one command", help=(USAGE["bootimage"],))
    show([problem], {})
    return 1


def _guarded_build(words: list[str]) -> int:
    from ..diag import LinkError

    try:
        return _build(words)
    except LinkError as problem:
        show(problem.diagnostics, {})
        return 1


def _build(words: list[str]) -> int:
    """Build the kernels, and a disk of each."""
    from ..boot.image.manifest import run_config

    quiet = "--quiet" in words
    manifest = _manifest(words)
    command = ["cargo", *run_config(manifest).build_command, *words]
    executables = list(_cargo([*command, "--message-format=json-render-diagnostics"]))
    if not executables:
        show([error("no-kernel-built", f"`{' '.join(command)}` made no executable")], {})
        return 1
    for executable, path in executables:
        disk = _disk(executable, path)
        if not quiet:
            print(f"Created bootimage for `{executable.stem}` at `{disk}`")
    return 0


def _manifest(words: list[str]) -> Manifest | None:
    """The manifest of the project: named by --manifest-path, or above the current folder."""
    from ..boot.image.manifest import find_manifest

    named = ""
    for word, after in zip(words, [*words[1:], ""]):
        if word == "--manifest-path":
            named = after
        elif word.startswith("--manifest-path="):
            named = word.partition("=")[2]
    return find_manifest(Path.cwd() / "any", named, {})


def _cargo(command: list[str]) -> Iterator[tuple[Path, str]]:
    """Run cargo; each executable it has made, and the manifest of its package."""
    import json
    import subprocess

    from ..diag import fail

    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    except OSError as problem:
        said = f"cannot start cargo: {problem.strerror or problem}"
        raise fail("cargo-failed", said, help=["install Rust: https://rustup.rs"]) from None
    if done.returncode:
        raise fail("cargo-failed", f"`{' '.join(command)}` failed with status {done.returncode}")
    for line in done.stdout.splitlines():
        if not line.startswith(b"{"):
            continue
        message = json.loads(line)
        if message.get("executable"):
            yield Path(message["executable"]), message.get("manifest_path", "")


def _disk(executable: Path, manifest: str) -> Path:
    from .kernels import make_disk

    disk, warnings = make_disk(os.fspath(executable), {"manifest": manifest} if manifest else {})
    show(warnings, {})
    path = executable.parent / f"bootimage-{executable.stem}.bin"
    disk.write(path)
    return path
