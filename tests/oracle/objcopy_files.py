"""ELF files at random for the comparison of objcopy: objects, and what linkers make of them.

objcopy meets every file that a build makes, so the files come from the tools of builds: gas and
nasm for objects in three classes, GNU ld and ld.lld for linked files under scripts drawn at random
(program headers of their own, load addresses, room in the middle of a segment, thread storage,
notes, read-only-after-relocation parts), and a writer of our own for program headers that no linker
would choose.  A seed stands for a file, the same on every machine with the same tools.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pylink86 import read_bytes
from pylink86.diag import LinkError

from .objcopy_images import drawn_image

CLASSES = ("64", "64", "64", "32", "32", "x32")
AS = {"64": ["as", "--64"], "32": ["as", "--32"], "x32": ["as", "--x32"]}
MACHINES = {"64": "elf_x86_64", "32": "elf_i386", "x32": "elf32_x86_64"}
LINKERS = {"ld": "ld", "lld": "ld.lld-19"}


LARGE = 1 << 21
"""A larger file is drawn again: it only takes time."""


class Made(NamedTuple):
    """how: what made it, for reports; linked: does it have program headers?"""

    seed: int
    how: str
    linked: bool
    data: bytes


@lru_cache(maxsize=64)
def made(seed: int) -> Made:
    """The file of a seed."""
    rng = random.Random(f"objcopy {seed}")
    kind = rng.choice(("gas", "gas", "nasm", "ld", "ld", "ld", "ld", "lld", "lld", "drawn"))
    if kind == "drawn":
        return Made(seed, "drawn", True, drawn_image(rng))
    with tempfile.TemporaryDirectory() as folder:
        maker = {"gas": _gas, "nasm": _nasm}.get(kind)
        if maker is not None:
            return Made(seed, kind, False, maker(rng, Path(folder)))
        how, data = _linked(rng, Path(folder), kind)
        return Made(seed, how, True, data)


def missing() -> list[str]:
    """The tools that are not here."""
    return [tool for tool in ("as", "nasm", "ld", "ld.lld-19") if shutil.which(tool) is None]


def _run(words: list[str], folder: Path) -> bool:
    return subprocess.run(words, cwd=folder, capture_output=True, timeout=60).returncode == 0


# --- Objects --------------------------------------------------------------------------------------

SECTIONS = (
    ('.text,"ax",@progbits', "code"), ('.text.hot,"ax",@progbits', "code"),
    ('.data,"aw",@progbits', "data"), ('.data.x,"aw",@progbits', "data"),
    ('.bss,"aw",@nobits', "room"), ('.bss.page,"aw",@nobits', "room"),
    ('.rodata,"a",@progbits', "data"), ('.rodata.str1.1,"aMS",@progbits,1', "text"),
    ('.tdata,"awT",@progbits', "data"), ('.tbss,"awT",@nobits', "room"),
    ('.note.ABI-tag,"a",@note', "note"), ('.note.mine,"a",@note', "note"),
    ('.note.GNU-stack,"",@progbits', ""), ('.comment,"MS",@progbits,1', "text"),
    ('.debug_info,"",@progbits', "data"), ('.debug_str,"MS",@progbits,1', "text"),
    ('.init_array,"aw",@init_array', "pointer"), ('.data.rel.ro,"aw",@progbits', "pointer"),
    ('.boot,"ax",@progbits', "code"), ('.zeros,"aw",@nobits', "room"),
    ('.meta,"",@progbits', "data"), ('.keep,"aR",@progbits', "data"),
    ('.text.f,"axG",@progbits,f,comdat', "code"), ('.data.g,"awG",@progbits,g,comdat', "data"),
    ('.debug_types,"G",@progbits,g,comdat', "data"), ('.excluded,"e",@progbits', "data"),
    ('.large,"awl",@progbits', "data"), ('.odd name,"a",@progbits', "data"),
)  # fmt: skip
"""What sections an object may have, and what is put into them."""

NASM = """\
{bits}
default abs
section .text
global _start
_start: nop
 dd value, other
section .data align={align}
value: dd _start, 1, 2
section .bss
resb {room}
room: resb 8
section .own progbits alloc noexec nowrite align=16
 db 'x'
section .plain noalloc
 db 'plain'
