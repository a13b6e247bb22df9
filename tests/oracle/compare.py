"""Our answer beside the peer's, the difference between them, and differences kept as case files.

Two linkers agree when both refuse a link, or both accept it with the same bytes.  A difference has
a kind, so that one defect is reported once however many examples meet it, and so that shrinking
keeps to the defect it began with.
"""

from __future__ import annotations

import dataclasses
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .elf_view import (
    first_difference,
    is_damaged,
    moves_of_thread_bss,
    rows_of,
    with_sound_types,
)
from .generate import Example, Out
from .objects import Obj, from_text, to_text
from .peers import EMULATIONS, Answer

CASES = Path(__file__).parent / "cases"
REFUSED = "refused: "


@dataclass(frozen=True)
class Difference:
    """kind: the same for every example of one defect; detail: of this example."""

    kind: str
    detail: str


def ours(example: Example | Case) -> Answer:
    """The package's answer in this process; an exception that is no LinkError is a crash."""
    from pylink86 import LinkError, link, read_bytes
    from pylink86.passes.elf_options import ElfOptions

    settings = {"oformat": "binary"} if example.output == "binary" else {}
    relocatable = example.output.startswith("relocatable")
    relocs = example.output == "relocs"
    layout = None if example.output.endswith("bare") else example.script
    try:
        inputs = [read_bytes(obj.encode(), obj.name) for obj in example.objects]
        result = link(
            inputs,
            layout,
            dialect=example.dialect,
            emulation=EMULATIONS[example.machine],
            elf=ElfOptions(relocatable=relocatable, emit_relocs=relocs),
            **settings,
        )
        return Answer(bytes(result.image))
    except LinkError as error:
        found = [d for d in error.diagnostics if d.severity == "error"]
        return Answer(None, "; ".join(f"[{d.slug}] {d.message}" for d in found))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        words = (
            f"{type(error).__name__} in {where.name} ({Path(where.filename).name}:{where.lineno})"
        )
        return Answer(None, f"{words}: {error}", crashed=True)


def difference(peer: Answer, mine: Answer, example: Example | Case) -> Difference | None:
    """What differs, or None; a peer that crashed is no oracle."""
    if peer.crashed:
        return None
    if mine.crashed:
        return Difference("crash: " + mine.message.split(":")[0], mine.message)
    if peer.image is None and mine.image is None:
        return None
    if mine.image is None:
        slugs = sorted(set(re.findall(r"\[([a-z0-9-]+)\]", mine.message)))
        return Difference("refused: " + ", ".join(slugs), mine.message)
    if peer.image is None:
        return Difference("accepted: " + plain(peer.message), without_warnings(peer.message))
    if peer.image == mine.image:
        return None
    if example.output == "binary":
        return Difference("bytes", describe(peer.image, mine.image))
    if is_damaged(peer.image):  # LLD lets sections lie over the header, and its tables over them
        return None
    found = first_difference(peer.image, mine.image, example.dialect)
    return None if found is None else Difference(*found)


def plain(message: str) -> str:
    """A peer's first complaint without the names and numbers of the example."""
    lines = without_warnings(message).splitlines() or [""]
    if lines[0].endswith("':") and len(lines) > 1:
        lines = lines[1:]
    text = re.sub(r"^.*?(error: |ld: |script\.ld:\d+:? ?|\): )", "", lines[0])
    text = re.sub(r"`[^']*'|'[^']*'|0x[0-9a-fA-F]+|[\w.]+\.o\S*|-?\b\d+\b|\b[.]\w+", "_", text)
    return re.sub(r"[_\s]+", " ", text).strip()[:80]


def without_warnings(message: str) -> str:
    """The lines of a peer's message that say why it refused."""
    return "\n".join(line for line in message.splitlines() if "warning" not in line)


def describe(theirs: bytes, mine: bytes) -> str:
    """Lengths and the first place that differs."""
    at = next((i for i, (a, b) in enumerate(zip(theirs, mine, strict=False)) if a != b), None)
    text = f"lengths {len(theirs):#x} and {len(mine):#x}"
    if at is None:
        return text
    low = max(0, at - 4)
    return (
        f"{text}; at {at:#x} (from {low:#x}) peer {theirs[low : at + 12].hex(' ')}, "
        f"ours {mine[low : at + 12].hex(' ')}"
    )


