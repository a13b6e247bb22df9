"""Strategies that make whole linker scripts, as trees the parser could have made.

Everything the language has occurs: reuse `scripts()` where any script will do, `expressions()` and
the smaller ones where a part is wanted.  Names come from small sets, so that references meet.
"""

from __future__ import annotations

from hypothesis import strategies as st

from pylink86.script import nodes as n
from pylink86.script.expression import FUNCTIONS, PRECEDENCE, number_value

SYMBOLS = st.sampled_from(
    ["a", "_start", "foo.bar", "$x", ".hidden", "with space", "a-b", "AT", "é"]
)
SECTION_NAMES = st.sampled_from(
    [".text", ".data", ".bss", "/DISCARD/", ".a-b", "a:b", "OVERLAY", "x y", "1st", "+odd"]
)
FILES = st.sampled_from(
    ["*", "boot.o", "*crt*.o", "libc.a:", "lib*.a:mem*.o", ":x.o", "/d/?[ab].o"]
)
PATTERNS = st.sampled_from([".text", ".text.*", ".r[!o]*", "COMMON", "*", ".x?y", "KEEP", "a b"])
WORDS = st.sampled_from(["a.o", "-lfoo", "dir/b.o", "elf64-x86-64", "i386:x86-64", "x y", "=/lib"])
LITERALS = st.sampled_from(
    [
        "0",
        "7",
        "512",
        "0x7c00",
        "0XFF",
        "4K",
        "0x10K",
        "1M",
        "017",
        "0ffh",
        "101b",
        "17o",
        "9d",
        "08",
    ]
)
MESSAGES = st.text(st.characters(codec="utf-8", exclude_characters='"'), max_size=8)
ASSIGN_OPS = ("=", "+=", "-=", "*=", "/=", "<<=", ">>=", "&=", "|=", "^=")
SORTS = ("SORT_BY_NAME", "SORT_BY_ALIGNMENT", "SORT_BY_INIT_PRIORITY", "SORT_NONE")


def numbers() -> st.SearchStrategy[n.Number]:
    return LITERALS.map(lambda literal: n.Number(number_value(literal) or 0, literal))


def _call(name: str, inner: st.SearchStrategy[n.Expr]) -> st.SearchStrategy[n.Call]:
    """A call of one builtin with the arguments its shape asks for."""
    shape = FUNCTIONS[name]
    none: st.SearchStrategy[str] = st.just("")
    targets = {"s": SYMBOLS, "t": SECTION_NAMES, "r": SYMBOLS, "c": SYMBOLS}
    counts = [alternative.split(",").count("e") for alternative in shape.split("|")]
    args = st.one_of(*(st.tuples(*[inner] * count) for count in counts))
    return st.builds(n.Call, st.just(name), targets.get(shape[0], none), args)


def _grow(inner: st.SearchStrategy[n.Expr]) -> st.SearchStrategy[n.Expr]:
    return st.one_of(
        st.builds(n.Unary, st.sampled_from("-~!+"), inner),
        st.builds(n.Binary, st.sampled_from(sorted(PRECEDENCE)), inner, inner),
        st.builds(n.Ternary, inner, inner, inner),
        st.builds(n.AssertExpr, inner, MESSAGES),
        st.sampled_from(sorted(FUNCTIONS)).flatmap(lambda name: _call(name, inner)),
    )


def expressions() -> st.SearchStrategy[n.Expr]:
    """Any expression, some ten nodes large."""
    dot = st.just(n.Name("."))
    leaves = st.one_of(numbers(), dot, SYMBOLS.map(n.Name), st.just(n.Call("SIZEOF_HEADERS")))
    return st.recursive(leaves, _grow, max_leaves=8)


def maybe(strategy: st.SearchStrategy[n.Expr]) -> st.SearchStrategy[n.Expr | None]:
    return st.none() | strategy


