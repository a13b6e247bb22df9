"""What must not happen to a user's files and machine, whatever happens to a link."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import attrs
import pytest

from pylink86 import LinkError, link, read_bytes
from pylink86 import elf_const as c
from pylink86.cli import pyld
from pylink86.model import Header, ObjectFile, SectionRow, Sections, Symbols
from tests.same_bytes import digests
from tests.samples import small_object

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = "outside = 1; SECTIONS { .a 0x7c00 : { *(*) . += 0x300000; BYTE(1) } }"
"""3 MiB: long enough to be written that a kill can come in the middle."""

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with an object, a script and an old output."""
    (tmp_path / "a.o").write_bytes(small_object().to_bytes())
    (tmp_path / "k.ld").write_text(SCRIPT)
    (tmp_path / "out").write_bytes(b"old output")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def child() -> int:
    """A copy of this process that makes the link and ends; its number."""
    number = os.fork()
    if not number:
        status = 1
        try:
            status = pyld.main(LINE, "pyld")
        finally:
            os._exit(status)
    return number


LINE = ("--oformat=binary", "-T", "k.ld", "a.o", "-o", "out")


# Killed at any moment


@posix
def test_killed_at_random_points(folder: Path):
    """50 kills over the time a link takes: the output is the old one or the new one, whole."""
    begun = time.monotonic()
    assert os.waitpid(child(), 0)[1] == 0
    takes = time.monotonic() - begun
    new = (folder / "out").read_bytes()
    assert len(new) > 0x300000
    rng = random.Random(1)
    seen = set()
    for _ in range(50):
        (folder / "out").write_bytes(b"old output")
        number = child()
        time.sleep(takes * rng.uniform(0.0, 1.1))
        os.kill(number, signal.SIGKILL)
        os.waitpid(number, 0)
        data = (folder / "out").read_bytes()
        assert data in (b"old output", new)
        seen.add(len(data))
    assert len(b"old output") in seen


STEPS = ("open", "fstat", "chmod", "replace")
"""What putting a file in its place asks of the system, in this order."""