# Known differences


@dataclass(frozen=True)
class Exclusion:
    """A row of docs/DEVIATIONS.md that the generator meets."""

    row: str
    applies: Callable[[Example, Answer, Answer], bool]


def _needs_a_third_walk(example: Example, peer: Answer, mine: Answer) -> bool:
    """Both peers walk the script twice and take what they have; a size that waits for a size that
    waits for a third one is wrong there."""
    from pylink86.passes.placing import walks

    most, walks.MAX_WALKS = walks.MAX_WALKS, 3
    try:
        short = ours(example)
    finally:
        walks.MAX_WALKS = most
    return "[layout-does-not-settle]" in short.message


CHAINS = Exclusion("forward references in a chain", _needs_a_third_walk)


def _names_no_section(example: Example, peer: Answer, mine: Answer) -> bool:
    """A data statement with the address of an output section that is not there."""
    return peer.accepted and "[unknown-section]" in mine.message


UNKNOWN = Exclusion("an output section in a data statement that is not there", _names_no_section)


def _overlay_member_has_a_namesake(example: Example, peer: Answer, mine: Answer) -> bool:
    """An OVERLAY with a member whose name another output section has."""
    names = [item.name for item in example.layout.items if isinstance(item, Out)]
    overlays = [i for i in example.layout.items if isinstance(i, str) and i.startswith("OVERLAY")]
    members = [name for text in overlays for name in re.findall(r"^  (\S+) \{", text, re.M)]
    return len({*names, *members}) < len({*names}) + len(members)


NAMESAKE = Exclusion(
    "members of an OVERLAY called as another output section", _overlay_member_has_a_namesake
)


def _loads_what_is_not_in_memory(example: Example, peer: Answer, mine: Answer) -> bool:
    """PHDRS, and a section of a type that takes it out of memory."""
    outs = [item for item in example.layout.items if isinstance(item, Out)]
    return "PHDRS {" in example.layout.text() and any(
        out.type in ("(INFO)", "(COPY)", "(OVERLAY)") for out in outs
    )


OUTSIDE = Exclusion("sections that are not in memory in a PT_LOAD", _loads_what_is_not_in_memory)


def _tells_an_address_with_r(example: Example, peer: Answer, mine: Answer) -> bool:
    """-r, and a data statement with the address of an output section."""
    data = re.findall(r"^\s*(?:BYTE|SHORT|LONG|S?QUAD)\(.*", example.layout.text(), re.M)
    return example.output == "relocatable" and any("ADDR(" in line for line in data)


def _orphans_join_what_is_void(example: Example, peer: Answer, mine: Answer) -> bool:
    """An output section with a condition whose name an input has or an expression asks for: it is
    there in LLD when the condition fails; and a statement stands behind it, where LLD dies, or with
    luck does not."""
    inputs = {sec.name for obj in example.objects for sec in obj.sections}
    layout, text = example.layout, example.layout.text()
    for at, item in enumerate(layout.items):
        if isinstance(item, Out) and "ONLY_IF" in item.subalign:
            behind = [*layout.items[at + 1 :], *layout.after]
            if item.name in inputs or f"ADDR({item.name})" in text:
                return any(isinstance(other, str) for other in behind)
    return False


VOID = Exclusion(
    "orphans of an output section whose ONLY_IF_RO fails, and statements behind it",
    _orphans_join_what_is_void,
)


def _reads_a_byte_before_a_section(example: Example, peer: Answer, mine: Answer) -> bool:
    """`. + n` behind a .tbss that alignment moved up by n + 1 bytes."""
    linked = ours(dataclasses.replace(example, output="elf")).image
    steps = {int(step) for step in re.findall(r"\. = \. \+ (\d+)", example.layout.text())}
    return linked is not None and not moves_of_thread_bss(linked).isdisjoint(
        {1, *(n + 1 for n in steps)}
    )


BYTE_BEFORE = Exclusion(
    "`.`, or a sum with it, one byte before the section that stands last",
    _reads_a_byte_before_a_section,
)


def _goes_back(example: Example, peer: Answer, mine: Answer) -> bool:
    """LLD finds that a section would lie behind the end of the file."""
    return example.output == "elf" and "unable to place section" in peer.message


BACK = Exclusion("addresses that go back within a segment", _goes_back)