def assignments() -> st.SearchStrategy[n.Assignment]:
    plain = st.builds(
        n.Assignment, SYMBOLS | st.just("."), st.sampled_from(ASSIGN_OPS), expressions()
    )
    kinds = st.sampled_from([(True, False), (True, True), (False, True)])
    provided = st.builds(
        lambda name, value, kind: n.Assignment(name, "=", value, *kind),
        SYMBOLS,
        expressions(),
        kinds,
    )
    return plain | provided


def common() -> st.SearchStrategy[n.Assignment | n.Assert | n.Include]:
    """What may stand at the top, in SECTIONS and in an output section."""
    return st.one_of(
        assignments(),
        st.builds(n.Assert, expressions(), MESSAGES),
        st.builds(n.Include, WORDS),
    )


def _few(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(strategy, max_size=2).map(tuple)


@st.composite
def section_patterns(draw: st.DrawFn) -> tuple[n.SectionPattern, ...]:
    """Some patterns; one sort may hold several of them."""
    found: list[n.SectionPattern] = []
    for _ in range(draw(st.integers(1, 3))):
        sort = draw(st.lists(st.sampled_from(SORTS), max_size=2).map(tuple))
        reverse = draw(st.booleans())
        together = draw(st.integers(1, 2)) if sort or reverse else 1
        for index in range(together):
            exclude = draw(_few(FILES))
            pattern = draw(PATTERNS)
            found.append(n.SectionPattern(pattern, exclude, sort, reverse, index > 0))
    return tuple(found)


def input_statements() -> st.SearchStrategy[n.InputStatement]:
    sorts = st.sampled_from(["", "", "SORT_BY_NAME", "SORT_NONE"])
    file = st.builds(n.FilePattern, FILES, _few(FILES), sorts, st.booleans(), st.booleans())
    flag = st.sampled_from(["SHF_WRITE", "SHF_ALLOC", "0x4"])
    some = st.lists(flag, min_size=1, max_size=2).map(tuple)
    both = st.one_of(st.tuples(some, _few(flag)), st.just(((), ())))
    return st.builds(
        lambda file, sections, keep, flags: n.InputStatement(file, sections, keep, *flags),
        file,
        st.just(()) | section_patterns(),
        st.booleans(),
        both,
    )


def section_statements() -> st.SearchStrategy[n.SectionStatement]:
    kinds = st.sampled_from(["BYTE", "SHORT", "LONG", "QUAD", "SQUAD"])
    words = ["CONSTRUCTORS", "CREATE_OBJECT_SYMBOLS", "LINKER_VERSION", "SORT(CONSTRUCTORS)"]
    return st.one_of(
        common(),
        input_statements(),
        st.builds(n.Data, kinds, expressions()),
        st.builds(n.Text, st.just("ASCIZ"), st.binary(max_size=6)),
        st.builds(n.Text, st.just("ASCII"), st.binary(max_size=6), maybe(expressions())),
        st.builds(n.Fill, expressions()),
        st.builds(n.Word, st.sampled_from(words)),
    )


def _placement() -> dict[str, st.SearchStrategy[object]]:
    return {
        "region": st.sampled_from(["", "", "rom", "x-y"]),
        "lma_region": st.sampled_from(["", "", "ram"]),
        "phdrs": _few(st.sampled_from(["text", "NONE"])),
        "fill": st.none() | st.builds(n.Fill, expressions()),
    }


def output_sections() -> st.SearchStrategy[n.OutputSection]:
    kinds = st.one_of(
        st.sampled_from(["", "NOLOAD", "COPY", "INFO", "OVERLAY", "DSECT"]).map(
            lambda word: (word, None, False)
        ),
        st.tuples(st.just(""), maybe(expressions()), st.booleans()),
    )
    return st.builds(
        lambda kind, **rest: n.OutputSection(
            type=kind[0], type_value=kind[1], readonly=kind[2], **rest
        ),
        kinds,
        name=SECTION_NAMES,
        statements=st.lists(section_statements(), max_size=4).map(tuple),
        address=maybe(expressions()),
        at=maybe(expressions()),
        align=maybe(expressions()),
        align_with_input=st.booleans(),
        subalign=maybe(expressions()),
        constraint=st.sampled_from(["", "ONLY_IF_RO", "ONLY_IF_RW"]),
        **_placement(),
    )


def overlays() -> st.SearchStrategy[n.Overlay]:
    statements = st.lists(section_statements(), max_size=2).map(tuple)
    inside = st.builds(n.OutputSection, SECTION_NAMES, statements, **_placement())
    return st.builds(
        n.Overlay,
        st.lists(inside, max_size=2).map(tuple),
        maybe(expressions()),
        st.booleans(),
        maybe(expressions()),
        maybe(expressions()),
        **_placement(),
    )


def sections_commands() -> st.SearchStrategy[n.SectionsCommand]:
    item = st.one_of(common(), output_sections(), overlays(), st.builds(n.Entry, SYMBOLS))
    return st.builds(n.SectionsCommand, st.lists(item, max_size=4).map(tuple))


def _version_nodes() -> st.SearchStrategy[n.VersionNode]:
    names = _few(st.sampled_from(["f", "g*", "ns::h", '"q*"', "global", "x y"]))
    return st.builds(
        n.VersionNode,
        st.sampled_from(["", "V1", "V_2.0"]),
        names,
        names,
        st.sampled_from(["", "V0", "V0 V9"]),
        names,
        names,
    )


def _commands() -> st.SearchStrategy[n.Command]:
    one = ("OUTPUT", "TARGET", "OUTPUT_ARCH", "SEARCH_DIR", "STARTUP", "LD_FEATURE")
    some = ("EXTERN", "NOCROSSREFS", "NOCROSSREFS_TO")
    none = ("FORCE_COMMON_ALLOCATION", "INHIBIT_COMMON_ALLOCATION", "FORCE_GROUP_ALLOCATION")
    return st.one_of(
        st.builds(n.Command, st.sampled_from(one), st.tuples(WORDS)),
        st.builds(n.Command, st.sampled_from(some), _few(WORDS)),
        st.builds(n.Command, st.sampled_from(none)),
    )


def commands() -> st.SearchStrategy[n.TopLevel]:
    region = st.builds(
        n.Region,
        SYMBOLS,
        expressions(),
        expressions(),
        st.sampled_from(["", "rwx", "!r", "rw!ail"]),
    )
    phdr = st.builds(
        n.Phdr,
        SYMBOLS,
        st.sampled_from([n.Name("PT_LOAD"), n.Number(1, "1"), n.Number(6, "6")]),
        st.booleans(),
        st.booleans(),
        maybe(expressions()),
        maybe(expressions()),
    )
    formats = st.sampled_from([("binary",), ("elf64-x86-64", "elf64-big", "elf64-little")])
    return st.one_of(
        common(),
        sections_commands(),
        st.builds(n.Entry, SYMBOLS),
        st.builds(n.OverwriteSections, st.lists(output_sections(), max_size=2).map(tuple)),
        st.builds(n.Memory, st.lists(region | st.builds(n.Include, WORDS), max_size=3).map(tuple)),
        st.builds(n.RegionAlias, SYMBOLS, SYMBOLS),
        st.builds(n.Phdrs, st.lists(phdr, max_size=3).map(tuple)),
        st.builds(
            n.Input,
            st.lists(st.builds(n.InputFile, WORDS, st.booleans()), max_size=4).map(tuple),
            st.booleans(),
        ),
        formats.map(lambda names: n.OutputFormat(*names)),
        _commands(),
        st.builds(n.Insert, st.sampled_from(["AFTER", "BEFORE"]), SECTION_NAMES),
        st.builds(n.Version, st.lists(_version_nodes(), max_size=3).map(tuple)),
    )


def scripts() -> st.SearchStrategy[n.Script]:
    """A whole script of a few commands."""
    return st.lists(commands(), max_size=4).map(lambda found: n.Script(tuple(found)))
