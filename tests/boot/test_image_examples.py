"""The example kernels: built as their README says, and booted."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pylink86.cli.shim import write_shims

ROOT = Path(__file__).resolve().parents[2]
PYLINK86 = f"{sys.executable} -m pylink86"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("unicorn") is None,
    reason="unicorn is not installed (pip install pylink86[emulate])",
)


def needs(*tools: str) -> pytest.MarkDecorator:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the example named by the test, where its tools are found."""
    folder = tmp_path / request.param
    shutil.copytree(ROOT / "examples" / request.param, folder)
    return folder


def run(folder: Path, *words: str, **extra: str) -> str:
    """Run a command there; what it printed."""
    shims = {
        path.stem if os.name == "nt" else path.name: path for path in write_shims(folder / "bin")
    }
    target = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU"
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        f"{target}_LINKER": str(shims["ld"]),
        f"{target}_RUNNER": f"{PYLINK86} runner",
        "CARGO_NET_OFFLINE": "true",
        **extra,
    }
    for name in ("CARGO_MANIFEST_DIR", "KERNEL_MANIFEST", "KERNEL", "CARGO_TARGET_DIR"):
        env.pop(name, None)
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == int(extra.get("STATUS", "0")), done.stdout + done.stderr
    return done.stdout


def linux_rust() -> bool:
    """Whether rustc makes code for the Linux host the example's settings are for."""
    if shutil.which("cargo") is None:
        return False
    done = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=False)
    return "host: x86_64-unknown-linux-gnu" in done.stdout


RUST = pytest.mark.skipif(
    not linux_rust(), reason="no Rust for x86_64-unknown-linux-gnu (https://rustup.rs)"
)


@RUST
@pytest.mark.parametrize("example", ["rust-kernel"], indirect=True)
def test_rust_kernel(example: Path) -> None:
    out = run(example, "cargo", "run", STATUS="33")
    assert out.splitlines()[0] == "Hello from Rust"
    assert re.search(r"^1\d\d MiB of memory are free$", out, re.M)
    out = run(example, "cargo", "test")
    assert "the boot information is right" in out
    assert "assertion `left == right` failed" in out, "the test that should panic"


@RUST
@pytest.mark.parametrize("example", ["rust-kernel"], indirect=True)
def test_cargo_bootimage(example: Path) -> None:
    out = run(example, "cargo", "bootimage", "--release")
    disk = example / "target" / "release" / "bootimage-rust-kernel.bin"
    assert out == f"Created bootimage for `rust-kernel` at `{disk}`\n"
    out = run(example, *PYLINK86.split(), "run", str(disk), "--serial", "--success", "16")
    assert out.startswith("Hello from Rust\n")
    run(example, str(example / "bin" / "bootimage"), "runner", str(disk.with_name("rust-kernel")),
        STATUS="33")  # fmt: skip


@needs("make", "gcc")
@pytest.mark.parametrize("example", ["c-kernel"], indirect=True)
def test_c_kernel(example: Path) -> None:
    out = run(example, "make", "-s", "run", f"LD={example / 'bin' / 'ld'}", f"PYLINK86={PYLINK86}")
    assert "Hello from C, 32 bits\n128 MiB of memory; command line: colour=green\n" in out
    assert re.search(r"Hello from C, 64 bits\n1\d\d MiB are free\n", out)


@needs("nasm")
@pytest.mark.parametrize("guide", ["examples/asm-only/README.md", "docs/kernel-to-disk.md"])
@pytest.mark.parametrize("example", ["asm-only"], indirect=True)
def test_asm_only(example: Path, guide: str) -> None:
    """The commands of the README and of the guide, one after the other."""
    text = (ROOT / guide).read_text(encoding="utf-8").replace("examples/asm-only/", "")
    lines = text.split("```sh\n")[1].split("```")[0].splitlines()
    names = {"pyld": str(example / "bin" / "ld"), "pylink86": PYLINK86}
    for line in lines:
        first, _, rest = line.partition(" ")
        out = run(example, *f"{names.get(first, first)} {rest}".split())
    shown = text.split("```\n")[2].split("```")[0]
    assert out.startswith(shown)
