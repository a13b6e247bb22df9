"""Archives: the table decides, members stay closed, damage is told with its place."""

from __future__ import annotations

import mmap
from dataclasses import replace
from pathlib import Path

import pytest

from pylink86 import LinkError
from pylink86.formats import ar, file_bytes, read_bytes, read_input
from pylink86.formats.ar import Archive, read_archive
from pylink86.model import ObjectFile
from tests.oracle.archives import Ar, header, padded
from tests.oracle.objects import Obj, Sec, Sym


def obj(name: str, *symbols: str, size: int = 1) -> Obj:
    """An object with a section of `size` bytes and a symbol for each name; `?x` is undefined."""
    made = [Sym(s.strip("?"), "global", "notype", "UNDEF" if s[0] == "?" else 1) for s in symbols]
    return Obj(name, "x86_64", (Sec(".text", "ax", data=bytes(size)),), tuple(made))


THREE = Ar("libx.a", (obj("m1.o", "f", "?g"), obj("m2.o", "g", "h"), obj("m3.o", "k", size=2)))


def names(archive: Archive) -> list[str]:
    return [member.name for member in archive]


def error_of(data: bytes, use=lambda archive: archive) -> str:
    with pytest.raises(LinkError) as caught:
        use(read_archive(data, "libx.a"))
    (found,) = caught.value.diagnostics
    assert found.slug == "bad-object"
    return found.message


@pytest.mark.parametrize("table", ["narrow", "wide"])
@pytest.mark.parametrize("bsd", [False, True])
def test_the_table_names_the_members(table: str, bsd: bool):
    archive = read_archive(replace(THREE, table=table, bsd=bsd).encode(), "libx.a")
    symbols, offsets = archive.symbols
    assert symbols == ("f", "g", "h", "k")
    assert [archive.member_at(offset).name for offset in offsets] == [
        "m1.o",
        "m2.o",
        "m2.o",
        "m3.o",
    ]
    assert names(archive) == ["m1.o", "m2.o", "m3.o"]


def test_without_a_table_one_is_made_from_the_objects():
    with_table = read_archive(THREE.encode(), "libx.a")
    text = header(b"notes.txt/", 5) + padded(b"hello")
    data = replace(THREE, table="").encode()
    without = read_archive(data[:8] + text + data[8:], "libx.a")
    assert without.table is None
    assert without.symbols[0] == with_table.symbols[0]
    assert [without.member_at(at).name for at in without.symbols[1]] == [
        with_table.member_at(at).name for at in with_table.symbols[1]
    ]


def test_a_member_is_an_object_that_knows_its_archive():
    archive = read_archive(THREE.encode(), "dir/libx.a")
    file = archive.open(archive.symbols[1][0])
    assert (file.name, file.archive, file.member) == ("dir/libx.a(m1.o)", "dir/libx.a", "m1.o")
    assert file.to_bytes() == THREE.members[0].encode()
    assert archive.open(archive.symbols[1][0]) is file


def test_members_stay_closed(monkeypatch):
    opened = []
    monkeypatch.setattr(
        ar, "read_linkable", lambda data, name: opened.append(name) or read_bytes(data, name)
    )
    archive = read_archive(THREE.encode(), "libx.a")
    assert archive.symbols[0]
    assert names(archive)
    assert opened == []
    archive.open(archive.symbols[1][3])
    assert opened == ["libx.a(m3.o)"]


LONG = "a_name_of_more_than_sixteen_bytes.o"


@pytest.mark.parametrize("bsd", [False, True])
def test_long_names(bsd: bool):
    archive = read_archive(Ar("libx.a", (obj(LONG, "f"), obj("m.o", "g")), bsd=bsd).encode(), "x")
    assert names(archive) == [LONG, "m.o"]
    assert archive.open(archive.symbols[1][0]).name == f"x({LONG})"


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (b"m.o/", "m.o"),
        (b"m.o", "m.o"),
        (b"with space.o/", "with space.o"),
        (b"/0", "first.o"),
        (b"/9", "second/third.o"),
        (b"/9             /", "second/third.o"),
    ],
)
def test_names_as_they_are_written(written: bytes, wanted: str):
    long_names = b"first.o/\nsecond/third.o/\n"
    data = b"!<arch>\n" + header(b"//", len(long_names)) + padded(long_names)
    archive = read_archive(data + header(written, 0), "libx.a")
    assert names(archive) == [wanted]


def test_what_is_about_the_archive_is_no_member():
    parts = [b"/", b"__.SYMDEF", b"__.SYMDEF SORTED", b"#1/20", b"/SYM64/", b"m.o/"]
    data = b"!<arch>\n"
    for part in parts:
        body = b"__.SYMDEF SORTED\0\0\0\0" if part[:1] == b"#" else bytes(8)
        data += header(part, len(body)) + body
    assert names(read_archive(data, "libx.a")) == ["m.o"]


def test_empty_archives():
    for data in (b"!<arch>\n", b"!<thin>\n"):
        archive = read_archive(data, "libx.a")
        assert names(archive) == []
        assert archive.symbols == ((), ())


# Thin archives


