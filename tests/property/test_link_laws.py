"""Laws of every link: pieces tile, inputs are aligned, gaps hold the fill, equal inputs give equal
bytes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pylink86 import LinkError, LinkResult, link, read_bytes
from tests.oracle.generate import generate
from tests.property.links import Link, links

ROOT = Path(__file__).resolve().parent.parent.parent
DIALECTS = ("gnu", "lld")
FEW = settings(max_examples=60, deadline=None)


def linked(example: Link, dialect: str) -> LinkResult:
    inputs = [read_bytes(obj.encode(), obj.name) for obj in example.objects]
    return link(inputs, example.script, dialect=dialect, oformat="binary")


either_dialect = pytest.mark.parametrize("dialect", DIALECTS)


@either_dialect
@FEW
@given(example=links())
def test_pieces_tile_every_section(dialect: str, example: Link) -> None:
    result = linked(example, dialect)
    for section in result.placed.sections:
        at = 0
        for piece in section.pieces:
            assert piece.sec_off == at
            assert piece.size > 0
            at += piece.size
        assert at == section.size


@either_dialect
@FEW
@given(example=links())
def test_inputs_stand_at_their_alignment_once(dialect: str, example: Link) -> None:
    result = linked(example, dialect)
    base = {name: s.vma for name, s in result.sections.items()}
    seen = []
    for piece in result.pieces:
        if piece.section is not None:
            assert (base[piece.output] + piece.sec_off) % piece.section.align == 0
            assert piece.size == piece.section.size
            seen.append((piece.section.file.name, piece.section.index))
    assert sorted(seen) == sorted(
        (obj.name, index) for obj in example.objects for index, _ in enumerate(obj.sections, 1)
    )


@either_dialect
@FEW
@given(example=links())
def test_pieces_hold_what_their_kind_says(dialect: str, example: Link) -> None:
    result = linked(example, dialect)
    sections = result.sections
    for piece in result.pieces:
        content = sections[piece.output].content[piece.sec_off : piece.sec_off + piece.size]
        if not content:
            continue
        if piece.kind == "input":
            assert piece.section is not None
            assert content == (bytes(piece.section.content) or bytes(piece.size))
        elif piece.kind == "data":
            value = int(piece.cause.split("(")[1].rstrip(")"), 0)
            assert content == (value % (1 << 8 * piece.size)).to_bytes(piece.size, "little")


# Fill, told a second time


NOP10 = bytes.fromhex("662e0f1f840000000000")


def pattern_of(fill: str, dialect: str) -> bytes:
    """What `=...` means, for the fills the strategy makes."""
    text = fill.lstrip("=")
    if dialect == "gnu" and text.startswith("0x"):
        return bytes.fromhex(text[2:])
    number = {"(1 + 2)": 3}.get(text)
    return (int(text, 0) if number is None else number).to_bytes(4, "big")


@either_dialect
@FEW
@given(example=links())
def test_fill_has_the_right_phase_in_every_gap(dialect: str, example: Link) -> None:
    result = linked(example, dialect)
    for name, statements, fill in example.outputs:
        section = result.sections.get(name)
        if section is None or not section.content:
            continue
        if "FILL(0xa1b2c3d4)" in statements and (dialect == "gnu" or not fill):
            continue
        code = bool(section.flags & 4)
        last_input_end = 0
        for piece in (p for p in result.pieces if p.output == name):
            content = section.content[piece.sec_off : piece.sec_off + piece.size]
            if piece.kind == "input":
                last_input_end = piece.sec_off + piece.size
            if piece.kind != "fill":
                continue
            if fill:
                pattern = pattern_of(fill, dialect)
                phase = 0 if dialect == "gnu" else piece.sec_off - last_input_end
                assert content == bytes(
                    pattern[(phase + i) % len(pattern)] for i in range(piece.size)
                )
            elif dialect == "gnu" and code:
                whole = piece.size // 10 * 10
                assert content[:whole] == NOP10 * (piece.size // 10)
                assert 0x90 in content[whole:] or 0x1F in content[whole:] or whole == piece.size
            else:
                assert set(content) == ({0xCC} if code else {0})


@either_dialect
@FEW
@given(example=links())
def test_statement_for_fill_counts_where_the_dialect_says(dialect: str, example: Link) -> None:
    body = ("BYTE(1)", ". += 5;", "FILL(0xa1b2c3d4)", "BYTE(2)", ". += 6;", *example.outputs[0][1])
    first = (".out0", body, "")
    result = linked(example._replace(outputs=(first, *example.outputs[1:])), dialect)
    content = result.sections[".out0"].content
    assume(content)
    text = bytes.fromhex("a1b2c3d4" * 4)
    assert content[7:13] == (text[:6] if dialect == "gnu" else text[7:13])
    if dialect == "lld":
        assert content[1:6] == text[1:6]
    else:
        assert text[:2] not in content[1:6]


# Numbers that must agree


@either_dialect
@FEW
@given(example=links())
def test_image_is_as_long_as_what_is_loaded(dialect: str, example: Link) -> None:
    result = linked(example, dialect)
    loaded = [s for s in result.sections.values() if s.loads and s.size]
    if not loaded:
        assert result.image == b""
        return
    start = min(s.lma for s in loaded)
    assert len(result.image) == max(s.lma + s.size for s in loaded) - start
    for s in loaded:
        assert result.image[s.lma - start : s.lma - start + s.size] == s.content


@either_dialect
@FEW
@given(example=links(), sector=st.sampled_from([16, 512, 2048]))
def test_stage_ends_with_a_whole_sector(dialect: str, example: Link, sector: int) -> None:
    """The founding layout's promise: ALIGN(512) at the end, and a length that says how many."""
    statements = (*example.outputs[0][1], "BYTE(1)", f". = ALIGN({sector});")
    stage = (".stage", statements, "=0xdeadc0de")
    script = (
        f"SECTIONS {{ .stage 0x8000 : {{ {' '.join(stage[1])} }} =0xdeadc0de\n"
        f"SECOND_STAGE_LENGTH = (. - ADDR(.stage)) / {sector};\n"
        "/DISCARD/ : { *(.text* .data .rodata .bss) } }"
    )
    inputs = [read_bytes(obj.encode(), obj.name) for obj in example.objects]
    result = link(inputs, script, dialect=dialect, oformat="binary")
    found = result.sections[".stage"]
    assert (found.vma + found.size) % sector == 0
    assert result.symbols["SECOND_STAGE_LENGTH"] * sector == found.size
    assert len(result.image) in (found.size, 0)