@posix
@pytest.mark.parametrize("step", STEPS)
def test_killed_between_the_steps_of_writing(folder: Path, step: str):
    """The same where it matters most, at each step for certain."""
    code = (
        "import os, sys\n"
        "from pylink86.cli import pyld\n"
        "import pylink86.formats.output\n"
        f"real = os.{step}\n"
        "def die(path, *rest, **more):\n"
        "    if 'out' in str(path) or isinstance(path, int): os._exit(9)\n"
        "    return real(path, *rest, **more)\n"
        "import pylink86.linker, pylink86.result, pylink86.script.parser\n"
        f"os.{step} = die\n"
        f"pyld.main({list(LINE)!r}, 'pyld')\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, check=False)
    assert done.returncode == 9
    assert (folder / "out").read_bytes() == b"old output"


# No room, no permission


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one error of a link that cannot write."""
    assert pyld.main(list(words), "pyld") == 1
    err = capsys.readouterr().err
    assert err.count("error[") == 1, err
    assert err.startswith("error[cannot-write]: cannot open output file ")
    return err


@posix
def test_a_full_disk(folder: Path):
    """A limit on the size of files fails a write as a full disk does, after part of the bytes."""
    code = (
        "import resource, sys\n"
        "from pylink86.cli import pyld\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        f"sys.exit(pyld.main({list(LINE)!r}, 'pyld'))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error[cannot-write]: cannot open output file out: ")
    assert done.stderr.count("error[") == 1
    assert (folder / "out").read_bytes() == b"old output"
    assert sorted(p.name for p in folder.iterdir()) == ["a.o", "k.ld", "out"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full (Linux)")
def test_a_full_device(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert "No space left" in refused(capsys, *LINE[:-1], "/dev/full")


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_that_cannot_be_written(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
):
    real = os.open

    def refuse(path, flags, *rest):
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number), path)
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)
    assert os.strerror(number) in refused(capsys, *LINE)
    assert (folder / "out").read_bytes() == b"old output"


@pytest.mark.parametrize("option", ["-Map", "--dependency-file", "--picture", "--elf-twin"])
def test_a_further_file_that_cannot_be_written(
    folder: Path, capsys: pytest.CaptureFixture[str], option: str
):
    assert "no/file" in refused(capsys, *LINE, f"{option}=no/file")


# The output is never one of the inputs


def test_the_output_is_no_file_that_was_read(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "inner.ld").write_text(SCRIPT)
    (folder / "outer.ld").write_text("INPUT(b.o) INCLUDE inner.ld")
    for name in ("b.o", "c.o"):
        (folder / name).write_bytes(small_object().to_bytes())
    (folder / "order").write_text("start\n")
    os.link(folder / "a.o", folder / "hard")
    line = ("--oformat=binary", "-z", "muldefs", "-T", "outer.ld", "a.o", "-R", "c.o")
    line += ("--symbol-ordering-file=order",)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert pyld.main([*line, "-o", "fine"], "pyld") == 0
    assert capsys.readouterr().err.count("error[") == 0
    for target in ("a.o", "b.o", "c.o", "hard", "inner.ld", "outer.ld", "order", "./a.o"):
        for words in (("-o", target), ("-o", "fine", f"-Map={target}")):
            assert pyld.main([*line, *words], "pyld") == 1
            assert "error[output-is-input]" in capsys.readouterr().err, words
    assert {name: (folder / name).read_bytes() for name in before} == before


# Large and deep


def sections(count: int) -> ObjectFile:
    """An object with so many sections of one byte."""
    flags = c.SHF_ALLOC | c.SHF_EXECINSTR
    row = [SectionRow(f".t{n}", c.SHT_PROGBITS, flags, size=1, align=1) for n in range(count)]
    table = Sections.from_rows(row)
    made = ObjectFile("many.o", Header(64, 62), table, [b"", *[b"\x90"] * count],
                      Symbols.from_rows([]))  # fmt: skip
    return read_bytes(made.to_bytes(), "many.o")


def test_a_hundred_thousand_sections():
    result = link([sections(100_000)], "SECTIONS { .t 0 : { *(*) } }", oformat="binary")
    assert result.image == b"\x90" * 100_000


def test_sorts_in_sorts(folder: Path):
    text = "SORT_BY_NAME(" * 5000 + "*" + ")" * 5000
    with pytest.raises(LinkError, match="script-syntax"):
        link([small_object()], f"SECTIONS {{ .a : {{ *({text}) }} }}")
    with pytest.raises(LinkError, match="script-syntax"):
        link([small_object()], f"SECTIONS {{ .a : {{ {'KEEP(' * 5000}*(*){')' * 5000} }} }}")


def test_includes_in_includes(folder: Path):
    for number in range(300):
        (folder / f"{number}.ld").write_text(f"INCLUDE {number + 1}.ld\n")
    (folder / "300.ld").write_text("x = 1;")
    with pytest.raises(LinkError, match="include-cycle"):
        link([small_object()], "INCLUDE 0.ld\n")


@pytest.mark.parametrize("oformat", ["binary", "elf64-x86-64", "ihex", "srec"])
def test_a_hole_of_4_gib(oformat: str):
    script = "outside = 1; SECTIONS { .a 0 : { *(*) . += 0x100000000; BYTE(1) } }"
    with pytest.raises(LinkError, match=r"image-too-large|out-of-range"):
        len(link([small_object()], script, oformat=oformat).to_bytes(oformat))


# The same bytes everywhere


def digests_by(python: str, **more: str) -> list[str]:
    """The same by another process."""
    here = Path(attrs.__file__).parent.parent
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(here))), **more}
    code = "from tests.same_bytes import digests; print(*digests())"
    done = subprocess.run([python, "-c", code], env=env, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_the_hash_seed_changes_nothing(seed: str):
    assert digests_by(sys.executable, PYTHONHASHSEED=seed) == digests()


def other_python(version: str) -> str:
    """A Python of that version, from the path or pyenv; skips when there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = shutil.which(f"python{version}")
    places = [found] if found else []
    places += [str(p) for p in sorted(pyenv.glob(f"{version}.*/bin/python"))]
    for path in places:
        asked = subprocess.run(
            [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if asked.stdout.strip() == version:
            return path
    pytest.skip(f"needs another Python: install python{version}")


@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13"])
def test_every_python_makes_the_same_bytes(version: str):
    assert digests_by(other_python(version)) == digests()
