"""Which inputs do not promise what the output does: -z cet-report and its like.

Source: `ld` 2.40 and `ld.lld-19` with objects that have a property note, and that have none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...diag import Diagnostics
from ...dialect import Dialect
from ...model import ObjectFile
from ..editing.notes import features_of
from ..editing.promises import BITS
from ..elf_options import ElfOptions


def report_promises(
    files: Iterable[ObjectFile], options: ElfOptions, dialect: Dialect, diags: Diagnostics
) -> None:
    """missing-property for each file that does not have what -z cet-report and its like ask for,
    and in LLD's dialect what -z force-ibt promises in its name."""
    for file in files:
        found = features_of(file)
        for option, names, severity in options.reports:
            missing = [name for name in names if not found & BITS[name]]
            for words in _told(missing, option, dialect):
                tell = diags.error if severity == "error" else diags.warn
                tell(
                    "missing-property",
                    f"{file.name}: {words}",
                    help=["compile it with -fcf-protection, or drop the option"],
                )


def _told(missing: Sequence[str], option: str, dialect: Dialect) -> list[str]:
    """The words each linker has for it: GNU ld a line a file, LLD a line a property."""
    if not missing:
        return []
    if dialect.tables_like_gnu:
        plural = "properties" if len(missing) > 1 else "property"
        return [f"missing {' and '.join(missing)} {plural}"]
    front = f"-z {option}: file does not have GNU_PROPERTY_X86_FEATURE_1_"
    return [f"{front}{name} property" for name in missing]