extern other
common block {room}
"""


def _nasm(rng: random.Random, folder: Path) -> bytes:
    kind = rng.choice(("elf64", "elf32", "elfx32"))
    debug = ["-g"] if rng.random() < 0.5 and kind != "elfx32" else []
    bits = "bits 32" if kind == "elf32" else "bits 64"
    text = NASM.format(bits=bits, align=rng.choice((1, 4, 32)), room=rng.randrange(1, 40))
    (folder / "a.asm").write_text(text)
    if not _run(["nasm", "-f", kind, *debug, "-o", "a.o", "a.asm"], folder):
        raise RuntimeError(f"nasm -f {kind}")
    return (folder / "a.o").read_bytes()


def _gas(rng: random.Random, folder: Path) -> bytes:
    return _assembled(rng, folder, rng.choice(CLASSES), "a").read_bytes()


def _assembled(
    rng: random.Random, folder: Path, size: str, name: str, *, moves: bool = False
) -> Path:
    """An object; moves: its code is for any address."""
    text = _text(rng, size, name, moves=moves)
    (folder / f"{name}.s").write_text(text)
    if not _run([*AS[size], "-o", f"{name}.o", f"{name}.s"], folder):
        raise RuntimeError(f"as: {text}")
    return folder / f"{name}.o"


def _text(rng: random.Random, size: str, name: str, *, moves: bool) -> str:
    lines = [f'.file "{name}.c"', ".globl _start", ".text", "_start: nop"] if name == "a" else []
    word = ".quad" if size == "64" else ".long"
    known = [row for row in SECTIONS if size == "64" or ',"awl",' not in row[0]]
    chosen = rng.sample(known, rng.randrange(2, 12))
    for number, (section, what) in enumerate(chosen):
        head, _, rest = section.partition(",")
        lines.append(f'.section "{head}",{rest}')
        if rng.random() < 0.5:
            lines.append(f".p2align {rng.choice((0, 2, 3, 4, 5, 12 if what == 'room' else 6))}")
        label = f"{name}_{number}"
        if rng.random() < 0.7 and what:
            bind = rng.choice((".globl", ".weak", ".local"))
            lines += [f"{bind} {label}"] + [f".hidden {label}"] * (rng.random() < 0.2)
            if "T," in section.partition(",")[2]:
                lines.append(f".type {label},@tls_object")
        if what:
            lines.append(f"{label}:")
        lines += _contents(rng, what, word, moves=moves)
    for group in "fg":
        if any(f",{group},comdat" in section for section, _ in chosen):
            lines += [f".weak {group}", f'.section .sig.{group},"aG",@progbits,{group},comdat',
                      f"{group}: .long 1"]  # fmt: skip
    if rng.random() < 0.3:
        lines.append(f".comm common_{name},{rng.randrange(1, 99)},{rng.choice((1, 8, 64))}")
    return "\n".join(lines) + "\n"


def _contents(rng: random.Random, what: str, word: str, *, moves: bool) -> list[str]:
    place = "_start" if rng.random() < 0.7 else "_start+4"
    if what == "code":
        code = [".long _start - ."] if moves else [f".long {place}", "call _start"]
        return [*code[: rng.randrange(3)], f".skip {rng.randrange(1, 40)}, 0x90"]
    if what == "data":
        value = [".long 7"] if moves or rng.random() < 0.6 else [f"{word} {place}"]
        return [*value, f".skip {rng.choice((0, 1, 7, 60, 200))}, 3"]
    if what == "pointer":
        return [f"{word} _start"]
    if what == "room":
        return [f".skip {rng.choice((1, 4, 100, 5000))}"]
    if what == "text":
        return [f'.asciz "text {rng.randrange(5)}"', '.asciz "more"']
    if what == "note":
        return [".p2align 2", ".long 4, 4, 1", '.asciz "GNU"', f".long {rng.randrange(9)}"]
    return []


# --- Linked files ---------------------------------------------------------------------------------

KINDS = (
    [], [], [], ["-pie"], ["-shared"], ["-N"], ["-n"], ["-q"], ["-static", "-pie"], ["-r"],
)  # fmt: skip
TUNED = (
    ["-z", "separate-code"], ["-z", "noseparate-code"], ["-z", "norelro"], ["-z", "relro"],
    ["-z", "max-page-size=0x1000"], ["-z", "max-page-size=0x200000"], ["--build-id=md5"],
    ["--eh-frame-hdr"], ["-s"], ["-S"], ["-Ttext=0x8000"], ["-z", "nognustack"], ["-z", "now"],
    ["--hash-style=both"], ["-e", "0x1234"], ["-Tdata=0x900000"],
)  # fmt: skip
"""Options that change the file's layout; a linker that does not know one is asked without it."""

GROUPS = (
    (".boot", "*(.boot)"), (".text", "*(.text .text.*)"), (".rodata", "*(.rodata .rodata.*)"),
    (".notes", "*(.note.ABI-tag .note.mine)"), (".tdata", "*(.tdata)"), (".tbss", "*(.tbss)"),
    (".data", "*(.data .data.x)"), (".bss", "*(.bss) *(COMMON)"), (".zeros", "*(.zeros .bss.page)"),
    (".sealed", "*(.data.rel.ro .init_array)"), (".more", "*(.keep .sig.*)"),
)  # fmt: skip


