"""The grammar: every rule with the forms the linkers take, and every error with its text."""

from __future__ import annotations

import pytest

from pylink86.diag import LinkError
from pylink86.script import nodes as n
from pylink86.script.parser import (
    parse_expression,
    parse_script,
    parse_version_script,
)


def num(literal: str) -> n.Number:
    found = parse_expression(literal)
    assert isinstance(found, n.Number)
    return found


def one(text: str) -> n.TopLevel:
    (command,) = parse_script(text).commands
    return command


def item(text: str) -> n.SectionsItem:
    sections = one("SECTIONS { " + text + " }")
    assert isinstance(sections, n.SectionsCommand)
    (found,) = sections.items
    return found


def section(text: str) -> n.OutputSection:
    found = item(text)
    assert isinstance(found, n.OutputSection)
    return found


def statement(text: str) -> n.SectionStatement:
    (found,) = section(".x : { " + text + " }").statements
    return found


# Expressions


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("0", 0),
        ("17", 17),
        ("017", 15),
        ("08", 8),
        ("0x1F", 31),
        ("0X10", 16),
        ("4K", 4096),
        ("4k", 4096),
        ("2M", 2 << 20),
        ("0x10K", 16 << 10),
        ("10h", 16),
        ("0ffH", 255),
        ("1ax", 26),
        ("101b", 5),
        ("17o", 15),
        ("9d", 9),
        ("0d", 0),
        ("0x0102030405060708090a", 0x0102030405060708090A),
    ],
)
def test_numbers(literal: str, value: int) -> None:
    assert parse_expression(literal) == n.Number(value, literal)


@pytest.mark.parametrize(
    "literal", ["1.5", "0x", "0xg", "1_0", "12b", "9o", "1G", "10hK", "1u", "0b1"]
)
def test_malformed_numbers(literal: str) -> None:
    with pytest.raises(LinkError, match=f"malformed number `{literal}`"):
        parse_expression(literal)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("1 + 2 * 3", "1 + (2 * 3)"),
        ("10 - 3 - 2", "(10 - 3) - 2"),
        ("1 << 2 + 1", "1 << (2 + 1)"),
        ("1 | 2 ^ 2 & 3", "1 | (2 ^ (2 & 3))"),
        ("1 || 0 && 0", "1 || (0 && 0)"),
        ("1 < 2 == 1", "(1 < 2) == 1"),
        ("5 & 3 == 3", "5 & (3 == 3)"),
        ("1 ? 2 : 3 ? 4 : 5", "1 ? 2 : (3 ? 4 : 5)"),
        ("!a + ~b", "(!a) + (~b)"),
        ("- -1--1", "(-(-1)) - (-1)"),
        ("a-b", "a - b"),
        ("ALIGN( 4 )", "ALIGN(4)"),
        ("SIZEOF(.a-b)", 'SIZEOF(".a-b")'),
        ("sizeof_headers", "SIZEOF_HEADERS"),
    ],
)
def test_precedence_is_that_of_c(text: str, same_as: str) -> None:
    assert parse_expression(text) == parse_expression(same_as)


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("ADDR(.text)", n.Call("ADDR", ".text")),
        ("ALIGN(4)", n.Call("ALIGN", "", (num("4"),))),
        ("ALIGN(., 4)", n.Call("ALIGN", "", (n.Name("."), num("4")))),
        ('SEGMENT_START("text-segment", 0)', n.Call("SEGMENT_START", "text-segment", (num("0"),))),
        ("DEFINED(x)", n.Call("DEFINED", "x")),
        ("ORIGIN(rom)", n.Call("ORIGIN", "rom")),
        ("CONSTANT (MAXPAGESIZE)", n.Call("CONSTANT", "MAXPAGESIZE")),
        ("MAX(1, 2)", n.Call("MAX", "", (num("1"), num("2")))),
        ("SIZEOF_HEADERS", n.Call("SIZEOF_HEADERS")),
        ('ASSERT(1, "m")', n.AssertExpr(num("1"), "m")),
        ('"a b"', n.Name("a b")),
        ("ADDR", n.Name("ADDR")),
    ],
)
def test_functions_and_names(text: str, call: n.Expr) -> None:
    assert parse_expression(text) == call


