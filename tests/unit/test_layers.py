"""Modules import only what lies below them, and heavy packages only where they are needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "pylink86"

LAYERS = (
    ("elf_const", "laps"),
    ("elf_tables", "columns", "relocation_groups", "diag", "model", "wildcard", "dialect", "arch"),
    ("formats", "script"),
    ("passes", "ops"),
    ("link_options", "output_views", "result"),
    ("linking",),
    ("linker",),
    ("same_shape",),
    ("incremental",),
    ("explain", "report", "boot"),
    ("cli",),
    ("__init__", "__main__"),
)
"""From the bottom up; a package stands for all its modules."""

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

FRONT_DOORS = {
    "model": {"formats.elf_write", "formats.elf_check", "ops"},
    "linker": {"explain"},
    "result": {"explain", "formats"},
}
"""Methods that users call on a value, whose work is done further up: imports inside functions that
may point up, and where to."""

HEAVY = {
    "elftools": {"explain.dwarf"},
    "lief": {"formats.coff_read"},
    "unicorn": {"boot"},
    "numpy": set(),
    "typing_extensions": set(),
    "argparse": set(),
}
"""Packages that cost more than a link, and the only modules that may import them."""


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


class Import:
    """One imported module: `target` as a dotted name in the package, or of another package."""

    def __init__(self, target: str, inside: bool, where: str, at_top: bool, for_types: bool):
        self.target, self.inside, self.where = target, inside, where
        self.at_top, self.for_types = at_top, for_types


def imports(name: str) -> Iterator[Import]:
    """Every import statement of a module, with where it stands."""
    path = MODULES[name]
    is_package = path.name == "__init__.py"
    parts = [] if name == "__init__" else name.split(".")
    base = parts if is_package else parts[:-1]

    def walk(node: ast.AST, at_top: bool, for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            where = f"{path.name}:{getattr(child, 'lineno', 0)}"
            if isinstance(child, ast.Import):
                for alias in child.names:
                    target, inside = alias.name, alias.name.split(".")[0] == "pylink86"
                    yield Import(target, inside, where, at_top, for_types)
            elif isinstance(child, ast.ImportFrom):
                for target, inside in resolve(child, base):
                    yield Import(target, inside, where, at_top, for_types)
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                yield from walk(child, at_top, True)
            else:
                inner = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
                yield from walk(child, at_top and not inner, for_types)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), True, False)


def resolve(node: ast.ImportFrom, base: list[str]) -> Iterator[tuple[str, bool]]:
    """Names of modules an import-from loads, and whether they are ours."""
    if not node.level:
        yield node.module or "", (node.module or "").split(".")[0] == "pylink86"
        return
    above = base[: len(base) - (node.level - 1)]
    module = ".".join([*above, *(node.module.split(".") if node.module else [])])
    for alias in node.names:
        full = f"{module}.{alias.name}" if module else alias.name
        yield full if full in MODULES else (module or "__init__"), True


def level(name: str) -> int:
    return LEVEL[name.split(".")[0]]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_a_layer(name: str):
    assert name.split(".")[0] in LEVEL


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name: str):
    doors = FRONT_DOORS.get(name, set())
    up = [
        f"{found.where} imports {found.target}"
        for found in imports(name)
        if found.inside
        and not found.for_types
        and found.target != "__init__"  # the package itself: its version, names fetched on use
        and level(found.target) > level(name)
        and not (not found.at_top and any(found.target.startswith(door) for door in doors))
    ]
    assert not up


@pytest.mark.parametrize("name", MODULES)
def test_heavy_packages_stay_where_they_belong(name: str):
    wrong = [
        f"{found.where} imports {found.target}"
        for found in imports(name)
        if not found.inside
        and not found.for_types
        and (allowed := HEAVY.get(found.target.split(".")[0])) is not None
        and not any(name == a or name.startswith(a + ".") for a in allowed)
    ]
    assert not wrong


def test_no_module_imports_itself_through_others():
    """Cycles between modules at import time; imports inside functions do not count."""
    graph = {
        name: {
            found.target
            for found in imports(name)
            if found.inside and found.at_top and not found.for_types and found.target != name
        }
        for name in MODULES
        if name != "__init__"
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name in done:
            return
        for target in graph.get(name, ()):
            visit(target, (*path, name))
        done.add(name)

    for name in graph:
        visit(name, ())


def functions_from_passes(name: str) -> list[tuple[str, str]]:
    """(module in `passes`, function) for each function a module imports from there."""
    package = name.rpartition(".")[0].split(".") if "." in name else []
    return [
        (module.removeprefix("passes."), alias.name)
        for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
        for module, _ in resolve(node, package)
        if module.startswith("passes.") and not alias.name.lstrip("_")[:1].isupper()
    ]


def test_a_pass_imports_only_types_of_other_passes():
    """What `link` calls is a pass; the modules beside them are shared by those in need.

    Advice comes after all of them and reads what they left with their own helpers.
    """
    parts = [name for name in MODULES if name.split(".")[0] in ("linker", "linking")]
    passes = {module for name in parts for module, _ in functions_from_passes(name)}
    known = {"inputs.load", "names.resolve", "matching.match", "placing.walks"}
    assert known <= passes
    wrong = [
        f"{name} imports {module}.{function}"
        for name in MODULES
        if name.startswith("passes.") and not name.startswith("passes.advice.")
        for module, function in functions_from_passes(name)
        if module in passes
    ]
    assert not wrong
