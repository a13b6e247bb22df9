"""`pylink86 explain SLUG`: what a message means, told to somebody who meets it for the first time.

A message has room for what is wrong here and now.  What the thing is at all, how one gets there
and the usual cures stand here, one text per slug; a test looks for slugs without one.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Explain each slug; without one, list them all.  1 when one of them does not exist."""
    if not argv:
        print("\n".join(sorted(EXPLANATIONS)))
        return 0
    return max(explain(word) for word in argv)


def explain(word: str) -> int:
    """Print the text of a slug, also given as `error[slug]`; 1 when there is none."""
    slug = word.rpartition("[")[2].rstrip("]: ")
    text = EXPLANATIONS.get(slug)
    if text is None:
        sys.stderr.write(_unknown(slug))
        return 1
    print(f"{slug}\n\n{text.strip()}\n")
    return 0


def _unknown(slug: str) -> str:
    from difflib import get_close_matches

    from ..diag import Diagnostic
    from ..report import render

    near = get_close_matches(slug, EXPLANATIONS, n=3)
    return render(
        [
            Diagnostic(
                "error",
                "unknown-slug",
                f"there is no message called `{slug}'",
                help=(f"did you mean {' or '.join(near)}?",)
                if near
                else ("`pylink86 explain' alone lists them all",),
            )
        ]
    )


EXPLANATIONS = {
    # The command line
    "unknown-option": """
An option that neither GNU ld, LLD nor pyld has.  Options can be abbreviated as long as only one
fits, and take one dash or two; those that begin with `o` need two, because `-ofile` is `-o file`.

Example: `pyld --gc-section boot.o` works, `pyld --gc-sektions boot.o` does not.
Cure: use the spelling the message offers, or look it up in `pyld --help`.
""",
    "option-not-supported": """
GNU ld or LLD have this option, pyld does not have it yet.  It is refused and not skipped, because
an image that silently lacks what was asked for is found out much later.

Options that mean nothing for an image without a dynamic loader (`--hash-style`, `-z relro`,
`-dynamic-linker`) are accepted in silence; `pyld --help` lists both kinds.
Cure: leave the option out if the image does not depend on it.
""",
    "option-needs-value": """
The option wants a value and the command line ends there.  Both `-o FILE` and `--output=FILE` work.

Cure: add the value; `pyld --help` says what it is.
""",
    "option-takes-no-value": """
The option is a switch, but was given a value with `=`.

Example: `--gc-sections=yes`.  Cure: write `--gc-sections`, or `--no-gc-sections` for the opposite.
""",
    "option-ambiguous": """
An abbreviated option fits several.

Example: `--no-w` could be `--no-warn` or `--no-whole-archive`.  Cure: write more of it.
""",
    "bad-option-value": """
The option exists, but not with this value; the message lists those it has.

Example: `--dialect=ld`.  Cure: `--dialect=gnu` or `--dialect=lld`.
""",
    "unknown-keyword": """
`-z` takes a word, and this one is not known.  As in GNU ld this is a warning: compilers pass words
that are newer than the linker, and few of them matter for a boot image.

Cure: check the spelling; `--no-warn=unknown-keyword` silences it.
""",
    "response-file": """
`@FILE` on the command line stands for the words in FILE.  The file cannot be read, or the files
name each other in a circle.

Cure: check which files are named by `@` in it.
""",
    "unknown-command": """
`pylink86` is followed by the name of a command; `pylink86 --help` lists them.  To link, use
`pylink86 link ...` or `pyld ...`.
""",
    "unknown-slug": """
`pylink86 explain` wants the word in brackets of a message: `error[cannot-read]` is explained by
`pylink86 explain cannot-read`.
""",
    "internal": """
Something happened in pylink86 that its authors did not think of.  It is always a fault in pylink86,
never in your files: even a damaged file should give a proper message.

Cure: please report it with the command line and, if you can, the input files.
`PYLINK86_TRACEBACK=1` in the environment adds the traceback that a report needs.
""",
    # Files
    "no-inputs": """
There is nothing to link: no object file on the command line, and no INPUT in the script.

Cure: name at least one object, such as `pyld -T kernel.ld boot.o`.
""",
    "cannot-read": """
A file named on the command line or in the script does not exist or may not be read.

In GNU ld's dialect a file name without wildcards in a script, such as `boot.o(.text)` or a bare
`boot.o;`, is an input, too: it is opened when the command line does not name it.
Cure: check the spelling and the current directory; `-L DIR` adds a directory to look in.
""",
    "cannot-write": """
The output file could not be written: its directory does not exist, is not writable or is full.
Nothing half-written is left behind, and an older file of that name stays as it was.
""",
    "output-is-input": """
The output would overwrite one of the inputs, which is nearly always an `-o` without its name, as in
`pyld -o boot.o kernel.o`.

Cure: name the output behind `-o`.
""",
    "unsupported-input": """
The file is no ELF object for x86: for example a flat binary (`nasm -f bin`), an archive, a Mach-O
file (the compiler of macOS), a COFF file (that of Windows) or LLVM bitcode (`-flto`).

Cure: make an ELF object.  `nasm -f elf32` or `-f elf64`; `clang --target=x86_64-elf -c`;
`rustc --emit=obj --target=x86_64-unknown-none`.
""",
    "bad-object": """
The file says it is ELF, but its tables contradict each other or reach past its end.  The message
names the table and the offset.

Usually the file is cut off (a full disk, an interrupted copy), or the tool that wrote it is wrong.
Cure: build the file again; `readelf -a FILE` shows what another reader makes of it.
""",
    # Scripts
    "script-syntax": """
The linker script does not follow the grammar.  The caret stands where reading stopped; what is
missing often belongs just before it, such as a `;` after an assignment or a blank before a name
(`a-b` is one name in some places of a script, `a - b` never is).

Source: chapter 3 of the GNU ld manual describes the language.
""",
    "include-cycle": """
A script includes itself, directly or through others, so that it would never end.

Cure: remove the INCLUDE that leads back.
""",
    # Symbols
    "duplicate-symbol": """
Two inputs define the same global symbol, and the linker cannot know which one is meant.

Often one file is linked twice, or a header defines a variable instead of declaring it.
Cure: remove one definition or make it local (`static` in C, no `global` in assembly).  When two
parts really need their own, `--prefix-symbols=PREFIX` before an input renames all of its symbols.
""",
}
