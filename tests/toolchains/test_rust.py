"""cargo and rustc link with pylink86, by every way to name a linker, and print nothing about it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import read
from pylink86.cli.shim import write_shims

pytestmark = pytest.mark.skipif(
    shutil.which("cargo") is None, reason="needs cargo and rustc: install from rustup.rs"
)

MAIN = """\
#![no_std]
#![no_main]

use core::fmt::Write;

struct Screen(usize);

impl Write for Screen {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for byte in text.bytes() {
            unsafe { (0xb8000 as *mut u16).add(self.0).write_volatile(0x0f00 | byte as u16) };
            self.0 += 1;
        }
        Ok(())
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let _ = write!(Screen(0), "Hello {}", 42);
    loop {}
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[unsafe(no_mangle)]
pub extern "C" fn rust_eh_personality() {}
"""

MANIFEST = """\
[package]
name = "kernel"
version = "0.1.0"
edition = "2021"

[profile.dev]
panic = "abort"

[profile.release]
panic = "abort"
"""

SCRIPT = """\
ENTRY(_start)
SECTIONS {
  . = 0x100000;
  .text : { *(.text .text.*) }
  .rodata : { *(.rodata .rodata.*) }
  .eh_frame : { *(.eh_frame) }
  .gcc_except_table : { *(.gcc_except_table*) }
  .data : { *(.data .data.*) }
  .got : { *(.got .got.plt) }
  .bss : { *(.bss .bss.*) *(COMMON) }
}
"""

CODE = ("relocation-model=static", "code-model=kernel", "link-arg=-Tkernel.ld")

LINKERS = {
    "ld.pylink86": (),
    "pylink86-ld": (),
    "pyld": ("linker-flavor=ld.lld",),
    "ld.lld": ("linker-flavor=ld.lld",),
    "pylink86": (),
}
"""Name of the command -> what rustc has to be told beside it."""


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.rs").write_text(MAIN)
    (tmp_path / "Cargo.toml").write_text(MANIFEST)
    (tmp_path / "kernel.ld").write_text(SCRIPT)
    return tmp_path


def build(crate: Path, command: str, *more: str) -> tuple[str, Path]:
    """What cargo says of a build with a linker, and the kernel."""
    host = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    target = host.split("host: ")[1].split()[0]
    flags = [word for code in (*CODE, *LINKERS[command]) for word in ("-C", code)]
    (crate / ".cargo").mkdir(exist_ok=True)
    (crate / ".cargo" / "config.toml").write_text(
        f'[build]\ntarget = "{target}"\n[target.{target}]\n'
        f'linker = "{linker(crate, command)}"\nrustflags = {flags}\n'
    )
    done = subprocess.run(
        ["cargo", "build", "--quiet", "--offline", *more],
        cwd=crate, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = "release" if "--release" in more else "debug"
    return done.stdout + done.stderr, crate / "target" / target / folder / "kernel"


def linker(crate: Path, command: str) -> Path:
    """The command under its name, whatever else is installed under it."""
    shims = {path.name: path for path in write_shims(crate / "bin")}
    path = crate / "bin" / command
    if command not in shims:
        text = shims["ld"].read_text(encoding="utf-8")
        if command == "pylink86":  # rustc takes it for a compiler, and speaks to it as to one
            text = text.replace("pylink86.cli.pyld", "pylink86.cli.main")
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    return path


@pytest.mark.parametrize("command", LINKERS)
@pytest.mark.parametrize("profile", [(), ("--release",)], ids=["debug", "release"])
def test_cargo_builds_a_kernel_in_silence(crate: Path, command: str, profile: tuple[str, ...]):
    said, kernel = build(crate, command, *profile)
    assert said == ""
    file = read(kernel)
    assert file.header.entry == file.symbol("_start").value
    assert 0x100000 <= file.header.entry < 0x200000


def test_a_missing_symbol_is_told_with_the_words_editors_look_for(crate: Path):
    text = MAIN.replace("loop {}\n}\n\n#[panic", "unsafe { gone() }\n}\n\n#[panic")
    text += 'unsafe extern "C" { fn gone() -> !; }\n'
    (crate / "src" / "main.rs").write_text(text)
    with pytest.raises(AssertionError, match="undefined reference to `gone'"):
        build(crate, "ld.pylink86")
