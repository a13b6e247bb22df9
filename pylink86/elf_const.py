"""The numbers of ELF and their names.

A file says "1" where a person says "program data": every kind of section, symbol, segment and
machine is a number with a name in the specification.  They are plain ints here, because the code
compares them a hundred thousand times in a link; the dictionaries at the end turn them back into
names.

Source: gABI chapters 4 and 5, psABI i386 and x86-64 chapter 4, and for the GNU and LLVM ranges what
binutils 2.40 and LLVM 19 write.
"""

from __future__ import annotations

# --- e_ident -----------------------------------------------------------------------------------

ELF_MAGIC = b"\x7fELF"

EI_CLASS = 4
EI_DATA = 5
EI_VERSION = 6
EI_OSABI = 7
EI_ABIVERSION = 8
EI_PAD = 9

ELFCLASS32 = 1
ELFCLASS64 = 2

ELFDATA2LSB = 1
ELFDATA2MSB = 2

EV_CURRENT = 1

ELFOSABI_NONE = 0
ELFOSABI_HPUX = 1
ELFOSABI_NETBSD = 2
ELFOSABI_GNU = 3
ELFOSABI_SOLARIS = 6
ELFOSABI_FREEBSD = 9
ELFOSABI_OPENBSD = 12
ELFOSABI_STANDALONE = 255

# --- e_type, e_machine -------------------------------------------------------------------------

ET_NONE = 0
ET_REL = 1
ET_EXEC = 2
ET_DYN = 3
ET_CORE = 4

EM_NONE = 0
EM_386 = 3
EM_IAMCU = 6
EM_MIPS = 8
EM_PPC = 20
EM_PPC64 = 21
EM_S390 = 22
EM_ARM = 40
EM_SPARCV9 = 43
EM_X86_64 = 62
EM_AVR = 83
EM_XTENSA = 94
EM_L1OM = 180
EM_K1OM = 181
EM_AARCH64 = 183
EM_RISCV = 243
EM_BPF = 247
EM_LOONGARCH = 258

# --- e_phnum, e_shnum, e_shstrndx and st_shndx that do not fit in 16 bits ------------------------

PN_XNUM = 0xFFFF
"""e_phnum of a file with 65,535 or more segments: the number is sh_info of section 0."""

SHN_UNDEF = 0
SHN_LORESERVE = 0xFF00
SHN_LOPROC = 0xFF00
SHN_X86_64_LCOMMON = 0xFF02
"""A COMMON block of the large code model (psABI x86-64 §4.2)."""
SHN_HIPROC = 0xFF1F
SHN_LOOS = 0xFF20
SHN_HIOS = 0xFF3F
SHN_ABS = 0xFFF1
SHN_COMMON = 0xFFF2
SHN_XINDEX = 0xFFFF
SHN_HIRESERVE = 0xFFFF

# --- Sections ------------------------------------------------------------------------------------

SHT_NULL = 0
SHT_PROGBITS = 1
SHT_SYMTAB = 2
SHT_STRTAB = 3
SHT_RELA = 4
SHT_HASH = 5
SHT_DYNAMIC = 6
SHT_NOTE = 7
SHT_NOBITS = 8
SHT_REL = 9
SHT_SHLIB = 10
SHT_DYNSYM = 11
SHT_INIT_ARRAY = 14
SHT_FINI_ARRAY = 15
SHT_PREINIT_ARRAY = 16
SHT_GROUP = 17
SHT_SYMTAB_SHNDX = 18
SHT_RELR = 19
SHT_CREL = 0x40000014
SHT_LOOS = 0x60000000
SHT_LLVM_ODRTAB = 0x6FFF4C00
SHT_LLVM_LINKER_OPTIONS = 0x6FFF4C01
SHT_LLVM_ADDRSIG = 0x6FFF4C03
SHT_LLVM_DEPENDENT_LIBRARIES = 0x6FFF4C04
SHT_LLVM_SYMPART = 0x6FFF4C05
SHT_LLVM_PART_EHDR = 0x6FFF4C06
SHT_LLVM_CALL_GRAPH_PROFILE = 0x6FFF4C09
SHT_LLVM_BB_ADDR_MAP = 0x6FFF4C0A
SHT_LLVM_OFFLOADING = 0x6FFF4C0B
SHT_LLVM_LTO = 0x6FFF4C0C
SHT_GNU_SFRAME = 0x6FFFFFF4
SHT_GNU_ATTRIBUTES = 0x6FFFFFF5
SHT_GNU_HASH = 0x6FFFFFF6
SHT_GNU_LIBLIST = 0x6FFFFFF7
SHT_GNU_VERDEF = 0x6FFFFFFD
SHT_GNU_VERNEED = 0x6FFFFFFE
SHT_GNU_VERSYM = 0x6FFFFFFF
SHT_HIOS = 0x6FFFFFFF
SHT_LOPROC = 0x70000000
SHT_X86_64_UNWIND = 0x70000001
SHT_HIPROC = 0x7FFFFFFF
SHT_LOUSER = 0x80000000
SHT_HIUSER = 0xFFFFFFFF