# Sameness


@either_dialect
@FEW
@given(example=links())
def test_equal_inputs_give_equal_bytes(dialect: str, example: Link) -> None:
    one, two = linked(example, dialect), linked(example, dialect)
    assert one.image == two.image
    assert one.symbols == two.symbols
    assert [(p.output, p.sec_off, p.size, p.cause) for p in one.pieces] == [
        (p.output, p.sec_off, p.size, p.cause) for p in two.pieces
    ]
    assert one.to_bytes("elf64-x86-64") == two.to_bytes("elf64-x86-64")


@either_dialect
@settings(max_examples=40, deadline=None)
@given(example=links())
def test_path_bytes_and_object_give_the_same(
    dialect: str, example: Link, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "same"
    folder.mkdir(exist_ok=True)
    outputs = tuple(
        (name, tuple(s for s in body if "a.o" not in s) or ("BYTE(1)",), fill)
        for name, body, fill in example.outputs
    )
    script = example._replace(outputs=outputs).script
    for obj in example.objects:
        (folder / obj.name).write_bytes(obj.encode())
    (folder / "script.ld").write_text(script)
    paths = [folder / obj.name for obj in example.objects]
    kinds = {
        "path": link(paths, folder / "script.ld", dialect=dialect, oformat="binary"),
        "text of the path": link(
            [os.fspath(p) for p in paths], script, dialect=dialect, oformat="binary"
        ),
        "bytes": link(
            [obj.encode() for obj in example.objects], script, dialect=dialect, oformat="binary"
        ),
        "object": linked(example._replace(outputs=outputs), dialect),
    }
    images = {kind: result.image for kind, result in kinds.items()}
    assert len(set(images.values())) == 1, images
    assert len({tuple(sorted(r.symbols.items())) for r in kinds.values()}) == 1


def digest(numbers: range) -> str:
    """A hash over the images of many generated links, relocations and regions included."""
    sha = hashlib.sha256()
    for number in numbers:
        for dialect in DIALECTS:
            example = generate(11, number, dialect)
            inputs = [read_bytes(obj.encode(), obj.name) for obj in example.objects]
            try:
                result = link(inputs, example.layout.text(), dialect=dialect, oformat="binary")
                sha.update(result.image + repr(sorted(result.symbols.items())).encode())
                sha.update(result.to_bytes("elf64-x86-64"))
            except LinkError as problem:
                sha.update(str(problem).encode())
    return sha.hexdigest()


def test_another_process_and_hash_seed_give_the_same() -> None:
    numbers = range(25)
    command = f"from tests.property.test_link_laws import digest; print(digest({numbers}))"
    answers = {digest(numbers)}
    for seed in ("0", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", command],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        answers.add(done.stdout.strip())
    assert len(answers) == 1


def test_the_strategy_meets_what_it_should() -> None:
    """Of the links the laws are tried on, most have gaps, fills and inputs in both orders."""
    seen: dict[str, int] = {"fill": 0, "data": 0, "input": 0}

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(example=links())
    def count(example: Link) -> None:
        kinds = {piece.kind for piece in linked(example, "gnu").pieces}
        for kind in kinds:
            seen[kind] += 1

    count()
    assert min(seen.values()) > 10, seen
