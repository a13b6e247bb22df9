"""The sentences of LLD, for each kind of finding: what stands in the place of ours.

A row is a pattern of our message and LLD's words for it; the first that fits counts.  Kinds that
are in no table are told in our own form.  `lld_errors` prints them."""

from __future__ import annotations

Words = tuple[str, str]

SENTENCES: dict[str, tuple[Words, ...]] = {
    "bad-alignment": ((r"alignment must be power of 2.*", "alignment must be power of 2"),),
    "bad-eh-frame": (
        (r"\d+ bytes after the last record in .*", "corrupted .eh_frame: CIE/FDE too small"),
        (r"a record of \d+ bytes, \d+ are left, in .*",
         "corrupted .eh_frame: CIE/FDE ends past the end of the section"),
        (r"a record in the 64-bit form in .*", "corrupted .eh_frame: CIE/FDE too large"),
        (r"an FDE that refers to no CIE in .*", "invalid CIE reference"),
    ),
    "bad-merge-section": (
        (r"a string of \d+ bytes at the end .*", "string is not null terminated"),
    ),
    "bad-object": (
        (r"a relocation refers to offset .*", "offset is outside the section"),
        (r"(unknown relocation .* against symbol) `(.*)'", r"\1 \2"),
    ),
    "bad-option-value": (
        (r"unrecognised emulation mode: (.*)", r"unknown emulation: \1"),
        (r"(--end-\S+) without --start-.*", r"stray \1"),
        (r"`(.*)' is not a number: image-base", r"--image-base: number expected, but got \1"),
        (r"`(.*)' is not a number: -O", r"-O\1: number expected, but got '\1'"),
        (r"`(.*)' is not a number: (.*)", r"invalid \2: \1"),
        (
            r"`(.*)' is not a number of errors",
            r"--error-limit=\1: number expected, but got '\1'",
        ),
        (r"(\S+): \S+ is not a power of two", r"\1: value isn't a power of 2"),
        (r"`(.*)' is not a value of --icf", r"unknown argument '--icf=\1'"),
        (r"`(.*)' is not a value of --(orphan-handling)", r"unknown --\2 mode: \1"),
        (r"`(.*)' is not a value of --(sort-section)", r"unknown --\2 rule: \1"),
        (r"`(.*)' is not a value of --colour", r"unknown option: --color-diagnostics=\1"),
        (r"`(.*)' is not a value of --call-graph-sort",
         r"unknown --call-graph-profile-sort= value: \1"),
        (r"`(.*)' is not a value of --rsp-quoting", r"invalid response file quoting: \1"),
        (r"`(.*)' is not a value of (--\S+)", r"unknown \2 value: \1"),
        (r"(--hash-style): `(.*)' is none of .*", r"unknown \1: \2"),
        (r"invalid (--compress-\S+) option: `(.*)'", r"unknown \1 value: \2"),
        (r"unknown format of inputs: (.*)",
         r"unknown --format value: \1 (supported formats: elf, default, binary)"),
        (r"--defsym=(.*) assigns nothing", r"--defsym: syntax error: \1"),
        (r"invalid visibility in `-z (\S+)=(.*)'", r"unknown -z \1= value: \2"),
        (r"(--section-start=.*): `.*' is not an address", r"invalid argument: \1"),
        (r"(-T\S+): `(.*)' is not an address", r"invalid argument: \1=\2"),
        (r"(--compress-sections: invalid glob pattern, unmatched '\['): .*", r"\1"),
    ),
    "bad-phdr-type": ((r"unknown (program header type: .*)", r"invalid \1"),),
    "cannot-read": (
        (r"cannot find (-l.*): No such file or directory", r"unable to find library \1"),
        (
            r"cannot open linker script file (.*): No such file or directory",
            r"cannot find linker script \1",
        ),
        (r"cannot find (version script .*)", r"cannot find \1"),
        (r"cannot find (.*)", r"cannot open \1"),
    ),
    "common-met": (
        (r"definition of `(.*)' overriding .*", r"common \1 is overridden"),
        (r"common of `(.*)' overridden by definition .*", r"common \1 is overridden"),
        (r"(?:multiple )?common of `(.*)'.*", r"multiple common of \1"),
    ),
    "discarded-symbol": (
        (
            r"`(.*)' is referenced but its section `\1' .*",
            r"relocation refers to a discarded section: \1",
        ),
        (
            r"`(.*)' is referenced but its section .*",
            r"relocation refers to a symbol in a discarded section: \1",
        ),
    ),
    "division-by-zero": ((r"% by zero", "modulo by zero"), (r"/ by zero", "division by zero")),
    "duplicate-symbol": ((r"multiple definition of `(.*)'", r"duplicate symbol: \1"),),
    "include-cycle": ((r".*", "there is a cycle in linker script INCLUDEs"),),
    "insert-target-missing": ((r"(.*) not found for insert", r"unable to insert at \1"),),
    "layout-does-not-settle": (
        (r".* symbol `(.*)' changes every time .*", r"assignment to symbol \1 does not converge"),
    ),
    "no-region": (
        (r"no memory region specified for loadable section `(.*)'",
         r"no memory region specified for section '\1'"),
    ),
    "number-too-large": ((r"(\S+) does not fit in 64 bits", r"malformed number: \1"),),
    "option-needs-value": ((r"option '(.*)' needs a value.*", r"\1: missing argument"),),
    "orphan-section": (
        (r"orphan section `(.*)' from `(.*)' being placed in section `(.*)'",
         r"\2:(\1) is being placed in '\3'"),
        (r"unplaced orphan section `(.*)' from `(.*)'", r"\2:(\1) is being placed in '\1'"),
    ),
    "prohibited-cross-reference": (
        (r"prohibited cross reference from (\S+) to (`.*' in )(\S+)",
         r"prohibited cross reference from '\1' to \2'\3'"),
        (r"prohibited cross reference from (\S+) to (\S+)",
         r"prohibited cross reference from '\1' to '\2'"),
    ),
    "region-overflow": (
        (r"section `(.*)' will not fit in region `(.*)': region .* overflowed by (\d+) bytes",
         r"section '\1' will not fit in region '\2': overflowed by \3 bytes"),
    ),
    "region-defined-twice": (
        (r"redefinition of memory region alias `(.*)'", r"redefinition of memory region '\1'"),
        (r"redeclaration of memory region `(.*)'", r"region '\1' already defined"),
    ),
    "reloc-in-read-only": (
        (r"relocation (\S+) against `(.*)' in read-only section .*",
         r"relocation \1 cannot be used against symbol '\2'; recompile with -fPIC"),
    ),
    "reloc-not-pic": (
        (r"relocation (\S+) against `(.*)' can not be used .*",
         r"relocation \1 cannot be used against symbol '\2'; recompile with -fPIC"),
    ),
    "retained-undefined": (
        (r"--retain-symbols-file names `(.*)', .*",
         r"version script assignment of 'global' to symbol '\1' failed: symbol not defined"),
    ),
    "script-syntax": (
        (r"syntax error: unterminated comment.*", "unclosed comment in a linker script"),
        (r'syntax error: .*found the character `"`', "unclosed quote"),
        (r"syntax error: .*found the end of the (?:script|expression)", "unexpected EOF"),
        (r"syntax error: unknown command `(.*)`", r"unknown directive: \1"),
        (r"syntax error: invalid attribute .*", "invalid memory region attribute"),
        (r"syntax error: expected ORIGIN .*", "expected one of: ORIGIN, org, or o"),
        (r"syntax error: expected LENGTH .*", "expected one of: LENGTH, len, or l"),
        (r"syntax error: expected the attributes .*, found `(.*)`", r") expected, but got \1"),
        (r"syntax error: expected the type of a program header, found `(.*)`",
         r"invalid program header type: \1"),
        (r"syntax error: expected AFTER or BEFORE .*, found `(.*)`",
         r"expected AFTER/BEFORE, but got '\1'"),
        (r"syntax error: unknown function `.*`", "; expected, but got ("),
        (r"syntax error: expected a section flag .*, found `(.*)`", r"unrecognised flag: \1"),
        (r"syntax error: expected `\)` after the flags, .*", "expected & or )"),
        (r"syntax error: expected `symbol = expression` .*", "= expected, but got )"),
        (r"syntax error: files cannot be sorted with .*", "expected filename pattern"),
        (r"syntax error: sorts nest at most .*", ") expected, but got SORT"),
        (r"syntax error: expected `:` after the name of section .*, found `(.*)`",
         r"malformed number: \1"),
        (r"syntax error: malformed number `(.*)`", r"malformed number: \1"),
        (r"syntax error: expected an expression, found `(.*)`", r"malformed number: \1"),
        (r"syntax error: expected a section name or pattern.*", "section pattern is expected"),
        (r"syntax error: expected .*program header.*found `(.*)`",
         r"unexpected header attribute: \1"),
        (r"syntax error: expected the end of the expression, found `(.*)`",
         r"EOF expected, but got \1"),
        (r"syntax error: expected `(.*?)`.*, found (?:the character )?`(.*)`",
         r"\1 expected, but got \2"),
        (r"syntax error: (.*)", r"\1"),
    ),
    "script-not-supported": ((r"TARGET\((.*)\) .*", r"unknown target: \1"),),
    "section-flags-mismatch": ((r"(incompatible section flags for .*): .*", r"\1"),),
    "section-type-mismatch": ((r"(section type mismatch for .*): it is .*", r"\1"),),
    "two-load-addresses": (
        (r".*", "section can't have both LMA and a load region"),
    ),
    "two-relative-operands": (
        (r"(at least one side of the expression must be absolute): .*", r"\1"),
    ),
    "undefined-hidden": ((r"undefined (\w+ )reference to `(.*)'", r"undefined \1symbol: \2"),),
    "undefined-symbol": (
        (r"undefined (\w+ )?reference to `(.*)'", r"undefined \1symbol: \2"),
        (r"required symbol `(.*)' not defined", r"undefined symbol: \1"),
    ),
    "unknown-constant": ((r"unknown constant `(.*)' .*", r"unknown constant: \1"),),
    "unknown-format": ((r"unknown output format `(.*)'", r"unknown output format name: \1"),),
    "unknown-keyword": ((r"-z (.*) ignored", r"unknown -z value: \1"),),
    "unknown-option": (
        (r"unrecognized option '(.*)'", r"unknown argument '\1'"),
        (r"--pop-state without --push-state", "unbalanced --push-state/--pop-state"),
    ),
    "unknown-region": (
        (r"undefined MEMORY region `(.*)' .*", r"memory region not defined: \1"),
        (r"memory region `(.*)' not declared", r"memory region '\1' not declared"),
    ),
    "unknown-section": ((r"undefined section `(.*)' .*", r"undefined section \1"),),
    "unknown-section-flag": ((r"unrecognized section flag `(.*)'", r"unrecognised flag: \1"),),
    "unknown-symbol": ((r"undefined symbol `(.*)' .*", r"symbol not found: \1"),),
}  # fmt: skip
"""For each kind what LLD says in the place of a sentence of ours."""

