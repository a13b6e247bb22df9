"""pyobjcopy and the operations on ObjectFiles: laws, a boot loader's build, refusals."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import fixtures
from pylink86 import LinkError, ObjectFile, elf_const, link, ops, read, read_bytes
from pylink86.cli import ar, objcopy, size, strip
from pylink86.ops import convert, strip_all, to_format

NAMES = ("c64_clang_g", "c32_common", "groups64", "hello_O2_static", "symbols32", "exec64", "dyn32")

LAYOUT = """
ENTRY(_start)
SECTIONS {
  .text 0x7e00 : { *(.text .text.*) *(.rodata .rodata.*) *(.data .data.*) }
  .kernel : { *(.kernel) }
  .bss : { *(.bss .bss.* COMMON) }
  /DISCARD/ : { *(.eh_frame .comment .note*) }
}
"""


def slug(problem: pytest.ExceptionInfo[LinkError]) -> str:
    return problem.value.diagnostics[0].slug


@pytest.mark.parametrize("dialect", ["gnu", "llvm"])
@pytest.mark.parametrize("name", NAMES)
class TestLaws:
    def test_stripping_twice_is_stripping_once(self, name: str, dialect: str):
        once = read(fixtures.path(name)).objcopy(dialect, strip_debug=True)
        assert once.objcopy(dialect, strip_debug=True).to_bytes() == once.to_bytes()

    def test_a_copy_of_a_copy_is_the_copy(self, name: str, dialect: str):
        once = read(fixtures.path(name)).objcopy(dialect)
        assert once.objcopy(dialect).to_bytes() == once.to_bytes()

    def test_renaming_there_and_back_changes_nothing(self, name: str, dialect: str):
        plain = read(fixtures.path(name)).objcopy(dialect)
        away = plain.objcopy(dialect, rename_section=((".text", ".elsewhere", ()),))
        assert (".text" in plain.sections.names) == (".elsewhere" in away.sections.names)
        back = away.objcopy(dialect, rename_section=((".elsewhere", ".text", ()),))
        assert back.to_bytes() == plain.to_bytes()

    def test_the_source_is_left_alone(self, name: str, dialect: str):
        path = fixtures.path(name)
        obj = read(path)
        obj.objcopy(dialect, strip_all=True)
        obj.objcopy(dialect, prefix_symbols="p_")
        assert obj.to_bytes() == path.read_bytes()

    def test_without_symbols(self, name: str, dialect: str):
        assert len(strip_all(read(fixtures.path(name)), dialect).symbols) <= 1


@pytest.mark.parametrize("dialect", ["gnu", "llvm"])
@pytest.mark.parametrize("data", [b"x", b"\0" * 7, bytes(range(256)) * 40])
def test_binary_in_binary_out(data: bytes, dialect: str):
    obj = ObjectFile.from_binary(data, "dir/kernel.bin")
    assert obj.to_binary() == data
    assert obj.objcopy(dialect).to_binary() == data
    assert obj.symbol("_binary_dir_kernel_bin_size").value == len(data)


@pytest.mark.parametrize("format", ["srec", "ihex"])
def test_text_formats_are_read_back(format: str):
    obj = ObjectFile.from_binary(bytes(range(200)), "k.bin", "elf32-i386")
    text = to_format(obj, format, name="k.hex")
    assert read_hex(text, format) == bytes(range(200))


def read_hex(text: bytes, format: str) -> bytes:
    from pylink86.ops.plan import Notes, Plan
    from pylink86.ops.run import transform

    return transform(text, "k", Plan(input_format=format, output_format="binary"), "gnu", Notes())


# --- Classes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["c32_common", "c32_data", "c32_sections"])
def test_conversion_keeps_the_meaning(name: str):
    """Linked at the same place, the object and its conversion give the same image."""
    native = read(fixtures.path(name))
    wide = convert(native, "elf64-x86-64")
    assert wide.header.elf_class == 64
    kinds = set(wide.sections.type)
    assert elf_const.SHT_RELA in kinds and elf_const.SHT_REL not in kinds
    again = convert(wide, "elf32-i386")
    images = [
        link([obj], LAYOUT, oformat="binary", dialect="lld").image for obj in (native, wide, again)
    ]
    assert images[0] == images[1] == images[2]


def test_conversion_refuses_what_has_no_counterpart():
    with pytest.raises(LinkError) as problem:
        convert(read(fixtures.path("relocs64")), "elf32-i386")
    assert slug(problem) == "cannot-convert"


# --- The build of a boot loader -------------------------------------------------------------------


def run(command, *words: str) -> None:
    assert command.main(list(words)) == 0


def test_the_chain_of_a_boot_loader(tmp_path: Path, monkeypatch, capsys):
    """size, strip, embed, archive, link, flatten: what a Rust boot loader's build script calls."""
    monkeypatch.chdir(tmp_path)
    kernel = fixtures.path("exec64").read_bytes()
    Path("kernel").write_bytes(kernel)
    run(size, "kernel")
    text, *_ = capsys.readouterr().out.splitlines()[1].split()
    assert int(text) > 0
    run(objcopy, "--strip-debug", "kernel", "kernel_stripped")
    run(
        objcopy, "-I", "binary", "-O", "elf64-x86-64", "--binary-architecture=i386:x86-64",
        "--rename-section", ".data=.kernel",
        "--redefine-sym", "_binary_kernel_stripped_start=_kernel_start_addr",
        "--redefine-sym", "_binary_kernel_stripped_end=_kernel_end_addr",
        "--redefine-sym", "_binary_kernel_stripped_size=_kernel_size",
        "kernel_stripped", "kernel.o",
    )  # fmt: skip
    run(ar, "crs", "libkernel.a", "kernel.o")
    stage = ObjectFile.from_binary(b"stage", "stage", "elf64-x86-64")
    stage = stage.objcopy(
        rename_section=((".data", ".text", ()),), redefine_sym=(("_binary_stage_start", "_start"),)
    )
    undefined = ("_kernel_start_addr",)
    result = link([stage, "libkernel.a"], LAYOUT, undefined=undefined)
    Path("loader").write_bytes(result.image)
    run(objcopy, "-I", "elf64-x86-64", "-O", "binary", "loader", "loader.bin")
    stripped = Path("kernel_stripped").read_bytes()
    assert Path("loader.bin").read_bytes() == b"stage" + stripped
    assert read("loader").symbol("_kernel_size").value == len(stripped)


