"""Keywords of -z: what ELF linkers call their further options, each a word.

The columns are those of `options.Row`.
"""

from __future__ import annotations

from .ld_ignored import keyword_rows
from .options import ADD, OFF, ON, SET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Row

_Z: tuple[Row, ...] = (
    ("max-page-size", "SIZE", SET, "max_page_size", "largest page size the image may meet"),
    ("common-page-size", "SIZE", SET, "common_page_size", "page size to optimise for"),
    ("stack-size", "SIZE", SET, "stack_size", "size the stack is said to have (PT_GNU_STACK)"),
    (
        "keep-text-section-prefix",
        "",
        ON,
        "keep_text_prefix",
        "LLD's dialect, without a script: .text.hot, .text.unlikely and the like stay apart",
    ),
    ("nokeep-text-section-prefix", "", OFF, "keep_text_prefix", "they do not (default)"),
    (
        "dead-reloc-in-nonalloc",
        "GLOB=VALUE",
        ADD,
        "dead_references",
        "what sections that GLOB fits and that are not in memory say of code that was left out",
    ),
    ("execstack", "", ON, "exec_stack", "say that the stack is executable"),
    ("noexecstack", "", OFF, "exec_stack", "say that it is not"),
    ("nognustack", "", ON, "no_gnu_stack", "say nothing about the stack"),
    ("wxneeded", "", ON, "z_wxneeded", "LLD's dialect: OpenBSD is to allow code that is written"),
    ("relro", "", OFF, "no_relro", "describe what may be made read-only (default)"),
    ("norelro", "", ON, "no_relro", "do not"),
    (
        "text",
        "",
        ON,
        "z_text",
        "-pie: an address in read-only sections is an error (LLD's default)",
    ),
    ("notext", "", OFF, "z_text", "-pie: it is not"),
    ("textoff", "", OFF, "z_text", "the same"),
    ("rela", "", ON, "z_rela", "relocations for start-up bring their addend (LLD)"),
    ("rel", "", OFF, "z_rela", "it stands in the place (LLD)"),
    ("now", "", ON, "z_now", "-pie: say that nothing is looked up late"),
    ("lazy", "", OFF, "z_now", "-pie: do not (default)"),
    *(
        (word, "", ON, f"loader_{word}", f"-pie: a flag for the loader, {means}")
        for word, means in (
            ("global", "DF_1_GLOBAL"),
            ("globalaudit", "DF_1_GLOBAUDIT (GNU ld)"),
            ("initfirst", "DF_1_INITFIRST (LLD)"),
            ("interpose", "DF_1_INTERPOSE"),
            ("loadfltr", "DF_1_LOADFLTR (GNU ld)"),
            ("nodefaultlib", "DF_1_NODEFLIB"),
            ("nodelete", "DF_1_NODELETE (LLD)"),
            ("nodlopen", "DF_1_NOOPEN (LLD)"),
            ("nodump", "DF_1_NODUMP (GNU ld)"),
            ("origin", "DF_ORIGIN and DF_1_ORIGIN"),
            ("unique", "DF_GNU_1_UNIQUE (GNU ld)"),
        )
    ),
    ("rodynamic", "", ON, "loader_rodynamic", "-pie: `.dynamic` cannot be written (LLD)"),
    ("nounique", "", OFF, "loader_unique", "-pie: no such flag (default)"),
    ("muldefs", "", ON, "multiple_definitions", "take the first of several definitions"),
    ("undefs", "", ON, "undefs", "do not mind undefined symbols: they are 0"),
    ("noreloc-overflow", "", ON, "no_reloc_overflow", "cut off what does not fit in its place"),
    ("separate-code", "", ON, "separate_code", "code shares no page with data"),
    ("noseparate-code", "", OFF, "separate_code", "it may"),
    ("separate-loadable-segments", "", ON, "separate_loadable", "no segments share a page"),
    ("start-stop-gc", "", OFF, "bounds_keep", "`__start_x` does not keep sections called x"),
    ("nostart-stop-gc", "", ON, "bounds_keep", "it does, with --gc-sections"),
    (
        "start-stop-visibility",
        "VISIBILITY",
        SET,
        "bounds_visibility",
        "of `__start_x` and `__stop_x`: default, internal, hidden or protected (default)",
    ),
    ("ibt", "", ON, "z_ibt", "say that the code is marked for indirect branch tracking"),
    ("force-ibt", "", ON, "z_force_ibt", "LLD's word for it, with a warning for code that is not"),
    (
        "indirect-extern-access",
        "",
        ON,
        "indirect_access",
        "GNU ld's dialect: say that other modules' data is reached through the offset table only",
    ),
    ("noindirect-extern-access", "", OFF, "indirect_access", "do not (default)"),
    ("shstk", "", ON, "z_shstk", "say that the code keeps to shadow stacks"),
    ("lam-u48", "", ON, "z_lam_u48", "say that the code allows 15 bits of tags in addresses"),
    ("lam-u57", "", ON, "z_lam_u57", "say that it allows 6 bits of them"),
    *(
        (f"x86-64-{level}", "", ON, f"isa_{level}", f"say that the code needs x86-64-{level}")
        for level in ("baseline", "v2", "v3", "v4")
    ),
    *(
        (
            f"{name}-report",
            "LEVEL",
            SET,
            f"{name.replace('-', '_')}_report",
            "warn of inputs that do not say so, or refuse them: none (default), warning or error",
        )
        for name in ("cet", "lam", "lam-u48", "lam-u57")
    ),
    (
        "call-nop",
        "PADDING",
        SET,
        "call_nop",
        "fill up calls that need no slot with prefix-addr (default), suffix-nop, prefix-BYTE or "
        "suffix-BYTE",
    ),
    ("common", "", ON, "common_types", "-r: COMMON symbols have a type of their own, STT_COMMON"),
    ("nocommon", "", OFF, "common_types", "-r: they are of type STT_OBJECT"),
    (
        "unique-symbol",
        "",
        ON,
        "unique_symbols",
        "GNU ld's dialect: number local symbols, so that no two have the same name",
    ),
    ("nounique-symbol", "", OFF, "unique_symbols", "do not (default)"),
    *keyword_rows(),
)

KEYWORDS: dict[str, dict[str, Row]] = {"z": {row[0]: row for row in _Z}}
