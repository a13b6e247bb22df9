"""Laws of the script front end: printing and parsing are inverse, and no text crashes the
parser."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pylink86.diag import LinkError
from pylink86.script import nodes as n
from pylink86.script.parser import parse_expression, parse_script
from pylink86.script.unparse import unparse
from tests.property.strategies import expressions, scripts, section_statements

SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(scripts())
def test_parsing_what_was_printed_gives_the_same_tree(script: n.Script) -> None:
    text = unparse(script)
    assert parse_script(text) == script, text


@SLOW
@given(scripts())
def test_printing_is_stable(script: n.Script) -> None:
    text = unparse(script)
    assert unparse(parse_script(text)) == text


@SLOW
@given(expressions())
def test_an_expression_alone(expr: n.Expr) -> None:
    assert parse_expression(unparse(expr)) == expr


@SLOW
@given(st.lists(section_statements(), max_size=3))
def test_the_content_of_an_included_file(statements: list[n.SectionStatement]) -> None:
    text = "\n".join(unparse(statement) for statement in statements)
    assert parse_script(text, "inc.ld", "output section") == tuple(statements)


WORDS = """
    SECTIONS MEMORY PHDRS VERSION OVERLAY KEEP SORT EXCLUDE_FILE ASSERT PROVIDE AT ALIGN { } ( ) : ;
    , = += . * + - / ? ~ ! < > << >> && || == 0x10 4K foo .text *.o " /* */ #
"""


@SLOW
@given(st.lists(st.sampled_from([*WORDS.split(), "\n"]), max_size=30))
def test_words_in_any_order_parse_or_give_one_error(words: list[str]) -> None:
    try:
        parse_script(" ".join(words))
    except LinkError as error:
        (diagnostic,) = error.diagnostics
        assert diagnostic.slug == "script-syntax"
        assert diagnostic.span is not None


@given(st.text(max_size=60))
def test_any_text_parses_or_gives_one_error(text: str) -> None:
    try:
        parse_script(text)
    except LinkError as error:
        assert [d.slug for d in error.diagnostics] == ["script-syntax"]