def _linked(rng: random.Random, folder: Path, linker: str) -> tuple[str, bytes]:
    """How, and the bytes; drawn again while the linker refuses, or writes a damaged file."""
    while True:
        size = rng.choice(CLASSES)
        kind = rng.choice(KINDS)
        moves = bool({"-pie", "-shared"} & set(kind))
        names = ["a", "b"][: rng.choice((1, 2))]
        for name in names:
            _assembled(rng, folder, size, name, moves=moves)
        words = [LINKERS[linker], "-m", MACHINES[size], *kind]
        for option in rng.sample(TUNED, rng.choice((0, 1, 2))):
            words += option
        if "-r" not in kind and rng.random() < 0.65:
            (folder / "a.ld").write_text(_script(rng, linker))
            words += ["-T", "a.ld"]
        out = folder / "out"
        out.unlink(missing_ok=True)
        made = _run([*words, "--no-warn-mismatch", *(f"{n}.o" for n in names), "-o", "out"], folder)
        if made and out.stat().st_size < LARGE and _sound(out.read_bytes()):
            return " ".join([*words, size]), out.read_bytes()


def _sound(data: bytes) -> bool:
    """Can it be read?  GNU ld writes sections beyond the file's end for some scripts."""
    try:
        read_bytes(data, "out")
    except LinkError:
        return False
    return True


def _script(rng: random.Random, linker: str) -> str:
    """A script: sections in some order, with addresses, load addresses and program headers."""
    rows = [row for row in GROUPS if rng.random() < 0.85]
    if rng.random() < 0.4:
        rng.shuffle(rows)
        thread = [row for row in rows if row[0] in (".tdata", ".tbss")]
        rows = [*thread, *(row for row in rows if row not in thread)]
    headers = _headers(rng) if rng.random() < 0.5 else []
    lines = ["ENTRY(_start)"]
    if headers:
        lines += ["PHDRS {", *(f"  {name} {rest};" for name, rest in headers), "}"]
    loads = [name for name, rest in headers if rest.startswith("PT_LOAD")]
    far = rng.random() < 0.3
    lines += [
        "SECTIONS {",
        f"  . = {rng.choice(('0x10000', '0x100000', '0x400000 + SIZEOF_HEADERS'))};",
    ]
    current = 0
    for number, (name, inputs) in enumerate(rows):
        if rng.random() < 0.25:
            lines.append(f"  . = ALIGN({rng.choice(('0x10', '0x1000', '0x1000', '0x200000'))});")
        place = f" AT({hex(0x1000 * (number + 1) if rng.random() < 0.5 else 0x800000)})"
        at = place if rng.random() < (0.5 if far else 0.08) else ""
        if loads and rng.random() < 0.4:
            current = min(current + 1, len(loads) - 1)
        where = f" :{loads[current]}" if loads else ""
        if name == ".tdata" or name == ".tbss":
            where += " :tls" * any(n == "tls" for n, _ in headers)
        if name == ".notes":
            where += " :note" * any(n == "note" for n, _ in headers)
        if name == ".sealed":
            where += " :relro" * any(n == "relro" for n, _ in headers)
        filled = " . += 0x20;" if rng.random() < 0.1 else ""
        kind = " (NOLOAD)" if linker == "ld" and rng.random() < 0.05 else ""
        lines.append(f"  {name}{kind} :{at} {{ {inputs}{filled} }}{where}")
    return "\n".join([*lines, "}"]) + "\n"


def _headers(rng: random.Random) -> list[tuple[str, str]]:
    count = rng.choice((1, 2, 3))
    found = [(f"load{n}", "PT_LOAD") for n in range(count)]
    if rng.random() < 0.3:
        found[0] = ("load0", "PT_LOAD FILEHDR PHDRS")
    if rng.random() < 0.2:
        found[-1] = (found[-1][0], "PT_LOAD FLAGS(7)")
    if rng.random() < 0.15:
        found[-1] = (found[-1][0], "PT_LOAD AT(0x70000)")
    for name, rest in (("tls", "PT_TLS"), ("note", "PT_NOTE"), ("relro", "PT_GNU_RELRO"),
                       ("stack", "PT_GNU_STACK FLAGS(6)"), ("empty", "PT_NULL")):  # fmt: skip
        if rng.random() < (0.6 if name != "empty" else 0.05):
            found.append((name, rest))
    return found
