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
        --allow-shlib-undefined --no-allow-shlib-undefined -rpath-link=PATH
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
        --hash-size=NUMBER
        --dynamic-list-data --dynamic-list-cpp-new --dynamic-list-cpp-typeinfo
        -f,--auxiliary=NAME -F,--filter=NAME
        -Bsymbolic-functions -Bsymbolic-non-weak -Bsymbolic-non-weak-functions
        --spare-dynamic-tags=COUNT --pack-dyn-relocs=KIND --default-symver
        --default-imported-symver
        --ignore-function-address-equality --use-android-relr-tags --no-use-android-relr-tags
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
        --no-symbol-ordering --no-print-map-discarded
        """,
    ),
    (
        "it changes nothing on x86",
        """
        --disable-multiple-abs-defs --merge-exidx-entries --no-merge-exidx-entries
        --no-execute-only --no-pcrel-optimize --no-power10-stubs --power10-stubs[=MODE]
        --no-relax-gp --no-toc-optimize --pic-veneer --split-stack-adjust-size=SIZE
        --target1-abs --target1-rel --target2=TYPE --android-memtag-heap --android-memtag-stack
        --android-memtag-mode=MODE
        """,
    ),
    (
        "there is no stub for it to strip",
        "--strip-discarded --no-strip-discarded",
    ),
    (
        "it asks for warnings only, and ours are given whenever they are true",
        """
        --warn-constructors
        --warn-execstack --no-warn-execstack --warn-rwx-segments --no-warn-rwx-segments
        --warn-multiple-gp --warn-once --warn-section-align --warn-textrel --warn-alternate-em
        --warn-ifunc-textrel --no-warn-ifunc-textrel
        """,
    ),
    ("messages have one form, which every editor knows", "--vs-diagnostics"),
    ("it prints how the other linker works, not what it makes", "--print-map-discarded --stats"),
    (
        "inputs are machine code: there is no link-time optimisation",
        """
        -plugin=FILE -plugin-opt=ARG -flto[=KIND] -flto-partition=KIND -mllvm=ARG --lto=KIND
        --fat-lto-objects --no-fat-lto-objects --load-pass-plugin=FILE --lto-aa-pipeline=PASSES
        --lto-basic-block-address-map --no-lto-basic-block-address-map
        --lto-basic-block-sections=KIND --lto-cs-profile-file=FILE --lto-cs-profile-generate
        --lto-debug-pass-manager --lto-emit-asm --lto-emit-llvm --lto-known-safe-vtables=SYMBOL
        --lto-newpm-passes=PASSES --lto-O0 --lto-O1 --lto-O2 --lto-O3
        --lto-CGO0 --lto-CGO1 --lto-CGO2 --lto-CGO3
        --lto-partitions=NUMBER --lto-pgo-warn-mismatch
        --no-lto-pgo-warn-mismatch --lto-sample-profile=FILE
        --lto-unique-basic-block-section-names --no-lto-unique-basic-block-section-names
        --lto-validate-all-vtables-have-type-infos --no-lto-validate-all-vtables-have-type-infos
        --lto-whole-program-visibility --no-lto-whole-program-visibility
        --opt-remarks-filename=FILE --opt-remarks-format=FORMAT
        --opt-remarks-hotness-threshold=NUMBER --opt-remarks-passes=REGEX
        --opt-remarks-with-hotness --optimize-bb-jumps --no-optimize-bb-jumps --save-temps[=KINDS]
        --thinlto-cache-dir=DIR --thinlto-cache-policy=POLICY --thinlto-jobs=NUMBER
        --thinlto-single-module=FILE --thinlto-emit-imports-files --thinlto-emit-index-files
        --thinlto-index-only[=FILE] --thinlto-object-suffix-replace=OLD;NEW
        --thinlto-prefix-replace=OLD;NEW --disable-verify --lto-obj-path=FILE
        """,
    ),
    ("it chooses the linker, which has happened", "-fuse-ld=NAME"),
    (
        "it is kept by other linkers for compilers of long ago",
        "-g -Qy -qmagic -a=KEYWORD -assert=KEYWORD",
    ),
    (
        "it is about the linker's own speed and memory",
        """
        --threads=NUMBER --no-threads --no-keep-memory --reduce-memory-overheads
        --max-cache-size=SIZE --map-whole-files --no-map-whole-files --mmap-output-file
        --no-mmap-output-file --time-trace[=FILE] --time-trace-granularity=MICROSECONDS
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
        combreloc nocombreloc copyreloc nocopyreloc
        pack-relative-relocs nopack-relative-relocs dynamic-undefined-weak
        nodynamic-undefined-weak ifunc-noplt report-relative-reloc
        extern-protected-data noextern-protected-data
        """,
    ),
    ("it only sets a default", "defs sectionheader noexecheap"),
    (
        "no procedure linkage table is made that would need it",
        "ibtplt bndplt retpolineplt hazardplt",
    ),
    (
        "it is about machines other than x86",
        "bti-report=LEVEL gcs-report=LEVEL pauth-report=LEVEL",
    ),
)


def option_rows() -> tuple[Row, ...]:
    """The options as rows of the table, the reason in the place of the help."""
    return tuple(row(word, reason) for reason, words in _REASONS for word in words.split())


def keyword_rows() -> tuple[Row, ...]:
    """The same for keywords of -z."""
    return tuple(row(word, reason) for reason, words in _Z_REASONS for word in words.split())


def row(word: str, reason: str, how: str = IGNORED) -> Row:
    """A row from `-h,-soname=NAME`, `-plugin=FILE` or `-flto[=KIND]`."""
    if word.endswith("]"):
        names, _, value = word[:-1].partition("[=")
        value = f"[{value}]"
    else:
        names, _, value = word.partition("=")
    return names.replace(",", " "), value, how, "", reason
