"""ELF files against those of GNU ld and LLD, byte for byte: layout, segments, symbols, tables.

What differs by intent is left out before comparing: LLD's `.comment` names LLD, ours names us.
"""

from __future__ import annotations

import io
import shutil
import subprocess

import pytest

from pylink86 import __version__
from pylink86.cli.pyld import main

pytestmark = pytest.mark.peer

PEERS = {"gnu": "ld", "lld": "ld.lld-19"}

A = """\
.file "a.c"
.globl _start, foo, gdata
.hidden hid
.globl hid
.text
_start: nop
 call foo
 call bar
.Ltmp: nop
loc: nop
hid: nop
.section .text.foo,"ax"
foo: ret
.section .rodata.str1.1,"aMS",@progbits,1
.Lstr: .asciz "hello"
sname: .asciz "world"
.section .rodata,"a"
.quad .Lstr
.data
gdata: .quad foo
.bss
.globl gbss
gbss: .zero 32
.section .note.foo,"a",@note
.long 4,4,1
.asciz "GNU"
.long 5
.section .tdata,"awT"
.quad 1
.section .tbss,"awT",@nobits
tb: .zero 8
.section .init_array,"aw",@init_array
.quad foo
.section .note.GNU-stack,"",@progbits
.section .debug_foo,"",@progbits
.quad foo
.comm cmm,16,16
.comm cmm2,8,8
.weak wk
"""

B = """\
.file "b.c"
.globl bar, zeta
.text
bar: call foo
 ret
bl: ret
zeta: .quad bar
.weak wk
.section .text.foo,"ax"
ret
.section .note.GNU-stack,"",@progbits
.section .comment,"MS",@progbits,1
.asciz "GCC: x"
.text
.globl abs1
abs1 = 0x1234
"""

SMALL = """\
.globl _start
.text
_start: nop
.data
.quad 1
.section .rodata,"a"
.quad 2
.bss
.zero 16
"""

GROUPS = """\
.file "r1.c"
.section .grp,"axG",@progbits,sig,comdat
.globl sig
sig: nop
 call ext
.section .text.x,"ax"
l1: call l1
 call .Lq
.Lq: nop
.section .rodata.str1.1,"aMS",@progbits,1
.LC0: .string "abc"
.string "def"
.text
.globl f
f: mov $.LC0, %edi
 mov $.LC0+4, %edi
.comm cc,8,32
.section .excl,"e"
.long 1
"""

NAMES = """\
.globl _start,  bfoo, foo, oo, xbfoo, abc, c
_start: xbfoo: bfoo: foo: oo: abc: c: nop
bc: nop
l1: nop
"""

HIGH = """\
.globl _start, entry
.set _start, entry - 0x80000000
.text
nop
entry: mov $_start, %eax
.data
.long entry, _start
"""

HIGHER_HALF = """\
ENTRY(_start)
SECTIONS {
  . = 0x80100000;
  .text : AT(0x100000) { *(.text) }
  .data : { *(.data) _edata = .; size = . - _start; }
}
"""

TYPED = """\
.globl _start, v, f
.text
_start: .long v, f, w
.type w, @object
.weak w
.type f, @function
f: ret
.data
.type v, @object
.size v, 4
v: .long 1
.comm common, 16, 8
"""

RETYPED = "v = 5; f = 6; w = 7; common = 8; SECTIONS { .text : { *(.text) } .data : { *(.data) } }"

ONLY_BSS = """\
.bss
b_l: .long 0
"""

BSS_FIRST = "SECTIONS { .bss : { *(.bss) } .data : { *(.data) } .text : { *(.text) } }"

SEEN_BY_FEW = """\
.globl _start, g1, g2, g3
.hidden g1
.protected g2
.internal g3
_start: nop
.hidden r1
.long r1
g1:
g2:
g3: nop
"""

