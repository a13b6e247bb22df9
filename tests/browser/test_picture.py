"""The picture of a layout, opened in a browser: what it shows, and how it answers.

See chromium.py for how the page is asked.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86 import elf_const as c
from pylink86 import link, read, read_bytes
from pylink86.model import Header, ObjectFile, SectionRow, Sections, SymbolRow, Symbols

from .chromium import DARK, ask, find

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
OBJECTS = ROOT / "fixtures" / "objects"
PREFIXED = ROOT / "fixtures" / "layouts" / "prefixed.ld"

KERNEL = """SECTIONS {
  SECOND_STAGE_LENGTH = 1;
  .boot 0x7c00 : { *(.boot.text) }
  . = 0x100000;
  .text : { *(.text*) }
  .rodata : { *(.rodata*) LONG(0x12345678) }
  .data : { *(.data*) }
  . = 0x200000;
  .bss : { *(.bss*) *(COMMON) _end = .; }
}"""


@pytest.fixture(scope="module", autouse=True)
def _browser() -> None:
    find()


@pytest.fixture(scope="module")
def hello() -> str:
    stage = read(OBJECTS / "hello_O0_static_g.o").prefix_alloc_sections(".rust")
    result = link([stage, OBJECTS / "boot_long_elf32.o"], PREFIXED, oformat="binary")
    return result.picture("hello.img")


@pytest.fixture(scope="module")
def kernel() -> str:
    objs = [OBJECTS / "c64_common.o", OBJECTS / "boot_gas_elf64.o"]
    return link(objs, KERNEL).picture("kernel.elf")


def extremes() -> str:
    """One byte beside sixteen megabytes, names that are markup, a hole of a gigabyte."""
    code = c.SHF_ALLOC | c.SHF_EXECINSTR
    rows = [
        SectionRow(".text", c.SHT_PROGBITS, code, size=1),
        SectionRow(".huge", c.SHT_NOBITS, c.SHF_ALLOC | c.SHF_WRITE, size=1 << 24),
        SectionRow(".far", c.SHT_PROGBITS, c.SHF_ALLOC, size=2),
    ]
    symbols = [
        SymbolRow("</script><script>alert(1)</script>", 0, 1, type=c.STT_FUNC, shndx=1),
        SymbolRow('"><img src=http://example.com/x onerror=alert(2)>', 0, shndx=3),
        SymbolRow("@TITLE@", 0, shndx=2),
    ]
    file = ObjectFile(
        "<b>bold.o",
        Header(64, c.EM_X86_64),
        Sections.from_rows(rows),
        [b"", b"\x90", b"", b"ok"],
        Symbols.from_rows(symbols),
    )
    script = """SECTIONS { .text 0x1000 : { *(.text) } .huge : { *(.huge) }
      .far 0x40000000 : AT(0x2000) { *(.far) } }"""
    result = link([read_bytes(file.to_bytes(), file.name)], script, oformat="binary")
    return result.picture("<i>title</i>")


# What it shows

SHOWN = """
  const column = (name) => all(".column." + name + " .box").map((box) => {
    const r = box.getBoundingClientRect();
    return {label: box.getAttribute("aria-label"), kind: box.className, text: box.innerText,
      x: r.left, y: r.top, w: r.width, h: r.height, full: box.scrollHeight, n: box.dataset.n};
  });
  const shown = {
    title: document.title, heading: document.querySelector("h1").innerText,
    facts: document.querySelector(".facts").innerText,
    memory: column("memory"), file: column("file"),
    addresses: all(".memory .at").map((at) => at.innerText),
    sectors: all(".sector").map((mark) => mark.innerText),
    below: document.querySelector(".below").innerText,
    legend: all(".legend li").map((li) => li.innerText),
    resources: performance.getEntriesByType("resource").length,
    wide: document.documentElement.scrollWidth - innerWidth,
  };
  return shown;
