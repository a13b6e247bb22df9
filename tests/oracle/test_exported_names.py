"""Names that a program which moves lists for others, and where, byte for byte as in LLD."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import __version__
from pylink86.cli.pyld import main

pytestmark = pytest.mark.peer

PEER = "ld.lld-19"

PROGRAM = """\
.globl _start, foo, bar, hid, var, commo
.hidden hid
.type _start, @function
_start: call foo@PLT
foo: ret
hid: ret
bar: ret
.data
var: .word_ foo
.size var, 8
.type var, @object
.section .tdata,"awT",@progbits
.globl tlsv
tlsv: .long 1
.comm commo, 4, 4
"""

LIBRARY = """\
.irp n, 1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,g,h,i
.globl n\\n
n\\n: ret
.endr
.weak foo
.protected prot
.globl prot
prot: call bar@PLT
"""

FILES = {
    "v.ver": "{ global: foo; n*; local: *; };",
    "d.list": "{ foo; n1*; };",
    "s.ld": """
SECTIONS { . = SIZEOF_HEADERS; x1 = .; .text : { *(.text) } .data : { x2 = .; *(.data) } }""",
}

CALLS = (
    "-E a.o",
    "-E b.o a.o",
    "-E b.o a.o -rpath /foo -soname bar",
    "-E b.o a.o --hash-style=sysv",
    "-E b.o a.o --hash-style=gnu -s",
    "-E b.o a.o --version-script v.ver",
    "-E b.o a.o --gc-sections",
    "-z rodynamic a.o",
    "-z rodynamic -E a.o b.o -z separate-code --hash-style=gnu",
    "-z rodynamic a.o -T s.ld",
    "-E b.o a.o --defsym zz=foo --defsym yy=3",
    "-E b.o a.o -T s.ld",
    "--dynamic-list d.list b.o a.o",
    "--export-dynamic-symbol n1 b.o a.o",
)


def peer_links(call: str) -> None:
    version = f"Linker: pylink86 {__version__}"
    env = {**os.environ, "LLD_VERSION": version}
    subprocess.run([PEER, *call.split(), "-pie", "-o", "theirs"], check=True, env=env)


@pytest.mark.skipif(shutil.which(PEER) is None, reason="install lld-19")
@pytest.mark.parametrize("word", [8, 4])
def test_whole_files(word: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    for name, text in (("a", PROGRAM), ("b", LIBRARY)):
        source = text.replace(".word_", ".quad" if word == 8 else ".long")
        call = ["as", f"--{8 * word}", "-", "-o", f"{name}.o"]
        subprocess.run(call, input=source, text=True, check=True)
    for call in CALLS:
        peer_links(call)
        assert main([*call.split(), "-pie", "-o", "ours"], "ld.lld") == 0, call
        assert Path("ours").read_bytes() == Path("theirs").read_bytes(), call
