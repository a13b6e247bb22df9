"""Archives: what is written is read, and damage is never more than one error."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pylink86 import LinkError
from pylink86.formats.ar import read_archive
from tests.oracle.archives import Ar, defined
from tests.oracle.objects import Obj, Sec, Sym

NAMES = st.text("abcdefghijklmnopqrstuvwxyz_.", min_size=1, max_size=24).filter(
    lambda name: not name.startswith(("#", "__."))
)


@st.composite
def objects(draw, name: str | None = None) -> Obj:
    symbols = {
        text: Sym(text, draw(st.sampled_from(["global", "weak"])), "notype", place, 4, 4)
        for text in draw(st.lists(NAMES, max_size=4))
        for place in [draw(st.sampled_from(["UNDEF", "COMMON", 1]))]
    }
    text = Sec(".text", "ax", data=draw(st.binary(max_size=9)))
    return Obj(name or draw(NAMES), "x86_64", (text,), tuple(symbols.values()))


archives = st.builds(
    Ar,
    st.just("libx.a"),
    st.lists(objects(), max_size=4).map(tuple),
    st.sampled_from(["narrow", "wide", ""]),
    st.just(False),
    st.booleans(),
)


@given(archives)
def test_read_after_write(made: Ar):
    archive = read_archive(made.encode(), "libx.a")
    assert [member.name for member in archive] == [obj.name for obj in made.members]
    assert [archive.content(m) for m in archive] == [obj.encode() for obj in made.members]
    assert list(archive.symbols[0]) == [name for obj in made.members for name in defined(obj)]
    for name, offset in zip(*archive.symbols, strict=True):
        assert name in archive.open(offset).global_names


@settings(max_examples=300)
@given(archives, st.booleans(), st.data())
def test_damage_is_an_error_and_nothing_else(made: Ar, thin: bool, data):
    """Bytes changed anywhere, in the file and in the tables that point around in it."""
    image = bytearray(made.encode())
    if thin:
        image[:8] = b"!<thin>\n"
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(8, len(image)))
        new = data.draw(
            st.sampled_from([b"\0", b"/", b"`\n", b"9", b" ", b"#1/", b"/0:8", b"\xff"])
        )
        image[at : at + len(new)] = new
    try:
        archive = read_archive(bytes(image), "libx.a")
        for offset in archive.symbols[1]:
            archive.open(offset)
        for member in archive:
            archive.content(member)
    except LinkError as problem:
        assert len(problem.diagnostics) == 1
        assert "libx.a" in problem.diagnostics[0].message + problem.diagnostics[0].place


def test_a_thin_archive_that_lies_in_itself(tmp_path):
    from tests.oracle.archives import header, padded

    names = b"libx.a/\n"
    image = b"!<thin>\n" + header(b"//", len(names)) + padded(names)
    image += header(b"/0:%d" % len(image), 4)
    path = tmp_path / "libx.a"
    path.write_bytes(image)
    archive = read_archive(image, str(path))
    (member,) = archive
    try:
        archive.content(member)
    except LinkError as problem:
        assert "it lies in itself" in problem.diagnostics[0].message
    else:
        raise AssertionError("no error")