SHF_WRITE = 0x1
SHF_ALLOC = 0x2
SHF_EXECINSTR = 0x4
SHF_MERGE = 0x10
SHF_STRINGS = 0x20
SHF_INFO_LINK = 0x40
SHF_LINK_ORDER = 0x80
SHF_OS_NONCONFORMING = 0x100
SHF_GROUP = 0x200
SHF_TLS = 0x400
SHF_COMPRESSED = 0x800
SHF_GNU_RETAIN = 0x200000
SHF_MASKOS = 0x0FF00000
SHF_GNU_MBIND = 0x01000000
SHF_X86_64_LARGE = 0x10000000
SHF_EXCLUDE = 0x80000000
SHF_MASKPROC = 0xF0000000

GRP_COMDAT = 0x1
GRP_MASKOS = 0x0FF00000
GRP_MASKPROC = 0xF0000000

ELFCOMPRESS_ZLIB = 1
ELFCOMPRESS_ZSTD = 2

# --- Symbols -------------------------------------------------------------------------------------

STB_LOCAL = 0
STB_GLOBAL = 1
STB_WEAK = 2
STB_LOOS = 10
STB_GNU_UNIQUE = 10
STB_HIOS = 12
STB_LOPROC = 13
STB_HIPROC = 15

STT_NOTYPE = 0
STT_OBJECT = 1
STT_FUNC = 2
STT_SECTION = 3
STT_FILE = 4
STT_COMMON = 5
STT_TLS = 6
STT_LOOS = 10
STT_GNU_IFUNC = 10
STT_HIOS = 12
STT_LOPROC = 13
STT_HIPROC = 15

STV_DEFAULT = 0
STV_INTERNAL = 1
STV_HIDDEN = 2
STV_PROTECTED = 3

# --- Segments ------------------------------------------------------------------------------------

PT_NULL = 0
PT_LOAD = 1
PT_DYNAMIC = 2
PT_INTERP = 3
PT_NOTE = 4
PT_SHLIB = 5
PT_PHDR = 6
PT_TLS = 7
PT_LOOS = 0x60000000
PT_GNU_EH_FRAME = 0x6474E550
PT_GNU_STACK = 0x6474E551
PT_GNU_RELRO = 0x6474E552
PT_GNU_PROPERTY = 0x6474E553
PT_GNU_SFRAME = 0x6474E554
PT_OPENBSD_MUTABLE = 0x65A3DBE5
PT_OPENBSD_RANDOMIZE = 0x65A3DBE6
PT_OPENBSD_WXNEEDED = 0x65A3DBE7
PT_OPENBSD_SYSCALLS = 0x65A3DBE9
PT_OPENBSD_BOOTDATA = 0x65A41BE6
PT_HIOS = 0x6FFFFFFF
PT_LOPROC = 0x70000000
PT_HIPROC = 0x7FFFFFFF

PF_X = 0x1
PF_W = 0x2
PF_R = 0x4
PF_MASKOS = 0x0FF00000
PF_MASKPROC = 0xF0000000

# --- Notes ---------------------------------------------------------------------------------------

NT_GNU_ABI_TAG = 1
NT_GNU_BUILD_ID = 3
NT_GNU_PROPERTY_TYPE_0 = 5

GNU_PROPERTY_STACK_SIZE = 1
GNU_PROPERTY_NO_COPY_ON_PROTECTED = 2
GNU_PROPERTY_1_NEEDED = 0xB0008000
GNU_PROPERTY_X86_FEATURE_1_AND = 0xC0000002
GNU_PROPERTY_X86_ISA_1_NEEDED = 0xC0008002
GNU_PROPERTY_X86_FEATURE_2_USED = 0xC0010001
GNU_PROPERTY_X86_ISA_1_USED = 0xC0010002

