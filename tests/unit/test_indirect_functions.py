"""Uses of indirect functions are refused: a direct call would run the routine that chooses."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pylink86 import LinkError, link

SOURCE = """
.globl _start
.type choose, @gnu_indirect_function
choose: ret
_start: call choose
"""


@pytest.mark.parametrize("dialect", ("gnu", "lld"))
def test_a_call_of_one_is_an_error(tmp_path: Path, dialect: str) -> None:
    if shutil.which("as") is None:
        pytest.skip("no as: install binutils")
    out = tmp_path / "a.o"
    subprocess.run(["as", "--64", "-o", out], input=SOURCE.encode(), check=True)
    with pytest.raises(LinkError) as caught:
        link([str(out)], "SECTIONS { .text 0x1000 : { *(.text) } }", dialect=dialect)
    (found,) = caught.value.diagnostics
    assert found.slug == "reloc-not-supported"
    assert "`choose' is chosen at run time" in found.message
