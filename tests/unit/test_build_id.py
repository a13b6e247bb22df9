"""--build-id: the note, what its bytes are made of, and the hash behind LLD's."""

from __future__ import annotations

import hashlib
import uuid

import pytest

from pylink86 import link, read_bytes
from pylink86.cli.elf_values import elf_options
from pylink86.dialect import GNU, LLD
from pylink86.passes.elf_options import ElfOptions
from pylink86.passes.finishing.blake3 import blake3
from pylink86.passes.finishing.build_id import build_id_section
from pylink86.passes.finishing.identify import tree_hash
from tests.cases.language import read_objects

OBJECT = """
object a.o
section .text ax
  90 c3
symbol _start .text+0
"""


def made(style: str, dialect: str = "gnu", **settings: str):
    objects = [read_bytes(o.encode(), o.obj.name) for o in read_objects(OBJECT)]
    return link(objects, dialect=dialect, elf=ElfOptions(build_id=style), **settings)


def note(style: str, dialect: str = "gnu") -> bytes:
    return bytes(made(style, dialect).object_file.section(".note.gnu.build-id").content)


def test_a_note_is_two_sizes_a_type_a_name_and_the_id():
    found = note("0x0123")
    assert found == bytes.fromhex("04000000 02000000 03000000") + b"GNU\0" + b"\x01\x23"


@pytest.mark.parametrize(
    ("style", "dialect", "size"),
    [("md5", "gnu", 16), ("sha1", "gnu", 20), ("fast", "lld", 8), ("tree", "lld", 20)],
)
def test_a_hash_is_as_long_as_its_kind_and_the_same_each_time(style, dialect, size):
    first, second = note(style, dialect)[16:], note(style, dialect)[16:]
    assert len(first) == size and first == second and any(first)


@pytest.mark.parametrize("dialect", ["gnu", "lld"])
def test_a_uuid_is_another_each_time_but_one_in_a_link(dialect):
    result = made("uuid", dialect)
    content = bytes(result.object_file.section(".note.gnu.build-id").content)
    assert uuid.UUID(bytes=content[16:]).version == 4
    assert content in result.image
    assert content != note("uuid", dialect)


def test_gnu_ld_knows_no_fast_and_no_tree():
    assert build_id_section("fast", GNU) == () and len(build_id_section("fast", LLD)) == 1


def test_a_raw_image_has_an_id_in_lld_s_dialect_only():
    assert b"GNU\0" not in made("md5", "gnu", oformat="binary").image
    image = made("md5", "lld", oformat="binary").image
    at = image.index(b"GNU\0") + 4
    assert image[at : at + 16] == tree_hash(image[:at] + bytes(16) + image[at + 16 :], "md5")


@pytest.mark.parametrize(
    ("text", "dialect", "style"),
    [
        ("", "gnu", "sha1"),
        ("none", "gnu", ""),
        ("0xAB-cd:", "gnu", "0xABcd"),
        ("0xabc", "lld", "0xab0c"),
        ("tree", "lld", "tree"),
    ],
)
def test_the_option(text, dialect, style):
    options, problems = elf_options({"build_id": text, "dialect": dialect})
    assert options.build_id == style and not problems


@pytest.mark.parametrize(
    ("text", "dialect", "severity"),
    [("fast", "gnu", "warning"), ("0xabc", "gnu", "warning"), ("0xab-cd", "lld", "error")],
)
def test_a_style_nobody_knows(text, dialect, severity):
    options, problems = elf_options({"build_id": text, "dialect": dialect})
    assert options.build_id == ""
    assert [p.severity for p in problems] == [severity]


# The hash: values from the reference implementation's command, `b3sum`.
KNOWN = {
    b"": "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    b"abc": "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
}


@pytest.mark.parametrize("data", KNOWN)
def test_blake3(data):
    assert blake3(data).hex() == KNOWN[data]
    assert blake3(data, 16) == blake3(data)[:16]


@pytest.mark.parametrize("size", [64, 1023, 1024, 1025, 2048, 2049, 3072, 5 * 1024 + 7])
def test_blake3_of_several_chunks_depends_on_every_byte(size):
    data = hashlib.shake_128(b"x").digest(size)
    seen = {blake3(data)}
    for at in (0, size // 2, size - 1):
        seen.add(blake3(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]))
    assert len(seen) == 4