WITH_LINE = frozenset({
    "bad-alignment", "bad-phdr-type", "division-by-zero", "dot-moved-backwards", "fill-too-wide",
    "include-cycle", "number-too-large", "region-defined-twice", "script-syntax",
    "two-relative-operands", "unknown-constant", "unknown-format", "unknown-section",
    "unknown-section-flag", "unknown-symbol", "bad-section-type", "too-few-sections",
})  # fmt: skip
"""Kinds whose first line begins with the script and its line."""

WITH_PLACE = frozenset({
    "bad-merge-section", "bad-object", "prohibited-cross-reference", "reloc-overflow",
})  # fmt: skip
"""Kinds whose first line begins with the section."""

WITH_LINE_TOO = (
    "undefined MEMORY region", "cannot open linker script", "TARGET(",
)  # fmt: skip
"""Beginnings of sentences of other kinds that do."""

SAME = frozenset({
    "address-not-aligned", "address-wraps", "assert-failed", "backward-reference", "cannot-write",
    "described-twice",
    "discarded-table",
    "entry-missing", "headers-do-not-fit",
    "incompatible-files", "keep-unique-unknown", "link-order-discarded",
    "missing-property", "no-inputs",
    "option-not-supported", "region-ignored",
    "relro-not-contiguous", "sections-overlap", "symbol-order",
    "symbol-undefined", "version-undefined",
})  # fmt: skip
"""Further kinds that LLD tells, in the same words."""

LLD_KINDS = frozenset({*SENTENCES, *WITH_LINE, *WITH_PLACE, *SAME})
"""What LLD tells too; all else only we tell, in our own form."""
