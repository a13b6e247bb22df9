"""`pyar`: archives made, changed and listed, with GNU ar's letters.

The first word is one operation and some modifiers, `crs` for most builds: replace, do not say that
the archive is new, write a table of symbols.  Archives come out without times and owners, so that
two builds give the same bytes, unless U asks for them.
"""

from __future__ import annotations

import os
import sys

from .ar_letters import LONG, MODIFIERS, OPERATIONS, REFUSED_LETTERS, REFUSED_LONG, usage
from .program import guarded, run_process, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

    from ..formats.ar import Archive
    from ..formats.ar_write import Entry


def script() -> NoReturn:
    """The installed command."""
    run_process(main)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `pyar`; the exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    return guarded(lambda: _run(words))


def _run(words: Sequence[str]) -> int:
    from .response_files import expand_response_files

    words = list(expand_response_files(words, []))
    letters = words[0].lstrip("-") if words[:1] and words[0][:2] != "--" else ""
    if "--help" in words or "h" in letters:
        print(usage(), end="")
        return 0
    if words[:1] == ["--version"] or "V" in letters:
        from .. import __version__

        print(f"pyar (pylink86 {__version__}, compatible with GNU ar)")
        return 0
    from ..diag import LinkError

    try:
        return _Job(words).run()
    except LinkError as problem:
        show(problem.diagnostics, {})
        return 1