OTHER_NAMES = """\
HIDDEN(h1 = 5);
SECTIONS { .text : { *(.text) h2 = .; PROVIDE_HIDDEN (h3 = .); } }
a1 = h1; a2 = h2; a3 = h3; a4 = g1; a5 = g1 + 4; a6 = g1 - g2; a7 = g2; a8 = g3; r1 = g2;
a9 = r1; b1 = a9; b2 = a4; b3 = MAX(g3, g3+1); b4 = b5; b5 = g1; b6 = g1 ? 1 : 2;
b7 = g1 - _start; b8 = DEFINED(g1) ? g1 : 0; b9 = ABSOLUTE(g1); HIDDEN(c1 = g2); c2 = c1;
c3 = SIZEOF(.text) + g1; c4 = ALIGN(g1, 4); c5 = 1 ? g1 : g2; c6 = DEFINED(none) ? g2 : g3;
"""

WHOSE_RESULTS = """\
SECTIONS {
  . = 0x1000; d1 = .;
  .text : { *(.text) t1 = .; t2 = .; }
  e1 = t1 - t2; e2 = t1 == t2; e3 = t1 < t2; e4 = ADDR(.text) - t1; e5 = t1 - t2 + d1; e6 = d1;
  e7 = t1; e8 = . + 4; e9 = . - t1; f1 = ASSERT(t1 == t2, "x"); f2 = t1 && t2; f3 = -(t1 - t2);
  .data : { *(.data) f4 = t1 - t2; f5 = . - t1; f6 = d1; f7 = t1 == t2; }
}
"""

NO_START = """\
.section .m,"ax"
nop
nop
"""

EMPTY_TEXT = "SECTIONS { .m 0x88f0 : { *(.m) } .text 0x9000 : { *(.text) } }"

NOT_IN_MEMORY = """\
.text
.globl _start
_start: .long 1
.section .n,"",@progbits
.ascii "nnnnn"
.data
.long 4
"""

ROOM = """\
SECTIONS {
  .text : { *(.text) }
  .n : { *(.n) . = ALIGN(16); }
  .data : { *(.data) }
}
"""

UNSORTED = """\
f: .long 1, 2, 3, 4, 5, 6, 7, 8
.reloc 24, R_X86_64_32, f
.reloc 4, R_X86_64_32, g
.reloc 24, R_X86_64_32, h
"""

SCRIPT = """\
SECTIONS {
  . = 0x10000;
  .text : { *(.text .text.*) tend = .; }
  .data : { *(.data) }
  PROVIDE_HIDDEN(hs = .); HIDDEN(h2 = .); abs = 5; _end = .;
  .bss : { *(.bss COMMON) }
}
"""

SEGMENTS = """\
PHDRS { a PT_LOAD FILEHDR PHDRS; b PT_LOAD FLAGS(7); n PT_NOTE; }
SECTIONS {
  . = 0x10000 + SIZEOF_HEADERS;
  .text : { *(.text) } :a
  .rodata : { *(.rodata) }
  .data : { *(.data) } :b
  .bss : { *(.bss) }
}
"""

PAGES = """\
SECTIONS {
  . = 0x10000;
  .text : { *(.text) }
  . = 0x11ff8;
  .rodata : { *(.rodata) }
  . = 0x12000;
  .data : { *(.data) }
  .bss 0x14000 : { *(.bss) }
}
"""

IN_MEMORY_BY_NAME = """\
SECTIONS {
  .first 0x123 : { *(.text) }
  .text 0x5006 (INFO) : { LONG(1) }
  .other (INFO) : { LONG(2) }
}
"""

OUTSIDE_OF_SEGMENTS = """\
PHDRS { first PT_LOAD; }
SECTIONS {
  .zero : { LONG(ADDR(.second)) } :NONE
  .first 0x7c01 (OVERLAY) : { *(.foo) LONG(1) } :first
  .second : { *(.text) } :NONE
}
"""

