"""Damaged objects and archives, and files of other kinds: refused in LLD's words."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from .test_lld_messages import compare

SOURCE = (
    '.globl _start, foo\n_start: call foo\nfoo: nop\n.section .g,"axG",@progbits,grp,comdat\nnop\n'
)

FIELDS = {
    "type": (4, "<I"), "flags": (8, "<Q"), "offset": (24, "<Q"), "size": (32, "<Q"),
    "link": (40, "<I"), "info": (44, "<I"), "align": (48, "<Q"), "entry": (56, "<Q"),
    "name": (0, "<I"),
}  # fmt: skip
"""Of a section header in ELF64: offset and format (gABI ch.4)."""

HEADERS = [
    (".symtab", "link", 99), (".symtab", "entry", 7), (".symtab", "info", 99),
    (".symtab", "size", 95), (".symtab", "offset", 1 << 40), (".text", "offset", 1 << 40),
    (".text", "align", 3), (".text", "align", 1 << 33), (".text", "name", 0xFFFF),
    (".rela.text", "info", 99), (".group", "info", 99), (".group", "size", 3),
    (".group", "size", 0), (".group", "entry", 3),
]  # fmt: skip
"""Section, field, value."""

OF_FILE = [
    (4, "<B", 9), (5, "<B", 9), (5, "<B", 2), (0x10, "<H", 0), (0x10, "<H", 2), (0x10, "<H", 4),
    (0x28, "<Q", 1 << 40), (0x3A, "<H", 7), (0x3C, "<H", 0xFFF), (0x3E, "<H", 0x99),
]  # fmt: skip
"""Offset in the ELF header, format, value."""

OF_SYMBOL = [
    (-1, 0, "<I", 0xFFFF), (-1, 6, "<H", 0x99), (-1, 4, "<B", 0), (-1, 4, "<B", 0x50),
    (1, 4, "<B", 0x10), (1, 6, "<H", 0x99), (1, 0, "<I", 0xFFFF),
]  # fmt: skip
"""Symbol, offset in it, format, value."""

OF_RELOCATION = [(12, "<I", 0x99), (8, "<I", 0xFF)]

OTHER = [
    b"\0asm\1\0\0\0", b"\0" * 100,
    bytes.fromhex("cffaedfe0700000103000000010000000000") + b"\0" * 14,
]  # fmt: skip


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytearray:
    """A good object, in an empty current folder."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["as", "--64", "-o", "a.o"], input=SOURCE.encode(), check=True)
    return bytearray(Path("a.o").read_bytes())


def sections(data: bytes) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Name -> where its header is, and the fields of the header."""
    (start,) = struct.unpack_from("<Q", data, 0x28)
    count, names = struct.unpack_from("<HH", data, 0x3C)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, start + 64 * i) for i in range(count)]
    strings = data[headers[names][4] :]
    return {
        strings[header[0] :].split(b"\0", 1)[0].decode(): (start + 64 * i, header)
        for i, header in enumerate(headers)
    }


def refused(data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.o").write_bytes(data)
    compare(["bad.o", "-u", "_start", "-o", "out"], capsys)


@pytest.mark.parametrize(("section", "field", "value"), HEADERS)
def test_section_headers(
    section: str, field: str, value: int, made: bytearray, capsys: pytest.CaptureFixture[str]
) -> None:
    offset, form = FIELDS[field]
    struct.pack_into(form, made, sections(made)[section][0] + offset, value)
    refused(made, capsys)


@pytest.mark.parametrize(("offset", "form", "value"), OF_FILE)
def test_file_headers(
    offset: int, form: str, value: int, made: bytearray, capsys: pytest.CaptureFixture[str]
) -> None:
    struct.pack_into(form, made, offset, value)
    refused(made, capsys)


@pytest.mark.parametrize(("number", "offset", "form", "value"), OF_SYMBOL)
def test_symbols(
    number: int,
    offset: int,
    form: str,
    value: int,
    made: bytearray,
    capsys: pytest.CaptureFixture[str],
) -> None:
    header = sections(made)[".symtab"][1]
    index = number if number > 0 else header[5] // 24 + number
    struct.pack_into(form, made, header[4] + 24 * index + offset, value)
    refused(made, capsys)


@pytest.mark.parametrize(("offset", "form", "value"), OF_RELOCATION)
def test_relocations(
    offset: int, form: str, value: int, made: bytearray, capsys: pytest.CaptureFixture[str]
) -> None:
    struct.pack_into(form, made, sections(made)[".rela.text"][1][4] + offset, value)
    refused(made, capsys)


@pytest.mark.parametrize("size", [20, 63, 64, 100])
def test_the_front_of_a_file(
    size: int, made: bytearray, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(made[:size], capsys)


@pytest.mark.parametrize("data", OTHER)
def test_other_files(data: bytes, made: bytearray, capsys: pytest.CaptureFixture[str]) -> None:
    refused(data, capsys)


def test_missing_member_of_a_thin_archive(
    made: bytearray, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["ar", "rcT", "thin.a", "a.o"], check=True)
    Path("a.o").unlink()
    compare(["thin.a", "-u", "_start", "-o", "out"], capsys)
