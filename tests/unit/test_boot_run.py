"""`pylink86 run`: its output, its exit status, its errors."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from pylink86.boot import qemu
from pylink86.cli.main import main

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("unicorn") is None,
    reason="unicorn is not installed (pip install pylink86[emulate])",
)

SIGNATURE = b"\x55\xaa"
HI = "b8480e cd10 b8690e cd10"  # mov ax, 0x0e48; int 0x10; the same with `i`
SERIAL = "baf803 b053 ee"  # mov dx, 0x3f8; mov al, "S"; out dx, al


def image(tmp_path: Path, code: str) -> str:
    path = tmp_path / "disk image,1.img"
    path.write_bytes(bytes.fromhex(code).ljust(510, b"\0") + SIGNATURE)
    return str(path)


def test_the_screen_and_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", image(tmp_path, HI + "faf4")]) == 0
    assert capsys.readouterr() == ("Hi\n[halted: executed hlt with interrupts disabled]\n", "")


def test_a_crash_is_explained_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", image(tmp_path, HI + "0f0b")]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "Hi"
    assert out[1].startswith("[crash: #UD invalid opcode")
    assert out[2] == "[at 0000:7c0a (real mode; bytes 0f 0b 00 00 00 00 00 00)]"


@pytest.mark.parametrize(
    ("options", "status"),
    [([], 1), (["--success", "3"], 0), (["--success=0x3"], 0), (["--success=4"], 1)],
)
def test_exit_codes(tmp_path: Path, options: list[str], status: int) -> None:
    assert main(["run", *options, image(tmp_path, "b003 e6f4")]) == status


def test_limits_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = image(tmp_path, "66 40 ebfc")  # inc eax; jmp
    assert main(["run", "--budget", "20000", work]) == 1
    assert "still running after 20,000 instructions" in capsys.readouterr().out


def test_serial_instead_of_the_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--serial", image(tmp_path, HI + SERIAL + "faf4")]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "S"


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--json", image(tmp_path, HI + "faf4")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["lines"][0] == "Hi"
    assert found["reason"] == "halted"


def test_floppies_keys_and_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # mov ah, 0; int 0x16; add al, dl; mov ah, 0x0e; int 0x10; cli; hlt
    path = image(tmp_path, "b400 cd16 00d0 b40e cd10 faf4")
    assert main(["run", "--floppy", "--keys", "k", "--memory=4M", "--strict", path]) == 0
    assert capsys.readouterr().out.startswith("k\n")


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ([], "one-image"),
        (["a.img", "b.img"], "one-image"),
        (["nowhere.img"], "cannot-read"),
        (["--timeout", "soon", "a.img"], "bad-option-value"),
        (["--timeout", "0", "a.img"], "bad-option-value"),
        (["--nonsense", "a.img"], "unknown-option"),
    ],
)
def test_wrong_use(
    words: list[str],
    slug: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error[{slug}]")


def test_values_that_do_not_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = image(tmp_path, "faf4")
    assert main(["run", "--memory=1M", path]) == 2
    assert main(["run", "--keys=é", path]) == 2
    (tmp_path / "empty").touch()
    assert main(["run", str(tmp_path / "empty")]) == 2
    slugs = [
        line.split("]")[0] for line in capsys.readouterr().err.splitlines() if "error[" in line
    ]
    assert slugs == ["error[bad-memory", "error[unknown-key", "error[empty-image"]


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--help"]) == 0
    out = capsys.readouterr().out
    for name in ("--floppy", "--qemu", "--window", "--gdb", "--serial", "--keys", "--timeout"):
        assert name in out


def test_without_qemu_one_error_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu, "PROGRAMS", ("no-such-qemu",))
    assert main(["run", "--qemu", image(tmp_path, "faf4")]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error[qemu-missing]")
    assert "apt install qemu-system-x86" in err


def test_a_program_that_is_no_qemu(tmp_path: Path) -> None:
    from pylink86.diag import LinkError

    with pytest.raises(LinkError, match="qemu-failed"):
        qemu.run_qemu(bytes(512), program=str(tmp_path / "missing"))


def test_gdb_commands_stop_at_the_boot_sector() -> None:
    assert "break *0x7c00" in qemu.gdb_commands()
    assert any("1234" in line for line in qemu.gdb_commands())
