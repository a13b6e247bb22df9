"""Options that compilers and build systems hand to any linker and that change nothing in what this
one makes, each with the reason.

A driver like gcc does not ask what a linker can do: it passes two dozen options for shared
libraries and plug-ins whatever is being built.  Refusing them would make the linker useless, and a
word about them would break builds that fail on any output.  Only what cannot change the output of a
static link may stand here.

Sources: `ld --help`, `ld.lld --help`, the command lines of gcc 12, clang 19, rustc 1.95 and Kbuild.
"""

from __future__ import annotations

from .options import IGNORED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Row

_REASONS: tuple[tuple[str, str], ...] = (
    (
        "shared libraries are never inputs",
        """
        --as-needed --no-as-needed --copy-dt-needed-entries --no-copy-dt-needed-entries
        --exclude-libs=LIBS -Y=PATH --dependent-libraries --no-dependent-libraries
        --allow-shlib-undefined --no-allow-shlib-undefined -rpath=PATH -rpath-link=PATH
        --gnu-unique --no-gnu-unique
        """,
    ),
    (
        "no directories are searched but those of -L",
        "-nostdlib --no-warn-search-mismatch",
    ),
    (
        "the output has no dynamic section and no dynamic symbols",
        """
        -pie,--pic-executable -no-pie -I,-dynamic-linker=FILE --no-dynamic-linker
        --hash-style=STYLE --hash-size=NUMBER -E,--export-dynamic --no-export-dynamic
        --export-dynamic-symbol=SYMBOL --export-dynamic-symbol-list=FILE --dynamic-list=FILE
        --dynamic-list-data --dynamic-list-cpp-new --dynamic-list-cpp-typeinfo
        -h,-soname=NAME -f,--auxiliary=NAME -F,--filter=NAME -init=SYMBOL -fini=SYMBOL
        -Bsymbolic -Bno-symbolic -Bsymbolic-functions -Bsymbolic-non-weak
        -Bsymbolic-non-weak-functions --enable-new-dtags --disable-new-dtags
        --spare-dynamic-tags=COUNT --pack-dyn-relocs=KIND --apply-dynamic-relocs
        --no-apply-dynamic-relocs --undefined-version --no-undefined-version --default-symver
        --default-imported-symver
        """,
    ),
    ("undefined symbols are errors unless said otherwise", "--no-undefined"),
    (
        "classes and machines are mixed without being asked",
        """
        --no-warn-mismatch --accept-unknown-input-arch --no-accept-unknown-input-arch
        -A,--architecture=ARCH
        """,
    ),
    ("x86 is little-endian", "-EL"),
    ("x86 has no small data", "-G,--gpsize=SIZE"),
    (
        "it only sets a default",
        """
        --no-symbol-ordering --error-unresolved-symbols --no-allow-multiple-definition
        --check-sections --no-print-map-discarded
        """,
    ),
    ("there is no profile to sort by unless one is named", "--call-graph-profile-sort=KIND"),
    ("it changes nothing on x86", "--disable-multiple-abs-defs"),
    (
        "there is no stub for it to strip",
        "--strip-discarded --no-strip-discarded",
    ),
    (
        "no procedure linkage table is made that would need it",
        "--ld-generated-unwind-info --no-ld-generated-unwind-info",
    ),
    (
        "it asks for warnings only, and ours are given whenever they are true",
        """
        --warn-backrefs --no-warn-backrefs --warn-common --no-warn-common --warn-constructors
        --warn-execstack --no-warn-execstack --warn-rwx-segments --no-warn-rwx-segments
        --warn-multiple-gp --warn-once --warn-section-align --warn-textrel --warn-alternate-em

        --enable-non-contiguous-regions-warnings
        """,
    ),
    ("it prints how the other linker works, not what it makes", "--print-map-discarded --stats"),
    (
        "inputs are machine code: there is no link-time optimisation",
        """
        -plugin=FILE -plugin-opt=ARG -flto[=KIND] -flto-partition=KIND -mllvm=ARG
        """,
    ),
    ("it chooses the linker, which has happened", "-fuse-ld=NAME"),
    ("archives of --reproduce are replayed where they were unpacked", "--chroot=DIR"),
    (
        "it is kept by other linkers for compilers of long ago",
        "-g -Qy -qmagic -a=KEYWORD -assert=KEYWORD --traditional-format",
    ),
    (
        "it is about the linker's own speed and memory",
        """
        --threads=NUMBER --no-threads --no-keep-memory --reduce-memory-overheads
        --max-cache-size=SIZE --map-whole-files --no-map-whole-files --mmap-output-file
        --no-mmap-output-file
        """,
    ),
    (
        "CTF debug data is copied as it is",
        "--ctf-variables --no-ctf-variables --ctf-share-types=METHOD",
    ),
)
"""Reason -> options: spellings joined by commas, then `=PLACEHOLDER` or `[=PLACEHOLDER]`."""

_Z_REASONS: tuple[tuple[str, str], ...] = (
    (
        "the output has no dynamic section",
        """
        combreloc nocombreloc copyreloc nocopyreloc global initfirst interpose lazy now origin
        nodefaultlib nodelete nodlopen nodump text notext textoff unique nounique
        pack-relative-relocs nopack-relative-relocs dynamic-undefined-weak
        nodynamic-undefined-weak rel rela rodynamic ifunc-noplt report-relative-reloc
        extern-protected-data noextern-protected-data indirect-extern-access
        noindirect-extern-access
        """,
    ),
    ("it only sets a default", "defs sectionheader noexecheap nostart-stop-gc"),
    (
        "no procedure linkage table is made that would need it",
        "ibtplt bndplt retpolineplt hazardplt wxneeded",
    ),
    (
        "it asks for reports on shadow stacks and address tagging",
        """
        lam-u48 lam-u57 cet-report=VALUE lam-report=VALUE lam-u48-report=VALUE
        lam-u57-report=VALUE bti-report=VALUE
        """,
    ),
)


def option_rows() -> tuple[Row, ...]:
    """The options as rows of the table, the reason in the place of the help."""
    return tuple(_row(word, reason) for reason, words in _REASONS for word in words.split())


def keyword_rows() -> tuple[Row, ...]:
    """The same for keywords of -z."""
    return tuple(_row(word, reason) for reason, words in _Z_REASONS for word in words.split())


def _row(word: str, reason: str) -> Row:
    if word.endswith("]"):
        names, _, value = word[:-1].partition("[=")
        value = f"[{value}]"
    else:
        names, _, value = word.partition("=")
    return names.replace(",", " "), value, IGNORED, "", reason
