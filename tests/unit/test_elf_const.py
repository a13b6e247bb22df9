"""Numbers and names, against pyelftools, which took them from the same specifications."""

from __future__ import annotations

import pytest
from elftools.elf import enums

from pylink86 import elf_const as c


@pytest.mark.parametrize(
    ("prefix", "enum"),
    [
        ("ET_", enums.ENUM_E_TYPE),
        ("EM_", enums.ENUM_E_MACHINE),
        ("SHT_", enums.ENUM_SH_TYPE_BASE),
        ("STB_", enums.ENUM_ST_INFO_BIND),
        ("STT_", enums.ENUM_ST_INFO_TYPE),
        ("STV_", enums.ENUM_ST_VISIBILITY),
        ("PT_", enums.ENUM_P_TYPE_BASE),
        ("DT_", enums.ENUM_D_TAG_COMMON),
    ],
)
def test_numbers_are_those_of_pyelftools(prefix, enum):
    ours = {k: v for k, v in vars(c).items() if k.startswith(prefix) and isinstance(v, int)}
    common = set(ours) & set(enum)
    assert len(common) >= 4
    assert {k: ours[k] for k in common} == {k: enum[k] for k in common}


def test_a_range_bound_is_no_name():
    assert c.SHT_NAMES[c.SHT_PROGBITS] == "PROGBITS"
    assert c.SHT_LOOS not in c.SHT_NAMES and c.SHT_LOPROC not in c.SHT_NAMES
    assert c.SHT_NAMES[c.SHT_X86_64_UNWIND] == "X86_64_UNWIND"
    assert c.PT_NAMES[c.PT_LOAD] == "LOAD"
    assert c.STB_NAMES[c.STB_LOCAL] == "LOCAL"


@pytest.mark.parametrize(
    ("names", "value", "text"),
    [
        (c.SHT_NAMES, 1, "PROGBITS"),
        (c.SHT_NAMES, 0x12345678, "0x12345678"),
        (c.EM_NAMES, c.EM_AARCH64, "AARCH64"),
    ],
)
def test_number_name(names, value, text):
    assert c.number_name(names, value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (c.SHF_ALLOC, "ALLOC"),
        (c.SHF_WRITE | c.SHF_ALLOC | c.SHF_EXCLUDE, "WRITE|ALLOC|EXCLUDE"),
        (c.SHF_ALLOC | 1 << 40, "ALLOC|0x10000000000"),
    ],
)
def test_flag_names(value, text):
    assert c.flag_names(c.SHF_NAMES, value) == text


@pytest.mark.parametrize("name", ["NO_NAMES", "SHT", "_NAMES", "NAMES", "SHT_NO"])
def test_other_attributes_do_not_exist(name):
    with pytest.raises(AttributeError, match=name):
        getattr(c, name)