# Commands


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("ENTRY(_start)", n.Entry("_start")),
        ('ENTRY ("_start");', n.Entry("_start")),
        ("INCLUDE a/b.ld", n.Include("a/b.ld")),
        ('INCLUDE "a b.ld"', n.Include("a b.ld")),
        ("OUTPUT(a.out)", n.Command("OUTPUT", ("a.out",))),
        ("SEARCH_DIR(=/lib);", n.Command("SEARCH_DIR", ("=/lib",))),
        ("STARTUP(crt0.o)", n.Command("STARTUP", ("crt0.o",))),
        ("TARGET(elf64-x86-64)", n.Command("TARGET", ("elf64-x86-64",))),
        ("OUTPUT_ARCH(i386:x86-64)", n.Command("OUTPUT_ARCH", ("i386:x86-64",))),
        ('LD_FEATURE("SANE_EXPR")', n.Command("LD_FEATURE", ("SANE_EXPR",))),
        ("OUTPUT_FORMAT(binary)", n.OutputFormat("binary")),
        ('OUTPUT_FORMAT("a", "b", "c")', n.OutputFormat("a", "b", "c")),
        ("EXTERN(a b, c)", n.Command("EXTERN", ("a", "b", "c"))),
        ("NOCROSSREFS(.a .b)", n.Command("NOCROSSREFS", (".a", ".b"))),
        ("NOCROSSREFS_TO(.a, .b)", n.Command("NOCROSSREFS_TO", (".a", ".b"))),
        ("FORCE_COMMON_ALLOCATION", n.Command("FORCE_COMMON_ALLOCATION")),
        ("INHIBIT_COMMON_ALLOCATION;", n.Command("INHIBIT_COMMON_ALLOCATION")),
        ("FORCE_GROUP_ALLOCATION", n.Command("FORCE_GROUP_ALLOCATION")),
        ("REGION_ALIAS(a, b)", n.RegionAlias("a", "b")),
        ('REGION_ALIAS("a", "b");', n.RegionAlias("a", "b")),
        ("INSERT AFTER .text;", n.Insert("AFTER", ".text")),
        ("INSERT BEFORE .text", n.Insert("BEFORE", ".text")),
        ("a = 1;", n.Assignment("a", "=", num("1"))),
        ("a=1,", n.Assignment("a", "=", num("1"))),
        ("a-b = 1;", n.Assignment("a-b", "=", num("1"))),
        ('"a b" = 1;', n.Assignment("a b", "=", num("1"))),
        (". >>= 1;", n.Assignment(".", ">>=", num("1"))),
        ("PROVIDE(a = 1);", n.Assignment("a", "=", num("1"), provide=True)),
        ("PROVIDE_HIDDEN (a=1);", n.Assignment("a", "=", num("1"), provide=True, hidden=True)),
        ("HIDDEN(a = 1);", n.Assignment("a", "=", num("1"), hidden=True)),
        ('ASSERT(1, "m")', n.Assert(num("1"), "m")),
        ("ASSERT(1, m);", n.Assert(num("1"), "m")),
        ("SECTIONS {}", n.SectionsCommand(())),
        ("MEMORY {}", n.Memory(())),
        ("PHDRS {}", n.Phdrs(())),
        ("VERSION {}", n.Version(())),
        ("OVERWRITE_SECTIONS { .a : {} }", n.OverwriteSections((n.OutputSection(".a"),))),
    ],
)
def test_commands(text: str, node: n.TopLevel) -> None:
    assert one(text) == node


def test_input_and_group() -> None:
    found = one('INPUT(a.o -lfoo, AS_NEEDED(b.o, c.o) "d e.o")')
    assert found == n.Input(
        (
            n.InputFile("a.o"),
            n.InputFile("-lfoo"),
            n.InputFile("b.o", True),
            n.InputFile("c.o", True),
            n.InputFile("d e.o"),
        )
    )
    assert one("GROUP(-la -lb)") == n.Input((n.InputFile("-la"), n.InputFile("-lb")), group=True)


# Output sections


