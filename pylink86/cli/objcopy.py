"""`pyobjcopy`, and what `pystrip` shares with it: objcopy's command line over `ops`.

A build calls objcopy once for each object, so this module, like all it imports before there is
something to say, is small.  What the options mean is in `objcopy_plan`; here files are read, run
through the operations and written.
"""

from __future__ import annotations

import os
import sys

from .objcopy_options import table
from .options import Parsed, error, help_text, parse
from .program import guarded, run_process, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import FileIO
    from typing import Any, NoReturn

    from ..diag import Diagnostic
    from ..ops.plan import Notes, Plan


def script() -> NoReturn:
    """The installed command `pyobjcopy`."""
    run_process(main)


def command(argv: Sequence[str]) -> int:
    """`pylink86 objcopy ...`"""
    return main(argv, "pyobjcopy")


def main(argv: Sequence[str] | None = None, program: str | None = None) -> int:
    """Run `pyobjcopy`; the exit status: 0, or 1 after any error."""
    return run_tool(argv, program, strip=False)


def run_tool(argv: Sequence[str] | None, program: str | None, *, strip: bool) -> int:
    """One of the two commands; argv and program are the process's own when not given."""
    words = sys.argv[1:] if argv is None else list(argv)
    name = os.path.basename(sys.argv[0] if program is None else program)
    return guarded(lambda: _run(words, name, strip=strip))


def _run(words: Sequence[str], program: str, *, strip: bool) -> int:
    llvm = "llvm" in program
    options = table(strip=strip, llvm_only=llvm)
    if llvm and not words:
        sys.stderr.write(usage(program, strip))
        return 1
    parsed = parse(words, options, letters=llvm)
    values = parsed.values
    if values.get("help"):
        sys.stdout.write(usage(program, strip))
        return 0
    if values.get("version"):
        print(version(program, strip))
        return 0
    if values.get("info"):
        from ..ops.inputs import ARCHES, IMAGES, TARGETS

        print(*TARGETS, *IMAGES, *ARCHES, sep="\n")
        return 0
    dialect = values.setdefault("dialect", "llvm" if llvm else "gnu")
    values["program"] = "llvm-strip" if strip else "llvm-objcopy"
    problems = [*parsed.problems, *_check(parsed, dialect, strip)]
    if show(problems, values):
        return 1
    return _copy(parsed, dialect, strip=strip)


def usage(program: str, strip: bool) -> str:
    """The text of `--help`."""
    if "llvm" in program:
        name, what = ("llvm-strip", "inputs...") if strip else ("llvm-objcopy", "input [output]")
        rows = help_text(table(strip=strip, llvm_only=True))
        return (
            f"OVERVIEW: {name} tool\n\nUSAGE: {name} [options] {what}\n\nOPTIONS:\n{rows}\n"
            "Pass @FILE as argument to read options from FILE.\n"
        )
    what = "FILE..." if strip else "INPUT [OUTPUT]"
    return (
        f"Usage: {program} [options] {what}\n{help_text(table(strip=strip))}"
        "@FILE reads options from FILE.\n"
        f"{program}: supported targets: elf64-x86-64 elf32-i386 elf32-iamcu elf32-x86-64 srec "
        "verilog binary ihex\n"
    )


def version(program: str, strip: bool) -> str:
    from .. import __version__

    like = "llvm-strip" if strip else "llvm-objcopy"
    if "llvm" in program:
        return f"{like}, compatible with GNU {like[5:]} (pylink86 {__version__})"
    return f"{program} (pylink86 {__version__}, compatible with GNU {like[5:]})"


def _check(parsed: Parsed, dialect: str, strip: bool) -> list[Diagnostic]:
    values = parsed.values
    if dialect not in ("gnu", "llvm"):
        values["dialect"] = "gnu"
        wrong = f"`{dialect}' is not a value of --dialect"
        return [error("bad-option-value", wrong, help=("use gnu or llvm",))]
    paths = [text for _, text, _ in parsed.inputs]
    llvm = dialect == "llvm"
    if not paths:
        return [error("no-input", "no input file specified" if llvm else "no input files")]
    if not strip and len(paths) > 2:
        which = "" if llvm else f": {paths[2]}"
        return [error("too-many-inputs", f"too many positional arguments{which}")]
    if strip and len(paths) > 1 and values.get("output"):
        words = "multiple input files cannot be used in combination with -o"
        return [error("too-many-inputs", words if llvm else "-o goes with a single input file")]
    if not llvm:
        return []
    if "target" in values and {"input_format", "output_format"} & set(values):
        words = "--target cannot be used with --input-target or --output-target"
        return [error("bad-option-value", words)]
    return _repeated(paths) if strip else []


def _repeated(paths: list[str]) -> list[Diagnostic]:
    """What llvm-strip says of inputs that it is given twice."""
    found = []
    for at, path in enumerate(paths):
        if path in paths[:at]:
            if path == "-":
                words = "cannot specify '-' as an input file more than once"
                return [error("too-many-inputs", words)]
            words = f"'{path}' was already specified"
            found.append(error("too-many-inputs", words, severity="warning"))
    return found


