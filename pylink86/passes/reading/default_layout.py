"""GNU ld's own layout, around scripts that have none."""

from __future__ import annotations

from ... import elf_const as c
from ...dialect import Dialect
from ...model import ObjectFile
from ...script import nodes as n
from ...script.parser import parse_script
from ..elf_options import ElfOptions
from ..inputs.load import Loaded
from ..target import ELF_CLASSES
from .scripts import ScriptFile


def with_layout(
    loaded: Loaded, machine: int, elf: ElfOptions, dialect: Dialect, given: bool = False
) -> ScriptFile:
    """The script, behind GNU ld's own layout when it has no SECTIONS; before it when all scripts
    that have some INSERT them.

    given: a script was given for a layout (-T), which takes the place of GNU ld's, be there
    SECTIONS in it or not, unless it has an INSERT (GNU ld manual 2.1, -T)."""
    script = loaded.script
    inserts = _sources(script, n.Insert)
    if given and not inserts:
        return script
    if not dialect.tables_like_gnu or not _sources(script, n.SectionsCommand) <= inserts:
        return script
    first = next((s.item for s in loaded.steps if isinstance(s.item, ObjectFile)), None)
    elf_class = ELF_CLASSES[machine or (first.header.machine if first else c.EM_X86_64)]
    from ...script.defaults_gnu import gnu_layout, relinked_layout

    if elf.relocatable:
        text = relinked_layout(elf_class)
    else:
        separate = elf.separate != "none"
        word = first.header.elf_class // 8 if first else elf_class // 8  # of x32 it is 4
        text = gnu_layout(elf_class, elf.paging, separate, elf.pie, elf.now, word)
    layout = parse_script(text).commands
    both = (*script.commands, *layout) if inserts else (*layout, *script.commands)
    return ScriptFile(both)


def _sources(script: ScriptFile, kind: type[n.SectionsCommand] | type[n.Insert]) -> set[str]:
    """Names of the scripts that have a command of a kind; "" for those built in Python."""
    return {node.span.source.name if node.span else "" for node in script.of(kind)}