def _long_options(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words without options of two dashes, and these; bad-option-value."""
    rest: list[str] = []
    found: dict[str, str] = {}
    given = iter(words)
    for word in given:
        name, equals, value = word.partition("=")
        if name in REFUSED_LONG or (word[:2] == "-X" and word[2:3].isdecimal()):
            _fail(f"{name}: {REFUSED_LONG.get(name, 'AIX')}")
        if word[:2] != "--":
            rest.append(word)
            continue
        if name not in LONG:
            _fail(f"unknown option {name}")
        if name != "--thin" and not equals:
            value = next(given, "")
        found[name] = value
    return rest, found


class _Job:
    """One call: its letters, the archive, the files."""

    def __init__(self, words: Sequence[str]) -> None:
        words, long = _long_options(words)
        letters = words[0].lstrip("-") if words else ""
        operations = [letter for letter in letters if letter in OPERATIONS]
        if operations.count("s") and len(set(operations)) > 1:
            operations = [letter for letter in operations if letter != "s"]
        if len(set(operations)) != 1:
            _fail("exactly one operation of d m p q r s t x is needed")
        for letter in letters:
            if letter in REFUSED_LETTERS:
                _fail(f"-{letter}: {REFUSED_LETTERS[letter]}")
        unknown = [x for x in letters if x not in OPERATIONS and x not in MODIFIERS]
        if unknown:
            _fail(f"invalid option -- '{unknown[0]}'")
        self.operation = operations[0]
        self.letters = set(letters)
        self.thin = "--thin" in long or "T" in letters
        self.folder = long.get("--output", "")
        rest = words[1:]
        self.place = ""
        if self.letters & {"a", "b", "i"}:
            self.place, rest = (rest[0], rest[1:]) if rest else ("", [])
        self.count = 1
        if "N" in self.letters:
            text, rest = (rest[0], rest[1:]) if rest else ("", [])
            if not text.isdecimal() or not int(text):
                _fail(f"`{text}' is no count for N")
            self.count = int(text)
        if not rest:
            _fail("no archive is named")
        self.path, *self.files = rest
        self.archive: Archive | None = None
        self.entries: list[Entry] = []

    def run(self) -> int:
        self._open()
        steps: dict[str, Callable[[], int]] = {
            "d": self._delete, "m": self._move, "p": self._print, "q": self._append,
            "r": self._replace, "s": self._write, "t": self._list, "x": self._extract,
        }  # fmt: skip
        return steps[self.operation]()

    def _open(self) -> None:
        """Read the archive; making one is for r and q."""
        from ..diag import fail
        from ..formats import file_bytes
        from ..formats.ar import read_archive

        if not os.path.exists(self.path):
            if self.operation not in ("r", "q"):
                raise fail("cannot-read", f"{self.path}: No such file or directory")
            if "c" not in self.letters:
                sys.stderr.write(f"pyar: creating {self.path}\n")
            return
        data = file_bytes(self.path)
        if data[:8] not in (b"!<arch>\n", b"!<thin>\n"):
            raise fail("unsupported-input", f"{self.path}: file format not recognized")
        self.archive = read_archive(data, self.path)
        if self.entries or self.operation in ("t",):
            return
        self.thin = self.archive.thin
        self.entries = [self._entry_of(self.archive, member) for member in self.archive]

    def _entry_of(self, archive: Archive, member: object) -> Entry:
        from ..formats.ar import Member
        from ..formats.ar_write import Entry
        from ..ops.archives import copy_header, symbols_of

        assert isinstance(member, Member)
        content = archive.content(member)
        entry = Entry(member.name, content, symbols_of(content, member.name))
        copy_header(entry, archive, member)
        return entry

    # --- What changes the archive -----------------------------------------------------------------

    def _write(self) -> int:
        from ..formats.ar_write import write_archive
        from ..formats.output import write_file

        index_time = 0
        if "U" in self.letters:
            import time

            index_time = int(time.time())
        image = write_archive(
            self.entries, index="S" not in self.letters, thin=self.thin, index_time=index_time
        )
        write_file(self.path, image)
        return 0

    def _name(self, path: str) -> str:
        """What a member is called: the file's name, or its path in a thin archive or with P."""
        if self.thin:
            return os.path.relpath(path, os.path.dirname(self.path) or ".").replace(os.sep, "/")
        return path if "P" in self.letters else os.path.basename(path)

    def _news(self) -> list[tuple[str, Entry]]:
        """The files to add, archives among them taken apart with L."""
        found = []
        for path in self.files:
            archive = self._archive_at(path) if "L" in self.letters else None
            if archive is None:
                found.append((path, self._new(path)))
            else:
                found += [(m.name, self._entry_of(archive, m)) for m in archive]
        return found

    def _archive_at(self, path: str) -> Archive | None:
        from ..formats import file_bytes
        from .objects import open_archive

        return open_archive(file_bytes(path), path)

    def _new(self, path: str) -> Entry:
        from ..diag import fail
        from ..formats.ar_write import Entry
        from ..ops.archives import symbols_of

        try:
            with open(path, "rb") as file:
                data = file.read()
                info = os.fstat(file.fileno())
        except OSError as error:
            raise fail("cannot-read", f"{path}: {error.strerror or error}") from None
        entry = Entry(self._name(path), data, symbols_of(data, path))
        if "U" in self.letters:
            entry.time, entry.uid, entry.gid = int(info.st_mtime), info.st_uid, info.st_gid
            entry.mode = info.st_mode
        return entry

    def _at(self) -> int:
        """Where new members go: the end, or beside the one that is named."""
        if self.place:
            for number, entry in enumerate(self.entries):
                if entry.name == self.place:
                    return number + ("a" in self.letters)
        return len(self.entries)

    def _replace(self) -> int:
        for path, entry in self._news():
            found = next((e for e in self.entries if e.name == entry.name), None)
            if found is None:
                self._say("a", path)
                self.entries.insert(self._at(), entry)
                if self.place and "a" in self.letters:
                    self.place = entry.name
            elif not ("u" in self.letters and os.path.getmtime(path) <= found.time):
                self._say("r", path)
                if self.place:
                    self.entries.remove(found)
                    self.entries.insert(self._at(), entry)
                else:
                    self.entries[self.entries.index(found)] = entry
        return self._write()

    def _append(self) -> int:
        for path, entry in self._news():
            self._say("a", path)
            self.entries.append(entry)
        return self._write()

    def _delete(self) -> int:
        for path in self.files:
            found = self._find(path)
            if found is None:
                if "v" in self.letters:
                    print(f"No member named `{path}'")
                continue
            self._say("d", path)
            self.entries.remove(found)
        return self._write()

    def _move(self) -> int:
        status = 0
        for path in self.files:
            found = self._find(path)
            if found is None:
                sys.stderr.write(f"pyar: no entry {path} in archive {self.path}!\n")
                return 1
            self._say("m", path)
            self.entries.remove(found)
            self.entries.insert(self._at(), found)
        return self._write() or status

    def _find(self, path: str) -> Entry | None:
        name = path if "P" in self.letters or self.thin else os.path.basename(path)
        found = [entry for entry in self.entries if entry.name == name]
        return found[self.count - 1] if len(found) >= self.count else None

    # --- What reads it ----------------------------------------------------------------------------

    def _chosen(self) -> list[Entry]:
        """The members that are named, all without names; says which are not there."""
        if not self.files:
            return self.entries
        for path in self.files:
            if self._find(path) is None:
                sys.stderr.write(f"no entry {path} in archive\n")
        names = {os.path.basename(path) for path in self.files}
        if "N" in self.letters:
            one = [self._find(path) for path in self.files]
            return [entry for entry in one if entry is not None]
        return [entry for entry in self.entries if entry.name in names]

    def _print(self) -> int:
        for entry in self._chosen():
            if "v" in self.letters:
                print(f"\n<{entry.name}>\n")
            sys.stdout.flush()
            sys.stdout.buffer.write(entry.data)
        return 0

    def _extract(self) -> int:
        from ..formats.output import write_file

        for entry in self._chosen():
            if os.path.basename(entry.name) != entry.name or entry.name in ("", ".", ".."):
                _fail(f"illegal output pathname for archive member: {entry.name}")
            self._say("x", entry.name)
            path = os.path.join(self.folder, entry.name)
            write_file(path, entry.data)
            if "o" in self.letters:
                os.utime(path, (entry.time, entry.time))
        return 0

    def _list(self) -> int:
        archive = self.archive
        if archive is None:
            return 1
        wanted = {os.path.basename(path) for path in self.files}
        members = [m for m in archive if not wanted or os.path.basename(m.name) in wanted]
        for name in wanted - {os.path.basename(m.name) for m in archive}:
            sys.stderr.write(f"no entry {name} in archive\n")
        for member in members:
            offset = f" {member.start:#x}" if "O" in self.letters else ""
            details = ""
            if "v" in self.letters:
                details = _details(archive, member.offset, member.size)
            print(f"{details}{member.name}{offset}")
        return 0

    def _say(self, what: str, name: str) -> None:
        if "v" in self.letters:
            print(f"{what} - {name}")


def _details(archive: Archive, offset: int, size: int) -> str:
    """`rw-r--r-- 0/0   7256 Jan  1 00:00 1970 `"""
    import time

    from ..formats.ar_write import Entry
    from ..ops.archives import copy_header

    entry = Entry("", b"")
    copy_header(entry, archive, archive.member_at(offset))
    bits = "".join(
        letter if entry.mode >> (8 - at) & 1 else "-" for at, letter in enumerate("rwxrwxrwx")
    )
    then = time.localtime(entry.time)
    stamp = time.strftime(f"%b {then.tm_mday:2d} %H:%M %Y", then)
    return f"{bits} {entry.uid}/{entry.gid} {size:6d} {stamp} "


def _fail(message: str) -> NoReturn:
    from ..diag import fail

    raise fail("bad-option-value", message, help=["pyar --help lists letters"])
