"""What the messages about command lines and files mean; `explanations` prints them."""

from __future__ import annotations

CALL_TEXTS = {
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
    "symbol-order": """
A line of the file that `--symbol-ordering-file` names orders nothing: no input has the symbol, it
is undefined or an absolute number, or it is listed twice.

Cure: correct the file, or link with `--no-warn-symbol-ordering`.
""",
    "keep-unique-unknown": """
`--keep-unique` names a symbol whose section `--icf` leaves alone, and no input has a global symbol
of that name.

Cure: correct the name, or leave the option out.
""",
    "zstd-missing": """
A debug section is compressed with zstd, or `--compress-debug-sections=zstd` asks for it.  Python
has zstd from version 3.14 on; before, a library has to be installed.

Cure: `pip install zstandard`; or compile with `-gz=zlib` and link with
`--compress-debug-sections=zlib`, which need nothing.
""",
    "response-file": """
`@FILE` on the command line stands for the words in FILE.  The file cannot be read, or the files
name each other in a circle.

Cure: check which files are named by `@` in it.
""",
    "script-failed": """
`--error-handling-script=FILE` names a program that is run when the link misses a symbol or a
library.  It could not be started, or ended with a status other than 0.

Cure: make it executable and give its path; it is called as `FILE undefined-symbol NAME`.
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
Something happened in pylink86 that its authors did not think of.  It is always a fault in
pylink86, never in your files: even a damaged file should give a proper message.

Cure: please report it with the command line and, if you can, the input files.
`PYLINK86_TRACEBACK=1` in the environment adds the traceback that a report needs.
""",
    # Files
    "out-of-memory": """
The link, or one file in it, needs more memory than this process can have.  A small input that ends
here says it holds far more than it does: a size or a count in it is wrong.

Cure: look at the inputs with `pylink86 sections`; make the limit (`ulimit -v`) larger if they are
as large as they should be.
""",
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
The output would overwrite one of the inputs, which is nearly always an `-o` without its name, as
in `pyld -o boot.o kernel.o`.

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
    "unknown-dialect": """
pylink86 reads scripts as GNU ld (`gnu`) or as LLD (`lld`) does; there is no third dialect.

Cure: `--dialect=gnu` or `--dialect=lld`, in Python `link(..., dialect="lld")`.
""",
    "unknown-format": """
`--oformat` or OUTPUT_FORMAT names a format that cannot be written.  `binary` is the raw image that
firmware reads; `elf64-x86-64` and `elf32-i386` are ELF executables.

Cure: choose one of those.
""",
    "image-too-large": """
A raw image is a copy of memory from its first byte to its last, holes included.  One section far
from the others, often at address 0 because the script forgot it, makes the file huge.

Example: `.boot` at 0x7c00 and `.text` at 0xffffffff80000000 would need 16 EiB.
Cure: place or discard the section the message names; give code that is loaded low and runs high a
load address with AT(...).  `--max-image-size=SIZE` moves the limit.
""",
    "out-of-range-for-ihex": """
Intel HEX has 32 bits for an address, and a section's load address or the entry point needs more.
Addresses from 0xffffffff80000000 on count as negative numbers of 32 bits and do fit.

Cure: give the section a lower load address with AT(...), or write another format: --oformat verilog
takes 64 bits, binary has no addresses at all.
""",
}
