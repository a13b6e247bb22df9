"""Random links: the same bytes as GNU ld in the gnu dialect and as LLD in the lld dialect.

The examples of a seed are always the same, so a failure here is repeated by running the test again,
and `scripts/differential --dialect gnu --seed 1 --only NUMBER` shrinks it to a few lines.
"""

from __future__ import annotations

import pytest

from . import peers
from .compare import REFUSED, Case, lines_of, load_cases, ours, read_case, write_case
from .generate import generate
from .objects import from_text, to_text
from .peers import Answer
from .run import report, run

EXAMPLES = 150
SEED = 1
RARE_IN_A_SHORT_RUN = 0.02
"""In 150 examples a feature of 6 % falls below 5 % now and then; the long runs demand 5 %."""

WIDE_SEED = 2

ELF_DIFFERENCES = {"gnu": 0, "lld": 2}
"""Of 40 examples, at most."""

DIALECTS = ("gnu", "lld")


@pytest.mark.peer
@pytest.mark.parametrize("dialect", DIALECTS)
def test_random_links_agree(dialect: str) -> None:
    if peers.find(dialect) is None:
        pytest.skip(peers.missing(dialect))
    result = run(dialect, SEED, range(EXAMPLES))
    print(result.coverage.table())
    assert not result.found, "\n".join(report(result))
    assert not result.coverage.complaints(rare=RARE_IN_A_SHORT_RUN)


@pytest.mark.peer
@pytest.mark.parametrize("dialect", DIALECTS)
def test_random_links_over_the_rest_of_the_language_agree(dialect: str) -> None:
    if peers.find(dialect) is None:
        pytest.skip(peers.missing(dialect))
    result = run(dialect, WIDE_SEED, range(60), wide=True)
    assert not result.found, "\n".join(report(result))


@pytest.mark.peer
@pytest.mark.parametrize("dialect", DIALECTS)
def test_random_elf_files_agree(dialect: str) -> None:
    """Headers, symbols, contents; the share that still differs may only go down."""
    if peers.find(dialect) is None:
        pytest.skip(peers.missing(dialect))
    result = run(dialect, SEED, range(40), output="elf")
    assert result.differences <= ELF_DIFFERENCES[dialect], "\n".join(report(result))


def agrees(answer: Answer, case: Case) -> bool:
    """The same lines, or refused, too: each linker in its own words."""
    if case.answer[0].startswith(REFUSED):
        return answer.image is None
    return answer.image is not None and lines_of(answer, case.output) == case.answer


@pytest.mark.parametrize(("name", "case"), load_cases(), ids=lambda value: str(value)[:40])
def test_case_gives_the_recorded_answer(name: str, case: Case) -> None:
    mine = ours(case)
    assert not mine.crashed, mine.message
    assert agrees(mine, case), f"{case.about}\n{mine.message}"


@pytest.mark.peer
@pytest.mark.parametrize(("name", "case"), load_cases(), ids=lambda value: str(value)[:40])
def test_recorded_answer_is_the_peers(name: str, case: Case) -> None:
    if peers.find(case.dialect) is None:
        pytest.skip(peers.missing(case.dialect))
    with peers.workplace() as folder:
        theirs = peers.answer(case, folder)
    assert agrees(theirs, case), theirs.message


@pytest.mark.parametrize("dialect", DIALECTS)
def test_examples_are_the_same_every_time(dialect: str) -> None:
    first, again = generate(7, 3, dialect), generate(7, 3, dialect)
    assert first == again
    assert [o.encode() for o in first.objects] == [o.encode() for o in again.objects]
    assert generate(7, 4, dialect) != first


@pytest.mark.parametrize("number", range(20))
def test_objects_survive_their_text(number: int) -> None:
    example = generate(5, number, "gnu")
    text = "".join(to_text(obj) for obj in example.objects)
    assert tuple(from_text(text)) == example.objects


def test_cases_survive_their_text() -> None:
    for name, case in load_cases():
        again = read_case(write_case(case))
        assert again == case, name
