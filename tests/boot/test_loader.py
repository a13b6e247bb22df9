"""The build of a Rust boot loader, step by step, on our commands and on LLVM's: the same files.

The steps are those that the crate `bootloader` 0.9 takes: is there code in the kernel, strip it,
wrap the file in an object, put that into an archive, link stages and archive, flatten.  The image
then boots.  Beside it the shorter way of a first image: --prefix-alloc-sections, link, boot.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import boot
from pylink86.cli import ar, objcopy, pyld, size

SOURCES = Path(__file__).with_name("loader")
FIRST_IMAGE = Path(__file__).parents[2] / "examples" / "first-image"
NEEDS = {"rustc": "rustc (rustup.rs)", "nasm": "nasm", "as": "binutils", "objcopy": "binutils"}
LLVM = {"ld.lld-19": "lld-19", "llvm-objcopy-19": "llvm-19"}

RUSTC = (
    "rustc", "--edition=2021", "--crate-type=bin", "--emit=obj", "-g", "-C", "opt-level=1",
    "-C", "panic=abort", "-C", "relocation-model=static",
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("unicorn") is None,
    reason="unicorn is not installed (pip install pylink86[emulate])",
)


def need(tools: dict[str, str]) -> None:
    missing = [package for tool, package in tools.items() if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


def build(*words: object, cwd: Path) -> None:
    subprocess.run(list(map(str, words)), cwd=cwd, check=True, timeout=120)


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled kernel and both stages."""
    need(NEEDS)
    folder = tmp_path_factory.mktemp("objects")
    build(*RUSTC, "-o", "kernel-code.o", SOURCES / "kernel.rs", cwd=folder)
    build("nasm", "-f", "elf64", "-o", "first.o", SOURCES / "first.asm", cwd=folder)
    build("as", "--64", "-o", "second.o", SOURCES / "second.s", cwd=folder)
    return folder


class Ours:
    """Our commands, in LLVM's dialect."""

    def objcopy(self, *words: str) -> None:
        assert objcopy.main(["--dialect=llvm", *words]) == 0

    def link(self, *words: str) -> None:
        assert pyld.main(["--dialect=lld", *words]) == 0

    def archive(self, *words: str) -> None:
        assert ar.main(list(words)) == 0

    def code_size(self, path: str, capsys: pytest.CaptureFixture[str]) -> int:
        assert size.main([path]) == 0
        return first_number(capsys.readouterr().out)


class Llvms:
    """The same steps with LLVM's; GNU ar, which makes the same archive, where llvm-ar is absent."""

    def objcopy(self, *words: str) -> None:
        subprocess.run(["llvm-objcopy-19", *words], check=True)

    def link(self, *words: str) -> None:
        subprocess.run(["ld.lld-19", *words], check=True)

    def archive(self, *words: str) -> None:
        subprocess.run([shutil.which("llvm-ar-19") or "ar", *words], check=True)

    def code_size(self, path: str, capsys: pytest.CaptureFixture[str]) -> int:
        tool = shutil.which("llvm-size-19") or "size"
        return first_number(subprocess.run([tool, path], check=True, capture_output=True).stdout)


def first_number(table: str | bytes) -> int:
    """Size of the code in Berkeley's format: a head line, then numbers."""
    return int(table.splitlines()[1].split()[0])


STEPS = ("kernel", "kernel_stripped", "kernel.o", "libkernel.a", "loader", "loader.bin")


def chain(tools: Ours | Llvms, objects: Path, capsys: pytest.CaptureFixture[str]) -> int:
    """All steps in the current folder, STEPS being the files they leave; the kernel's code size."""
    stages = [str(objects / name) for name in ("first.o", "second.o")]
    tools.link("-T", str(SOURCES / "kernel.ld"), str(objects / "kernel-code.o"), "-o", "kernel")
    code = tools.code_size("kernel", capsys)
    tools.objcopy("--strip-debug", "kernel", "kernel_stripped")
    names = [
        f"--redefine-sym=_binary_kernel_stripped_{old}=_kernel_{new}"
        for old, new in (("start", "start_addr"), ("end", "end_addr"), ("size", "size"))
    ]
    tools.objcopy(
        "-I", "binary", "-O", "elf64-x86-64", "--binary-architecture=i386:x86-64",
        "--rename-section", ".data=.kernel", *names, "kernel_stripped", "kernel.o",
    )  # fmt: skip
    tools.archive("crs", "libkernel.a", "kernel.o")
    tools.link("-T", str(SOURCES / "loader.ld"), *stages, "libkernel.a", "-o", "loader")
    tools.objcopy("-I", "elf64-x86-64", "-O", "binary", "loader", "loader.bin")
    return code


def in_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_the_loader_boots_the_kernel(objects: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    folder = in_folder(monkeypatch, tmp_path / "ours")
    assert chain(Ours(), objects, capsys) > 0
    unstripped = (folder / "kernel").stat().st_size
    assert (folder / "kernel_stripped").stat().st_size < unstripped
    machine = boot.run(folder / "loader.bin")
    assert machine.lines[0] == "Hello from a kernel in an archive", machine.explain()
    assert machine.reason == "halted"


@pytest.mark.peer
def test_every_step_is_llvms(objects: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    need(LLVM)
    ours = in_folder(monkeypatch, tmp_path / "ours")
    code = chain(Ours(), objects, capsys)
    theirs = in_folder(monkeypatch, tmp_path / "llvm")
    assert chain(Llvms(), objects, capsys) == code
    for name in STEPS:
        assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name


def test_the_dialect_does_not_change_what_is_loaded(objects, tmp_path, monkeypatch, capsys) -> None:
    """GNU's objcopy moves tables of the file around; the image holds the same kernel."""
    in_folder(monkeypatch, tmp_path / "gnu")
    monkeypatch.setattr(Ours, "objcopy", lambda self, *words: objcopy.main(list(words)))
    chain(Ours(), objects, capsys)
    machine = boot.run("loader.bin")
    assert machine.lines[0] == "Hello from a kernel in an archive", machine.explain()


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_the_first_image_by_objcopy(dialect: str, tmp_path: Path, monkeypatch) -> None:
    """--prefix-alloc-sections on the Rust object, a link, and it boots; LLVM makes the same."""
    need(NEEDS)
    monkeypatch.chdir(tmp_path)
    build(*RUSTC, "-o", "hello.o", FIRST_IMAGE / "hello.rs", cwd=tmp_path)
    build("nasm", "-f", "elf64", "-o", "boot.o", FIRST_IMAGE / "boot.asm", cwd=tmp_path)
    like = {"gnu": "gnu", "lld": "llvm"}[dialect]
    prefix = "--prefix-alloc-sections=.rust"
    assert objcopy.main([f"--dialect={like}", prefix, "hello.o", "rust.o"]) == 0
    words = ["--oformat", "binary", "-T", str(FIRST_IMAGE / "prefixed.ld"), "rust.o", "boot.o"]
    assert pyld.main([f"--dialect={dialect}", *words, "-o", "disk.img"]) == 0
    assert boot.run("disk.img").lines[0] == "Hi"
    linker, copier = {"gnu": ("ld", "objcopy"), "lld": ("ld.lld-19", "llvm-objcopy-19")}[dialect]
    need({linker: linker, copier: copier})
    build(copier, prefix, "hello.o", "rust.o", cwd=tmp_path)
    build(linker, *words, "-o", "peer.img", cwd=tmp_path)
    assert Path("disk.img").read_bytes() == Path("peer.img").read_bytes()