"""


def test_it_shows_a_boot_image(hello: str):
    shown = ask(hello, SHOWN)
    assert shown["title"] == shown["heading"] == "hello.img"
    assert "raw image, 1,536 bytes" in shown["facts"]
    assert "3 sectors" in shown["facts"]
    labels = [box["label"] for box in shown["memory"]]
    assert labels[0] == "section .boot, at 0x7c00, 512 bytes"
    assert "section .hello_rust, at 0x7e00, 1 KiB" in labels
    assert labels[-1] == "padding because of . = ALIGN(512), at 0x81d0, 48 bytes"
    assert any("boot_long_elf32.o(.boot.text), code" in label for label in labels)
    assert any("symbols boot, start16, complain" in label for label in labels)
    assert any(label.startswith("padding because of alignment of hello") for label in labels)
    texts = [box["text"] for box in shown["memory"]]
    assert any(".rust.text.hello::put" in text for text in texts)
    assert any("start16" in text and "0x7c05" in text for text in texts)
    assert any("prefixed.ld:7" in text for text in texts)
    files = [box["label"] for box in shown["file"]]
    assert files[0] == "section .boot, file offset 0x0, 512 bytes"
    assert files[-1] == "padding because of . = ALIGN(512), file offset 0x5d0, 48 bytes"
    assert shown["sectors"] == ["sector 0", "sector 1", "sector 2"]
    assert {"0x7c00", "0x7e00", "0x81d0", "0x8200"} <= set(shown["addresses"])
    assert "SECOND_STAGE_LENGTH" in shown["below"]
    assert ".debug_info" in shown["below"]
    assert any(text.startswith("padding") for text in shown["legend"])
    assert shown["resources"] == 0


def test_it_shows_an_elf_file(kernel: str):
    shown = ask(kernel, SHOWN)
    memory = [box["label"] for box in shown["memory"]]
    assert "hole in memory, 992.5 KiB unused" in memory
    assert "hole in memory, 4 bytes unused" in memory
    assert any(label.startswith("section .bss, at 0x200000") for label in memory)
    assert any("written by the script because of LONG(0x12345678)" in label for label in memory)
    assert any("COMMON" in label and "symbols calls" in label for label in memory)
    file = [box["label"] for box in shown["file"]]
    assert file[0] == "ELF header, 64 bytes, part of the ELF file"
    assert any(".symtab" in label for label in file)
    assert any("section .comment, file offset" in label for label in file)
    assert not any(".bss" in label for label in file)
    assert shown["sectors"] == []


@pytest.mark.parametrize("name", ["hello", "kernel"])
def test_boxes_stand_side_by_side_and_do_not_overlap(name: str, request: pytest.FixtureRequest):
    shown = ask(request.getfixturevalue(name), SHOWN)
    for column in ("memory", "file"):
        boxes = shown[column]
        for above, below in zip(boxes, boxes[1:]):
            assert below["y"] >= above["y"] + above["h"] - 0.5, (above, below)
        assert len({(box["x"], box["w"]) for box in boxes}) == 1
        assert all(box["h"] >= 15 for box in boxes)
        assert all(box["full"] <= box["h"] + 2 for box in boxes), "text is cut off"
    left, right = shown["memory"][0], shown["file"][0]
    assert left["x"] + left["w"] < right["x"]
    assert abs(left["y"] - right["y"]) < 1
    assert shown["wide"] <= 0


def test_tiny_and_huge_are_both_visible():
    shown = ask(extremes(), SHOWN)
    areas = [box for box in shown["memory"] if "area" in box["kind"]]
    assert [box["label"].split(",")[0] for box in areas] == [
        "section .text", "section .huge", "section .far"
    ]  # fmt: skip
    parts = [box for box in shown["memory"] if "part" in box["kind"]]
    assert len(parts) == 3
    assert all(20 <= box["h"] <= 200 for box in parts)
    assert parts[1]["h"] > 3 * parts[0]["h"]
    assert any("hole" in box["kind"] and "1,008 MiB" in box["text"] for box in shown["memory"])
    assert any("hole" in box["kind"] and "zeros" in box["text"] for box in shown["file"])


def test_names_are_text_and_never_markup():
    page = extremes()
    found = ask(
        page,
        """return {title: document.title, bold: all("h1 b, .box b b, .box i, img").length,
          text: document.body.innerText, scripts: all("script").length};""",
    )
    assert found["title"] == "<i>title</i>"
    assert found["bold"] == 0
    assert "</script><script>alert(1)</script>" in found["text"]
    assert "<b>bold.o" in found["text"]
    assert "@TITLE@" in found["text"]
    assert found["scripts"] == 4  # ours, its data, and the two of the test


def test_three_thousand_inputs():
    code = c.SHF_ALLOC | c.SHF_EXECINSTR
    files = []
    for number in range(3000):
        size = 0x4000 if number % 500 == 250 else 3 + number % 7
        row = SectionRow(".text", c.SHT_PROGBITS, code, size=size, align=16)
        symbol = SymbolRow(f"func{number}", 0, size, c.STB_GLOBAL, c.STT_FUNC, shndx=1)
        made = ObjectFile(
            f"part/{number}.o",
            Header(64, c.EM_X86_64),
            Sections.from_rows([row]),
            [b"", bytes(size)],
            Symbols.from_rows([symbol]),
        )
        files.append(read_bytes(made.to_bytes(), made.name))
    result = link(files, "SECTIONS { .text 0x8000 : { *(.text) } }", oformat="binary")
    page = result.picture("many")
    assert len(page) < 2_000_000
    search = """
        const find = document.getElementById("find");
        find.value = "func777";
        key(find, "Enter");
        shown.details = document.getElementById("details").innerText;
        return shown;"""
    question = SHOWN.replace("return shown;", search)
    shown = ask(page, question)
    assert 10 < len(shown["memory"]) < 100
    assert any("499 inputs of 499 files" in box["text"] for box in shown["memory"])
    assert all(box["h"] >= 15 for box in shown["memory"])
    assert shown["sectors"][0].startswith("0–")
    assert "777.o(.text)" in shown["details"]
    assert "func777" in shown["details"]


# How it answers


def test_hovering_tells_and_shows_the_twin(hello: str):
    found = ask(
        hello,
        """const box = all(".memory .box").find((b) => b.innerText.startsWith(".rust.text._start"));
        const panel = document.getElementById("details"), before = panel.innerText;
        box.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
        return {before, after: panel.innerText, live: panel.getAttribute("aria-live"),
          twins: all(".twin").map((b) => b.parentElement.className + ": " + b.innerText)};""",
    )
    assert found["before"].startswith("What am I looking at?")
    after = found["after"]
    assert after.startswith(".rust.text._start\n")
    for words in ("0xf1 (241 bytes)", "0x7f60 to 0x8051", "0x360 to 0x451", "1 to 2", "hello.rs:"):
        assert words in after
    assert found["live"] == "polite"
    assert [text.split(":")[0] for text in found["twins"]] == ["column memory", "column file"]


def test_the_keyboard_goes_everywhere(hello: str):
    found = ask(
        hello,
        """const steps = [], panel = document.getElementById("details");
        const note = () => steps.push([document.activeElement.parentElement.className,
          document.activeElement.getAttribute("aria-label"), panel.innerText]);
        const stops = all(".box[tabindex='0']").map((b) => b.parentElement.className);
        all(".memory .box")[0].focus(); note();
        const press = (name) => { key(document.activeElement, name); note(); };
        press("ArrowDown"); press("ArrowDown"); press("ArrowRight"); press("ArrowDown");
        press("ArrowLeft"); press("End"); press("Home"); press("PageDown"); press("ArrowUp");
        const count = all(".box[tabindex='0']").length;
        press("Enter");
        const pinned = all("[aria-selected='true']").length;
        press("ArrowDown"); press("Escape"); press("ArrowDown");
        const left = all("[aria-selected='true']").length;
        key(document.activeElement, "/");
        return {steps, stops, count, pinned, left, focus: document.activeElement.id};""",
    )
    columns = [step[0] for step in found["steps"]]
    labels = [step[1].split(",")[0] for step in found["steps"]]
    panels = [step[2] for step in found["steps"]]
    assert found["stops"] == ["column memory", "column file"]
    assert found["count"] == 2
    assert labels[:3] == ["section .boot", "boot_long_elf32.o(.boot.text)", "section .hello_rust"]
    assert [text.split("\n")[0] for text in panels[:3]] == [".boot", ".boot.text", ".hello_rust"]
    assert columns[3:6] == ["column file", "column file", "column memory"]
    assert labels[3] == "section .hello_rust"
    assert labels[4] == labels[5]
    assert labels[6].startswith("padding because of . = ALIGN(512)")
    assert labels[7] == "section .boot"
    assert found["pinned"] == 2
    assert panels[10] == panels[11], "a kept box stays in the panel"
    assert panels[13] != panels[10]
    assert found["left"] == 0
    assert found["focus"] == "find"


def test_it_is_described_to_those_who_do_not_see_it(kernel: str):
    found = ask(
        kernel,
        """return {
          lang: document.documentElement.lang,
          boxes: all(".box").length,
          named: all(".box[role=option][aria-label][aria-selected]").length,
          lists: all("[role=listbox]").map((list) => list.getAttribute("aria-label")),
          loose: all("[role=option]").filter((o) => !o.parentElement.matches("[role=listbox]")).length,
          drawings: all("svg:not([aria-hidden=true])").length,
          search: document.getElementById("find").labels[0].innerText,
        };""",  # noqa: E501
    )
    assert found["lang"] == "en"
    assert found["boxes"] == found["named"] > 20
    assert found["lists"] == ["Memory, lowest address first", "File, first byte first"]
    assert found["loose"] == 0
    assert found["drawings"] == 0
    assert "Find a name" in found["search"]


def test_finding(hello: str):
    found = ask(
        hello,
        """const find = document.getElementById("find"), panel = document.getElementById("details");
        return ["_start", "0x7e54", "32340", "@0x260", "hello::put", "0x9999999", "nosuch",
          "read_volatile", "read_volatile", ".hello_rust"].map((text) => {
            find.value = text;
            key(find, "Enter");
            return [text, panel.querySelector("h2").innerText, find.getAttribute("aria-invalid"),
              all("li.hit", panel).map((li) => li.innerText).join()];
          });""",
    )
    titles = {text: title for text, title, _, _ in found}
    assert titles["_start"] == ".rust.text._start"
    assert titles["0x7e54"] == titles["32340"] == titles["@0x260"]
    assert titles["hello::put"] == ".rust.text.hello::put"
    assert titles["0x9999999"] == titles["nosuch"] == "Nothing found"
    assert [row[2] for row in found if row[0] in ("nosuch", "0x9999999")] == ["true", "true"]
    assert "_start" in found[0][3]


def test_an_address_in_the_page_s_own_address(hello: str):
    question = """return {title: document.querySelector("#details h2").innerText,
      top: document.querySelector("[aria-selected=true]").getBoundingClientRect().top};"""
    found = ask(hello, question, fragment="#0x8100")
    assert found["title"] == ".rust.eh_frame"
    assert 0 <= found["top"] < 1000


CONTRAST = """
  const parse = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, under) => {
    const a = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map((i) => top[i] * a + under[i] * (1 - a));
  };
  const ground = (element) => {
    const own = parse(getComputedStyle(element).backgroundColor);
    if (element === document.body) return own.slice(0, 3);
    return over(own, ground(element.parentElement));
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ratio = (element) => {
    const under = ground(element), ink = over(parse(getComputedStyle(element).color), under);
    const [a, b] = [light(ink), light(under)].sort((x, y) => y - x);
    return (a + .05) / (b + .05);
  };
  const texts = all("h1, h2, p, li, .name, .of, .size, .at, .sector, .hole span, td, dt, dd, kbd, label");
  const poor = texts.filter((e) => e.innerText && ratio(e) < 4.5)
    .map((e) => e.className + ": " + e.innerText + " " + ratio(e).toFixed(2));
  return {poor, count: texts.length, page: ground(document.body)};
"""  # noqa: E501


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["hello", "kernel"])
def test_readable_in_light_and_dark(scheme: str, name: str, request: pytest.FixtureRequest):
    page = request.getfixturevalue(name)
    found = ask(page, CONTRAST, *([DARK] if scheme == "dark" else []))
    assert (sum(found["page"]) < 384) == (scheme == "dark")
    assert found["count"] > 50
    assert found["poor"] == []


def test_a_narrow_window_needs_no_sideways_scrolling(hello: str):
    shown = ask(hello, SHOWN, size="700,900")
    assert shown["wide"] <= 0
    left, right = shown["memory"][0], shown["file"][0]
    assert left["x"] + left["w"] < right["x"]
    assert min(left["w"], right["w"]) > 120
