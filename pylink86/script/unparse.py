"""A tree back to script text, laid out for people; parsing it gives the same tree.

What `--verbose`, `--dump-layout` and `Layout.to_script()` print.  Names are quoted where the parser
might otherwise read something else, and parentheses stand only where they are needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from ..diag import fail
from . import nodes as n
from .expression import FUNCTIONS, PRECEDENCE
from .statements import PROVIDES, STATEMENT_WORDS

_STEP = "  "


def unparse(node: Any) -> str:
    """The text of a Script, or of any one node of a script."""
    printer = next((_PRINTERS[kind] for kind in type(node).__mro__ if kind in _PRINTERS), None)
    if printer is None:
        return expression_text(node)
    return "\n".join(printer(node)) + ("\n" if isinstance(node, n.Script) else "")


# Names: what the parser's modes read back as one word without quotes

SYMBOL_WORD = re.compile(r"[A-Za-z_.$][\w.$]*", re.ASCII)
NAME_WORD = re.compile(r"[A-Za-z_.$][\w.$/\\~+\[\]!^-]*(?::[\w.$/\\~+-]+)*", re.ASCII)
WORD_WORD = re.compile(r"(?!/\*)[\w.$/\\~+\[\]!^:*?-]+", re.ASCII)
FILE_WORD = re.compile(r"(?!/\*)[\w.$/\\~+\[\]!^:=*?-]+", re.ASCII)
ASSIGNS = re.compile(r"[A-Za-z_.$][\w.$]*[-+*/&|^]?=(?!=)", re.ASCII)
VERSION_WORD = re.compile(r"[\w.$*?\[\]!^@~+-]+(?:::[\w.$*?\[\]!^@~+-]+)*", re.ASCII)

_KEYWORDS = frozenset(
    """
    SIZEOF_HEADERS sizeof_headers AS_NEEDED AT NOLOAD DSECT COPY INFO READONLY TYPE
    global local extern
    """.split()  # noqa: SIM905 (one word to a line is 13 lines)
).union(STATEMENT_WORDS, FUNCTIONS)
"""Words that mean something in one place or another; quoted they are names everywhere."""


def _quoted(name: str) -> str:
    if '"' in name:
        raise fail("script-name", f"a name with a double quote cannot stand in a script: {name}")
    return f'"{name}"'


def _name(name: str, plain: re.Pattern[str]) -> str:
    """A name, quoted unless the parser reads it back as it is."""
    return name if plain.fullmatch(name) and name not in _KEYWORDS else _quoted(name)


def _symbol(name: str) -> str:
    return _name(name, SYMBOL_WORD)


def _section(name: str) -> str:
    return name if name == "/DISCARD/" else _name(name, NAME_WORD)


def _pattern(pattern: str) -> str:
    return pattern if pattern == "COMMON" else _name(pattern, WORD_WORD)


def _listed(words: Iterable[str]) -> str:
    return " ".join(_pattern(word) for word in words)


# Expressions


def expression_text(expr: n.Expr, floor: int = 0) -> str:
    """An expression, in parentheses if its operator binds less than `floor`."""
    if isinstance(expr, n.Number):
        return expr.literal or (str(expr.value) if expr.value < 10 else hex(expr.value))
    if isinstance(expr, n.Name):
        return _symbol(expr.name)
    if isinstance(expr, n.Binary):
        text, level = _chain(expr), PRECEDENCE[expr.op]
    elif isinstance(expr, n.Unary):
        return expr.op + expression_text(expr.operand, _TIGHT)
    elif isinstance(expr, n.Ternary):
        condition = expression_text(expr.condition, 1)
        text = f"{condition} ? {expression_text(expr.then)} : {expression_text(expr.other)}"
        level = 0
    elif isinstance(expr, n.AssertExpr):
        return f"ASSERT({expression_text(expr.condition)}, {_quoted(expr.message)})"
    else:
        return _call(expr)
    return f"({text})" if level < floor else text


_TIGHT = 20
"""More than any precedence: the operand of a unary operator."""


def _chain(expr: n.Binary) -> str:
    """`a + b + c`, which leans left and may be long: walked, not recursed into."""
    parts: list[str] = []
    while True:
        level = PRECEDENCE[expr.op]
        apart = _TIGHT if expr.op in _APART else 0
        parts.append(f" {expr.op} {expression_text(expr.right, max(apart, level + 1))}")
        left = expr.left
        below = PRECEDENCE[left.op] if isinstance(left, n.Binary) else 0
        if not isinstance(left, n.Binary) or below < level or (apart and below != level):
            parts.append(expression_text(left, max(apart, level)))
            return "".join(reversed(parts))
        expr = left


_APART = frozenset(("<<", ">>", "&", "|", "^"))
"""Operators whose precedence few know: their operands are put in parentheses."""


def _call(expr: n.Call) -> str:
    """A function; its target is a symbol in DEFINED(), else another kind of name."""
    if expr.name == "SIZEOF_HEADERS":
        return expr.name
    arguments = [expression_text(arg) for arg in expr.args]
    shape = FUNCTIONS[expr.name][0]
    if shape == "s":
        arguments.insert(0, _symbol(expr.target))
    elif shape != "e":
        arguments.insert(0, _name(expr.target, NAME_WORD))
    return f"{expr.name}({', '.join(arguments)})"


# Statements: each printer gives lines without indentation


def _assignment(node: n.Assignment) -> list[str]:
    word = next((w for w, kind in PROVIDES.items() if kind == (node.provide, node.hidden)), None)
    if word:
        return [f"{word}({_symbol(node.name)} = {expression_text(node.value)});"]
    return [f"{_symbol(node.name)} {node.op} {expression_text(node.value)};"]


def _assert(node: n.Assert) -> list[str]:
    return [f"ASSERT({expression_text(node.condition)}, {_quoted(node.message)});"]


def _include(node: n.Include) -> list[str]:
    return [f"INCLUDE {_pattern(node.path)}"]


def _data(node: n.Data) -> list[str]:
    return [f"{node.kind}({expression_text(node.value)})"]


def _fill(node: n.Fill) -> list[str]:
    return [f"FILL({expression_text(node.value)})"]


def _word(node: n.Word) -> list[str]:
    return [node.word]


def _text(node: n.Text) -> list[str]:
    size = f" ({expression_text(node.size)})" if node.size is not None else ""
    return [f'{node.kind}{size} "{_escaped(node.value)}"']


def _escaped(data: bytes) -> str:
    """Bytes as the inside of a quoted text."""
    named = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x09: "\\t", 0x0D: "\\r"}
    return "".join(
        named.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in data
    )


def _input_statement(node: n.InputStatement) -> list[str]:
    file = node.file
    alone = not (node.keep or file.exclude or file.sort or file.reverse)
    taken = alone and (file.pattern in STATEMENT_WORDS or ASSIGNS.match(file.pattern))
    plain = FILE_WORD.fullmatch(file.pattern) and not taken
    text = file.pattern if plain and not file.quoted else _quoted(file.pattern)
    exclude = f"EXCLUDE_FILE({_listed(file.exclude)}) " if file.exclude else ""
    for word in (file.sort, "REVERSE" if file.reverse else ""):
        text = f"{word}({text})" if word else text
    text = exclude + text
    if node.sections:
        text += f"({' '.join(_section_patterns(node.sections))})"
    if node.keep:
        text = f"KEEP({text})"
    flags = [*node.with_flags, *("!" + flag for flag in node.without_flags)]
    if flags:
        text = f"INPUT_SECTION_FLAGS({' & '.join(flags)}) {text}"
    return [text if node.sections or node.keep else text + ";"]


def _section_patterns(patterns: tuple[n.SectionPattern, ...]) -> list[str]:
    """The patterns, those that are sorted together in one pair of parentheses."""
    found: list[str] = []
    groups: list[list[n.SectionPattern]] = []
    for pattern in patterns:
        if pattern.joined and groups:
            groups[-1].append(pattern)
        else:
            groups.append([pattern])
    for group in groups:
        text = " ".join(_excluding(pattern) for pattern in group)
        for word in (*reversed(group[0].sort), "REVERSE" if group[0].reverse else ""):
            text = f"{word}({text})" if word else text
        found.append(text)
    return found


def _excluding(pattern: n.SectionPattern) -> str:
    exclude = f"EXCLUDE_FILE({_listed(pattern.exclude)}) " if pattern.exclude else ""
    return exclude + _pattern(pattern.pattern)


# Output sections


def _block(head: str, inside: Iterable[str], tail: str = "") -> list[str]:
    return [f"{head} {{", *(_STEP + line for line in inside), "}" + tail]


def _lines(nodes: Iterable[Any]) -> list[str]:
    return [line for node in nodes for line in _PRINTERS[type(node)](node)]


def _output_section(node: n.OutputSection) -> list[str]:
    head = _section(node.name)
    if node.address is not None:
        head += " " + expression_text(node.address)
    head += _section_type(node) + " :" + _attributes(node)
    return _block(head, _lines(node.statements), _placement(node))


def _section_type(node: n.OutputSection) -> str:
    value = "" if node.type_value is None else f"TYPE = {expression_text(node.type_value)}"
    if node.readonly:
        return f" (READONLY ({value}))" if value else " (READONLY)"
    word = value or node.type
    return f" ({word})" if word else ""


def _attributes(node: n.OutputSection) -> str:
    text = ""
    for word, value in (("AT", node.at), ("ALIGN", node.align), ("SUBALIGN", node.subalign)):
        if word == "SUBALIGN" and node.align_with_input:
            text += " ALIGN_WITH_INPUT"
        if value is not None:
            text += f" {word}({expression_text(value)})"
    return text + (f" {node.constraint}" if node.constraint else "")


def _placement(node: n.OutputSection | n.Overlay) -> str:
    text = f" > {_name(node.region, NAME_WORD)}" if node.region else ""
    text += f" AT> {_name(node.lma_region, NAME_WORD)}" if node.lma_region else ""
    text += "".join(f" :{_name(phdr, NAME_WORD)}" for phdr in node.phdrs)
    return text + (f" = {expression_text(node.fill.value)}" if node.fill is not None else "")


def _overlay(node: n.Overlay) -> list[str]:
    head = "OVERLAY"
    if node.address is not None:
        head += " " + expression_text(node.address)
    head += " :" + (" NOCROSSREFS" if node.no_cross_refs else "")
    for word, value in (("AT", node.at), ("SUBALIGN", node.subalign)):
        if value is not None:
            head += f" {word}({expression_text(value)})"
    inside = [
        line
        for section in node.sections
        for line in _block(_section(section.name), _lines(section.statements), _placement(section))
    ]
    return _block(head, inside, _placement(node))


# Top level


def _script(node: n.Script) -> list[str]:
    return _lines(node.commands)


def _entry(node: n.Entry) -> list[str]:
    return [f"ENTRY({_pattern(node.symbol)})"]


def _sections(node: n.SectionsCommand) -> list[str]:
    return _block("SECTIONS", _lines(node.items))


def _overwrite(node: n.OverwriteSections) -> list[str]:
    return _block("OVERWRITE_SECTIONS", _lines(node.items))


def _memory(node: n.Memory) -> list[str]:
    return _block("MEMORY", _lines(node.regions))


def _region(node: n.Region) -> list[str]:
    attributes = f" ({node.attributes})" if node.attributes else ""
    origin, length = expression_text(node.origin), expression_text(node.length)
    name = _name(node.name, NAME_WORD)
    return [f"{name}{attributes} : ORIGIN = {origin}, LENGTH = {length}"]


def _region_alias(node: n.RegionAlias) -> list[str]:
    return [f"REGION_ALIAS({_quoted(node.alias)}, {_quoted(node.region)})"]


def _phdrs(node: n.Phdrs) -> list[str]:
    return _block("PHDRS", _lines(node.phdrs))


def _phdr(node: n.Phdr) -> list[str]:
    text = f"{_name(node.name, NAME_WORD)} {expression_text(node.type)}"
    text += (" FILEHDR" if node.filehdr else "") + (" PHDRS" if node.phdrs else "")
    for word, value in (("AT", node.at), ("FLAGS", node.flags)):
        if value is not None:
            text += f" {word}({expression_text(value)})"
    return [text + ";"]


def _input(node: n.Input) -> list[str]:
    """INPUT or GROUP; neighbours that are AS_NEEDED share one."""
    parts: list[str] = []
    for file in node.files:
        name = _pattern(file.name)
        if not file.as_needed:
            parts.append(name)
        elif parts and parts[-1].startswith("AS_NEEDED("):
            parts[-1] = f"{parts[-1][:-1]} {name})"
        else:
            parts.append(f"AS_NEEDED({name})")
    return [f"{'GROUP' if node.group else 'INPUT'}({' '.join(parts)})"]


def _output_format(node: n.OutputFormat) -> list[str]:
    names = [node.default, *((node.big, node.little) if node.big else ())]
    return [f"OUTPUT_FORMAT({', '.join(_quoted(name) for name in names)})"]


def _command(node: n.Command) -> list[str]:
    if not node.args and node.word.endswith("_ALLOCATION"):
        return [node.word]
    return [f"{node.word}({_listed(node.args)})"]


def _insert(node: n.Insert) -> list[str]:
    return [f"INSERT {node.where} {_section(node.section)};"]


def _version(node: n.Version) -> list[str]:
    return _block("VERSION", _lines(node.nodes))


def _version_node(node: n.VersionNode) -> list[str]:
    head = _version_name(node.name) + " {" if node.name else "{"
    lines = [head]
    for scope, plain, cxx in (
        ("global", node.globals, node.cxx_globals),
        ("local", node.locals, node.cxx_locals),
    ):
        names = [f"{_version_name(name)};" for name in plain]
        if cxx:
            names.append('extern "C++" {')
            names += (f"{_STEP}{_version_name(name)};" for name in cxx)
            names.append("};")
        if names:
            lines += [f"{scope}:", *(_STEP + name for name in names)]
    parents = "".join(f" {_version_name(name)}" for name in node.parent.split())
    return [*lines, "}" + parents + ";"]


def _version_name(name: str) -> str:
    return name if name[:1] == '"' else _name(name, VERSION_WORD)


_PRINTERS: dict[type, Callable[[Any], list[str]]] = {
    n.Assert: _assert,
    n.Assignment: _assignment,
    n.Command: _command,
    n.Data: _data,
    n.Entry: _entry,
    n.Fill: _fill,
    n.Include: _include,
    n.Input: _input,
    n.InputStatement: _input_statement,
    n.Insert: _insert,
    n.Memory: _memory,
    n.OutputFormat: _output_format,
    n.OutputSection: _output_section,
    n.Overlay: _overlay,
    n.OverwriteSections: _overwrite,
    n.Phdr: _phdr,
    n.Phdrs: _phdrs,
    n.Region: _region,
    n.RegionAlias: _region_alias,
    n.Script: _script,
    n.SectionsCommand: _sections,
    n.Text: _text,
    n.Version: _version,
    n.VersionNode: _version_node,
    n.Word: _word,
}
