"""What a command line says about an ELF output, beside objects and script.

Page sizes, segments, symbols to leave out, notes to add: everything here shapes the description
around the bytes, and a raw image knows nothing of most of it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ..arch.padding import USUAL_PADDING, CallPadding

NO_LIMIT = 1 << 62

PAGE = 0x1000
"""The page of x86; GNU ld and LLD take it for both MAXPAGESIZE and COMMONPAGESIZE."""


@attrs.frozen(eq=False, repr=False)
class ElfOptions:
    """Options of an ELF output; a default is that of both linkers.

    strip: "", "debug" (-S) or "all" (-s). discard: of local symbols, "" (temporary ones in merged
    sections), "locals" (-X), "all" (-x) or "none". build_id: "" for none, "fast", "md5", "sha1",
    "tree", "uuid" or bytes in hexadecimal after 0x; GNU ld knows no "fast" and "tree". paging: ""
    (page by page), "n" (-n) or "N" (-N). separate: "" (the dialect's own), "none", "code" or
    "loadable". max_page, common_page: in bytes, 0 for the dialect's own. ro_with_code: --no-
    rosegment. image_base: --image-base, None when not given. section_starts: --section-start,
    -Ttext and the like, by section name. begun_sections: those of them that are begun before the
    script is read. segment_starts: -Ttext-segment and the like, by the name
    SEGMENT_START() uses. exec_stack: True and False are -z execstack and noexecstack. stack_size:
    -z stack-size, in bytes. signature: the text LLD adds to .comment, "" for our own.  optimize:
    -O, which counts in LLD's dialect.  compress_debug: "zlib", "zstd", "zlib-gnu" or ""."""

    relocatable: bool = False
    emit_relocs: bool = False
    unwind_relocs: bool = True
    """Whether relocations of unwind tables stay where others do: not in LLD with --gc-sections."""
    strip: str = ""
    discard: str = ""
    build_id: str = ""
    paging: str = ""
    separate: str = ""
    max_page: int = 0
    common_page: int = 0
    load_align: int = 0
    """The least p_align of a PT_LOAD where it is not the page."""
    ro_with_code: bool = False
    image_base: int | None = None
    section_starts: tuple[tuple[str, int], ...] = ()
    begun_sections: tuple[str, ...] = ()
    segment_starts: tuple[tuple[str, int], ...] = ()
    exec_stack: bool | None = None
    gnu_stack: bool = True
    stack_size: int = 0
    wx_needed: bool = False
    """-z wxneeded: OpenBSD is told to allow memory that is written and run."""
    relro: bool = True
    eh_frame_hdr: bool = False
    no_unwind_info: bool = False
    """--no-ld-generated-unwind-info: GNU ld's linkage table of a program that moves has no unwind
    records."""
    traditional: bool = False
    """--traditional-format: GNU ld leaves unwind tables as they are."""
    gdb_index: bool = False
    debug_names: bool = False
    define_common: bool = False
    """With -r, COMMON blocks get their place (-d)."""
    ungroup: bool = False
    """With -r, sections of groups become ordinary ones (--force-group-allocation)."""
    retained: tuple[str, ...] | None = None
    """--retain-symbols-file: the only symbols of GNU ld's table that are not needed by
    relocations, and LLD's only global ones; None is no such file."""
    undefined_version: bool = False
    """--undefined-version: names that are listed as global need not be defined."""
    call_padding: CallPadding = USUAL_PADDING
    """-z call-nop: what fills up calls that need no slot."""
    split_size: int = NO_LIMIT
    """--split-by-file: bytes of inputs at which another section begins."""
    split_relocs: int = NO_LIMIT
    """--split-by-reloc: relocations of inputs at which one does."""
    unique_symbols: bool = False
    """-z unique-symbol: local symbols of one name are numbered."""
    common_types: bool | None = None
    """With -r, whether COMMON symbols are STT_COMMON (-z common) or STT_OBJECT (-z nocommon); None
    as they are in the first input that has one."""
    bounds_visibility: int = 3
    """Of `__start_x` and `__stop_x`: STV_PROTECTED, or what -z start-stop-visibility says."""
    features: int = 0
    """Bits of GNU_PROPERTY_X86_FEATURE_1_AND that the output has whatever its inputs say."""
    indirect_access: bool | None = None
    """-z indirect-extern-access: the output's note says so (GNU ld)."""
    isa_needed: int = 0
    """Bits of GNU_PROPERTY_X86_ISA_1_NEEDED, likewise."""
    reports: tuple[tuple[str, tuple[str, ...], str], ...] = ()
    """Features to report files without: (option, names of features, "warning" or "error")."""
    section_headers: bool = True
    signature: str = ""
    optimize: int = 1
    compress_debug: str = ""
    keeps_text_prefix: bool = False
    """-z keep-text-section-prefix: code that runs often, and the like, stays apart."""
    compress_sections: tuple[tuple[str, str, int], ...] = ()
    """--compress-sections: pattern, kind ("" for none) and level (0: the usual one) of each."""
    package_metadata: str = ""
    """--package-metadata: the text of its note, "" for none."""
    pie: bool = False
    """A program that runs at any address (-pie)."""
    text: bool | None = None
    """With -pie, whether an address in read-only sections is an error (-z text) or welcome (-z
    notext); None for what the dialect thinks of it."""
    interpreter: str | None = None
    """-dynamic-linker: the program that is to load this one, "" for none; None for what is usual:
    GNU ld names one in programs that move, LLD none."""
    rela: bool | None = None
    """-z rela and -z rel in LLD: whether relocations for start-up bring their addend; None as is
    usual on the machine."""
    applies_relocs: bool = False
    """--apply-dynamic-relocs in LLD: the places hold the value, too."""
    now: bool = False
    """-z now: what .dynamic says of a program that moves."""
    loader_words: tuple[str, ...] = ()
    """With -pie, keywords of -z and the like that `.dynamic` hands on (dynamic_words)."""
    init: str = "_init"
    fini: str = "_fini"
    """-init and -fini: functions that stay with --gc-sections and, with -pie, that a loader is
    told to call."""
    soname: str = ""
    run_paths: tuple[str, ...] = ()
    new_tags: bool = True
    audits: tuple[str, ...] = ()
    dependency_audits: tuple[str, ...] = ()
    """With -pie: -soname; -rpath, which --enable-new-dtags makes DT_RUNPATH; -audit and -P."""
    hash_style: str = "both"
    """--hash-style: "gnu", "sysv" or "both"."""
    dead_references: tuple[tuple[str, int], ...] = ()
    """-z dead-reloc-in-nonalloc: patterns of section names, each with the value to write there for
    what is not in the output."""

    @property
    def splits(self) -> bool:
        return min(self.split_size, self.split_relocs) < NO_LIMIT

    @property
    def indexes_debug_data(self) -> bool:
        """Whether a debugger's index is to be made, and there is something it is about."""
        return (self.gdb_index or self.debug_names) and self.strip not in ("debug", "all")

    @property
    def keeps_groups(self) -> bool:
        return self.relocatable and not self.ungroup

    @property
    def keeps_relro(self) -> bool:
        """Whether LLD describes what may be made read-only: not with -n and -N."""
        return self.relro and not self.paging

    @property
    def relro_tables(self) -> frozenset[str]:
        """The tables of LLD's own in what may be made read-only; with -z now nothing is bound late,
        so that the addresses of functions are among them."""
        if not self.keeps_relro:
            return frozenset()
        return frozenset((".got", ".got.plt") if self.now else (".got",))

    @property
    def page(self) -> int:
        """Addresses and file offsets of a segment agree modulo this; 1 with -n and -N."""
        return 1 if self.paging else self.max_page or PAGE


@attrs.frozen(eq=False, repr=False)
class Sizes:
    """What expressions ask of the output: SIZEOF_HEADERS, CONSTANT(), SEGMENT_START().

    headers: bytes of the ELF header and the program headers.  loaded_with: in LLD's dialect, for
    what is in a PT_LOAD, the first section of it (indices); None where there are no segments.
    """

    headers: int = 0
    max_page: int = PAGE
    common_page: int = PAGE
    segment_starts: tuple[tuple[str, int], ...] = ()
    relro: bool = True
    separate_code: bool = False
    loaded_with: Mapping[int, int] | None = None
