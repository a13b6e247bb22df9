"""GNU ld's layout for links without a script, as a script: the same addresses for the same inputs.

The text is ours; what it says was found by linking objects with sections of every usual name and
reading the result.
"""

from __future__ import annotations

BASES = {32: 0x08048000, 64: 0x400000}
"""Where the text segment begins, by class."""

_PAGE = "CONSTANT(MAXPAGESIZE)"
_NEXT_PAGE = f"ALIGN({_PAGE}) + (. & ({_PAGE} - 1))"
_BEGIN_FILES = "EXCLUDE_FILE(*crtbegin.o *crtbegin?.o *crtend.o *crtend?.o)"

_READ_ONLY = """\
  .rodata : { *(.rodata .rodata.* .gnu.linkonce.r.*) }
  .rodata1 : { *(.rodata1) }
  .eh_frame_hdr : { *(.eh_frame_hdr) *(.eh_frame_entry .eh_frame_entry.*) }
  .eh_frame : ONLY_IF_RO { KEEP(*(.eh_frame)) *(.eh_frame.*) }
  .sframe : ONLY_IF_RO { *(.sframe .sframe.*) }
  .gcc_except_table : ONLY_IF_RO { *(.gcc_except_table .gcc_except_table.*) }
  .gnu_extab : ONLY_IF_RO { *(.gnu_extab*) }
  .exception_ranges : ONLY_IF_RO { *(.exception_ranges*) }
"""

_START_UP = """\
  @REL@.plt : {
    *(@REL@.plt)
    PROVIDE_HIDDEN(_@REL_@_iplt_start = .);
    *(@REL@.iplt)
    PROVIDE_HIDDEN(_@REL_@_iplt_end = .);
  }
"""

_START_UP_MOVING = """\
  @REL@.dyn : {
    *(@REL@.init)
    *(@REL@.text @REL@.text.* @REL@.gnu.linkonce.t.*)
    *(@REL@.fini)
    *(@REL@.rodata @REL@.rodata.* @REL@.gnu.linkonce.r.*)
@RELRO@    *(@REL@.data @REL@.data.* @REL@.gnu.linkonce.d.*)
    *(@REL@.tdata @REL@.tdata.* @REL@.gnu.linkonce.td.*)
    *(@REL@.tbss @REL@.tbss.* @REL@.gnu.linkonce.tb.*)
    *(@REL@.ctors)
    *(@REL@.dtors)
    *(@REL@.got)
    *(@REL@.bss @REL@.bss.* @REL@.gnu.linkonce.b.*)
@LARGE@    *(@REL@.ifunc)
  }
"""
_LATE_MOVING = "  @REL@.plt : { *(@REL@.plt) *(@REL@.iplt) }\n"

_LIST_32 = """\
    *(.rel.data.rel.ro .rel.data.rel.ro.* .rel.gnu.linkonce.d.rel.ro.*)
"""
_LIST_64 = """\
    *(.rela.ldata .rela.ldata.* .rela.gnu.linkonce.l.*)
    *(.rela.lbss .rela.lbss.* .rela.gnu.linkonce.lb.*)
    *(.rela.lrodata .rela.lrodata.* .rela.gnu.linkonce.lr.*)
"""

_CODE = """\
  .init : { KEEP(*(SORT_NONE(.init))) }
  .plt : { *(.plt) *(.iplt) }
  .plt.got : { *(.plt.got) }
  .plt.sec : { *(.plt.sec) }
  .text : {
    *(.text.unlikely .text.*_unlikely .text.unlikely.*)
    *(.text.exit .text.exit.*)
    *(.text.startup .text.startup.*)
    *(.text.hot .text.hot.*)
    *(SORT(.text.sorted.*))
    *(.text .stub .text.* .gnu.linkonce.t.*)
  }
  .fini : { KEEP(*(SORT_NONE(.fini))) }
  PROVIDE(__etext = .);
  PROVIDE(_etext = .);
  PROVIDE(etext = .);
"""

