"""What every link imports is written down: starting is most of a small link's time.

Whoever needs a module only for some links imports it where it is called, with a word on why.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

EVERY_LINK = {
    "": """
        arch cli columns diag dialect elf_const elf_tables formats laps link_options linker
        linking model passes relocation_groups result script wildcard
    """,
    "arch": """
        i386 padding reloc rewrite x86_64
    """,
    "cli": """
        elf_values globs inputs ld_ignored ld_inputs ld_keywords ld_layout ld_messages
        ld_options ld_output ld_refused link_values metadata options program pyld
        symbol_files tolerances
    """,
    "dialect": """
        difference gathering placing reading
    """,
    "formats": """
        binary elf_check elf_read images kept opened output
    """,
    "linking": """
        connect gather lay_out
    """,
    "passes": """
        advice checking editing elf_options finished finishing inputs liveness matching names
        near ordering own placement placing plan reading relocating section_list tables target
        words
    """,
    "passes.advice": """
        advise
    """,
    "passes.checking": """
        check crossrefs largest memory_ranges
    """,
    "passes.editing": """
        editor fold_options merging
    """,
    "passes.finishing": """
        image name_table
    """,
    "passes.inputs": """
        expand library load loader members needs
    """,
    "passes.matching": """
        file_names inside_order link_order match matcher priority sorting unclaimed
    """,
    "passes.names": """
        boundaries comdat definers linker_names reserved resolve roots special_names versioned
        versions
    """,
    "passes.ordering": """
        anchors_gnu chain emptiness entry header_order order orphans orphans_gnu section_type
        section_types
    """,
    "passes.own": """
        got own_file own_sections own_tables reach table_form
    """,
    "passes.placing": """
        assign contents data_segment fill first_walk load_address locate place place_once
        regions relro_part scope settle walks
    """,
    "passes.reading": """
        arrange default_layout insert provides relink scripts
    """,
    "passes.relocating": """
        assembly patcher relocate relocation_runs relocation_site seen_values sums symbol_values
    """,
    "script": """
        arithmetic blocks evaluate expression expression_nodes input_patterns nodes parser rules
        sections statements tokens values
    """,
}
"""What any link imports, by package: to import a module takes longer than most passes take."""

STANDARD_LIBRARY = {"bisect", "contextvars", "errno", "gc", "struct"}
"""Modules of Python that every link imports, beside those that attrs brings: `re` and `typing` are
among these."""

MADE_BY_ATTRS = 78
"""At most so many classes does attrs make for every link: a third of a millisecond each."""

LINK = """
import sys
before = set(sys.modules)
import attrs
before |= set(sys.modules)
from pylink86.cli.pyld import main
assert main(sys.argv[1:], "pyld") == 0
found = set(sys.modules) - before
made = {
    value
    for name in found
    for value in vars(sys.modules[name]).values()
    if isinstance(value, type) and "__attrs_attrs__" in vars(value)
}
print(len(made), *found)
"""


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, set[str]]:
    """A boot sector and a Rust stage linked to a raw image: how many classes attrs made, and the
    modules that were imported."""
    objects = ROOT / "fixtures" / "objects"
    argv = [
        *("--oformat=binary", "-T", str(ROOT / "fixtures" / "layouts" / "prefixed.ld")),
        *(str(objects / "rust_hello_O2_pic.o"), str(objects / "boot_long_elf64.o")),
        *("-o", str(tmp_path_factory.mktemp("linked") / "image")),
    ]
    done = subprocess.run(
        [sys.executable, "-c", LINK, *argv],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made, *modules = done.stdout.split()
    return int(made), set(modules)


def test_a_link_imports_the_modules_that_are_written_down(linked: tuple[int, set[str]]):
    known = {
        f"pylink86.{package}.{name}" if package else f"pylink86.{name}"
        for package, names in EVERY_LINK.items()
        for name in names.split()
    }
    found = {name for name in linked[1] if name.startswith("pylink86.")}
    assert not found - known, "import these where they are called, or write them down"
    assert not known - found, "these wait until they are needed: strike them out"


def test_a_link_imports_little_of_pythons_library(linked: tuple[int, set[str]]):
    found = {name for name in linked[1] if not name.startswith(("pylink86", "_"))}
    assert found <= STANDARD_LIBRARY


def test_attrs_makes_few_classes_for_a_link(linked: tuple[int, set[str]]):
    assert linked[0] <= MADE_BY_ATTRS
