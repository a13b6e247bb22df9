"""Keys, features and manifests: what is taken, what is refused, and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylink86 import LinkError, boot
from pylink86.boot.image.config import ImageConfig, configure
from pylink86.boot.image.manifest import (
    Manifest,
    RunConfig,
    configure_from,
    find_manifest,
    manifest_warnings,
    read_manifest,
    run_config,
)

FULL = """
[package]
name = "kernel"

[dependencies]
bootloader = { version = "0.9", features = ["map_physical_memory"] }

[package.metadata.bootloader]
kernel-stack-address = "0xFFFFFF8000000000"
kernel-stack-size = 128
physical-memory-offset = "18446603336221196288"
boot-info-address = "0x1000000"

[package.metadata.bootimage]
build-command = ["build"]
run-command = ["qemu-system-x86_64", "-drive", "format=raw,file={}"]
run-args = ["-s"]
test-args = ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
test-success-exit-code = 33
test-timeout = 60
test-no-reboot = false
"""


def manifest(folder: Path, text: str) -> Manifest:
    path = folder / "Cargo.toml"
    path.write_text(text)
    return read_manifest(path)


def refused(keys: dict[str, object], *features: str) -> tuple[str, str]:
    with pytest.raises(LinkError) as caught:
        configure(keys, features)
    found = caught.value.diagnostics[0]
    return found.slug, found.message


def test_every_key(tmp_path: Path) -> None:
    found = manifest(tmp_path, FULL)
    assert configure_from(found) == ImageConfig(
        kernel_stack_address=0xFFFFFF8000000000,
        kernel_stack_size=128,
        physical_memory_offset=0xFFFF800000000000,
        boot_info_address=0x1000000,
        features=frozenset({"map_physical_memory"}),
    )
    assert run_config(found) == RunConfig(
        build_command=("build",),
        run_command=("qemu-system-x86_64", "-drive", "format=raw,file={}"),
        run_args=("-s",),
        test_args=("-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"),
        test_success_exit_code=33,
        test_timeout=60,
        test_no_reboot=False,
    )


def test_an_option_counts_more_than_the_manifest(tmp_path: Path) -> None:
    found = configure_from(manifest(tmp_path, FULL), {"kernel-stack-size": 7}, ("sse",))
    assert found.kernel_stack_size == 7
    assert found.features == {"map_physical_memory", "sse"}


@pytest.mark.parametrize(
    ("key", "value", "slug", "says"),
    [
        ("kernel-stack-adress", "0x1000", "unknown-key", "`kernel-stack-adress`"),
        ("kernel-stack-address", 4096, "bad-key", "must be given as a string"),
        ("boot-info-address", 0x1000, "bad-key", "must be given as a string"),
        ("kernel-stack-address", "0x1001", "bad-key", "aligned to 4 KiB (it is 0x1001)"),
        ("boot-info-address", "4097", "bad-key", "aligned to 4 KiB"),
        ("boot-info-address", "12ab", "bad-key", "must be an integer (it is `12ab`)"),
        ("boot-info-address", "-4096", "bad-key", "must be an integer"),
        ("boot-info-address", "0x1000000000000", "bad-key", "which is no address"),
        ("kernel-stack-size", 0, "bad-key", "must be positive"),
        ("kernel-stack-size", -3, "bad-key", "must be positive (it is -3)"),
        ("kernel-stack-size", "512", "bad-key", "must be a number of pages"),
        ("kernel-stack-size", True, "bad-key", "must be a number of pages"),
        ("physical-memory-offset", "0x1000", "needs-feature", "`map_physical_memory`"),
        ("physical-memory-offset", 0, "bad-key", "must be given as a string"),
    ],
)
def test_refused_by_name(key: str, value: object, slug: str, says: str) -> None:
    found, message = refused({key: value})
    assert found == slug
    assert says in message
    assert f"`{key}`" in message


def test_physical_memory_is_mapped_in_large_pages() -> None:
    key = {"physical-memory-offset": "0x201000"}
    assert "multiple of 2 MiB" in refused(key, "map_physical_memory")[1]


def test_the_same_is_refused_from_python() -> None:
    for settings in (
        {"kernel_stack_address": 0x1001},
        {"kernel_stack_size": 0},
        {"physical_memory_offset": 0x200000},
        {"features": frozenset({"sound"})},
        {"protocol": "linux"},
        {"medium": "tape"},
    ):
        with pytest.raises(LinkError):
            boot.disk_image(b"\x7fELF", **settings)


def test_unknown_feature() -> None:
    assert refused({}, "map_physical_memory", "sound") == (
        "unknown-feature",
        "there is no feature `sound`",
    )


# Where features stand.


@pytest.mark.parametrize(
    "text",
    [
        '[dependencies]\nbootloader = { version = "0.9", features = ["sse"] }',
        '[dependencies.bootloader]\nversion = "0.9.23"\nfeatures = ["sse"]',
        '[dependencies]\nboot = { package = "bootloader", version = "0.9", features = ["sse"] }',
        "[target.'cfg(target_os = \"none\")'.dependencies]\n"
        'bootloader = { version = "0.9", features = ["sse"] }',
        '[workspace.dependencies]\nbootloader = { version = "0.9", features = ["sse"] }\n'
        "[dependencies]\nbootloader = { workspace = true }",
    ],
)
def test_features_of_the_dependency(tmp_path: Path, text: str) -> None:
    found = manifest(tmp_path, text)
    assert configure_from(found).features == {"sse"}
    assert manifest_warnings(found) == []


def test_features_of_a_workspace_above(tmp_path: Path) -> None:
    shared = 'bootloader = { version = "0.9", features = ["sse"] }'
    manifest(tmp_path, f"[workspace]\n[workspace.dependencies]\n{shared}")
    folder = tmp_path / "kernel"
    folder.mkdir()
    text = "[dependencies]\n"
    text += 'bootloader = { workspace = true, features = ["recursive_page_table"] }'
    assert configure_from(manifest(folder, text)).features == {"sse", "recursive_page_table"}


def test_another_version_of_the_crate(tmp_path: Path) -> None:
    for version, count in (("0.9", 0), ("0.9.31", 0), ("0.11", 1), ("^0.10.2", 1)):
        found = manifest(tmp_path, f'[dependencies]\nbootloader = "{version}"')
        assert len(manifest_warnings(found)) == count, version


# Where a manifest is looked for.


def test_the_manifest_is_looked_for_in_order(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("named", "kernel_env", "cargo_env", "above")]
    for folder in folders:
        folder.mkdir()
        manifest(folder, f'[package]\nname = "{folder.name}"')
    kernel = folders[3] / "target" / "debug" / "kernel"
    kernel.parent.mkdir(parents=True)
    env = {
        "KERNEL_MANIFEST": str(folders[1] / "Cargo.toml"),
        "CARGO_MANIFEST_DIR": str(folders[2]),
    }

    def name(named: str, env: dict[str, str]) -> str:
        found = find_manifest(kernel, named, env)
        assert found is not None
        return str(found.table("package")["name"])

    assert name(str(folders[0] / "Cargo.toml"), env) == "named"
    assert name("", env) == "kernel_env"
    del env["KERNEL_MANIFEST"]
    assert name("", env) == "cargo_env"
    assert name("", {}) == "above"


def test_no_manifest_is_fine(tmp_path: Path) -> None:
    assert find_manifest(Path("/kernel"), "", {}) is None
    assert configure_from(None) == ImageConfig()
    assert run_config(None) == RunConfig()


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("[package", "bad-manifest"),
        ("package = 3", "bad-manifest"),
        ('[package.metadata.bootloader]\nfoo = "1"', "unknown-key"),
        ("[dependencies]\nbootloader = { features = [3] }", "bad-manifest"),
    ],
)
def test_bad_manifests(tmp_path: Path, text: str, slug: str) -> None:
    with pytest.raises(LinkError) as caught:
        configure_from(manifest(tmp_path, text))
    assert caught.value.diagnostics[0].slug == slug


@pytest.mark.parametrize(
    ("line", "slug"),
    [
        ("test-timeot = 3", "unknown-key"),
        ("test-timeout = -3", "bad-key"),
        ('test-timeout = "3"', "bad-key"),
        ('run-args = "-s"', "bad-key"),
        ("run-args = [3]", "bad-key"),
        ("run-command = []", "bad-key"),
        ("test-success-exit-code = true", "bad-key"),
        ("test-no-reboot = 1", "bad-key"),
    ],
)
def test_bad_run_settings(tmp_path: Path, line: str, slug: str) -> None:
    found = manifest(tmp_path, f"[package.metadata.bootimage]\n{line}")
    with pytest.raises(LinkError) as caught:
        run_config(found)
    assert caught.value.diagnostics[0].slug == slug
    assert f"`{line.split(' ')[0]}`" in caught.value.diagnostics[0].message