# --- Dynamic section -----------------------------------------------------------------------------

DT_NULL = 0
DT_NEEDED = 1
DT_PLTRELSZ = 2
DT_PLTGOT = 3
DT_HASH = 4
DT_STRTAB = 5
DT_SYMTAB = 6
DT_RELA = 7
DT_RELASZ = 8
DT_RELAENT = 9
DT_STRSZ = 10
DT_SYMENT = 11
DT_INIT = 12
DT_FINI = 13
DT_SONAME = 14
DT_RPATH = 15
DT_SYMBOLIC = 16
DT_REL = 17
DT_RELSZ = 18
DT_RELENT = 19
DT_PLTREL = 20
DT_DEBUG = 21
DT_TEXTREL = 22
DT_JMPREL = 23
DT_BIND_NOW = 24
DT_INIT_ARRAY = 25
DT_FINI_ARRAY = 26
DT_INIT_ARRAYSZ = 27
DT_FINI_ARRAYSZ = 28
DT_RUNPATH = 29
DT_FLAGS = 30
DT_PREINIT_ARRAY = 32
DT_PREINIT_ARRAYSZ = 33
DT_SYMTAB_SHNDX = 34
DT_RELRSZ = 35
DT_RELR = 36
DT_RELRENT = 37
DT_GNU_FLAGS_1 = 0x6FFFFDF4
DT_GNU_HASH = 0x6FFFFEF5
DT_DEPAUDIT = 0x6FFFFEFB
DT_AUDIT = 0x6FFFFEFC
DT_VERSYM = 0x6FFFFFF0
DT_RELACOUNT = 0x6FFFFFF9
DT_RELCOUNT = 0x6FFFFFFA
DT_FLAGS_1 = 0x6FFFFFFB
DT_VERDEF = 0x6FFFFFFC
DT_VERDEFNUM = 0x6FFFFFFD
DT_VERNEED = 0x6FFFFFFE
DT_VERNEEDNUM = 0x6FFFFFFF

DF_ORIGIN = 0x1
DF_SYMBOLIC = 0x2
DF_TEXTREL = 0x4
DF_BIND_NOW = 0x8
DF_STATIC_TLS = 0x10
DF_1_NOW = 0x1
DF_1_PIE = 0x08000000

# --- Names ---------------------------------------------------------------------------------------


SHN_NAMES = {SHN_UNDEF: "UNDEF", SHN_ABS: "ABS", SHN_COMMON: "COMMON", SHN_XINDEX: "XINDEX"}
PF_NAMES = {PF_R: "R", PF_W: "W", PF_X: "X"}

ELFOSABI_NAMES: dict[int, str]
ET_NAMES: dict[int, str]
EM_NAMES: dict[int, str]
SHT_NAMES: dict[int, str]
SHF_NAMES: dict[int, str]
STB_NAMES: dict[int, str]
STT_NAMES: dict[int, str]
STV_NAMES: dict[int, str]
PT_NAMES: dict[int, str]
DT_NAMES: dict[int, str]
ELFCOMPRESS_NAMES: dict[int, str]


def __getattr__(name: str) -> dict[int, str]:
    """`SHT_NAMES` and the others above, from the numbers themselves, when first asked for.

    Most links print none of them.  Bounds of ranges (LOOS, HIPROC, MASKOS) are no names.
    """
    prefix = name.removesuffix("NAMES")
    bounds = ("LO", "HI", "MASK")
    ends = ("OS", "PROC", "USER", "RESERVE")
    numbers = {k.removeprefix(prefix): v for k, v in globals().items() if k.startswith(prefix)}
    found = {
        number: word
        for word, number in numbers.items()
        if isinstance(number, int) and not (word.startswith(bounds) and word.endswith(ends))
    }
    if not found or prefix == name or not prefix.strip("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def number_name(names: dict[int, str], value: int) -> str:
    """`PROGBITS`, or the number in hex when the specification has no name for it."""
    return names.get(value) or f"{value:#x}"


def flag_names(names: dict[int, str], value: int) -> str:
    """`WRITE|ALLOC`; bits without a name follow as one hex number; `0` when none is set."""
    known = [name for bit, name in names.items() if value & bit]
    rest = value & ~sum(names)
    return "|".join([*known, f"{rest:#x}"] if rest else known) or "0"
