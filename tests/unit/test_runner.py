"""`pylink86 runner`: what cargo gets back from a kernel that ran."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from boot.kernels import Segment, elf

from pylink86.cli.main import main

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("unicorn") is None,
    reason="unicorn is not installed (pip install pylink86[emulate])",
)

CODES = {
    "exit": "b010e6f4f4ebfd",  # out 0xf4, 0x10
    "fail": "b011e6f4f4ebfd",  # out 0xf4, 0x11
    "off": "66ba040666b8002066eff4ebfd",  # ACPI power off
    "hang": "ebfe",
    "crash": "0f0b",
    "other": "66ba0105b010eeebfe",  # out 0x501, 0x10
    "say": "66baf803b048eeb010e6f4f4",  # to COM1, then exit
    "long": "48ffc0ebfb",  # counts forever
}
TESTS = "[package.metadata.bootimage]\ntest-success-exit-code = 33\ntest-timeout = 1\n"


def kernel(folder: Path, code: str, manifest: str = "", deps: bool = False) -> str:
    """A kernel as cargo leaves it in a target folder, with a manifest above."""
    (folder / "Cargo.toml").write_text(manifest)
    path = folder / "target" / "debug" / ("deps" if deps else "") / "kernel"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = bytes.fromhex(CODES[code])
    path.write_bytes(elf([Segment(0x200000, data, len(data), 5)], 0x200000))
    return str(path)


@pytest.fixture(autouse=True)
def no_cargo(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CARGO_MANIFEST_DIR", "KERNEL_MANIFEST", "KERNEL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("code", "deps", "manifest", "status"),
    [
        ("exit", False, "", 33),
        ("fail", False, "", 35),
        ("off", False, "", 0),
        ("hang", False, "", 0),
        ("crash", False, "", 1),
        ("exit", True, "", 33),
        ("exit", True, TESTS, 0),
        ("fail", True, TESTS, 35),
        ("off", True, TESTS, 1),
        ("off", True, "", 0),
        ("hang", True, TESTS, 1),
        ("crash", True, TESTS, 1),
    ],
)
def test_exit_status(tmp_path: Path, code: str, deps: bool, manifest: str, status: int) -> None:
    assert main(["runner", kernel(tmp_path, code, manifest, deps)]) == status


def test_another_exit_port(tmp_path: Path) -> None:
    path = kernel(tmp_path, "other")
    assert main(["runner", path]) == 0, "nothing is there: it loops"
    words = ["-device", "isa-debug-exit,iobase=0x501,iosize=0x04"]
    assert main(["runner", path, *words]) == 33


def test_the_disk_lies_beside_the_kernel(tmp_path: Path) -> None:
    path = Path(kernel(tmp_path, "exit"))
    main(["runner", str(path)])
    assert (path.parent / "bootimage-kernel.bin").read_bytes()[510:512] == b"\x55\xaa"


def test_a_test_has_a_time_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runner", kernel(tmp_path, "long", TESTS, deps=True)]) == 1
    assert "error[test-timeout]" in capsys.readouterr().err


def test_serial_is_printed_when_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = kernel(tmp_path, "say", '[package.metadata.bootimage]\nrun-args = ["-serial", "stdio"]')
    assert main(["runner", path]) == 33
    assert capsys.readouterr().out == "H\n"
    assert main(["runner", kernel(tmp_path, "say"), "-serial", "stdio"]) == 33
    assert capsys.readouterr().out == "H\n"


def command(folder: Path, body: str) -> str:
    """A manifest whose run-command is this Python program."""
    (folder / "run.py").write_text("import sys\n" + body)
    words = [sys.executable, str(folder / "run.py"), "disk={}"]
    return f"[package.metadata.bootimage]\nrun-command = {words!r}\n".replace("\\\\", "/")


def test_run_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    manifest = command(tmp_path, "print(sys.argv[1:]); sys.exit(7)") + 'run-args = ["-a"]\n'
    path = kernel(tmp_path, "exit", manifest)
    assert main(["runner", path, "-b"]) == 7
    disk = Path(path).parent / "bootimage-kernel.bin"
    out = capfd.readouterr().out
    assert out.startswith("Running: `")
    assert str([f"disk={disk}", "-a", "-b"]) in out
    assert main(["runner", "--quiet", path]) == 7
    assert "Running" not in capfd.readouterr().out


def test_run_command_for_tests(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    manifest = command(tmp_path, "print(sys.argv[2:]); sys.exit(33)")
    manifest += 'test-args = ["-t"]\ntest-success-exit-code = 33\n'
    assert main(["runner", "--quiet", kernel(tmp_path, "exit", manifest, deps=True)]) == 0
    assert "['-no-reboot', '-t']" in capfd.readouterr().out
    manifest += "test-no-reboot = false\n"
    assert main(["runner", "--quiet", kernel(tmp_path, "exit", manifest, deps=True)]) == 0
    assert "['-t']" in capfd.readouterr().out


def test_run_command_that_takes_too_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = command(tmp_path, "import time; time.sleep(60)") + "test-timeout = 1\n"
    assert main(["runner", kernel(tmp_path, "exit", manifest, deps=True)]) == 1
    assert "error[test-timeout]" in capsys.readouterr().err


def test_run_command_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = '[package.metadata.bootimage]\nrun-command = ["no-such-machine", "{}"]'
    assert main(["runner", kernel(tmp_path, "exit", manifest)]) == 1
    assert "error[run-command-failed]: cannot start no-such-machine" in capsys.readouterr().err


def test_no_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runner"]) == 1
    assert "error[one-kernel]" in capsys.readouterr().err
    assert main(["runner", "--help"]) == 0
    assert "KERNEL [ARGS]" in capsys.readouterr().out


def test_run_takes_a_kernel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = kernel(tmp_path, "say")
    assert main(["run", path, "--serial", "--success", "16"]) == 0
    assert capsys.readouterr().out.startswith("H\n")
    assert main(["run", path, "--", "-cpu", "max"]) == 2
    assert "error[needs-qemu]" in capsys.readouterr().err