def test_prefix_then_link(tmp_path: Path, monkeypatch):
    """pyobjcopy --prefix-alloc-sections, then link, is link --prefix-alloc-sections."""
    monkeypatch.chdir(tmp_path)
    source = fixtures.path("hello_O2_static")
    run(objcopy, "--prefix-alloc-sections=.rust", str(source), "prefixed.o")
    boot = fixtures.path("boot_long_elf64")
    layout = Path(fixtures.__file__).parent / "layouts" / "prefixed.ld"
    parts = [read("prefixed.o"), read(source).prefix_alloc_sections(".rust")]
    images = [link([part, boot], layout, oformat="binary").image for part in parts]
    assert images[0] == images[1]


# --- The commands ---------------------------------------------------------------------------------


def test_in_place_and_several(tmp_path: Path):
    files = [tmp_path / f"{name}.o" for name in ("c64_clang_g", "c32_clang_g")]
    for file in files:
        file.write_bytes(fixtures.path(file.stem).read_bytes())
    run(strip, "-g", *map(str, files))
    for file in files:
        assert not [name for name in read(file).sections.names if name.startswith(".debug")]


def test_archives_are_transformed(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.o").write_bytes(fixtures.path("c64_clang_g").read_bytes())
    run(ar, "crs", "l.a", "a.o")
    run(strip, "-g", "l.a")
    run(objcopy, "-g", "a.o", "b.o")
    run(ar, "x", "l.a")
    assert Path("a.o").read_bytes() == Path("b.o").read_bytes()


def test_members_of_a_thin_archive_are_written_beside_it(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    Path("a.o").write_bytes(fixtures.path("c64_clang_g").read_bytes())
    before = Path("a.o").read_bytes()
    run(ar, "crsT", "t.a", "a.o")
    assert objcopy.main(["-g", "t.a", "g.a"]) == 1
    assert "copying thin archives" in capsys.readouterr().err
    run(objcopy, "--dialect", "llvm", "-g", "t.a", "out/t.a")
    assert Path("a.o").read_bytes() == before
    run(objcopy, "--dialect", "llvm", "-g", "a.o", "b.o")
    assert Path("out/a.o").read_bytes() == Path("b.o").read_bytes()
    assert Path("out/t.a").read_bytes()[:8] == b"!<thin>\n"


@pytest.mark.skipif(os.name != "posix", reason="permissions as on Linux and macOS")
def test_what_is_written_beside_the_output_is_a_plain_file_to_llvm(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.o").write_bytes(fixtures.path("c64_clang_g").read_bytes())
    Path("a.o").chmod(0o700)
    Path("text").touch(0o600)
    run(objcopy, "--dialect", "llvm", "--dump-section=.text=text", "a.o", "b.o")
    umask = os.umask(0)
    os.umask(umask)
    assert Path("text").stat().st_mode & 0o777 == 0o666 & ~umask
    assert Path("b.o").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--nonsense", "in.o"], "unknown-option"),
        (["-O", "elf64-sparc", "in.o", "out"], "bad-option-value"),
        (["-I", "ihex", "in.o", "out"], "bad-object"),
        (["--set-section-alignment", ".text=3", "in.o", "out"], "bad-option-value"),
        (["--rename-section", ".text", "in.o", "out"], "bad-option-value"),
        (["--heap", "1", "in.o", "out"], "option-not-supported"),
        (["-R", ".text", "-j", ".text", "in.o", "out"], "bad-operation"),
        (["nothing.o", "out"], "cannot-read"),
        (["a", "b", "c"], "too-many-inputs"),
        ([], "no-input"),
        (["--update-section", ".nope=in.o", "in.o", "out"], "no-such-section"),
    ],
)
def test_refusals(words, says, tmp_path: Path, monkeypatch, capsys):
    """One error each, exit status 1, and no output."""
    monkeypatch.chdir(tmp_path)
    data = fixtures.path("c64_plain").read_bytes()
    Path("in.o").write_bytes(data)
    assert objcopy.main(words) == 1
    assert f"error[{says}]" in capsys.readouterr().err
    assert not Path("out").exists() and Path("in.o").read_bytes() == data


@pytest.mark.parametrize("cut", [0, 3, 20, 63, 64, 200, 500])
@pytest.mark.parametrize("dialect", ["gnu", "llvm"])
def test_damaged_input(cut: int, dialect: str, tmp_path: Path, capsys):
    whole = fixtures.path("c64_plain").read_bytes()
    (tmp_path / "cut.o").write_bytes(whole[:cut])
    words = [f"--dialect={dialect}", str(tmp_path / "cut.o"), str(tmp_path / "out")]
    assert objcopy.main(words) == 1
    assert "error" in capsys.readouterr().err


def test_every_byte_can_be_wrong(capsys):
    """No damage makes a traceback."""
    from pylink86.ops.plan import Notes, Plan
    from pylink86.ops.run import transform

    whole = fixtures.path("groups64").read_bytes()
    for at in range(0, len(whole), 19):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        for dialect in ("gnu", "llvm"):
            try:
                transform(bytes(damaged), "x.o", Plan(strip_debug=True), dialect, Notes())
            except LinkError:
                continue


def test_api_reads_what_it_makes():
    obj = read_bytes(fixtures.path("c64_clang_g").read_bytes(), "x.o")
    small = obj.strip_debug().rename_section(".text", ".code").redefine_symbol("_start", "go")
    assert "go" in small.symbols.names
    with pytest.raises(TypeError):
        obj.objcopy(no_such_option=True)


def test_the_example_of_the_guide_runs(tmp_path: Path, monkeypatch):
    """The Python lines of docs/objcopy.md, and each method of its table."""
    monkeypatch.chdir(tmp_path)
    Path("kernel").write_bytes(fixtures.path("exec64").read_bytes())
    Path("loader").write_bytes(fixtures.path("exec64").read_bytes())
    text = (Path(__file__).parents[2] / "docs" / "objcopy.md").read_text(encoding="utf-8")
    start = text.index("    from pylink86 import ObjectFile, read")
    lines = text[start : text.index("\n\nThe object it is called on")].splitlines()
    seen: dict[str, object] = {"data": b"1234", "obj": read("kernel"), "ops": ops}
    exec("\n".join(line[4:] for line in lines), seen)
    assert "k" in seen["kernel"].symbols.names
    assert seen["padded"] == read("loader").to_binary(pad_to=0x10000)
    table = text[text.index("| Python |") : text.index("\n\n`ops` is")]
    calls = [call for row in table.splitlines()[2:] for call in row.split("|")[1].split("`")[1::2]]
    assert len(calls) > 12
    for call in calls:
        exec(call, seen)


def test_a_large_file_is_mapped_and_a_small_one_read(tmp_path, monkeypatch):
    """The same bytes either way, in place too."""
    path = tmp_path / "a.o"
    for limit in (0, 1 << 40):
        monkeypatch.setattr(objcopy, "MAPPED", limit)
        for words in (["--strip-debug"], ["-R", ".comment"], ["-O", "binary"], ["-I", "binary"]):
            path.write_bytes(fixtures.path("c64_clang_g").read_bytes())
            assert objcopy.main([*words, str(path)], "pyobjcopy") == 0
            out = tmp_path / f"{limit}{words[0]}{words[-1]}"
            out.write_bytes(path.read_bytes())
    names = ("--strip-debug--strip-debug", "-R.comment", "-Obinary", "-Ibinary")
    for name in names:
        assert (tmp_path / f"0{name}").read_bytes() == (tmp_path / f"{1 << 40}{name}").read_bytes()


def test_new_contents_are_in_the_raw_image(tmp_path):
    """llvm-objcopy writes the old bytes there."""
    new = tmp_path / "new"
    new.write_bytes(b"\x11\x22")
    out = tmp_path / "out"
    words = ["--dialect=llvm", f"--update-section=.text={new}", "-O", "binary"]
    assert objcopy.main([*words, str(fixtures.path("exec64")), str(out)]) == 0
    assert out.read_bytes()[:2] == b"\x11\x22"


def test_a_new_symbol_table_precedes_added_sections(tmp_path):
    """As llvm-objcopy numbers them."""
    bare, out = tmp_path / "bare", tmp_path / "out"
    assert objcopy.main(["--dialect=llvm", "-S", str(fixtures.path("exec64")), str(bare)]) == 0
    words = ["--dialect=llvm", "--add-symbol=x=1", f"--add-section=.new={bare}"]
    assert objcopy.main([*words, str(bare), str(out)]) == 0
    names = list(read(out).sections.names)
    assert names.index(".symtab") < names.index(".new")