@pytest.mark.parametrize(
    ("head", "fields"),
    [
        (".x :", {}),
        (".x:", {}),
        (".x 0x7c00 :", {"address": num("0x7c00")}),
        (".x (0x10):", {"address": num("0x10")}),
        (".x . :", {"address": n.Name(".")}),
        (".x ALIGN(16) :", {"address": n.Call("ALIGN", "", (num("16"),))}),
        (".x (NOLOAD) :", {"type": "NOLOAD"}),
        (".x 4 (COPY) :", {"address": num("4"), "type": "COPY"}),
        (".x (INFO) :", {"type": "INFO"}),
        (".x (OVERLAY) :", {"type": "OVERLAY"}),
        (".x (DSECT) :", {"type": "DSECT"}),
        (".x () :", {}),
        (".x (READONLY) :", {"readonly": True}),
        (".x (TYPE = SHT_NOTE) :", {"type_value": n.Name("SHT_NOTE")}),
        (".x (TYPE=7) :", {"type_value": num("7")}),
        (".x (READONLY (TYPE=7)) :", {"readonly": True, "type_value": num("7")}),
        (
            ".x : AT(1) ALIGN(2) SUBALIGN(4)",
            {"at": num("1"), "align": num("2"), "subalign": num("4")},
        ),
        (".x : ALIGN(2) AT(1)", {"at": num("1"), "align": num("2")}),
        (".x : ALIGN_WITH_INPUT", {"align_with_input": True}),
        (".x : ONLY_IF_RO", {"constraint": "ONLY_IF_RO"}),
        (".x : ONLY_IF_RW", {"constraint": "ONLY_IF_RW"}),
    ],
)
def test_section_heads(head: str, fields: dict[str, object]) -> None:
    assert section(head + " {}") == n.OutputSection(".x", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tail", "fields"),
    [
        (">rom", {"region": "rom"}),
        ("> rom AT> ram", {"region": "rom", "lma_region": "ram"}),
        ("AT>ram", {"lma_region": "ram"}),
        (":text :NONE", {"phdrs": ("text", "NONE")}),
        ("=0x90", {"fill": n.Fill(num("0x90"))}),
        ("= (0x90 + 1)", {"fill": n.Fill(parse_expression("0x90 + 1"))}),
        (">rom :text =0x90,", {"region": "rom", "phdrs": ("text",), "fill": n.Fill(num("0x90"))}),
        (";", {}),
    ],
)
def test_section_tails(tail: str, fields: dict[str, object]) -> None:
    assert section(".x : {} " + tail) == n.OutputSection(".x", **fields)  # type: ignore[arg-type]


def test_a_fill_ends_before_discard() -> None:
    sections = one("SECTIONS { .x : {} =0x90909090 /DISCARD/ : { *(.y) } }")
    assert isinstance(sections, n.SectionsCommand)
    first, second = sections.items
    assert isinstance(first, n.OutputSection)
    assert first.fill == n.Fill(num("0x90909090"))
    assert isinstance(second, n.OutputSection)
    assert second.name == "/DISCARD/"


def test_overlay() -> None:
    found = item(
        "OVERLAY 0x1000 : NOCROSSREFS AT(0x4000) SUBALIGN(8)"
        "{ .a { *(.a) } :p =0x90 .b { } } > r AT> q :t =1"
    )
    a = n.InputStatement(n.FilePattern("*"), (n.SectionPattern(".a"),))
    assert found == n.Overlay(
        (
            n.OutputSection(".a", (a,), phdrs=("p",), fill=n.Fill(num("0x90"))),
            n.OutputSection(".b"),
        ),
        num("0x1000"),
        True,
        num("0x4000"),
        num("8"),
        "r",
        "q",
        ("t",),
        n.Fill(num("1")),
    )


# Statements


def everything(file: str, **fields: object) -> n.InputStatement:
    return n.InputStatement(n.FilePattern(file), **fields)  # type: ignore[arg-type]


def pattern(name: str, **fields: object) -> tuple[n.SectionPattern, ...]:
    return (n.SectionPattern(name, **fields),)  # type: ignore[arg-type]


