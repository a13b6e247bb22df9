"""References that lead nowhere or do not fit, told as LLD tells them.

LLD looks at relocations file by file, and says of each place the function it is in and the source
line.  An undefined name may have a twin that differs in a letter, in case or in being C++: LLD
says so for the first two names.  Lines that begin with `>>> ` are LLD's own; names in quotes like
`this' are shown as in the source when they are mangled.

Found by giving ld.lld-19 names and places that differ in one thing each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from ... import elf_const as c
from ...arch import rows_for
from ...arch.reloc import DYNAMIC
from ...diag import Diagnostics
from ...model import ABS, ObjectFile
from ..names.comdat import group_of
from ..names.cxx_names import demangled

if TYPE_CHECKING:
    from ..names.resolve import Resolution
    from ..placement import Placement
    from .refs import Misfit, Place

SourcePlace = Callable[[ObjectFile, int, int], str | None]

SLUG = "undefined-symbol"
SHOWN = 3
HELPED = 20
GUESSED = 2
"""Undefined names that LLD seeks a twin for."""

LOCAL = "local symbol; recompile with -fPIC"

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz_"
"""What LLD puts in the place of a letter, or between two."""

FUNCTIONS = frozenset({c.STT_FUNC})
ANY = frozenset({c.STT_NOTYPE, c.STT_OBJECT, c.STT_FUNC, c.STT_TLS, c.STT_GNU_IFUNC})

HIDING = {c.STV_INTERNAL: "internal ", c.STV_HIDDEN: "hidden ", c.STV_PROTECTED: "protected "}

VTABLE = (
    ">>> the vtable symbol may be undefined because the class is missing its key function "
    "(see https://lld.llvm.org/missingkeyfunction)"
)
BOUNDARY = (
    ">>> the encapsulation symbol needs to be retained under --gc-sections properly; consider "
    "-z nostart-stop-gc (see https://lld.llvm.org/ELF/start-stop-gc)"
)


@attrs.frozen(eq=False)
class Places:
    """Names of places in the inputs; definer: who defines a name; source: the source line of a
    place, if its file says it."""

    files: Sequence[ObjectFile]
    definer: Mapping[str, tuple[int, int]]
    source: SourcePlace
    assigned: Collection[str] = ()
    """Names that scripts or options give a value."""

    def inside(self, place: Place, kinds: frozenset[int]) -> str:
        """The symbol of one of some types that a place lies in; "" when none is known."""
        file, index, offset = place
        obj, symbols = self.files[file], self.files[file].symbols
        for number, shndx in enumerate(symbols.shndx):
            start = symbols.value[number]
            if shndx != index or symbols.info[number] & 0xF not in kinds:
                continue
            if not start <= offset < start + symbols.size[number]:
                continue
            name = symbols.name(number)
            if number < obj.first_global or self.definer.get(name) == (file, number):
                return name
        return ""

    def referrer(self, place: Place, role: str = "referenced by") -> list[str]:
        """Lines that say where a place is: `>>> referenced by a.o:(.text+0x1F)`."""
        file, index, offset = place
        obj = self.files[file]
        name, archive = obj.name, obj.archive
        if archive and name.startswith(f"{archive}("):
            name = name[len(archive) + 1 : -1]
        symbol = self.inside(place, ANY)
        inside = f"`{symbol}'" if symbol else f"{obj.sections.names[index]}+0x{offset:X}"
        found = f"{name}:({inside})" + (f" in archive {archive}" if archive else "")
        line = self.source(obj, index, offset)
        if line is None:
            return [f">>> {role} {found}"]
        return [f">>> {role} {line}", f">>> {' ' * len(role)} {found}"]

    def plain(self, place: Place) -> str:
        """`a.o:(.text+0x1f)`."""
        file, index, offset = place
        return f"{self.files[file].name}:({self.files[file].sections.names[index]}+{offset:#x})"

    def location(self, place: Place) -> str:
        """`a.o:(function f: .text+0x1f)`, with which an error about a place begins."""
        file, index, offset = place
        obj = self.files[file]
        where, function = obj.sections.names[index], self.inside(place, FUNCTIONS)
        if function:
            return f"{obj.name}:(function `{function}': {where}+{offset:#x})"
        return f"{obj.name}:({where}+{offset:#x})"

    def all_of(self, places: list[Place], role: str = "referenced by") -> list[str]:
        """The first places, and how many more there are."""
        lines = [line for place in places[:SHOWN] for line in self.referrer(place, role)]
        if len(places) > SHOWN:
            lines.append(f">>> referenced {len(places) - SHOWN} more times")
        return lines

    def definer_of(self, file: int, symbol: int) -> str:
        """What defines the symbol that a file refers to, as LLD calls it; "" when nothing does."""
        obj = self.files[file]
        if symbol >= obj.first_global:
            name = obj.symbols.name(symbol)
            found = self.definer.get(name)
            if name in self.assigned:
                return "--defsym"
            return obj.name if found is None else self.files[found[0]].name
        return obj.name


def tell_misfits(
    places: Places,
    placed: Placement,
    found: Iterable[tuple[str, str, Misfit]],
    diags: Diagnostics,
) -> None:
    """reloc-overflow or reloc-wraps of each place, with what refers to it and what is defined
    where."""
    from .refs_help import misfit_facts

    told: set[tuple[str, str, str]] = set()
    for slug, name, misfit in found:
        message, notes, help_ = misfit_facts(placed, slug, name, misfit)
        if (slug, misfit.row.name, name) in told:
            notes, help_ = notes[:1], []
        told.add((slug, misfit.row.name, name))
        file, index, offset = misfit.place
        obj = places.files[file]
        line = places.source(obj, index, offset)
        lines = [f">>> referenced by {line}"] if line else []
        if obj.symbols.info[misfit.symbol] & 0xF != c.STT_SECTION:
            lines.append(f">>> defined in {places.definer_of(file, misfit.symbol)}")
        tell = diags.error if slug == "reloc-overflow" else diags.warn
        where = places.location(misfit.place)
        tell(slug, message, place=where, notes=[*lines, *notes], help=help_)


def tell_not_movable(
    resolution: Resolution,
    slug: str,
    place: Place,
    relocation: str,
    symbol: int,
    diags: Diagnostics,
) -> None:
    """reloc-not-pic or reloc-in-read-only: a place that -pie cannot correct."""
    places = Places(resolution.files, resolution.definer, resolution.source)
    obj = places.files[place[0]]
    is_section = obj.symbols.info[symbol] & 0xF == c.STT_SECTION
    name = "" if is_section else obj.symbols.name(symbol)
    diags.error(
        slug,
        f"relocation {relocation} cannot be used against "
        + (f"symbol `{name}'; recompile with -fPIC" if name else LOCAL),
        notes=[f">>> defined in {places.definer_of(place[0], symbol)}", *places.referrer(place)],
        help=["compile with -fPIE, for Rust with -C relocation-model=pic; or leave -pie out"],
    )


def tell_unknown(
    places: Places, name: str, found: Iterable[tuple[Place, int]], diags: Diagnostics
) -> bool:
    """bad-object of each relocation of a type that no object file has: of no psABI, or for a
    loader; False, and nothing is said, for other types.  name: of the type."""
    for place, symbol in found:
        obj = places.files[place[0]]
        rows = rows_for(obj.header.machine)
        number = next((number for number, row in rows.items() if row.name == name), None)
        if number is None:
            number = int(name.split()[-1])
        elif rows[number].kind != DYNAMIC:
            return False
        diags.error(
            "bad-object",
            f"unknown relocation ({number}) against symbol {obj.symbols.name(symbol)}",
            place=places.location(place),
            notes=[f"the type is {name}"],
            help=["give the objects the compiler made, not what was linked from them"],
        )
    return True


def tell_discarded(
    places: Places,
    dropped: frozenset[tuple[int, int]],
    found: Iterable[tuple[tuple[str, int, int, bool], list[Place]]],
    diags: Diagnostics,
) -> None:
    """discarded-symbol, with the group that another file had first."""
    for (name, file, symbol, _), where in found:
        obj = places.files[file]
        shndx = obj.symbols.shndx[symbol]
        lines = [f">>> defined in {obj.name}"]
        is_section = obj.symbols.info[symbol] & 0xF == c.STT_SECTION
        signature = group_of(obj, shndx) if is_section and (file, shndx) in dropped else ""
        if signature:
            lines.append(f">>> section group signature: {signature}")
            first = next(
                other.name
                for number, other in enumerate(places.files)
                if any(signature == s for s in _kept_groups(other, number, dropped))
            )
            lines.append(f">>> prevailing definition is in {first}")
        home = f" `{obj.sections.names[shndx]}' of {obj.name}" if shndx > 0 else ""
        diags.error(
            "discarded-symbol",
            f"`{name}' is referenced but its section{home} is discarded",
            place=places.plain(where[0]),
            notes=[*lines, *places.all_of(where)],
            help=[
                "keep the section (take it out of /DISCARD/), or discard the section that uses it"
            ],
        )


def _kept_groups(
    obj: ObjectFile, number: int, dropped: frozenset[tuple[int, int]]
) -> Iterator[str]:
    """Signatures of the groups of a file that are in the link."""
    for index, kind in enumerate(obj.sections.type):
        if kind == c.SHT_GROUP:
            members = [int(w) for w in memoryview(obj.contents[index]).cast("I")[1:]]
            if members and (number, members[0]) not in dropped:
                yield group_of(obj, members[0])


def tell_undefined(
    places: Places,
    placed: Placement,
    name: str,
    found: list[Place],
    number: int,
    diags: Diagnostics,
) -> None:
    """undefined-symbol, as LLD tells it; number: of the name, from 0.  Where those may be, it is
    undefined-hidden for a name that only this program could define."""
    from .refs_help import undefined_help

    hiding = hiding_of(places, name, found)
    slug = "undefined-hidden" if hiding and diags.tolerates("undefined-symbol") else SLUG
    if diags.ignores(slug):
        return
    diags.error(
        slug,
        f"undefined {hiding}reference to `{name}'",
        place=places.plain(found[0]),
        notes=undefined_notes(places, name, found, number),
        help=undefined_help(name, placed) if number < HELPED else (),
    )


def hiding_of(places: Places, name: str, found: Iterable[Place]) -> str:
    """`hidden ` for a name that some file wants from this program, else ""."""
    for file in dict.fromkeys(place[0] for place in found):
        obj = places.files[file]
        for number in range(obj.first_global, len(obj.symbols.shndx)):
            if obj.symbols.other[number] & 3 and obj.symbols.name(number) == name:
                return HIDING[obj.symbols.other[number] & 3]
    return ""


def undefined_notes(places: Places, name: str, found: list[Place], number: int) -> list[str]:
    """LLD's lines below `undefined symbol: NAME`; number: of the name, from 0."""
    lines = places.all_of(found)
    twin = _twin(places, name, found[0][0]) if number < GUESSED else None
    if twin is not None:
        lines += [f">>> {twin[0]}", f">>> defined in: {twin[1]}"]
    if name.startswith("_ZTV"):
        lines.append(VTABLE)
    if name.startswith("__start_") and any(name[8:] in f.sections.names for f in places.files):
        lines.append(BOUNDARY)  # with --gc-sections: else the section would define it
    return lines