def test_thin_members_are_files_beside_the_archive(tmp_path: Path):
    thin = replace(THREE, thin=True)
    for member in thin.members:
        (tmp_path / member.name).write_bytes(member.encode())
    path = tmp_path / "libx.a"
    path.write_bytes(thin.encode())
    archive = read_input(path)
    assert isinstance(archive, Archive)
    assert names(archive) == ["m1.o", "m2.o", "m3.o"]
    file = archive.open(archive.symbols[1][3])
    assert file.name == f"{path}(m3.o)"
    assert file.to_bytes() == thin.members[2].encode()


def test_a_thin_archive_can_name_a_member_of_another(tmp_path: Path):
    inner = THREE.encode()
    (tmp_path / "in.a").write_bytes(inner)
    at = read_archive(inner, "in.a").symbols[1][1]
    long_names = b"in.a/\n"
    data = b"!<thin>\n" + header(b"//", len(long_names)) + padded(long_names)
    data += header(b"/0:%d" % at, len(THREE.members[1].encode()))
    archive = read_archive(data, str(tmp_path / "libx.a"))
    (member,) = archive
    assert archive.content(member) == THREE.members[1].encode()
    assert archive.symbols[0] == ("g", "h")


def test_a_missing_thin_member_says_what_a_thin_archive_is(tmp_path: Path):
    archive = read_archive(replace(THREE, thin=True).encode(), str(tmp_path / "libx.a"))
    with pytest.raises(LinkError) as caught:
        archive.open(archive.symbols[1][0])
    (found,) = caught.value.diagnostics
    assert found.slug == "cannot-read"
    assert found.message == f"cannot find {tmp_path / 'm1.o'}: No such file or directory"
    assert "thin archive" in found.notes[0]


# What cannot be linked


def test_an_archive_in_an_archive_is_refused_by_name():
    inner = THREE.encode()
    data = b"!<arch>\n" + header(b"in.a/", len(inner)) + padded(inner)
    archive = read_archive(data, "libx.a")
    assert archive.symbols == ((), ())
    with pytest.raises(LinkError, match=r"libx\.a\(in\.a\) is an archive in an archive"):
        archive.open(8)


def test_reading_one_object_from_an_archive_is_refused():
    with pytest.raises(LinkError, match="x is an archive; only ELF objects can be read"):
        read_bytes(THREE.encode(), "x")


# Damage


def test_cut_short_anywhere_it_is_one_error_or_a_smaller_archive():
    data = THREE.encode()
    ends = 0
    for size in range(8, len(data)):
        try:
            archive = read_archive(data[:size], "libx.a")
            for offset in archive.symbols[1]:
                archive.open(offset)
            assert all(isinstance(archive.open(m.offset), ObjectFile) for m in archive)
        except LinkError as problem:
            (found,) = problem.diagnostics
            assert found.slug == "bad-object"
            assert "libx.a" in found.message
        else:
            ends += 1
    assert ends <= 2, "an archive that ends between members looks whole"


def test_damage_is_told_with_its_place():
    data = bytearray(THREE.encode())
    first = read_archive(bytes(data), "libx.a").first
    mark = bytearray(data)
    mark[first + 58] = 0
    size = bytearray(data)
    size[first + 48 : first + 58] = b"many      "
    huge = bytearray(data)
    huge[first + 48 : first + 58] = b"99999999  "
    count = bytearray(data)
    count[68:72] = b"\xff\xff\xff\xff"
    far = bytearray(data)
    far[72:76] = b"\x7f\xff\xff\xff"
    nul = bytearray(data)
    nul[nul.index(b"k\0", 68) + 1] = ord("k")
    place = f"libx.a: member header at file offset {first:#x}: "
    assert (
        error_of(bytes(mark), list) == place + "it does not end in a grave accent and a line feed"
    )
    assert error_of(bytes(size), list) == place + "its size is 'many      ', no number"
    assert "member m1.o at file offset" in error_of(bytes(huge), list)
    assert "4294967295 symbols do not fit" in error_of(bytes(count))
    assert "points at 0x7fffffff" in error_of(bytes(far))
    assert "it has names for 3 of 4 symbols" in error_of(bytes(nul))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (b"/99", "its name lies at 0x63 of a table of 0x0 bytes"),
        (b"/1x", "its name is '1x', no offset"),
        (b"/1:x", "its name is '1:x', no offset"),
        (b"#1/9", "its name of 9 bytes is longer than the member"),
    ],
)
def test_names_that_point_nowhere(written: bytes, says: str):
    assert says in error_of(b"!<arch>\n" + header(written, 4) + bytes(4), list)


# Speed


def test_a_large_archive_is_mapped_and_not_read(tmp_path: Path):
    members = (obj("big.o", "big", size=3 << 20), obj("m.o", "f"))
    path = tmp_path / "libbig.a"
    path.write_bytes(Ar("libbig.a", members).encode())
    archive = read_input(path)
    assert isinstance(archive, Archive)
    assert isinstance(archive.data, mmap.mmap)
    assert archive.open(archive.symbols[1][1]).to_bytes() == members[1].encode()
    path_small = tmp_path / "libx.a"
    path_small.write_bytes(THREE.encode())
    small = read_input(path_small)
    assert isinstance(small, Archive)
    assert small.data == file_bytes(path_small)
    archive.data.close()