LINKS = {
    "small": ([SMALL], "", []),
    "pages": ([SMALL], PAGES, []),
    "segments": ([SMALL], SEGMENTS, []),
    "names": ([NAMES], "", []),
    "names-script": ([NAMES], SCRIPT, []),
    "script-strip": ([SMALL], SCRIPT, ["-s"]),
    "script-discard": ([NAMES, SMALL.replace("_start", "start2")], SCRIPT, ["-x"]),
    "relink": ([A, B], "", ["-r"]),
    "relink-groups": (
        [GROUPS, GROUPS.replace("f:", "f2:").replace("globl f", "globl f2")],
        "",
        ["-r"],
    ),
    "two-files": ([A, B], "", []),
    "nmagic": ([A, B], "", ["-n"]),
    "omagic": ([A, B], "", ["-N"]),
    "omagic-code": ([NAMES], "", ["-N"]),
    "omagic-bss": ([ONLY_BSS, NAMES], "", ["-N", "-Ttext", "0"]),
    "noseparate-code": ([A, B], "", ["-z", "noseparate-code"]),
    "norelro": ([A, B], "", ["-z", "norelro"]),
    "small-pages": ([SMALL], PAGES, ["-z", "max-page-size=16"]),
    "emit-relocs": ([A, B], "", ["-q"]),
    "offset-before-the-section": ([HIGH], HIGHER_HALF, ["-m", "elf_i386"]),
    "assigned-with-types": ([TYPED], RETYPED, []),
    "files-without-contents": ([ONLY_BSS, SMALL], BSS_FIRST, []),
    "other-names": ([SEEN_BY_FEW], OTHER_NAMES, []),
    "whose-results": ([SMALL], WHOSE_RESULTS, []),
    "entry-in-an-orphan": ([NO_START], "SECTIONS { .m 0x88f0 : { *(.m) } }", []),
    "entry-in-empty-text": ([NO_START], EMPTY_TEXT, []),
    "room-makes-memory": ([NOT_IN_MEMORY], ROOM, []),
    "room-makes-memory-in-images": ([NOT_IN_MEMORY], ROOM, ["--oformat", "binary"]),
    "in-memory-by-name": ([SMALL], IN_MEMORY_BY_NAME, []),
    "outside-of-segments": ([SMALL], OUTSIDE_OF_SEGMENTS, []),
    "relink-unsorted": ([UNSORTED], "", ["-r"]),
    "relink-stack-notes": ([SMALL, '.section .note.GNU-stack,"",@progbits'], "", ["-r"]),
}

KNOWN = {
    ("lld", "emit-relocs"): "section symbols stand in another order",
    ("lld", "norelro"): "orphans are in the order they have with RELRO",
    ("lld", "nmagic"): "the same: -n means -z norelro",
    ("lld", "omagic"): "the same: -N means -z norelro",
    ("lld", "outside-of-segments"): "what is not in memory is in no PT_LOAD",
    ("gnu", "relink-groups"): ".shstrtab has `.group` at another place",
}


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("dialect", PEERS)
def test_the_whole_file_is_the_peers(dialect, name, tmp_path, monkeypatch):
    for tool in ("as", PEERS[dialect]):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (apt install binutils lld-19)")
    monkeypatch.chdir(tmp_path)
    sources, script, options = LINKS[name]
    words = list(options)
    if script:
        (tmp_path / "a.ld").write_text(script)
        words += ["-T", "a.ld"]
    for number, source in enumerate(sources):
        words.append(f"{number}.o")
        bits = "--32" if "elf_i386" in options else "--64"
        subprocess.run(["as", bits, "-o", words[-1]], input=source, text=True, check=True)
    done = subprocess.run(
        [PEERS[dialect], *words, "-o", "peer"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert main([f"--dialect={dialect}", *words, "-o", "ours"], "pyld") == 0
    theirs, ours = (tmp_path / "peer").read_bytes(), (tmp_path / "ours").read_bytes()
    if (dialect, name) in KNOWN:
        assert theirs != ours, f"no difference any more: {KNOWN[dialect, name]}"
        return
    if b"Linker: " in theirs:
        assert _headers(theirs) == _headers(ours)
        assert f"Linker: pylink86 {__version__}".encode() in ours
    else:
        assert theirs == ours


def _headers(data):
    """Program headers, section headers but for .comment and what follows it, and symbols."""
    from elftools.elf.elffile import ELFFile

    file = ELFFile(io.BytesIO(data))
    sections, before = [], True
    for section in file.iter_sections():
        header = dict(section.header)
        before &= section.name != ".comment"
        if not before:
            for word in ("sh_offset", "sh_size")[: 2 if section.name == ".comment" else 1]:
                del header[word]
        header["sh_name"] = section.name
        content = section.data() if section.name != ".comment" else b""
        sections.append((header, content))
    return [dict(s.header) for s in file.iter_segments()], sections