def _copy(parsed: Parsed, dialect: str, *, strip: bool) -> int:
    """Each input through the operations; the exit status."""
    from .objcopy_plan import plan_of

    values = parsed.values
    failed = False
    files = [text for _, text, _ in parsed.inputs]
    if strip:
        pairs = [(path, values.get("output") or path) for path in files]
    else:
        pairs = [(files[0], files[-1])]
    for source, target in pairs:
        about = ""
        try:
            plan = plan_of(values, dialect, strip=strip, words=parsed.words)
            plan.output_name, about = target, source
            failed |= _copy_one(source, target, plan, dialect, values)
        except Exception as problem:
            from ..diag import LinkError

            if not isinstance(problem, LinkError):
                raise
            show(problem.diagnostics, {**values, "about": about})
            failed = True
        if failed and dialect == "llvm":
            break  # LLVM's tools end with the first error
    return 1 if failed else 0


def _copy_one(source: str, target: str, plan: Plan, dialect: str, values: dict[str, Any]) -> bool:
    """One file; raises LinkError.  Returns whether an error was told that stops nothing."""
    from ..ops.plan import Notes

    data = _read(source)
    notes = Notes()
    fresh = PLAIN_FILE if dialect == "llvm" else None
    split = values.get("split_dwo")
    if split:
        from .objcopy_plan import dwo_plan

        aside = _transformed(data, source, dwo_plan(plan), dialect, notes)
        _write(split, aside, source, values, fresh)
        plan.strip_dwo = True
    if values.get("verbose"):
        print(f"copy from `{source}' to `{target}'")
    if source == "-" and dialect == "llvm":
        source = "<stdin>"
    out = _transformed(data, source, plan, dialect, notes)
    for path, content in notes.dumps:
        _write(path, content, "", {}, fresh)
    for path, content in notes.members:
        _write(path, content, "", {}, PROGRAM)
    _write(target, out, source, values, PROGRAM if source == "<stdin>" else None)
    return _tell(notes, values)


def _transformed(data: bytes, source: str, plan: Plan, dialect: str, notes: Notes) -> bytes:
    if data[:8] in (b"!<arch>\n", b"!<thin>\n") and plan.input_format != "binary":
        from ..ops.archives import transform_archive

        times = plan.keep_times
        return transform_archive(data, source, plan, dialect, notes, deterministic=not times)
    from ..ops.run import transform

    return transform(data, source, plan, dialect, notes)


def _read(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read()
    if os.path.isdir(path):
        from ..diag import fail

        raise fail("cannot-read", f"cannot read {path}: it is a directory")
    try:
        with open(path, "rb", buffering=0) as file:
            return _mapped(file) or file.read()
    except OSError:
        from ..formats import file_bytes

        return file_bytes(path)


MAPPED = 1 << 20
"""From this size on mapping an ELF file is faster than reading it: sections that go are not even
looked at."""


def _mapped(file: FileIO) -> bytes | None:
    """A large ELF file as memory; None for others, and where a file in use cannot be replaced."""
    if os.name != "posix" or os.fstat(file.fileno()).st_size < MAPPED:
        return None
    import mmap

    found = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    # What its readers do, slicing, both can.
    return found if found[:4] == b"\x7fELF" else None  # type: ignore[return-value]


PLAIN_FILE, PROGRAM = 0o666, 0o777
"""Permissions that the umask limits.  llvm-objcopy gives the first to what it writes beside the
output, and the second to members of thin archives and to what it made of the standard input, an
existing file or not."""


def _write(
    target: str, data: bytes, source: str, values: dict[str, Any], fresh: int | None = None
) -> None:
    """The output in one step; it has the input's permissions, if none are given by `fresh`, and its
    times with -p."""
    if target == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    info = os.stat(source) if source and source not in ("-", "<stdin>") else None
    _put(target, data, fresh)
    if info is not None and os.path.isfile(target):
        if fresh is None:
            os.chmod(target, info.st_mode & 0o7777)
        if values.get("preserve_dates"):
            os.utime(target, ns=(info.st_atime_ns, info.st_mtime_ns))


def _put(target: str, data: bytes, fresh: int | None) -> None:
    """Write the output in one step.  Where there is no file yet, or a plain one that may be
    written, a new one is made and takes the name when it is whole; every other case, and every
    trouble, is `formats.output`'s, whose import costs as much as the rest of a small run.

    fresh: permissions of the file; without them an existing one keeps its own."""
    plain = os.path.isfile(target) and not os.path.islink(target) and os.access(target, os.W_OK)
    if plain or not os.path.lexists(target):
        temporary = f"{target}.{os.getpid()}.tmp"
        mode = PLAIN_FILE if fresh is None else fresh
        try:
            with open(temporary, "xb", opener=lambda path, how: os.open(path, how, mode)) as file:
                file.write(data)
            if plain and fresh is None:
                os.chmod(temporary, os.stat(target).st_mode & 0o7777)
            os.replace(temporary, target)
            return
        except OSError:
            if os.path.lexists(temporary):
                os.unlink(temporary)
    from ..formats.output import write_file

    write_file(target, data)


def _tell(notes: Notes, values: dict[str, Any]) -> bool:
    """Print what the run had to say; whether one of it was an error."""
    if not notes.warnings and not notes.errors:
        return False
    told = [error(slug, text, severity="warning") for slug, text in notes.warnings]
    return show([*told, *(error(slug, text) for slug, text in notes.errors)], values)