_RELRO = f"""\
  .eh_frame : ONLY_IF_RW {{ KEEP(*(.eh_frame)) *(.eh_frame.*) }}
  .sframe : ONLY_IF_RW {{ *(.sframe .sframe.*) }}
  .gnu_extab : ONLY_IF_RW {{ *(.gnu_extab) }}
  .gcc_except_table : ONLY_IF_RW {{ *(.gcc_except_table .gcc_except_table.*) }}
  .exception_ranges : ONLY_IF_RW {{ *(.exception_ranges*) }}
  .tdata : {{
    PROVIDE_HIDDEN(__tdata_start = .);
    *(.tdata .tdata.* .gnu.linkonce.td.*)
  }}
  .tbss : {{ *(.tbss .tbss.* .gnu.linkonce.tb.*) *(.tcommon) }}
  .preinit_array : {{
    PROVIDE_HIDDEN(__preinit_array_start = .);
    KEEP(*(.preinit_array))
    PROVIDE_HIDDEN(__preinit_array_end = .);
  }}
  .init_array : {{
    PROVIDE_HIDDEN(__init_array_start = .);
    KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*) SORT_BY_INIT_PRIORITY(.ctors.*)))
    KEEP(*(.init_array {_BEGIN_FILES} .ctors))
    PROVIDE_HIDDEN(__init_array_end = .);
  }}
  .fini_array : {{
    PROVIDE_HIDDEN(__fini_array_start = .);
    KEEP(*(SORT_BY_INIT_PRIORITY(.fini_array.*) SORT_BY_INIT_PRIORITY(.dtors.*)))
    KEEP(*(.fini_array {_BEGIN_FILES} .dtors))
    PROVIDE_HIDDEN(__fini_array_end = .);
  }}
  .ctors : {{
    KEEP(*crtbegin.o(.ctors))
    KEEP(*crtbegin?.o(.ctors))
    KEEP(*(EXCLUDE_FILE(*crtend.o *crtend?.o) .ctors))
    KEEP(*(SORT(.ctors.*)))
    KEEP(*(.ctors))
  }}
  .dtors : {{
    KEEP(*crtbegin.o(.dtors))
    KEEP(*crtbegin?.o(.dtors))
    KEEP(*(EXCLUDE_FILE(*crtend.o *crtend?.o) .dtors))
    KEEP(*(SORT(.dtors.*)))
    KEEP(*(.dtors))
  }}
  .jcr : {{ KEEP(*(.jcr)) }}
  .data.rel.ro : {{
    *(.data.rel.ro.local* .gnu.linkonce.d.rel.ro.local.*)
    *(.data.rel.ro .data.rel.ro.* .gnu.linkonce.d.rel.ro.*)
  }}
  .dynamic : {{ *(.dynamic) }}
"""

_GOT = "  .got : { *(.got) *(.igot) }\n"
_GOT_PLT = "  .got.plt : { *(.got.plt) *(.igot.plt) }\n"
_GOT_NOW = "  .got : { *(.got.plt) *(.igot.plt) *(.got) *(.igot) }\n"
"""With -z now no word of the tables changes once the program runs."""

_DATA = """\
  .data : { *(.data .data.* .gnu.linkonce.d.*) CONSTRUCTORS }
  .data1 : { *(.data1) }
  _edata = .;
  PROVIDE(edata = .);
  . = .;
  __bss_start = .;
  .bss : {
    *(.dynbss)
    *(.bss .bss.* .gnu.linkonce.b.*)
    *(COMMON)
    /* The end is aligned even when there is nothing in it. */
    . = ALIGN(. != 0 ? @WORD@ : 1);
  }
"""

_LARGE = f"""\
  .lbss : {{ *(.dynlbss) *(.lbss .lbss.* .gnu.linkonce.lb.*) *(LARGE_COMMON) }}
  . = ALIGN(@WORD@);
  . = SEGMENT_START("ldata-segment", .);
  .lrodata {_NEXT_PAGE} : {{ *(.lrodata .lrodata.* .gnu.linkonce.lr.*) }}
  .ldata {_NEXT_PAGE} : {{
    *(.ldata .ldata.* .gnu.linkonce.l.*)
    . = ALIGN(. != 0 ? @WORD@ : 1);
  }}
"""

_LARGE_32 = """\
  . = ALIGN(4);
  . = SEGMENT_START("ldata-segment", .);
"""

DEBUG_SECTIONS = [
    ".debug",
    ".line",
    ".debug_srcinfo",
    ".debug_sfnames",
    ".debug_aranges",
    ".debug_pubnames",
    ".debug_info",
    ".debug_abbrev",
    ".debug_line",
    ".debug_frame",
    ".debug_str",
    ".debug_loc",
    ".debug_macinfo",
    ".debug_weaknames",
    ".debug_funcnames",
    ".debug_typenames",
    ".debug_varnames",
    ".debug_pubtypes",
    ".debug_ranges",
    ".debug_addr",
    ".debug_line_str",
    ".debug_loclists",
    ".debug_macro",
    ".debug_names",
    ".debug_rnglists",
    ".debug_str_offsets",
    ".debug_sup",
]
"""Sections for debuggers that have a place of their own, in this order."""

_ALSO = {
    ".debug_info": ".debug_info .gnu.linkonce.wi.*",
    ".debug_line": ".debug_line .debug_line.* .debug_line_end",
}

_STABS = (".stab", ".stabstr", ".stab.excl", ".stab.exclstr", ".stab.index", ".stab.indexstr")

_DISCARD = "  /DISCARD/ : { *(.note.GNU-stack) *(.gnu_debuglink) *(.gnu.lto_*) }\n"