def _twin(places: Places, name: str, file: int) -> tuple[str, str] | None:
    """What LLD guesses that was meant, and which file defines it."""
    home = {found: places.files[at[0]].name for found, at in places.definer.items()}
    obj = places.files[file]
    for number in range(1, obj.first_global):
        if obj.symbols.shndx[number] > 0 and obj.symbols.info[number] & 0xF < c.STT_SECTION:
            home.setdefault(obj.symbols.name(number), obj.name)
    for guess in _one_letter_off(name):
        if guess in home:
            return f"did you mean: `{guess}'", home[guess]
    plain = name.lower()
    found = next((k for k in places.definer if k != name and k.lower() == plain), None)
    if found is not None:
        return f"did you mean: `{found}'", home[found]
    return _in_the_other_language(places, name, home)


def _one_letter_off(name: str) -> Iterator[str]:
    for at in range(len(name) + 1):
        front, rest = name[:at], name[at:]
        yield from (front + letter + rest for letter in LETTERS)
        if rest:
            yield front + rest[1:]
            yield from (front + letter + rest[1:] for letter in LETTERS)
        if len(rest) > 1:
            yield front + rest[1] + rest[0] + rest[2:]


def _in_the_other_language(
    places: Places, name: str, home: dict[str, str]
) -> tuple[str, str] | None:
    """The same function of C++ for a name of C, and the other way round."""
    if name.startswith("_Z"):
        plain = (demangled(name) or "").partition("(")[0]
        if plain in places.definer:
            return f'did you mean: extern "C" {plain}', home[plain]
        return None
    for known in places.definer:
        shown = demangled(known) if known.startswith("_Z") else None
        if shown is not None and shown.startswith(f"{name}("):
            return f'did you mean to declare {shown} as extern "C"?', home[known]
    return None


def duplicate_notes(places: Places, first: tuple[int, int], second: tuple[int, int]) -> list[str]:
    """LLD's lines below `duplicate symbol: NAME`."""
    files = places.files
    homes = [(file, files[file].symbols.shndx[symbol]) for file, symbol in (first, second)]
    if any(shndx <= 0 or shndx == ABS for _, shndx in homes):
        return [f">>> defined in {files[file].name}" for file, _ in homes]
    lines = []
    for (file, shndx), (_, symbol) in zip(homes, (first, second)):
        place = file, shndx, files[file].symbols.value[symbol]
        lines += places.referrer(place, "defined at")
    return lines
