"""Options that are known and refused by name, each with the reason.

They would change the output, and what they ask for is not made here: another machine's code, a
Windows program, a shared library.  A linker that takes such an option and does nothing makes a
wrong image that is found weeks later.

Sources: `ld --help`, `ld.lld --help`, and `ld.lld` called with each of them for an x86 object.
"""

from __future__ import annotations

from .ld_ignored import row
from .options import REFUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Row

_REASONS: tuple[tuple[str, str], ...] = (
    (
        "it is for machines other than x86",
        """
        -EB --embedded-relocs --be8 --cmse-implib --in-implib=FILE --execute-only
        --fix-cortex-a53-843419 --fix-cortex-a8 --pcrel-optimize --relax-gp --toc-optimize
        """,
    ),
    (
        "it makes a shared library, or versions of symbols in one",
        """
        -shared,-Bshareable --no-define-common --out-implib=FILE
        --version-exports-section=SYMBOL
        """,
    ),
    (
        "it makes a Windows program by an emulation for PE",
        """
        --base_file=FILE --dll --file-alignment=SIZE --heap=SIZE --major-image-version=NUMBER
        --major-os-version=NUMBER --major-subsystem-version=NUMBER --minor-image-version=NUMBER
        --minor-os-version=NUMBER --minor-subsystem-version=NUMBER --section-alignment=SIZE
        --stack=SIZE --subsystem=NAME --support-old-code --leading-underscore
        --no-leading-underscore --insert-timestamp --no-insert-timestamp --add-stdcall-alias
        --disable-stdcall-fixup --enable-stdcall-fixup --exclude-symbols=NAMES
        --exclude-all-symbols --exclude-modules-for-implib=NAMES --export-all-symbols --kill-at
        --output-def=FILE --warn-duplicate-exports --compat-implib --enable-auto-image-base[=SIZE]
        --disable-auto-image-base --dll-search-prefix=TEXT --enable-auto-import
        --disable-auto-import --enable-runtime-pseudo-reloc --disable-runtime-pseudo-reloc
        --enable-extra-pe-debug --enable-extra-pep-debug --large-address-aware
        --disable-large-address-aware --enable-long-section-names --disable-long-section-names
        --dynamicbase --disable-dynamicbase --enable-reloc-section --disable-reloc-section
        --forceinteg --disable-forceinteg --nxcompat --disable-nxcompat --no-isolation
        --disable-no-isolation --no-seh --disable-no-seh --no-bind --disable-no-bind --wdmdriver
        --disable-wdmdriver --tsaware --disable-tsaware --high-entropy-va
        --disable-high-entropy-va --thumb-entry=SYMBOL --force-exe-suffix
        """,
    ),
)
"""Reason -> options, as in `ld_ignored`."""


def refused_rows() -> tuple[Row, ...]:
    """The options as rows of the table, the reason in the place of the help."""
    return tuple(row(word, reason, REFUSED) for reason, words in _REASONS for word in words.split())