TEXT = pattern(".text")
BOTH = (n.SectionPattern(".a"), n.SectionPattern(".b"))


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("*(.text)", everything("*", sections=TEXT)),
        ("* ( .text );", everything("*", sections=TEXT)),
        ("*(.a .b)", everything("*", sections=BOTH)),
        ("*(.a, .b)", everything("*", sections=BOTH)),
        ("*(.a,.b)", everything("*", sections=BOTH)),
        ("*(COMMON)", everything("*", sections=pattern("COMMON"))),
        ("boot.o;", everything("boot.o")),
        ("*", everything("*")),
        ("libc.a:(.text)", everything("libc.a:", sections=TEXT)),
        (":x.o(.text)", everything(":x.o", sections=TEXT)),
        ('"a b.o"(.text)', n.InputStatement(n.FilePattern("a b.o", quoted=True), TEXT)),
        ("KEEP(*(.text))", everything("*", sections=TEXT, keep=True)),
        ("KEEP (boot.o)", everything("boot.o", keep=True)),
        (
            "EXCLUDE_FILE(a.o, b.o) *(.text)",
            n.InputStatement(n.FilePattern("*", ("a.o", "b.o")), TEXT),
        ),
        (
            "KEEP(EXCLUDE_FILE(a.o) *(.text))",
            n.InputStatement(n.FilePattern("*", ("a.o",)), TEXT, keep=True),
        ),
        (
            "EXCLUDE_FILE(a.o) KEEP(*(.text))",
            n.InputStatement(n.FilePattern("*", ("a.o",)), TEXT, keep=True),
        ),
        (
            "*(EXCLUDE_FILE(a.o) .text)",
            everything("*", sections=pattern(".text", exclude=("a.o",))),
        ),
        ("SORT(*)(.text)", n.InputStatement(n.FilePattern("*", sort="SORT_BY_NAME"), TEXT)),
        (
            "SORT_NONE(EXCLUDE_FILE(x) *)(.text)",
            n.InputStatement(n.FilePattern("*", ("x",), "SORT_NONE"), TEXT),
        ),
        ("*(SORT(.text))", everything("*", sections=pattern(".text", sort=("SORT_BY_NAME",)))),
        (
            "*(SORT_BY_ALIGNMENT(SORT_BY_NAME(.text)))",
            everything("*", sections=pattern(".text", sort=("SORT_BY_ALIGNMENT", "SORT_BY_NAME"))),
        ),
        (
            "*(SORT(EXCLUDE_FILE(x) .text))",
            everything("*", sections=pattern(".text", exclude=("x",), sort=("SORT_BY_NAME",))),
        ),
        (
            "*(REVERSE(SORT_BY_INIT_PRIORITY(.text)))",
            everything(
                "*", sections=pattern(".text", sort=("SORT_BY_INIT_PRIORITY",), reverse=True)
            ),
        ),
        (
            "*(SORT_NONE(.a .b))",
            everything(
                "*",
                sections=(
                    n.SectionPattern(".a", sort=("SORT_NONE",)),
                    n.SectionPattern(".b", sort=("SORT_NONE",), joined=True),
                ),
            ),
        ),
        (
            "INPUT_SECTION_FLAGS (SHF_ALLOC & !SHF_WRITE) *(.text)",
            everything("*", sections=TEXT, with_flags=("SHF_ALLOC",), without_flags=("SHF_WRITE",)),
        ),
        (
            "KEEP(INPUT_SECTION_FLAGS(0x4) *(.text))",
            everything("*", sections=TEXT, keep=True, with_flags=("0x4",)),
        ),
        ("BYTE(1)", n.Data("BYTE", num("1"))),
        ("SHORT (1);", n.Data("SHORT", num("1"))),
        ("LONG(1)", n.Data("LONG", num("1"))),
        ("QUAD(1)", n.Data("QUAD", num("1"))),
        ("SQUAD(1)", n.Data("SQUAD", num("1"))),
        ("FILL(0x90)", n.Fill(num("0x90"))),
        (r'ASCIZ "a\n\"\101\x7f\377é"', n.Text("ASCIZ", b'a\n"A\x7f\xff\xc3\xa9')),
        ('ASCII (8) "abc"', n.Text("ASCII", b"abc", num("8"))),
        ("CONSTRUCTORS", n.Word("CONSTRUCTORS")),
        ("SORT(CONSTRUCTORS)", n.Word("SORT(CONSTRUCTORS)")),
        ("CREATE_OBJECT_SYMBOLS", n.Word("CREATE_OBJECT_SYMBOLS")),
        ("LINKER_VERSION", n.Word("LINKER_VERSION")),
        (".=ALIGN(4);", n.Assignment(".", "=", n.Call("ALIGN", "", (num("4"),)))),
        (". += 4;", n.Assignment(".", "+=", num("4"))),
        ("a-b = 1;", n.Assignment("a-b", "=", num("1"))),
        ("PROVIDE(a = .);", n.Assignment("a", "=", n.Name("."), provide=True)),
        ('ASSERT(1, "m")', n.Assert(num("1"), "m")),
        ("INCLUDE x.ld", n.Include("x.ld")),
    ],
)
def test_statements(text: str, node: n.SectionStatement) -> None:
    assert statement(text) == node


# MEMORY, PHDRS, VERSION


@pytest.mark.parametrize(
    "text",
    [
        "r : ORIGIN = 1, LENGTH = 2",
        "r : ORIGIN=1,LENGTH=2;",
        "r : org = 1 len = 2",
        "r : o = 1, l = 2,",
        "r: ORIGIN = 1, LENGTH = 2",
        '"r" : ORIGIN = 1, LENGTH = 2',
    ],
)
def test_region_forms(text: str) -> None:
    assert one("MEMORY { " + text + " }") == n.Memory((n.Region("r", num("1"), num("2")),))


