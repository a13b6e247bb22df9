"""C++ names as a programmer writes them: `_ZN3foo3barEPKc` is `foo::bar(char const*)`.

`extern "C++"` in a version script lists such names.  What is read here are names without templates:
namespaces, classes, constructors, destructors, and parameters of fundamental and named types.

Source: Itanium C++ ABI 5.1 (Mangling), and what `c++filt` prints."""

from __future__ import annotations

from collections.abc import Iterable

FUNDAMENTAL = {
    "v": "void", "w": "wchar_t", "b": "bool", "c": "char", "a": "signed char",
    "h": "unsigned char", "s": "short", "t": "unsigned short", "i": "int", "j": "unsigned int",
    "l": "long", "m": "unsigned long", "x": "long long", "y": "unsigned long long",
    "n": "__int128", "o": "unsigned __int128", "f": "float", "d": "double", "e": "long double",
    "g": "__float128", "z": "...",
}  # fmt: skip
STANDARD = {"a": "std::allocator", "b": "std::basic_string", "s": "std::string",
            "i": "std::istream", "o": "std::ostream", "d": "std::iostream"}  # fmt: skip
SPECIAL = {"TV": "vtable for ", "TT": "VTT for ", "TI": "typeinfo for ",
           "TS": "typeinfo name for ", "GV": "guard variable for "}  # fmt: skip
"""What a compiler makes for a class or variable -> how it is called."""
AROUND = {"P": "*", "R": "&", "O": "&&", "K": " const", "V": " volatile"}
"""Letter of a type that is made of another one -> what stands behind that."""


class _Unread(Exception):
    """Something that is not read here."""


def demangled(name: str) -> str | None:
    """A name as in the source; None for one that is not mangled, or is in a way not read here."""
    if not name.startswith("_Z"):
        return None
    try:
        return _Reader(name, 2).encoding()
    except (_Unread, IndexError, ValueError):
        return None


class _Reader:
    """A walk through a mangled name; seen: what later letters may stand for, in order."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self._seen: list[str] = []

    def encoding(self) -> str:
        """encoding : name type* | special type; a name without types is a variable."""
        special = SPECIAL.get(self._text[self._at : self._at + 2])
        if special is not None:
            self._at += 2
            return special + (self._name()[0] if special[0] == "g" else self._type())
        name, qualifiers = self._name()
        if self._at == len(self._text):
            return name
        types = []
        while self._at < len(self._text):
            types.append(self._type())
        parameters = "" if types == ["void"] else ", ".join(types)
        return f"{name}({parameters}){qualifiers}"

    def _take(self, letters: Iterable[str]) -> str:
        """The next letter when it is one of these, else ""."""
        letter = self._text[self._at : self._at + 1]
        if not letter or letter not in letters:
            return ""
        self._at += 1
        return letter

    def _name(self) -> tuple[str, str]:
        """name : "N" qualifier* prefix* "E" | "St"? source-name.  Also what qualifies a method."""
        if self._take("N"):
            return self._nested()
        if self._text.startswith("St", self._at):
            self._at += 2
            return f"std::{self._source_name()}", ""
        return self._source_name(), ""

    def _nested(self) -> tuple[str, str]:
        found = []
        while letter := self._take("VK"):
            found.append(AROUND[letter])
        path, last = "", ""
        while not self._take("E"):
            if self._take("S"):
                path = last = self._substitution()
                continue
            last = self._step(last)
            path = f"{path}::{last}" if path else last
            if self._text[self._at] != "E":
                self._seen.append(path)
        return path, "".join(reversed(found))

    def _step(self, last: str) -> str:
        """One part of a path; last: the part before it, of which C and D say con- and
        destructor."""
        if self._take("C"):
            self._at += 1
            return last.rpartition("::")[2]
        if self._take("D"):
            self._at += 1
            return "~" + last.rpartition("::")[2]
        return self._source_name()

    def _source_name(self) -> str:
        """source-name : "L"? length text; L says that no other file sees it."""
        self._take("L")
        start = self._at
        while self._take("0123456789"):
            pass
        length = int(self._text[start : self._at])
        found = self._text[self._at : self._at + length]
        self._at += length
        if len(found) < length or self._take("I"):
            raise _Unread
        return "(anonymous namespace)" if found.startswith("_GLOBAL__N") else found

    def _substitution(self) -> str:
        """substitution : "S" ("_" | number "_" | letter), behind the S."""
        if self._take("t"):
            return "std"
        if letter := self._take(STANDARD):
            return STANDARD[letter]
        end = self._text.index("_", self._at)
        number, self._at = self._text[self._at : end], end + 1
        return self._seen[int(number, 36) + 1 if number else 0]

    def _type(self) -> str:
        if letter := self._take(FUNDAMENTAL):
            return FUNDAMENTAL[letter]
        if letter := self._take(AROUND):
            found = self._type() + AROUND[letter]
        elif self._text[self._at] == "S" and self._text[self._at + 1] != "t":
            self._at += 1
            return self._substitution()
        elif self._text[self._at] in "NS0123456789":
            found = self._name()[0]
        else:
            raise _Unread
        self._seen.append(found)
        return found