AGAIN = Exclusion("an address in a data statement with -r", _tells_an_address_with_r)


def _says_what_a_section_is_not(example: Example, peer: Answer, mine: Answer) -> bool:
    """GNU ld calls a section of other bytes a table of relocations, or one that has no contents
    notes; all else is equal."""
    if example.output not in ("elf", "relocs") or peer.image is None or mine.image is None:
        return False
    sound = with_sound_types(peer.image, mine.image)
    return first_difference(sound, mine.image, example.dialect) is None


TYPES = Exclusion("sections that are not what GNU ld calls them", _says_what_a_section_is_not)


def _refers_beyond_merged(example: Example, peer: Answer, mine: Answer) -> bool:
    """The peer complains of a reference outside of a merged section, and goes on."""
    refused = set(re.findall(r"\[([a-z-]+)\]", mine.message))
    return "access beyond end of merged section" in peer.message and refused == {"bad-object"}


BEYOND = Exclusion("references outside of a section that is merged", _refers_beyond_merged)

EXCLUSIONS: Mapping[str, tuple[Exclusion, ...]] = {
    "gnu": (CHAINS, TYPES, BEYOND),
    "lld": (CHAINS, VOID, UNKNOWN, NAMESAKE, OUTSIDE, BYTE_BEFORE, BACK, AGAIN),
}


def excluded(example: Example, peer: Answer, mine: Answer) -> str:
    """The deviation a difference falls under, or ""."""
    for exclusion in EXCLUSIONS[example.dialect]:
        if exclusion.applies(example, peer, mine):
            return exclusion.row
    return ""


# Case files


Lines = tuple[str, ...]
"""What a case keeps of an answer: a printed image, the facts of an ELF file, or the refusal."""


def lines_of(answer: Answer, output: str) -> Lines:
    """An answer as a case file shows it; of ELF everything but file offsets and `.comment`, where
    LLD and we sign."""
    if answer.image is None:
        return (REFUSED + plain(answer.message),)
    if output == "binary":
        return tuple(image_lines(answer.image))
    rows = rows_of(answer.image)
    return tuple(f"{t} {x}" for t, x in rows if t != "offset" and not x.startswith(".comment "))


@dataclass(frozen=True)
class Case:
    """A link and the peer's answer, as a text file keeps them."""

    dialect: str
    machine: str
    script: str
    objects: tuple[Obj, ...]
    answer: Lines
    about: str = ""
    output: str = "binary"


def case_of(example: Example, answer: Answer, about: str = "") -> Case:
    return Case(
        example.dialect,
        example.machine,
        example.script,
        example.objects,
        lines_of(answer, example.output),
        about,
        example.output,
    )


def write_case(case: Case) -> str:
    """The text of a case file."""
    about = "".join(f"// {line}\n" for line in case.about.splitlines())
    output = "" if case.output == "binary" else f"output {case.output}\n"
    answer = "\n".join(case.answer)
    return (
        f"{about}dialect {case.dialect}\nmachine {case.machine}\n{output}\n"
        f"== script\n{case.script}\n"
        f"== objects\n{''.join(to_text(o) for o in case.objects)}\n"
        f"== answer\n{answer}\n"
    )


def read_case(text: str) -> Case:
    """The inverse of write_case."""
    head, script, objects, answer = re.split(r"^== (?:script|objects|answer)\n", text, flags=re.M)
    about = "\n".join(line[3:] for line in head.splitlines() if line.startswith("//"))
    words = dict(line.split() for line in head.splitlines() if line and line[0] != "/")
    return Case(
        words["dialect"],
        words["machine"],
        script.strip() + "\n",
        tuple(from_text(objects)),
        tuple(answer.splitlines()),
        about,
        words.get("output", "binary"),
    )


def image_lines(image: bytes) -> Iterator[str]:
    """Size, and the bytes 16 to a line; lines of zeros are left out."""
    yield f"size {len(image):#x}"
    for at in range(0, len(image), 16):
        line = image[at : at + 16]
        if any(line):
            yield f"{at:#06x}: {line.hex(' ')}"


def load_cases() -> list[tuple[str, Case]]:
    """Every case file with its name."""
    return [(path.stem, read_case(path.read_text())) for path in sorted(CASES.glob("*.txt"))]
