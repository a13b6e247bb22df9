"""The words of a compiler driver, as rustc, CMake and Makefiles write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86 import read
from pylink86.cli import main
from pylink86.cli.driver import linker_words

DATA = str(Path(__file__).parents[2] / "fixtures" / "objects" / "c64_data.o")

RUSTC = """
    -m64 /tmp/rustcZ/symbols.o k.rcgu.o -Wl,--as-needed -Wl,-Bstatic /lib/core.rlib -Wl,-Bdynamic
    -Wl,--eh-frame-hdr -Wl,-z,noexecstack -L /sysroot/lib -o k -Wl,--gc-sections -static -no-pie
    -Wl,-z,relro,-z,now -nodefaultlibs -Wl,-O1 -nostartfiles -fuse-ld=lld -Tk.ld
    """


def translated(line: str) -> list[str]:
    problems: list = []
    words = list(linker_words(line.split(), problems))
    assert not problems
    return words


HANDED_ON = """
    -m elf_x86_64 /tmp/rustcZ/symbols.o k.rcgu.o --as-needed -Bstatic /lib/core.rlib -Bdynamic
    --eh-frame-hdr -z noexecstack -L /sysroot/lib -o k --gc-sections -static -no-pie
    -z relro -z now -O1 -Tk.ld
    """


def test_what_rustc_says_to_a_compiler():
    assert translated(RUSTC) == HANDED_ON.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-m32 a.o", "-m elf_i386 a.o"),
        ("-static-pie a.o", "-static -pie --no-dynamic-linker a.o"),
        ("-Xlinker -Map=x -Xlinker -q", "-Map=x -q"),
        ("-Wl,-Map,k.map,,--cref", "-Map k.map --cref"),
        ("-T k.ld -Ttext=0x7c00", "-T k.ld -Ttext=0x7c00"),
        ("-ok -Llib -lfoo -u f -ef", "-ok -Llib -lfoo -u f -ef"),
        ("-x none -I inc -D X=1 -B bin a.o", "a.o"),
        ("-O2 -g -Wall -fno-pic -mcmodel=kernel -std=c11 -pipe -pthread a.o", "a.o"),
        ("-rdynamic -s -r", "--export-dynamic -s -r"),
        ("--sysroot=/s - a.o", "--sysroot=/s - a.o"),
    ],
)
def test_words(line: str, words: str):
    assert translated(line) == words.split()


def test_what_is_unknown_is_told(capsys: pytest.CaptureFixture[str]):
    assert main.main(["--gc-sections", "a.o"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error[unknown-option]: unrecognized option '--gc-sections'")
    assert "-Wl,--gc-sections" in err
    assert main.main(["-o"]) == 1
    assert "error[option-needs-value]" in capsys.readouterr().err


def test_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "kernel"
    script = tmp_path / "k.ld"
    script.write_text("SECTIONS { .text 0x100000 : { *(.text*) } }")
    response = tmp_path / "words"
    response.write_text(f'-nostdlib "-Wl,-T,{script.as_posix()}"')
    words = ["-m64", DATA, f"@{response}", "-Wl,-e,0", "-o", str(out)]
    assert main.main(words) == 0
    assert capsys.readouterr().err == ""
    assert next(s for s in read(out) if s.name == ".text").addr == 0x100000


def test_commands_go_before_it(capsys: pytest.CaptureFixture[str]):
    assert main.main(["--version"]) == 0
    assert main.main(["frobnicate"]) == 1
    assert "unknown-command" in capsys.readouterr().err