def test_memory() -> None:
    found = one("MEMORY { a (rx ! w) : o = 0, l = 1K INCLUDE more.ld b(R) : o = 1, l = 2 }")
    assert found == n.Memory(
        (
            n.Region("a", num("0"), num("1K"), "rx!w"),
            n.Include("more.ld"),
            n.Region("b", num("1"), num("2"), "R"),
        )
    )


def test_phdrs() -> None:
    found = one("PHDRS { p PT_LOAD FILEHDR PHDRS AT(1) FLAGS(5); q 6; }")
    assert found == n.Phdrs(
        (
            n.Phdr("p", n.Name("PT_LOAD"), True, True, num("1"), num("5")),
            n.Phdr("q", num("6")),
        )
    )


def test_version() -> None:
    text = 'V1 { global: a; b*; local: "c*"; extern "C++" { "f(int)"; ns::*; }; }; { x; } V1 V0;'
    nodes = (
        n.VersionNode("V1", ("a", "b*"), ('"c*"',), "", (), ("f(int)", "ns::*")),
        n.VersionNode("", ("x",), (), "V1 V0"),
    )
    assert one("VERSION { " + text + " }") == n.Version(nodes)
    assert parse_version_script(text) == n.Version(nodes)


# Starts, spans


def test_parts_of_a_script() -> None:
    assert parse_script("a = 1;", "x", "sections") == (n.Assignment("a", "=", num("1")),)
    assert parse_script("*(.a)", "x", "output section") == (statement("*(.a)"),)
    assert parse_script("r : o = 1, l = 2", "x", "memory") == (n.Region("r", num("1"), num("2")),)


def test_spans() -> None:
    text = "a = 1 +\n  2;\nSECTIONS {\n  .x : { *(.text) }\n}"
    script = parse_script(text, "k.ld")
    first, second = script.commands
    assert isinstance(first, n.Assignment)
    assert first.span is not None
    assert first.span.text == "a = 1 +\n  2"
    assert first.value.span is not None
    assert first.value.span.text == "1 +\n  2"
    assert isinstance(second, n.SectionsCommand)
    (x,) = second.items
    assert isinstance(x, n.OutputSection)
    assert str(x.span) == "k.ld:4:3"
    assert x.name_span is not None
    assert x.name_span.text == ".x"
    (pattern,) = x.statements[0].sections  # type: ignore[union-attr]
    assert pattern.span is not None
    assert pattern.span.text == ".text"


# Errors: text -> line:column, message, help

