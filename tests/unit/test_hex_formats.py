"""S-records, Intel HEX, Verilog files: written lines, read lines, and lines that are none."""

from __future__ import annotations

import pytest

from pylink86 import LinkError, link, read_bytes
from pylink86.formats.ihex import read_ihex, write_ihex
from pylink86.formats.images import IMAGE_WRITERS, Block, Image, write_image
from pylink86.formats.srec import read_srec, write_srec
from pylink86.formats.verilog import write_verilog
from tests.oracle.objects import Obj, Sec

BOOT = Image((Block(0x7C00, b"\xeb\xfe"), Block(0x7DFE, b"\x55\xaa")), 0x7C00, "boot")


def test_srec_names_the_file_and_ends_with_the_entry():
    assert write_srec(BOOT).decode().split("\r\n") == [
        "S0070000626F6F7444",
        "S1057C00EBFE95",
        "S1057DFE55AA80",
        "S9037C0080",
        "",
    ]


def test_ihex_lines():
    assert write_ihex(BOOT).decode().split("\r\n") == [
        ":027C0000EBFE99",
        ":027DFE0055AA84",
        ":0400000300007C007D",
        ":00000001FF",
        "",
    ]


def test_verilog_lines():
    assert write_verilog(BOOT) == b"@00007C00\r\nEB FE\r\n@00007DFE\r\n55 AA\r\n"


def test_records_end_at_cuts():
    image = Image((Block(0, b"abcdef", cuts=(0, 2, 2, 5)),))
    lines = write_ihex(image).decode().split("\r\n")
    assert [line[9:-2] for line in lines[:3]] == ["6162", "636465", "66"]


@pytest.mark.parametrize(("top", "kind"), [(0xFFFF, "1"), (0x10000, "2"), (0x1000000, "3")])
def test_the_highest_address_decides_the_kind_of_all_lines(top, kind):
    lines = write_srec(Image((Block(0, b"x"), Block(top, b"y")))).decode().split()
    assert [line[1] for line in lines] == ["0", kind, kind, str(10 - int(kind))]


@pytest.mark.parametrize("form", ["srec", "ihex"])
def test_reading_is_the_inverse_of_writing(form):
    image = Image((Block(0x1FFF8, bytes(range(40))), Block(0x123456, b"end")), 0x1FFF8, "x")
    reader = {"srec": read_srec, "ihex": read_ihex}[form]
    obj = reader(write_image(form, image), "x")
    assert [(s.name, s.addr, bytes(s.content)) for s in obj] == [
        (".sec1", 0x1FFF8, bytes(range(40))),
        (".sec2", 0x123456, b"end"),
    ]
    assert obj.header.entry == 0x1FFF8


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("S1057C00EBFE94", "checksum"),
        ("S1057C00EBFE", "length"),
        ("S1", "length"),
        ("S4030000FC", "no kind"),
        ("X1030000FC", "no kind"),
        ("S1zz", "hexadecimal"),
        ("hello", "hexadecimal"),
        ("S9030000FC\nS", "line 2"),
    ],
)
def test_lines_that_are_no_s_record(text, why):
    with pytest.raises(LinkError, match=why) as info:
        read_srec(text.encode(), "x.srec")
    assert info.value.diagnostics[0].slug == "bad-object"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (":027C0000EBFE98", "checksum"),
        (":037C0000EBFE98", r"line 1: invalid line length 15 \(should be 17\)"),
        (":00", "line is too short: 3 chars"),
        (";0000000000", "missing ':' in the beginning"),
        (":00000006FA", "unknown record type: 6"),
        (":00000004FC", "extended address data should be 2 bytes"),
        (":0000000gFF", "invalid character at position 9"),
    ],
)
def test_lines_that_are_no_intel_hex(text, why):
    with pytest.raises(LinkError, match=why):
        read_ihex(text.encode(), "x.hex")


def test_blank_lines_and_what_follows_the_end_do_not_matter():
    obj = read_ihex(b"\n:0100000041BE\n\n:00000001FF\nnot hex\n", "x")
    assert bytes(obj.section(".sec1").content) == b"A"


OBJECT = Obj("a.o", "i386", (Sec(".text", "ax", "progbits", 1, b"\xeb\xfe"),), ())
SCRIPT = "SECTIONS { .text 0x7c00 : { *(.text) BYTE(7) } }"


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
@pytest.mark.parametrize("form", IMAGE_WRITERS)
def test_both_dialects_write_every_format(form, dialect, tmp_path):
    result = link([read_bytes(OBJECT.encode())], SCRIPT, dialect=dialect, oformat=form)
    result.write(tmp_path / "out.img")
    written = (tmp_path / "out.img").read_bytes()
    assert written == result.to_bytes(form, str(tmp_path / "out.img"))
    assert b"EBFE" in written or b"EB FE 07" in written or written == b"\xeb\xfe\x07"


def test_a_far_section_costs_nothing_in_formats_with_addresses():
    script = "SECTIONS { .text 0 : { *(.text) } .far 0xf0000000 : { BYTE(1) } }"
    obj = read_bytes(OBJECT.encode())
    assert len(link([obj], script, oformat="ihex").to_bytes("ihex")) < 100
    with pytest.raises(LinkError, match="image would have"):
        link([obj], script, oformat="binary")
