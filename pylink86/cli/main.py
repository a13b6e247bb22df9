"""`pylink86 COMMAND ...`: everything the package does, behind one name.

A command line that begins with an option is one for `cc` and links: see `driver`.  A command is a
row: its name, the module and function that run it, one line of help.  The module is
imported when its command is used.
"""

from __future__ import annotations

import sys
from importlib import import_module

from .. import __version__
from .program import guarded, run_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

COMMANDS = {
    "link": ("pyld", "command", "OPTIONS FILE...", "link objects to an image, as `pyld` does"),
    "sections": ("sections", "main", "FILE...", "list what is in object files"),
    "objcopy": ("objcopy", "command", "IN [OUT]", "copy and change object files, as `pyobjcopy`"),
    "strip": ("strip", "command", "FILE...", "leave out symbols and debug sections, as `pystrip`"),
    "ar": ("ar", "main", "LETTERS ARCHIVE FILE...", "make and change archives, as `pyar` does"),
    "size": ("size", "main", "FILE...", "how much room sections take, as `pysize` does"),
    "nm": ("nm", "main", "FILE...", "list symbols, as `pynm` does"),
    "image": ("image", "main", "KERNEL -o DISK", "make a disk that boots a kernel"),
    "run": ("run", "main", "IMAGE|KERNEL", "boot it in the emulator or QEMU, print its screen"),
    "runner": ("runner", "main", "KERNEL", "run a kernel for cargo, as its Cargo.toml says"),
    "shim": ("shim", "main", "DIR", "write commands named ld, ld.lld ... that run pylink86"),
    "replay": ("replay", "main", "FILE.tar", "make the link again that --reproduce packed"),
    "explain": ("explanations", "main", "SLUG...", "say more about error[SLUG] or warning[SLUG]"),
}
"""Name -> (module beside this one, function, arguments, help).  The function takes the words after
the command and returns the exit status."""


def script() -> NoReturn:
    """The installed command."""
    run_process(main)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `pylink86`; the exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    return guarded(lambda: _run(words))


def _run(words: Sequence[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        (sys.stdout if words else sys.stderr).write(usage())
        return 0 if words else 1
    if words[0] in ("-V", "--version", "version"):
        print(f"pylink86 {__version__}")
        return 0
    if words[0] not in COMMANDS and is_for_driver(words):
        from .driver import main as drive

        return drive(words)
    if words[0] not in COMMANDS:
        sys.stderr.write(_unknown(words[0]))
        return 1
    module, function, _, _ = COMMANDS[words[0]]
    command: Callable[[Sequence[str]], int]
    command = getattr(import_module(f".{module}", __package__), function)
    return command(words[1:])


def is_for_driver(words: Sequence[str]) -> bool:
    """Whether a command line begins as those of `cc` do: with an option, `@file` or an object."""
    return words[0][:1] in ("-", "@") or words[0].endswith((".o", ".a", ".rlib", ".obj"))


def usage() -> str:
    """The commands, a line each."""
    left = {name: f"pylink86 {name} {arguments}" for name, (_, _, arguments, _) in COMMANDS.items()}
    width = max(map(len, left.values()))
    rows = [f"  {left[name]:<{width}}  {row[3]}" for name, row in COMMANDS.items()]
    also = (
        f"  {'pylink86 -Wl,... FILE.o':<{width}}  link as the linker of rustc or in the place of cc"
    )
    return "Usage:\n" + "\n".join([*rows, also]) + "\n"


def _unknown(word: str) -> str:
    from difflib import get_close_matches

    from ..diag import Diagnostic
    from ..report import render

    near = get_close_matches(word, COMMANDS, n=1)
    return render(
        [
            Diagnostic(
                "error",
                "unknown-command",
                f"there is no command `{word}'",
                help=(f"did you mean `pylink86 {near[0]}'?",)
                if near
                else (f"the commands are {', '.join(COMMANDS)}",),
            )
        ]
    )