def gnu_layout(
    elf_class: int,
    paging: str = "",
    separate_code: bool = True,
    moves: bool = False,
    now: bool = False,
    word: int = 0,
) -> str:
    """The script of a link to an executable.

    elf_class: 32 or 64.  paging: "" page by page, "n" or "N" as the options say (-N: data follows
    code at once).  separate_code: code has pages of its own.
    moves: the executable runs anywhere, and is laid out from 0, but with -n and -N;
    now: all its tables may be made read-only.
    word: bytes of an address, which in x32 has fewer than the machine's; 0 for the class's.
    """
    word = min(word or elf_class // 8, elf_class // 8)
    base = f'SEGMENT_START("text-segment", {0 if moves and not paging else BASES[elf_class]:#x})'
    rel = ".rela" if elf_class == 64 else ".rel"
    code_page = f"  . = ALIGN({_PAGE});\n" if separate_code and not paging else ""
    rodata_page = (
        f'{code_page}  . = SEGMENT_START("rodata-segment", {_NEXT_PAGE});\n' if code_page else ""
    )
    start_up = _START_UP_MOVING if moves else ""
    start_up += _LATE_MOVING if moves and not paging else _START_UP
    start_up = start_up.replace("@RELRO@", _LIST_32 if elf_class == 32 else "")
    start_up = start_up.replace("@LARGE@", _LIST_64 if elf_class == 64 else "")
    words = 3 * elf_class // 8
    header = "0" if now else f"SIZEOF(.got.plt) >= {words} ? {words} : 0"
    begin, relro, end = (
        ("  . = .;\n", "", "")
        if paging == "N"
        else (
            f"  . = DATA_SEGMENT_ALIGN({_PAGE}, CONSTANT(COMMONPAGESIZE));\n",
            f"  . = DATA_SEGMENT_RELRO_END({header}, .);\n",
            "  . = DATA_SEGMENT_END(.);\n",
        )
    )
    return (
        "/* The layout of links without a script. */\n"
        "ENTRY(_start)\n"
        "SECTIONS\n{\n"
        f"  PROVIDE(__executable_start = {base});\n"
        f"  . = {base} + SIZEOF_HEADERS;\n"
        "  .interp : { *(.interp) }\n"
        "  .note.gnu.build-id : { *(.note.gnu.build-id) }\n"
        "  .hash : { *(.hash) }\n"
        "  .gnu.hash : { *(.gnu.hash) }\n"
        "  .dynsym : { *(.dynsym) }\n"
        "  .dynstr : { *(.dynstr) }\n"
        "  .gnu.version : { *(.gnu.version) }\n"
        "  .gnu.version_d : { *(.gnu.version_d) }\n"
        "  .gnu.version_r : { *(.gnu.version_r) }\n"
        f"{start_up.replace('@REL@', rel).replace('@REL_@', rel.replace('.', '_'))}"
        "  .relr.dyn : { *(.relr.dyn) }\n"
        f"{code_page}{_CODE}{rodata_page}{_READ_ONLY}{begin}{_RELRO}"
        f"{_GOT_NOW if now else _GOT}{relro}{'' if now else _GOT_PLT}"
        f"{_DATA.replace('@WORD@', str(word))}"
        f"{_LARGE.replace('@WORD@', str(word)) if elf_class == 64 else _LARGE_32}"
        f"  . = ALIGN({word});\n"
        f"  _end = .;\n  PROVIDE(end = .);\n{end}"
        f"{_not_loaded(_STABS)}  .comment 0 : {{ *(.comment) }}\n"
        "  .gnu.build.attributes : { *(.gnu.build.attributes .gnu.build.attributes.*) }\n"
        f"{_not_loaded(DEBUG_SECTIONS)}"
        "  .gnu.attributes 0 : { KEEP(*(.gnu.attributes)) }\n"
        f"{_DISCARD}}}\n"
    )


def _not_loaded(names: tuple[str, ...] | list[str]) -> str:
    return "".join(f"  {name} 0 : {{ *({_ALSO.get(name, name)}) }}\n" for name in names)


def _kept_apart(name: str) -> str:
    """A section of its own for every name, with what start-up code finds by itself."""
    pattern = f"KEEP(*({name}))" if name in _KEPT else f"*({name})"
    return f"  {name} 0 : {{ {pattern} }}\n"


_AGAIN = [
    ".interp",
    ".note.gnu.build-id",
    ".init",
    ".plt",
    ".text",
    ".fini",
    ".rodata",
    ".rodata1",
    ".eh_frame_hdr",
    ".eh_frame",
    ".gcc_except_table",
    ".tdata",
    ".tbss",
    ".jcr",
    ".got",
    ".got.plt",
    ".data",
    ".data1",
    ".bss",
]
"""Sections in the order they have in an output that is linked again."""

_KEPT = frozenset({".init", ".fini", ".eh_frame", ".jcr", ".gnu.attributes"})
"""Those that --gc-sections may not leave out."""

_AGAIN_64 = (".lbss", ".lrodata", ".ldata")


def relinked_layout(elf_class: int) -> str:
    """The script of `-r`: nothing has an address, and every name is kept."""
    names = [*_AGAIN, *(_AGAIN_64 if elf_class == 64 else ()), *_STABS, ".comment"]
    names += [".gnu.build.attributes", *DEBUG_SECTIONS, ".gnu.attributes"]
    sections = "".join(map(_kept_apart, names))
    return f"/* The layout of -r without a script. */\nSECTIONS\n{{\n{sections}}}\n"
