"""Merged sections against the bytes of ld.lld: which sections join, how pieces are ordered."""

from __future__ import annotations

import random
import shutil
import subprocess

import pytest

from pylink86.passes.editing.merge import group_key, merge_group, mergeable

from .objects import FLAGS, Obj, Reloc, Sec, Sym

pytestmark = pytest.mark.peer

LLD = "ld.lld-19"
SCRIPT = "SECTIONS { .all : { *(.rodata*) } =0 }"


def need(tool):
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed (apt install binutils lld-19)")


def link(objects, tmp_path, *options):
    for obj in objects:
        (tmp_path / obj.name).write_bytes(obj.encode())
    (tmp_path / "a.ld").write_text(SCRIPT)
    done = subprocess.run(
        [LLD, "-T", "a.ld", "--oformat", "binary", "-o", "a.raw", *options]
        + [obj.name for obj in objects],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return (tmp_path / "a.raw").read_bytes()


def expected(objects, tail):
    """The output section, from the merge pass and a location counter."""
    groups = {}
    for obj in objects:
        for sec in obj.sections:
            flags = sum(FLAGS[f] for f in sec.flags) | 2
            if "M" in sec.flags and mergeable(flags, len(sec.data), sec.entsize, bool(sec.relocs)):
                key = group_key(flags, sec.entsize, sec.align)
            else:
                key = len(groups)
            groups.setdefault(key, []).append(sec)
    out = b""
    for key, members in groups.items():
        content, align = members[0].data, members[0].align
        if isinstance(key, tuple):
            inputs = [(m.data, m.align) for m in members]
            merged = merge_group(inputs, members[0].entsize, "S" in members[0].flags, tail)
            content, align = merged.content, merged.align
            for member, offsets in zip(members, merged.maps, strict=True):
                for at, size, new in offsets.pieces():
                    assert content[new : new + size] == member.data[at : at + size]
        out += bytes(-len(out) % align) + content
    return out


def piece(rng, entsize, strings):
    if strings:
        alphabet = [rng.randrange(1, 256) for _ in range(2)]
        size = rng.choice([0, 1, 2, 3, 3, 5, 8, 9, 16, 17, 40, 130, 250])
        text = b"".join(
            rng.choice(alphabet).to_bytes(entsize, "little") for _ in range(size // entsize)
        )
        return text + bytes(entsize)
    return rng.choice([bytes(entsize), rng.randbytes(entsize), b"\1" * entsize])


def section(rng, number):
    strings = rng.random() < 0.6
    entsize = rng.choice([1, 1, 1, 2, 4]) if strings else rng.choice([4, 8, 16, 3])
    count = rng.randrange(0, 12)
    pool = [piece(rng, entsize, strings) for _ in range(4)]
    data = b"".join(
        rng.choice(pool) if rng.random() < 0.5 else piece(rng, entsize, strings)
        for _ in range(count)
    )
    flags = "aMS" if strings else "aM"
    if rng.random() < 0.1:
        flags, entsize = rng.choice([("a", 0), ("aM", 0), (flags + "x", entsize)])
    align = rng.choice([1, 1, 1, 2, 4, 8, 16, 32])
    return Sec(f".rodata.{number}", flags=flags, align=align, data=data, entsize=entsize)


@pytest.mark.parametrize(("options", "tail"), [(("-O1",), False), ((), False), (("-O2",), True)])
@pytest.mark.parametrize("seed", range(12))
def test_random_groups_give_the_bytes_of_lld(seed, options, tail, tmp_path):
    need(LLD)
    rng = random.Random(seed)
    objects = [
        Obj(f"{n}.o", sections=tuple(section(rng, s) for s in range(rng.randrange(1, 7))))
        for n in range(4)
    ]
    written = link(objects, tmp_path, *options)
    assert written.rstrip(b"\0") == expected(objects, tail).rstrip(b"\0")
    assert len(written) == len(expected(objects, tail))


def test_nothing_is_merged_at_o0(tmp_path):
    need(LLD)
    sec = Sec(".rodata.a", flags="aMS", data=b"same\0same\0", entsize=1)
    assert link([Obj("a.o", sections=(sec,))], tmp_path, "-O0") == sec.data


def test_pieces_nobody_points_to_leave_with_their_sections(tmp_path):
    need(LLD)
    words = [b"%d\0" % n for n in range(40)]
    data = b"".join(words)
    used = [data.index(word) for word in words[::3]]
    relocs = tuple(Reloc(8 * i, "R_X86_64_64", 2, at) for i, at in enumerate(used))
    text = Sec(".rodata.start", flags="a", data=bytes(8 * len(used)), relocs=relocs)
    strings = Sec(".rodata.str", flags="aMS", data=data, entsize=1)
    unused = Sec(".rodata.more", flags="aMS", data=b"more\0", entsize=1)
    obj = Obj("a.o", sections=(text, strings, unused), symbols=(Sym("go", place=1),))
    written = link([obj], tmp_path, "--gc-sections", "-e", "go")
    merged = merge_group([(data, 1), (unused.data, 1)], 1, True, live=[set(used), set()])
    assert written[8 * len(used) :] == merged.content
    for i, at in enumerate(used):
        pointer = int.from_bytes(written[8 * i : 8 * i + 8], "little")
        assert pointer == 8 * len(used) + merged.maps[0](at)
    assert merged.maps[1](0) is None
