"""The letters of `pyar`: one of what is done, and any of how.

`ar crs lib.a a.o` is older than options with dashes: the first word is a row of letters, each of
which is in one of these tables.
"""

from __future__ import annotations

OPERATIONS = {
    "d": "delete members",
    "m": "move members (to the end, or where a or b say)",
    "p": "print members",
    "q": "append files",
    "r": "insert files, replacing members of the same name",
    "s": "write a table of symbols",
    "t": "list members",
    "x": "extract members",
}
MODIFIERS = {
    "a": "after the member named next",
    "b": "before the member named next",
    "i": "the same as b",
    "c": "do not say that the archive is new",
    "s": "with a table of symbols (the default)",
    "S": "without",
    "D": "without times and owners (the default)",
    "U": "with them",
    "u": "replace only members that are older",
    "T": "a thin archive: names of files instead of their contents",
    "o": "extracted files get the time of the member",
    "O": "list offsets, too",
    "P": "members are named by their whole path",
    "f": "nothing (names are never cut)",
    "l": "nothing",
    "L": "of files that are archives, add the members",
    "N": "which of the members of one name: a count goes before the archive",
    "v": "say what is done",
    "V": "say the version",
    "h": "say this",
}
REFUSED_LETTERS = {"M": "scripts of MRI's librarian are not read"}
AR_LETTERS = (*OPERATIONS, *MODIFIERS, *REFUSED_LETTERS)
LONG = {
    "--thin": "the same as T",
    "--output": "DIR: where x puts files",
    "--target": "NAME: nothing (files say what they are)",
    "--plugin": "NAME: nothing",
    "--rsp-quoting": "WORD: nothing",
}
REFUSED_LONG = {
    "--record-libdeps": "nothing here reads them",
    "--format": "archives are written as GNU ar's",
    "-X": "AIX",
}


def usage() -> str:
    rows = ["Usage: pyar [-]{dmpqrstx}[modifiers] [member] archive [file...]", "Operations:"]
    rows += [f"  {letter}  {text}" for letter, text in OPERATIONS.items()]
    rows += ["Modifiers:", *(f"  {letter}  {text}" for letter, text in MODIFIERS.items())]
    rows += [f"  {name}  {text}" for name, text in LONG.items()]
    return "\n".join(rows) + "\n@FILE reads arguments from FILE.\n"
