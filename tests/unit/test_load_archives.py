"""What takes part in a link, from Python: archives, libraries, scripts among the inputs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pylink86 import LinkError, LinkOptions, link
from pylink86.formats import ar, read_linkable
from pylink86.passes.inputs.library import Search, machine_of
from pylink86.passes.inputs.load import Input
from tests.oracle.archives import Ar
from tests.oracle.objects import Obj, Sec, Sym

SCRIPT = "SECTIONS { .text 0 : { *(.text) } }"


def obj(name: str, byte: int, *symbols: str, machine: str = "x86_64") -> Obj:
    """One byte of code, and a symbol for each name: `f` defined, `?f` undefined."""
    made = tuple(
        Sym(s.strip("?"), "global", "notype", "UNDEF" if s[0] == "?" else 1) for s in symbols
    )
    return Obj(name, machine, (Sec(".text", "ax", data=bytes([byte])),), made)


MAIN = obj("a.o", 0xAA, "?f")
F = obj("f.o", 0x11, "f", "?g")
G = obj("g.o", 0x22, "g")
H = obj("h.o", 0x33, "h")
LIB = Ar("libx.a", (H, G, F))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    put(MAIN, LIB)
    return tmp_path


def put(*files: Obj | Ar, at: str = ".") -> None:
    Path(at).mkdir(exist_ok=True)
    for file in files:
        Path(at, file.name).write_bytes(file.encode())


def image(*objs, dialect: str = "gnu", script: str = SCRIPT, **settings) -> bytes:
    return link(objs, script, dialect=dialect, oformat="binary", **settings).image


def problem(*objs, **settings):
    with pytest.raises(LinkError) as caught:
        image(*objs, **settings)
    return caught.value.diagnostics[0]


# Archives from Python


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_a_path_bytes_or_an_input_can_be_an_archive(folder: Path, dialect: str):
    wanted = b"\xaa\x11\x22"
    assert image("a.o", "libx.a", dialect=dialect) == wanted
    assert image(MAIN.encode(), LIB.encode(), dialect=dialect) == wanted
    assert image(folder / "a.o", Input(folder / "libx.a"), dialect=dialect) == wanted
    assert image("a.o", Input("x", "library"), dialect=dialect, search=(".",)) == wanted


def test_only_members_that_join_are_read(folder: Path, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr(
        ar, "read_linkable", lambda data, name: opened.append(name) or read_linkable(data, name)
    )
    result = link(["a.o", "libx.a"], SCRIPT)
    assert opened == ["libx.a(f.o)", "libx.a(g.o)"]
    assert [f.name for f in result.inputs.files] == ["a.o", "libx.a(f.o)", "libx.a(g.o)"]
    assert [(f.archive, f.member) for f in result.inputs.files][1] == ("libx.a", "f.o")


def test_why_a_member_joined(folder: Path):
    inputs = link(["a.o", "libx.a"], SCRIPT, undefined=("h",)).inputs
    numbers = {file.member: number for number, file in enumerate(inputs.files)}
    assert inputs.why(numbers[""]) == []
    assert inputs.why(numbers["f.o"]) == ["libx.a(f.o) joined because a.o needs `f'"]
    assert inputs.why(numbers["g.o"]) == ["libx.a(g.o) joined because libx.a(f.o) needs `g'"]
    assert inputs.why(numbers["h.o"]) == [
        "libx.a(h.o) joined because the script or an option needs `h'"
    ]


@pytest.mark.parametrize(
    ("dialect", "trace"),
    [
        ("gnu", ("a.o", "libx.a", "libx.a")),
        ("lld", ("a.o", "libx.a(f.o)", "libx.a(g.o)")),
    ],
)
def test_trace_names_what_is_read(folder: Path, dialect: str, trace: tuple[str, ...]):
    objs = ["a.o", Input("libx.a", group=1)]
    assert link(objs, SCRIPT, dialect=dialect).inputs.trace == trace


def test_whole_archive_and_lazy_objects(folder: Path):
    put(F, G, H)
    assert image("a.o", Input("libx.a", whole_archive=True)) == b"\xaa\x33\x22\x11"
    lazy = [Input(name, lazy=1) for name in ("h.o", "g.o", "f.o")]
    assert image("a.o", *lazy) == b"\xaa\x11\x22"


def test_prefixes_reach_into_archives(folder: Path):
    put(obj("main.o", 0xBB, "?k_f", "?f"))
    prefixed = Input("libx.a", prefixes=(("prefix_symbols", "k_"),))
    result = link(["main.o", prefixed, "libx.a"], SCRIPT, oformat="binary")
    assert result.image == b"\xbb\x11\x22\x11\x22"
    assert {"f", "g", "k_f", "k_g"} <= result.symbols.keys()


def test_i386_and_x86_64_members_join_one_link(folder: Path):
    put(Ar("lib32.a", (obj("g.o", 0x32, "g", machine="i386"),)))
    put(Ar("lib64.a", (F,)))
    assert image("a.o", "lib64.a", "lib32.a") == b"\xaa\x11\x32"


def test_a_damaged_member_is_told_once(folder: Path):
    data = bytearray(LIB.encode())
    at = data.index(b"\x7fELF", data.index(b"f.o/"))
    data[at + 4] = 9
    Path("libx.a").write_bytes(data)
    found = problem("a.o", "libx.a")
    assert found.slug == "bad-object"
    assert "libx.a(f.o): ELF header" in found.message


def test_members_of_thin_archives_go_by_their_path_in_gnu_scripts(folder: Path):
    put(F, G, H, at="sub")
    put(Ar("libx.a", (H, G, F), thin=True), at="sub")
    script = "SECTIONS { .text 0 : { *libx.a:sub/g.o(.text) BYTE(0xff) *(.text) } }"
    assert image("a.o", "sub/libx.a", script=script) == b"\x22\xff\xaa\x11"
    script = script.replace("sub/g.o", "g.o")
    assert image("a.o", "sub/libx.a", script=script) == b"\xff\xaa\x11\x22"
    assert image("a.o", "sub/libx.a", script=script, dialect="lld") == b"\x22\xff\xaa\x11"


# Libraries


def test_every_directory_counts(folder: Path):
    put(LIB, at="one")
    Path("libx.a").unlink()
    Path("one/s.ld").write_text(SCRIPT)
    lib = Input("x", "library")
    for dialect in ("gnu", "lld"):
        assert image("a.o", lib, dialect=dialect, search=("one",)) == b"\xaa\x11\x22"
        assert image("a.o", lib, dialect=dialect, script=f"SEARCH_DIR(one) {SCRIPT}")
        assert image("a.o", lib, dialect=dialect, script="s.ld", search=("one",))


def test_a_library_that_is_a_script(folder: Path):
    Path("libc.so").write_text("/* GNU ld script */ GROUP(libx.a AS_NEEDED(other.so))")
    Path("other.so").write_bytes(shared())
    assert image("a.o", Input("c", "library"), search=(".",)) == b"\xaa\x11\x22"
    found = problem("a.o", Input("c", "library", static=True), search=(".",))
    assert found.message == "cannot find -lc: No such file or directory"


def shared() -> bytes:
    data = bytearray(H.encode())
    data[16] = 3
    return bytes(data)


def test_shared_libraries_are_passed_over(folder: Path):
    Path("one").mkdir()
    Path("one/libx.so").write_bytes(shared())
    lib = Input("x", "library")
    assert image("a.o", lib, search=("one", ".")) == b"\xaa\x11\x22"
    found = problem("a.o", lib, search=("one",))
    path = os.path.join("one", "libx.so")
    assert found.message == f"cannot find -lx: {path} is a shared library"
    assert "libNAME.a" in found.help[0]


def test_libraries_of_another_machine_come_last(folder: Path):
    put(Ar("libx.a", (obj("f.o", 0x32, "f", machine="i386"),)), at="thirty-two")
    search = ("thirty-two", ".")
    lib = Input("x", "library")
    assert machine_of("thirty-two/libx.a") == 3
    assert machine_of("libx.a") == 62
    assert image("a.o", lib, search=search) == b"\xaa\x32"
    assert image("a.o", lib, search=search, emulation="elf_x86_64") == b"\xaa\x11\x22"
    assert image("a.o", lib, search=search[:1], emulation="elf_x86_64") == b"\xaa\x32"


def test_sysroot_is_what_an_equals_sign_stands_for():
    search = Search.of(["=/lib", "$SYSROOT/usr", "plain"], "root")
    assert [Path(folder).as_posix() for folder in search.folders] == [
        "root/lib", "root/usr", "plain",
    ]  # fmt: skip
    assert Path(Search.of((), "").rooted("=/lib")).as_posix() == "/lib"


# Scripts among the inputs


def test_a_script_among_the_inputs_finds_files_beside_it(folder: Path):
    put(F, G, at="sub")
    Path("sub/more.ld").write_text("INPUT(f.o g.o) x = 5;")
    for dialect in ("gnu", "lld"):
        result = link(["a.o", "sub/more.ld"], SCRIPT, dialect=dialect, oformat="binary")
        assert result.image == b"\xaa\x11\x22"
        assert result.symbols["x"] == 5


def test_scripts_stand_where_they_stand(folder: Path):
    put(F, G)
    Path("more.ld").write_text("INPUT(g.o) SECTIONS { .more : { BYTE(0x77) } }")
    objs = ["a.o", Input("more.ld", "script"), "f.o"]
    assert image(*objs, inputs_before_script=0) == b"\xaa\x22\x11\x77"


def test_an_empty_file_is_no_script(folder: Path):
    Path("empty.o").write_bytes(b"")
    assert problem("a.o", "libx.a", "empty.o").message.startswith("empty.o is empty")


def test_a_file_a_pattern_names_is_hoisted_to_the_script(folder: Path):
    put(F, G)
    script = "SECTIONS { .text 0 : { *(.text) g.o(.data) } }"
    options = {"script": script, "inputs_before_script": 0}
    assert image("a.o", "f.o", "g.o", **options) == b"\x22\xaa\x11"
    assert image("a.o", "f.o", "g.o", dialect="lld", **options) == b"\xaa\x11\x22"


# Names nobody refers to


def test_require_defined(folder: Path):
    assert image("a.o", "libx.a", require_defined=("h",)) == b"\xaa\x33\x11\x22"
    found = problem("a.o", "libx.a", require_defined=("nowhere",))
    assert found.message == "required symbol `nowhere' not defined"
    assert image("a.o", "libx.a", script=f"y = 1; {SCRIPT}", require_defined=("y",))


def test_options_default_to_nothing():
    assert LinkOptions().require_defined == ()
    assert LinkOptions().sysroot == ""


def test_output_names_the_file_for_want_of_o(folder: Path):
    from pylink86.cli import pyld

    Path("s.ld").write_text(f"OUTPUT(image.bin) {SCRIPT}")
    line = ["--oformat=binary", "-T", "s.ld", "a.o", "libx.a"]
    assert pyld.main(line, "pyld") == 0
    assert pyld.main([*line, "-o", "other.bin"], "pyld") == 0
    assert Path("image.bin").read_bytes() == Path("other.bin").read_bytes() == b"\xaa\x11\x22"
    assert not Path("a.out").exists()


def test_the_output_spares_scripts_and_archives(folder: Path, capsys):
    from pylink86.cli import pyld

    Path("s.ld").write_text(SCRIPT)
    for victim in ("s.ld", "libx.a"):
        before = Path(victim).read_bytes()
        assert pyld.main(["-T", "s.ld", "a.o", "libx.a", "-o", victim], "pyld") == 1
        assert "is the same as output file" in capsys.readouterr().err
        assert Path(victim).read_bytes() == before