ERRORS = [
    ("a = 1", "1:6", "expected `;` after the assignment, found the end of the script", ""),
    ("a = 1\nb = 2;", "2:1", "expected `;` after the assignment, found `b`", ""),
    ("a = ;", "1:5", "expected an expression, found `;`", ""),
    ("a = (1;", "1:7", "expected `)` after an expression in parentheses, found `;`", ""),
    ("a = 1 ? 2;", "1:10", "expected `:` after the second operand of `?:`, found `;`", ""),
    ("a = ALGIN(4);", "1:5", "unknown function `ALGIN`", "did you mean `ALIGN`?"),
    ("a = MAX(1);", "1:10", "expected `,` after the first argument of MAX(), found `)`", ""),
    ("a = SIZEOF(4 + 1);", "1:14", "expected `)` after the arguments of SIZEOF()", ""),
    ('a = "x;', "1:5", 'expected an expression, found the character `"`', "close the quotation"),
    ("a = é;", "1:5", "expected an expression, found the character `é`", "in double quotes"),
    ("SECTION { }", "1:1", "unknown command `SECTION`", "did you mean `SECTIONS`?"),
    (".text : { }", "1:1", "unknown command `.text`", "inside SECTIONS { ... }"),
    ("}", "1:1", "expected a command or an assignment, found `}`", ""),
    ("PROVIDE(a);", "1:9", "expected `symbol = expression` in PROVIDE(), found `a`", ""),
    ("PROVIDE(a += 1);", "1:14", "expected `symbol = expression` in PROVIDE()", ""),
    ("PROVIDE(a = 1)", "1:15", "expected `;` after PROVIDE()", ""),
    ("ENTRY a", "1:7", "expected `(` after ENTRY, found `a`", ""),
    ("OUTPUT_FORMAT(a, b)", "1:19", "expected `,` after the second of three formats", ""),
    ("INSERT .text", "1:8", "expected AFTER or BEFORE after INSERT, found `.text`", ""),
    ("SECTIONS { .x { } }", "1:15", "expected `:` after the name of section `.x`, found `{`", ""),
    ("SECTIONS { .x : }", "1:17", "expected `{` after the attributes of section `.x`", ""),
    ("SECTIONS { .x : {", "1:18", "expected a statement or `}`, found the end of the script", ""),
    ("SECTIONS { .x : { s = 1 } }", "1:25", "expected `;` after the assignment, found `}`", ""),
    ("SECTIONS { .x : { *() } }", "1:21", "expected a section name or pattern, found `)`", ""),
    ("SECTIONS { .x : { KEPP(*(.a)) } }", "1:19", "unknown keyword `KEPP`", "did you mean `KEEP`?"),
    ("SECTIONS { .x : { BYTES(1) } }", "1:19", "unknown keyword `BYTES`", "did you mean `BYTE`?"),
    ("SECTIONS { .x : { ENTRY(a) } }", "1:19", "`ENTRY` cannot stand inside an output section", ""),
    ("SECTIONS { .x : { KEEP(KEEP(*(.a))) } }", "1:24", "KEEP() inside KEEP()", ""),
    ("SECTIONS { .x : { BYTE 1 } }", "1:24", "expected `(` after BYTE, found `1`", ""),
    ("SECTIONS { .x (TYPE) : { } }", "1:20", "expected `=` after TYPE, found `)`", ""),
    ("SECTIONS { .x : AT(1) AT(2) { } }", "1:23", "expected AT once, found `AT`", ""),
    ("SECTIONS { .x : { } >r >q }", "1:24", "expected `>` once", ""),
    ("SECTIONS { .x : { *(SORT(SORT(SORT(.a)))) } }", "1:35", "sorts nest at most two deep", ""),
    ("SECTIONS { OVERLAY 1 { } }", "1:22", "expected `:` after the address of OVERLAY", ""),
    ("SECTIONS { ) }", "1:12", "expected an output section, an assignment or `}`, found `)`", ""),
    ("MEMORY { r : LENGTH = 1 }", "1:14", "expected ORIGIN of memory region `r`", ""),
    ("MEMORY { r (q) : o = 1, l = 2 }", "1:13", "invalid attribute in `q`", "attributes are r w x"),
    ("PHDRS { p PT_LOAD }", "1:19", "expected `;` after program header `p`", ""),
    ("VERSION { V1 { a }; }", "1:18", "expected `;` after a symbol in a version", ""),
    ('VERSION { { extern "Ada" { f; }; }; }', "1:20", 'expected "C" or "C++" after extern', ""),
    ("a = " + "(" * 10_000, "1:205", "expression nested deeper than 200 levels", ""),
    ("a = " + "-" * 10_000, "1:204", "expression nested deeper than 200 levels", ""),
    ("a = 1" + "+1" * 20_000 + ";", "1:20008", "expression with more than 10000 operators", ""),
    ("/* a", "1:1", "unterminated comment", ""),
]


@pytest.mark.parametrize(
    ("text", "place", "message", "help"), ERRORS, ids=[e[2][:40] for e in ERRORS]
)
def test_errors(text: str, place: str, message: str, help: str) -> None:
    with pytest.raises(LinkError) as caught:
        parse_script(text, "k.ld")
    (found,) = caught.value.diagnostics
    assert found.slug == "script-syntax"
    assert found.message.startswith("syntax error: " + message)
    assert str(found.span) == "k.ld:" + place
    assert any(help in line for line in found.help) if help else True


@pytest.mark.parametrize(
    "text",
    [
        "\0" * 10_000_000,
        "{" * 10_000_000,
        "a" * 10_000_000,
        "/*" + "x" * 10_000_000,
        '"' * 10_000_001,
    ],
    ids=["zeros", "braces", "word", "comment", "quotes"],
)
def test_ten_megabytes_of_garbage_are_one_short_error(text: str) -> None:
    with pytest.raises(LinkError) as caught:
        parse_script(text)
    (found,) = caught.value.diagnostics
    assert found.slug == "script-syntax"
    assert len(found.message) < 200


def test_expressions_and_patterns_end_where_they_should() -> None:
    with pytest.raises(LinkError, match="expected the end of the expression, found `2`"):
        parse_expression("1 2")
