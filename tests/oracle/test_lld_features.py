"""What LLD does with scripts and options in its own corners, whole files compared with ld.lld-19,
and the first lines of what it says when a link fails."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from pylink86 import __version__
from pylink86.cli import pyld

PEER = "ld.lld-19"

PLAIN = ".globl _start\n_start: nop\n.data\n.quad 1\n"
RELRO = (
    '.globl _start\n_start: nop\n.section .data.rel.ro,"aw"\n.quad 1\n.section .got,"aw"\n'
    ".quad 2\n.data\n.quad 3\n"
)
VERSIONS = (
    ".globl _start, f1, f2\n_start: call f\n.symver f1, f@V1\n.symver f2, f@@V2\nf1: ret\nf2: nop\n"
)
TABLES = (
    "SECTIONS { .text : { *(.text) } .symtab 0 : { *(.symtab) } .data : { *(.data) }"
    " .strtab : { *(.strtab) } .shstrtab : { *(.shstrtab) } }"
)
RELRO_END = (
    "SECTIONS { .text : { *(.text) } . = DATA_SEGMENT_ALIGN(CONSTANT(MAXPAGESIZE), 4096);"
    " .data.rel.ro : { *(.data.rel.ro) } .got : { *(.got) } . = DATA_SEGMENT_RELRO_END(0, .);"
    " .data : { *(.data) } }"
)
PAGES = "SECTIONS { .text : { *(.text) } x = CONSTANT(MAXPAGESIZE); y = CONSTANT(COMMONPAGESIZE); }"
THREADS = PLAIN + (
    '.section .tdata,"awT"\n.quad 5\n.section .tbss,"awT",@nobits\n.globl t\nt: .zero 12\n'
)
CONSTANTS = PLAIN + '.section .c,"aM",@progbits,4\n.long 1, _start - .\n'

SAME = {
    "tables-have-places": (PLAIN, TABLES, []),
    "tables-have-places-r": (PLAIN, TABLES, ["-r"]),
    "tables-have-places-stripped": (PLAIN, TABLES, ["-s"]),
    "names-of-sections-are-kept": (
        PLAIN,
        "SECTIONS { .text : { *(.text) } .shstrtab : { *(.shstrtab) } /DISCARD/ : { *(*) } }",
        [],
    ),
    "discarded-names-of-symbols": (PLAIN, "SECTIONS { /DISCARD/ : { *(.strtab) } }", []),
    "discarded-symbols": (PLAIN, "SECTIONS { /DISCARD/ : { *(.symtab) } }", []),
    "relro-ends-in-the-script": (RELRO, RELRO_END, []),
    "relro-ends-in-the-script-norelro": (RELRO, RELRO_END, ["-z", "norelro"]),
    "no-pages-with-n": (PLAIN, PAGES, ["-n"]),
    "common-pages-are-not-larger": (PLAIN, PAGES, ["-z", "max-page-size=0x800"]),
    "relro-fills-common-pages": (RELRO, "", ["-z", "max-page-size=0x800"]),
    "traps-behind-code": (PLAIN, "", ["-z", "separate-code"]),
    "traps-in-the-last-segment": (".globl _start\n_start: nop\n", "", ["-z", "separate-code"]),
    "traps-in-large-pages": (
        PLAIN, "", ["-z", "separate-loadable-segments", "-z", "max-page-size=0x2000"],
    ),
    "freebsd": (PLAIN, "", ["-m", "elf_x86_64_fbsd"]),
    "amd64": (PLAIN, "", ["-m", "elf_amd64"]),
    "freebsd-by-script": (PLAIN, "OUTPUT_FORMAT(elf64-x86-64-freebsd)", []),
    "openbsd": (
        PLAIN,
        "PHDRS { t PT_LOAD FILEHDR PHDRS; r PT_OPENBSD_RANDOMIZE; b PT_OPENBSD_BOOTDATA;"
        " w PT_OPENBSD_WXNEEDED FLAGS(1); m PT_OPENBSD_MUTABLE; s PT_OPENBSD_SYSCALLS; }"
        "SECTIONS { . = SIZEOF_HEADERS; .text : { *(.text) } :t .data : { *(.data) } :t :r }",
        [],
    ),
    "wxneeded": (PLAIN, "", ["-z", "wxneeded"]),
    "empty-relro": (
        PLAIN, "PHDRS { t PT_LOAD; r PT_GNU_RELRO; } SECTIONS { .text : { *(.text) } :t }", [],
    ),
    "constants-with-relocations": (CONSTANTS, "", []),
    "constants-with-relocations-O0": (CONSTANTS, "", ["-O0"]),
    "constants-with-relocations-r": (CONSTANTS, "", ["-r"]),
    "versions": (VERSIONS, "", []),
    "wrapped-r": (
        ".globl _start, f, __wrap_f\n_start: call f\nf: nop\n__wrap_f: call __real_f\n",
        "",
        ["-r", "--wrap=f"],
    ),
    "versions-r": (VERSIONS, "", ["-r"]),
    "traced-names-come-first": (VERSIONS, "", ["-y", "f2"]),
    "notes-before-tables": (PLAIN, "", ["-pie", "--build-id=sha1", "--package-metadata={}"]),
}  # fmt: skip
"""name -> assembly, script and options."""

SAME |= {
    "quoted-files-are-names": (
        PLAIN, 'SECTIONS { .x : { "?.o"(.text) } .y : { "0.o"(.data) } }', [],
    ),
    "tables-have-no-flags": (
        PLAIN, "SECTIONS { .x : { INPUT_SECTION_FLAGS(SHF_WRITE) *(*) } }", ["-N"],
    ),
    "stack-note-discarded-r": (PLAIN, "SECTIONS { /DISCARD/ : { *(.note*) } }", ["-r"]),
    "code-beside-the-unwind-index": (
        ".globl _start\n_start: .cfi_startproc\n nop\n .cfi_endproc\n",
        "SECTIONS { .text : { *(.text) } .h : { *(.eh_frame_hdr) LONG(0) *(.data) } }",
        ["--eh-frame-hdr"],
    ),
    "table-read-by-a-script": (
        PLAIN,
        "HIDDEN(e = .); SECTIONS { .text : { *(.text) QUAD(_GLOBAL_OFFSET_TABLE_) }"
        " a = _GLOBAL_OFFSET_TABLE_; } HIDDEN(f = .);",
        [],
    ),
    "hidden-before-the-dynamic-section": (
        PLAIN, "SECTIONS { .text : { *(.text) } HIDDEN(e = .); }", ["-pie"],
    ),
    "wrapped-in-a-script": (
        PLAIN + ".globl f, g\nf: nop\ng: nop\n",
        "SECTIONS { .text : { *(.text) } a = f + 1; b = __real_f; c = DEFINED(f); }",
        ["--wrap=f", "--defsym=__wrap_f=g"],
    ),
    "size-so-far": (
        PLAIN,
        "SECTIONS { .x : { e = SIZEOF(.x); *(.data) f = SIZEOF(.x); . += SIZEOF(.x); *(.text)"
        ' ASSERT(SIZEOF(.x) == 17, "17") BYTE(SIZEOF(.x)) } }',
        [],
    ),
    "only-assigned-from-itself": (PLAIN, "_start = _start; a = a; b = _start + 4;", []),
    "described-relro": (
        RELRO,
        "SECTIONS { .text : { *(.text) } . = DATA_SEGMENT_ALIGN(4096, 4096); .data : { *(.data) }"
        " . = DATA_SEGMENT_RELRO_END(0, .); . = DATA_SEGMENT_END(.); }",
        [],
    ),
    "relro-ends-before-orphans": (
        RELRO,
        "SECTIONS { .text : { *(.text) } . = DATA_SEGMENT_ALIGN(4096, 4096); .got : { *(.got) }"
        " . = DATA_SEGMENT_RELRO_END(0, .); .data : { *(.data) } }",
        [],
    ),
    "relro-of-orphans-alone": (
        RELRO,
        "SECTIONS { .text : { *(.text) } . = DATA_SEGMENT_ALIGN(4096, 4096);"
        " . = DATA_SEGMENT_RELRO_END(0, .); .data : { *(.data) } }",
        [],
    ),
    "excluded-files-part-a-sort": (
        PLAIN + '.section .text.b,"ax"\nnop\n.section .data.a,"aw"\n.byte 7\n',
        "SECTIONS { .d : { *(SORT(EXCLUDE_FILE(x.o) .text.b EXCLUDE_FILE(y.o) .data*)) } }",
        [],
    ),
    "statements-behind-a-failed-condition": (
        ".bss\n.zero 1\n",
        "SECTIONS { .one : ONLY_IF_RO { *(.bss) SHORT(no) } .four : { } n = . - ADDR(.four); }",
        [],
    ),
    "names-of-discard-are-zero": (
        PLAIN,
        "SECTIONS { z = 9; .text : { *(.text) } /DISCARD/ : { x = 5; *(.data) z = 1; } y = x; }",
        [],
    ),
    "thread-local-room-lies-at-the-dot": (
        THREADS,
        "MEMORY { r : ORIGIN = 0x1000, LENGTH = 64K m : ORIGIN = 0x8000, LENGTH = 64K }"
        " SECTIONS { .text : { *(.text) } > r .tbss : { *(.tbss) } > m .data : { *(.data) } > r"
        " .tdata : { *(.tdata) } > r }",
        [],
    ),
    "thread-local-room-has-no-address": (
        THREADS,
        "SECTIONS { .text : { *(.text) } .tdata : { *(.tdata) } .tbss 0x6000 : { *(.tbss) }"
        " .data : { *(.data) } }",
        [],
    ),
    "section-at-the-last-bytes": (
        PLAIN, "SECTIONS { .text 0xfffffffffffffffe : { *(.text) } .data 0 : { *(.data) } }", [],
    ),
    "data-in-a-tls-segment": (
        PLAIN,
        "PHDRS { all PT_LOAD; tls PT_TLS; }"
        " SECTIONS { .text : { *(.text) } :all .data : { *(.data) } :all }",
        [],
    ),
}  # fmt: skip

MAPS = {
    "bare": (PLAIN, "", []),
    "stripped": (PLAIN + '.section .debug_x,""\n.quad 1\n', "", ["-s"]),
    "folded": (
        PLAIN + '.section .text.a,"ax"\na: ret\n.section .text.b,"ax"\nb: ret\n', "",
        ["--icf=all"],
    ),
    "relro": (RELRO, "", []),
    "r": (".globl _start\n_start: call f\n.data\n.quad 1, f\n", "", ["-r"]),
    "r-with-a-script": (
        CONSTANTS,
        "SECTIONS { .text : { *(.text) } .data : { *(.data) } e = .; .c : { *(.c) } f = .; }",
        ["-r"],
    ),
    "names-of-discard": (PLAIN, "SECTIONS { /DISCARD/ : { x = 5; } }", []),
}  # fmt: skip

FAILING = {
    "undefined": (".globl _start\n_start: call nosuch\ncall nosuch\n", "", []),
    "undefined-often": (".globl _start\n_start: " + "call nosuch\n" * 5, "", []),
    "twice": (PLAIN, "", ["0.o"]),
    "no-file": (PLAIN, "", ["nosuch.o"]),
    "no-library": (PLAIN, "", ["-lnosuch"]),
    "no-such-option": (PLAIN, "", ["--nosuch-at-all"]),
    "too-far": (".globl _start\n_start: .byte big\n.globl big\nbig = 0x1234\n", "", []),
    "writable": ('.section .s,"awMS",@progbits,1\n.asciz "x"\n', "", []),
    "discarded-table": (PLAIN, "SECTIONS { .text : { *(.text) } /DISCARD/ : { *(*) } }", []),
    "two-addresses": (
        PLAIN,
        "MEMORY { r : ORIGIN = 0x1000, LENGTH = 64K }"
        " SECTIONS { .text : AT(1) { *(.text) } >r AT>r }",
        [],
    ),
    "too-large": (
        PLAIN,
        "MEMORY { r : ORIGIN = 0, LENGTH = 4 } SECTIONS { .all : { *(.text .data .bss) } >r }",
        [],
    ),
    "assertion": (PLAIN, 'ASSERT(0, "not like this")', []),
    "no-symbol": (PLAIN, "SECTIONS { x = nosuch; }", []),
    "no-section": (PLAIN, "SECTIONS { x = ADDR(.nosuch); }", []),
    "no-region": (PLAIN, "SECTIONS { .text : { *(.text) } > nosuch }", []),
    "by-zero": (PLAIN, "SECTIONS { x = 1 / 0; }", []),
    "no-semicolon": (PLAIN, "SECTIONS { x = 1 2; }", []),
    "no-brace": (PLAIN, "SECTIONS { .text : { *(.text)", []),
    "no-command": (PLAIN, "NOSUCH(1)", []),
    "bad-phdr": (PLAIN, "PHDRS { t PT_NOSUCH; }", []),
    "overlap": (
        PLAIN,
        "SECTIONS { .a 0x1000 : AT(0x1000) { *(.data) } .b 0x1008 : AT(0x1004) { *(.text) } }",
        [],
    ),
    "for-ever": (PLAIN, "_start = _start + 1;", []),
    "for-ever-by-option": (PLAIN, "", ["--defsym=_start=_start+4"]),
    "no-place-to-insert": (
        PLAIN, "SECTIONS { .text : { *(.text) } .d : { *(.data) } } INSERT AFTER .nosuch;", [],
    ),
    "neither-after-nor-before": (PLAIN, "SECTIONS { .d : { *(.data) } } INSERT AT .text;", []),
    "crossing": (
        ".globl _start\n_start: call f\n.section .t2,\"ax\"\n.globl f\nf: ret\n",
        "NOCROSSREFS(.text .t2) SECTIONS { .text : { *(.text) } .t2 : { *(.t2) } }",
        [],
    ),
    "no-region-of-the-alias": (PLAIN, "REGION_ALIAS(a, nosuch)", []),
    "no-type-of-a-segment": (PLAIN, "PHDRS { t }", []),
    "no-colon": (PLAIN, "SECTIONS { .text { *(.text) } }", []),
    "no-target": (PLAIN, "TARGET(nosuch)", []),
    "no-function": (PLAIN, "x = NOSUCH(1);", []),
    "no-section-type": (PLAIN, "SECTIONS { .x (TYPE=SHT_NOSUCH) : { *(.data) } }", []),
    "no-flag": (PLAIN, "SECTIONS { .x : { INPUT_SECTION_FLAGS(SHF_ALLOC | 1) *(*) } }", []),
    "file-of-the-script": (PLAIN, "INPUT(nosuch.o)", []),
    "itself": (PLAIN, "INCLUDE a.ld", []),
    "back-in-a-section": (PLAIN, "SECTIONS { .data : { *(.data) . = 0; } }", []),
    "tables-of-two-types": (PLAIN, "SECTIONS { .t : { *(.strtab) *(.symtab) } }", []),
    "tables-beside-data": (PLAIN, "SECTIONS { .t : { *(.data .symtab) } }", []),
    "everything-in-one": (PLAIN, "SECTIONS { .all : { *(*) } }", []),
    "everything-in-one-stripped": (PLAIN, "SECTIONS { .all : { *(*) } }", ["-s"]),
    "everything-in-one-r": (PLAIN, "SECTIONS { .all : { *(*) } }", ["-r"]),
    "at-the-last-address": (
        PLAIN,
        "SECTIONS { .text 0xffffffffffffffff : { *(.text) } .data 0x100 : { *(.data) } }",
        [],
    ),
    "beyond-all-addresses": (
        PLAIN, "SECTIONS { .text : { *(.text) } .data 0xfffffffffffffffc : { *(.data) } }", [],
    ),
    "another-type": (PLAIN, "SECTIONS { .x (TYPE=SHT_NOTE) : { *(.data) } }", []),
    "thread-local-beside-others": (
        PLAIN + '.section .tdata,"awT",@progbits\n.quad 1\n',
        "SECTIONS { .x : { *(.tdata .data) } }",
        [],
    ),
    "orphan": (PLAIN, "SECTIONS { .text : { *(.text) } }", ["--orphan-handling=error"]),
}  # fmt: skip

SLUG = re.compile(r" \[[a-z0-9-]+\]$")


LIBRARIES = {
    "provided-because-used-later": ["PROVIDE(x = f); SECTIONS { y = x; }"],
    "provided-because-a-library-knows-it": ["PROVIDE(f = 5); SECTIONS { }"],
}


@pytest.fixture
def linked(tmp_path, monkeypatch):
    """Runs LLD and pyld on one row of a table: what LLD printed, and its status."""
    for tool in ("as", PEER):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (apt install binutils lld-19)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLD_VERSION", f"Linker: pylink86 {__version__}")

    def run(row, *more, machine="--64"):
        source, script, options = row
        subprocess.run(["as", machine, "-o", "0.o"], input=source, text=True, check=True)
        words = ["0.o", *options, *more]
        if script:
            (tmp_path / "a.ld").write_text(script)
            words += ["-T", "a.ld"]
        done = subprocess.run(
            [PEER, *words, "-o", "theirs"], capture_output=True, text=True, timeout=60
        )
        return done, pyld.main(["--dialect=lld", *words, "-o", "ours"], "pyld")

    return run


@pytest.mark.peer
@pytest.mark.parametrize("name", SAME)
def test_the_whole_file_is_llds(name, linked, tmp_path) -> None:
    done, status = linked(SAME[name])
    assert (done.returncode, status) == (0, 0), done.stderr
    assert (tmp_path / "theirs").read_bytes() == (tmp_path / "ours").read_bytes()


@pytest.mark.peer
@pytest.mark.parametrize("name", LIBRARIES)
def test_names_of_libraries_are_met(name, linked, tmp_path) -> None:
    subprocess.run(["as", "-o", "f.o"], input=".globl f\nf: ret\n", text=True, check=True)
    subprocess.run(["ar", "crs", "l.a", "f.o"], check=True)
    done, status = linked((PLAIN, *LIBRARIES[name], ["l.a"]))
    assert (done.returncode, status) == (0, 0), done.stderr
    assert (tmp_path / "theirs").read_bytes() == (tmp_path / "ours").read_bytes()


@pytest.mark.peer
@pytest.mark.parametrize("name", MAPS)
def test_the_map_is_llds(name, linked, capsys) -> None:
    done, status = linked(MAPS[name], "-M")
    assert (done.returncode, status) == (0, 0), done.stderr
    assert capsys.readouterr().out == done.stdout


@pytest.mark.peer
@pytest.mark.parametrize("name", FAILING)
def test_the_first_line_is_llds(name, linked, capsys) -> None:
    done, status = linked(FAILING[name])
    assert done.returncode == status == 1, done.stdout
    first = done.stderr.splitlines()[0]
    said = capsys.readouterr().err.splitlines()[0]
    assert SLUG.sub("", said) == first.replace(f"{PEER}: ", "pyld: ")


WARNED = {
    "one-cannot-cross": (PLAIN, "NOCROSSREFS(.text)"),
    "described-twice": (
        PLAIN, "OVERWRITE_SECTIONS { .n : { *(.text) } .n : { *(.data) } }",
    ),
    "not-aligned": (PLAIN, "SECTIONS { .x 0x1001 : ALIGN(8) { *(.data) } }"),
}  # fmt: skip


@pytest.mark.peer
@pytest.mark.parametrize("name", WARNED)
def test_the_warning_is_llds(name, linked, capsys) -> None:
    done, status = linked((*WARNED[name], []))
    assert (done.returncode, status) == (0, 0), done.stderr
    first = done.stderr.splitlines()[0]
    said = capsys.readouterr().err.splitlines()[0]
    assert SLUG.sub("", said) == first.replace(f"{PEER}: ", "pyld: ")


@pytest.mark.peer
def test_addresses_beyond_32_bits_are_told(linked, capsys) -> None:
    source = ".code32\n" + PLAIN.replace(".quad", ".long")
    script = "SECTIONS { . = 0xffffffff; .text : { *(.text) } .data : { *(.data) } }"
    done, status = linked((source, script, ["-m", "elf_i386"]), machine="--32")
    assert done.returncode == status == 1
    said = [SLUG.sub("", line) for line in capsys.readouterr().err.splitlines()]
    assert [line for line in said if "exceeds" in line] == [
        line.replace(f"{PEER}: ", "pyld: ")
        for line in done.stderr.splitlines()
        if "exceeds" in line
    ]


@pytest.mark.peer
def test_each_section_that_does_not_fit_is_told(linked, capsys) -> None:
    script = (
        "MEMORY { r : ORIGIN = 0, LENGTH = 1 } SECTIONS { .text : { *(.text) . = ALIGN(8); } > r"
        " .data : { *(.data) } > r .bss : { *(.bss) } > r }"
    )
    done, _ = linked((PLAIN, script, []))
    said = capsys.readouterr().err.splitlines()
    ours = [SLUG.sub("", line) for line in said if "will not fit" in line]
    assert ours == done.stderr.replace(f"{PEER}: ", "pyld: ").splitlines()


@pytest.mark.peer
def test_orphans_of_lld_itself_are_told(linked, capsys) -> None:
    done, _ = linked((PLAIN, "SECTIONS { .text : { *(.text) } }", ["--orphan-handling=warn"]))
    said = capsys.readouterr().err.splitlines()
    ours = [SLUG.sub("", line) for line in said if line.startswith("pyld: ")]
    assert ours == done.stderr.replace(f"{PEER}: ", "pyld: ").splitlines()


@pytest.mark.peer
def test_places_are_listed_like_llds(linked, capsys) -> None:
    done, _ = linked(FAILING["undefined-often"])
    said = capsys.readouterr().err.splitlines()
    assert said[1:5] == done.stderr.splitlines()[1:5]


def test_a_raw_image_needs_no_names_of_sections(linked) -> None:
    script = "SECTIONS { .text : { *(.text) } /DISCARD/ : { *(*) } }"
    done, status = linked((PLAIN, script, ["--oformat=binary"]))
    assert (done.returncode, status) == (1, 0)


def test_only_what_lld_tells_is_in_its_form(linked, capsys) -> None:
    script = "SECTIONS { .text 0x7c00 : { nosuch.o(.text) } .rest : { *(.text .data) } }"
    _, status = linked((PLAIN, script, ["--oformat=binary", "--no-warn=no-boot-signature"]))
    assert status == 0
    assert capsys.readouterr().err.startswith("warning[pattern-names-no-file]: ")
