"""The page of a layout as text: complete, self-contained, the same every time.

What a browser makes of it is tested in tests/browser.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest

from pylink86 import elf_const as c
from pylink86 import link, read, read_bytes
from pylink86.cli import main, pyld
from pylink86.explain.drawing import HEADER, SMALLEST_SECTOR, columns, sector_marks
from pylink86.explain.overview import Area, Hole, overview
from pylink86.explain.picture import page
from pylink86.model import Header, ObjectFile, SectionRow, Sections, SymbolRow, Symbols

ROOT = Path(__file__).parents[2]
OBJECTS = ROOT / "fixtures" / "objects"
PREFIXED = ROOT / "fixtures" / "layouts" / "prefixed.ld"
STAGE, BOOT = OBJECTS / "rust_hello_O0_static_g.o", OBJECTS / "boot_long_elf32.o"

KERNEL = """SECTIONS {
  . = 0x100000;
  .text : { *(.text*) }
  .rodata : { *(.rodata*) LONG(0x12345678) }
  .data : { *(.data*) }
  . = 0x200000;
  .bss : { *(.bss*) *(COMMON) _end = .; }
}"""


def hello():
    return link([STAGE, BOOT], PREFIXED, oformat="binary")


def kernel():
    return link([OBJECTS / "c64_common.o"], KERNEL)


class Page(HTMLParser):
    """Elements with their attributes, in order; unclosed ones make it fail."""

    VOID = frozenset({"meta", "input", "br", "path"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def boxes(self) -> list[dict[str, str | None]]:
        return [a for _, a in self.found if "box" in (a.get("class") or "").split()]


def items(text: str) -> list[dict[str, object]]:
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert data
    return json.loads(data.group(1))


@pytest.mark.parametrize("make", [hello, kernel])
def test_every_box_has_its_item_and_every_item_a_box(make):
    text = make().picture("x")
    known = items(text)
    boxes = Page(text).boxes()
    numbers = [int(box["data-n"]) for box in boxes]
    assert set(numbers) == set(range(len(known)))
    assert max(map(numbers.count, numbers)) == 2
    for box in boxes:
        assert box["role"] == "option"
        assert box["aria-label"]
        assert re.fullmatch(r"top:\d+px;height:\d+px", box["style"])
    for item in known:
        assert item["t"]
        assert all(name and value for name, value in item["r"])


def test_every_piece_and_symbol_is_in_the_page():
    result = kernel()
    known = items(result.picture())
    titles = [item["t"] for item in known]
    for piece in result.pieces:
        name = piece.section.name if piece.section else piece.cause
        assert name in titles or "Padding" in titles
    symbols = {mark[1] for item in known for mark in item["m"]}
    assert {"_start", "to_screen", "calls", "line", "limit", "_end"} <= symbols


def test_the_page_needs_nothing_else():
    text = hello().picture()
    page = Page(text)
    assert not [tag for tag, _ in page.found if tag in ("link", "img", "iframe", "object", "base")]
    assert not [a for _, a in page.found if "src" in a or "href" in a]
    assert "http" not in re.sub(r"http-equiv", "", text)
    assert "@import" not in text
    assert "url(" not in text
    policy = next(a for tag, a in page.found if a.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"].startswith("default-src 'none'; ")
    assert not re.findall(r"@[A-Z]+@", text)


def test_the_same_link_gives_the_same_page():
    code = (
        "from pylink86 import link; import sys;"
        "sys.stdout.buffer.write(link(sys.argv[2:], sys.argv[1], oformat='binary')"
        ".picture('x').encode())"
    )
    argv = [sys.executable, "-c", code, str(PREFIXED), str(STAGE), str(BOOT)]
    pages = {
        subprocess.run(
            argv, capture_output=True, check=True, cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(pages) == 1
    here = link([str(STAGE), str(BOOT)], PREFIXED, oformat="binary")
    assert pages.pop().decode() == here.picture("x")


def test_names_are_escaped():
    row = SectionRow(".text", c.SHT_PROGBITS, c.SHF_ALLOC | c.SHF_EXECINSTR, size=1)
    names = ["</script>", '"<b>', "@DATA@", "tab\there", "\udcff"]
    file = ObjectFile(
        "<x>.o",
        Header(64, c.EM_X86_64),
        Sections.from_rows([row]),
        [b"", b"\x90"],
        Symbols.from_rows([SymbolRow(name, 0, shndx=1) for name in names]),
    )
    read_again = read_bytes(file.to_bytes(), file.name)
    text = link([read_again], KERNEL, oformat="binary").picture("<&>")
    assert text.count("</script>") == 2
    assert '"<b>' not in text
    assert "&quot;&lt;b&gt;" in text
    assert "<title>&lt;&amp;&gt;</title>" in text
    symbols = [mark[1] for item in items(text) for mark in item["m"]]
    assert {"</script>", '"<b>', "@DATA@"} <= set(symbols)
    assert r"tab\x09here" in symbols or r"tab\there" in symbols
    text.encode("utf-8")
    Page(text)


def test_sector_marks_are_where_the_sectors_are():
    view = overview(hello())
    _, in_file, _ = columns(view)
    marks = sector_marks(in_file, view)
    assert [(first, after) for _, _, first, after in marks] == [(0, 1), (1, 2), (2, 3)]
    areas = {box.entry.name: box for box in in_file if isinstance(box.entry, Area)}
    assert marks[0][0] == areas[".boot"].y
    assert marks[1][0] == areas[".hello_rust"].y
    assert marks[2][0] > marks[1][0] + HEADER
    for (y, height, _, after), (below, _, first, _) in zip(marks, marks[1:]):
        assert y + height == below
        assert after == first


@pytest.mark.parametrize("size", [1, 511, 512, 513, 5000, 100_000, 3_000_000])
def test_many_sectors_are_marked_several_at_a_time(size: int):
    row = SectionRow(".text", c.SHT_PROGBITS, c.SHF_ALLOC, size=size)
    file = ObjectFile("a.o", Header(64, c.EM_X86_64), Sections.from_rows([row]), [b"", bytes(size)])
    view = overview(link([file], "SECTIONS { .text 0 : { *(.text) } }", oformat="binary"))
    _, in_file, _ = columns(view)
    marks = sector_marks(in_file, view)
    assert marks[0][2] == 0
    assert marks[-1][3] == -(-size // 512)
    assert len(marks) < 40
    assert all(b[0] - a[0] >= SMALLEST_SECTOR for a, b in zip(marks, marks[1:]))
    assert [a[3] for a in marks[:-1]] == [b[2] for b in marks[1:]]


def test_heights_grow_with_size_but_slowly():
    heights = []
    for size in (1, 100, 10_000, 1 << 20, 1 << 28):
        row = SectionRow(".bss", c.SHT_NOBITS, c.SHF_ALLOC | c.SHF_WRITE, size=size)
        file = ObjectFile("a.o", Header(64, c.EM_X86_64), Sections.from_rows([row]), [b"", b""])
        view = overview(link([file], "SECTIONS { .bss 0 : { *(.bss) } }"))
        heights.append(columns(view)[0][0].height)
    assert heights == sorted(heights)
    assert heights[0] >= HEADER + 20
    assert heights[-1] < 200
    assert len(set(heights)) >= 4


def test_overlaps_are_said():
    view = overview(kernel())
    first, second, *rest = view.memory
    moved = attrs.evolve(second, vma=first.vma + 4)
    text = page(attrs.evolve(view, memory=(first, moved, *rest)), "x")
    assert "overlaps by 376 bytes" in text


def test_holes_name_what_a_pc_has_there():
    script = "SECTIONS { .text 0x7c00 : { *(.text*) } .data 0x100000 : { *(.data*) } }"
    known = items(link([OBJECTS / "c64_common.o"], script).picture())
    holes = [item for item in known if item["t"] == "Hole in memory"]
    small = next(hole for hole in holes if hole["a"][1] == "4")
    hole = max(holes, key=lambda hole: int(hole["a"][1]))
    assert [name for name, _ in small["r"]] == ["Size", "Memory"]
    assert ["0xa0000", "video memory (text at 0xb8000)"] in hole["r"]
    assert not any(value.startswith("interrupt vectors") for _, value in hole["r"])


def test_source_lines_are_there():
    known = items(hello().picture())
    start = next(item for item in known if item["t"] == ".rust.text._start")
    assert any(name == "Source" and value.startswith("hello.rs:") for name, value in start["r"])
    assert any(mark[1] == "_start" and "hello.rs:" in mark[3] for mark in start["m"])


def test_a_link_of_nothing():
    empty = ObjectFile("e.o", Header(64, c.EM_X86_64), Sections.from_rows([]), [b""])
    for oformat in ("binary", "elf64-x86-64"):
        text = link([empty], "SECTIONS { }", oformat=oformat).picture()
        assert "Nothing is in memory." in text
        Page(text)


@pytest.mark.parametrize("name", sorted(path.stem for path in OBJECTS.glob("c[36]*.o")))
@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_every_kind_of_fixture(name: str, dialect: str):
    result = link([OBJECTS / f"{name}.o"], dialect=dialect)
    text = result.picture(name)
    assert len(Page(text).boxes()) > 3
    view = overview(result)
    _, in_file, _ = columns(view)
    sizes = [box.entry.size for box in in_file if not isinstance(box.entry, Hole)]
    holes = [box.entry.size for box in in_file if isinstance(box.entry, Hole)]
    assert sum(sizes) + sum(holes) == view.file_size == len(result.image)


def test_the_template_is_packaged():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    assert "*.html" in config["options.package_data"]["pylink86.explain"]
    assert read(STAGE).name


# The command


def guide() -> str:
    """docs/pictures.md, its fixtures found from any folder."""
    text = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
    return text.replace("fixtures/", f"{(ROOT / 'fixtures').as_posix()}/")


def test_the_guide_s_commands_run(tmp_path, monkeypatch, capsys):
    text = guide()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = "".join(blocks).replace("\\\n", " ").splitlines()
    monkeypatch.chdir(tmp_path)
    for command in commands:
        words, _, target = command.partition(" > ")
        program, *argv = words.split()
        run = pyld.main if program == "pyld" else main.main
        assert run(argv) == 0, command
        out, err = capsys.readouterr()
        assert err == "", command
        if target:
            Path(target).write_text(out, encoding="utf-8")
    assert len(commands) >= 5
    assert (tmp_path / "layout.html").stat().st_size > 10_000


@pytest.mark.parametrize("number", range(2))
def test_the_guide_s_example_in_python_runs(number: int, monkeypatch, tmp_path, capsys):
    text = guide()
    block = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[number]
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "docs/pictures.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"# prints (.*)", block)


@pytest.fixture
def line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return ["--oformat=binary", "-T", str(PREFIXED), str(STAGE), str(BOOT), "-o", "out.img"]


def test_picture_option(line, capsys):
    assert pyld.main([*line, "--picture=layout.html"], "pyld") == 0
    assert capsys.readouterr() == ("", "")
    text = Path("layout.html").read_text(encoding="utf-8")
    assert text == link([str(STAGE), str(BOOT)], PREFIXED, oformat="binary").picture("out.img")


def test_a_picture_that_cannot_be_written(line, capsys):
    assert pyld.main([*line, "--picture=no/such/folder.html"], "pyld") == 1
    assert "error[cannot-write]" in capsys.readouterr().err


def test_a_picture_never_replaces_an_input(line, capsys):
    Path("mine.o").write_bytes(STAGE.read_bytes())
    line[line.index(str(STAGE))] = "mine.o"
    assert pyld.main([*line, "--picture=mine.o"], "pyld") == 1
    assert "error[output-is-input]" in capsys.readouterr().err
    assert Path("mine.o").read_bytes() == STAGE.read_bytes()
    assert not Path("out.img").exists()
