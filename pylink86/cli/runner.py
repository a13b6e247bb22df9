"""`pylink86 runner KERNEL [ARGS]`: what cargo calls for `cargo run` and `cargo test`.

In .cargo/config.toml:  runner = "pylink86 runner"

The kernel becomes a disk beside it, bootimage-<name>.bin, and is run: by the manifest's
run-command when it has one, else in the built-in emulator.  An executable in a folder `deps` is a
test: it has a time limit, and its exit status is compared with test-success-exit-code.  The exit
status is QEMU's in either case: twice the number written to the exit port, plus one.

Source: bootimage 0.10, `bootimage runner --help` and its Readme.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from .options import error
from .program import parse_size, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..boot.image.manifest import RunConfig
    from ..boot.machine import Machine

USAGE = "pylink86 runner [--quiet] [--qemu] KERNEL [ARGS]"
HELP = f"""\
Usage: {USAGE}
Make a disk of KERNEL and run it, as `package.metadata.bootimage` in its Cargo.toml says.
  --quiet   say nothing but what the kernel says
  --qemu    in QEMU, also when Cargo.toml names no run-command
ARGS go to the run-command; the emulator understands -serial stdio, -m SIZE and
-device isa-debug-exit,iobase=PORT.
"""
QEMU_COMMAND = ("qemu-system-x86_64", "-drive", "format=raw,file={}")
FOREVER = 1e9
"""Seconds and instructions of a run without a limit."""
FAILED = 1
EXIT_PORT = 0xF4


def main(argv: Sequence[str]) -> int:
    """Run a kernel for cargo; the exit status of the guest, or 1."""
    from ..diag import LinkError

    words = list(argv)
    options = set()
    while words and words[0] in ("--quiet", "--qemu", "-h", "--help"):
        options.add(words.pop(0))
    if options & {"-h", "--help"}:
        print(HELP, end="")
        return 0
    if not words:
        show([error("one-kernel", "no kernel was named", help=(USAGE,))], {})
        return FAILED
    try:
        return _run(words[0], words[1:], "--quiet" in options, "--qemu" in options)
    except LinkError as problem:
        show(problem.diagnostics, {})
        return FAILED


def _run(kernel: str, arguments: list[str], quiet: bool, qemu: bool) -> int:
    from ..boot.image.manifest import find_manifest, run_config
    from .kernels import make_disk

    path = Path(kernel)
    manifest = find_manifest(path)
    config = run_config(manifest)
    disk, warnings = make_disk(kernel, {})
    show(warnings, {"no_warnings": quiet})
    image = path.parent / f"bootimage-{path.stem}.bin"
    disk.write(image)
    test = is_test(path)
    command = config.run_command or (QEMU_COMMAND if qemu else ())
    words = [*(config.test_args if test else config.run_args), *arguments]
    if command:
        if test and config.test_no_reboot:
            words.insert(0, "-no-reboot")
        line = [word.replace("{}", str(image)) for word in command]
        status = _run_command([*line, *words], config, test, quiet)
    else:
        status = _emulate(image, words, config, test)
    return judge(status, config) if test else status


def is_test(kernel: Path) -> bool:
    """Whether cargo made this executable for `cargo test`."""
    folder = kernel.resolve().parent.name
    return folder == "deps" or folder.startswith("rustdoctest")


def judge(status: int, config: RunConfig) -> int:
    """The exit status of a test from that of the machine."""
    wanted = config.test_success_exit_code
    if wanted is None:
        return status
    if status == wanted:
        return 0
    return status or FAILED


def _run_command(line: list[str], config: RunConfig, test: bool, quiet: bool) -> int:
    """Run the manifest's command; its exit status."""
    import subprocess

    from ..diag import fail

    if not quiet:
        print(f"Running: `{' '.join(line)}`", flush=True)
    try:
        done = subprocess.run(line, timeout=config.test_timeout if test else None, check=False)
    except OSError as problem:
        raise fail(
            "run-command-failed",
            f"cannot start {line[0]}: {problem.strerror or problem}",
            help=["without a run-command in Cargo.toml the built-in emulator is used"],
        ) from None
    except subprocess.TimeoutExpired:
        raise fail(
            "test-timeout", f"the test was stopped after {config.test_timeout} seconds"
        ) from None
    return done.returncode if done.returncode >= 0 else FAILED


def _emulate(image: Path, words: list[str], config: RunConfig, test: bool) -> int:
    """Run in the emulator; QEMU's exit status for the same end."""
    from ..boot.launch import MEMORY, run

    memory = _value_of(words, "-m")
    machine = run(
        image,
        memory=_megabytes(memory) if memory else MEMORY,
        timeout=config.test_timeout if test else FOREVER,
        max_instructions=int(FOREVER) ** 2,
        exit_port=_exit_port(words),
    )
    text = machine.serial.decode("utf-8", errors="replace")
    if _value_of(words, "-serial") != "stdio":
        text = machine.screen
    _write(text)
    if test or not machine.ok:
        _explain(machine, config, test)
    return status_of(machine, test)


def _explain(machine: Machine, config: RunConfig, test: bool) -> None:
    if machine.reason == "exit code":
        return
    if test and machine.reason == "budget":
        sys.stderr.write(f"error[test-timeout]: stopped after {config.test_timeout} seconds\n")
    sys.stderr.write(machine.explain() + "\n")


def status_of(machine: Machine, test: bool) -> int:
    """The exit status QEMU would have: of the exit device, 0 when switched off or closed."""
    if machine.reason == "exit code":
        assert machine.exit_code is not None
        return 0 if machine.switched_off else machine.exit_code << 1 & 0xFF | 1
    return FAILED if test or not machine.ok else 0


def _exit_port(words: list[str]) -> int:
    """The port of `-device isa-debug-exit,iobase=...`, or that of most kernels."""
    found = re.search(r"isa-debug-exit\S*[, ]iobase=(0x[0-9a-fA-F]+|\d+)", " ".join(words))
    return int(found[1], 0) if found else EXIT_PORT


def _value_of(words: list[str], option: str) -> str:
    """The last value of an option of QEMU's, "" when it is not there."""
    pairs = zip(words, words[1:])
    return next((value for name, value in reversed(list(pairs)) if name == option), "")


def _megabytes(text: str) -> int:
    """QEMU's -m: a number is of MiB."""
    from ..boot.launch import MEMORY

    return int(text) << 20 if text.isdigit() else parse_size(text) or MEMORY


def _write(text: str) -> None:
    encoding = sys.stdout.encoding or "ascii"
    text = text if not text or text.endswith("\n") else text + "\n"
    sys.stdout.write(text.encode(encoding, errors="replace").decode(encoding))
    sys.stdout.flush()
