"""A kernel's Cargo.toml: how its image shall be made and run.

Rust kernels keep these settings in their manifest: keys under `[package.metadata.bootloader]`,
features at the dependency on the crate `bootloader`, how to run under
`[package.metadata.bootimage]`.  They are read where cargo, bootimage and the crate would have
found them.  A kernel that does without the crate has `[package.metadata.pylink86]`.

Source: the Cargo book ("The Manifest Format"), Readme of bootimage 0.10.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from ...diag import Diagnostic, LinkError, fail
from .config import ImageConfig, configure

NAME = "Cargo.toml"
CRATE = "bootloader"
OLD = ("0.9", "=0.9", "^0.9", "~0.9", "*")
"""Version requirements of the crate whose contract the images keep."""


@attrs.frozen(eq=False)
class Manifest:
    """A Cargo.toml that was read; data: its tables."""

    path: Path
    data: Mapping[str, Any]

    def table(self, *names: str) -> Mapping[str, Any]:
        """A table by its path; empty when it is not there, bad-manifest when it is no table."""
        found: Any = self.data
        for name in names:
            found = found.get(name, {})
            if not isinstance(found, Mapping):
                raise fail("bad-manifest", f"`{'.'.join(names)}` is no table", place=str(self.path))
        return dict(found)

    @property
    def keys(self) -> Mapping[str, Any]:
        """`[package.metadata.bootloader]`."""
        return self.table("package", "metadata", CRATE)


def find_manifest(
    kernel: Path | None, named: str = "", environment: Mapping[str, str] | None = None
) -> Manifest | None:
    """The manifest of a kernel: the one named, then KERNEL_MANIFEST, then that in
    CARGO_MANIFEST_DIR, then the nearest above the kernel. Errors: cannot-read, bad-manifest.
    """
    env = os.environ if environment is None else environment
    if named or env.get("KERNEL_MANIFEST"):
        return read_manifest(Path(named or env["KERNEL_MANIFEST"]))
    if env.get("CARGO_MANIFEST_DIR"):
        path = Path(env["CARGO_MANIFEST_DIR"], NAME)
        if path.is_file():
            return read_manifest(path)
    for folder in kernel.resolve().parents if kernel else ():
        if (folder / NAME).is_file():
            return read_manifest(folder / NAME)
    return None


def read_manifest(path: Path) -> Manifest:
    """Read a Cargo.toml; cannot-read, bad-manifest."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or error
        raise fail("cannot-read", f"cannot read {path}: {said}") from None
    toml = _toml()
    try:
        return Manifest(path, toml.loads(text))
    except (ValueError, RecursionError) as error:
        raise fail("bad-manifest", f"{path} is not TOML: {error}") from None


def _toml() -> Any:
    """Python 3.11 brings a reader; before, it is the package the former was made from."""
    for name in ("tomllib", "tomli"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise fail(
        "cannot-read", "Python 3.10 needs the package `tomli` to read Cargo.toml",
        help=["pip install tomli"],
    )  # fmt: skip


def configure_from(
    manifest: Manifest | None,
    keys: Mapping[str, Any] | None = None,
    features: tuple[str, ...] = (),
    **settings: Any,
) -> ImageConfig:
    """An ImageConfig from a manifest, with keys and features on top of its own."""
    if manifest is None:
        return configure(keys, features, **settings)
    every = {**manifest.keys, **(keys or {})}
    own = _own_settings(manifest)
    wanted = {*_features(manifest), *own.pop("features", ()), *features}
    given = {name: value for name, value in settings.items() if value not in ("", "auto")}
    return configure(every, wanted, place=str(manifest.path), **{**settings, **own, **given})


OWN: dict[str, type] = {"features": list, "protocol": str, "command-line": str}
"""Keys of `[package.metadata.pylink86]`, for kernels that do not depend on the crate."""


def _own_settings(manifest: Manifest) -> dict[str, Any]:
    found = manifest.table("package", "metadata", "pylink86")
    for key, value in found.items():
        place = str(manifest.path)
        if key not in OWN:
            said = f"unknown key `{key}` in `package.metadata.pylink86`"
            raise fail("unknown-key", said, place=place, help=["the keys are " + ", ".join(OWN)])
        if not isinstance(value, OWN[key]):
            raise fail("bad-key", f"`{key}` must be {_SAID[OWN[key]]}", place=place)
    return {key.replace("-", "_"): value for key, value in found.items()}


def manifest_warnings(manifest: Manifest | None) -> list[Diagnostic]:
    """What a person should know of a manifest: a dependency on another `bootloader`."""
    found = manifest and _dependency(manifest)
    version = found.get("version", "") if found else ""
    if not manifest or not version or str(version).strip().startswith(OLD):
        return []
    said = f"the kernel is made for `bootloader` {version}, and the image keeps the contract of 0.9"
    return [Diagnostic("warning", "other-bootloader", said, place=str(manifest.path))]


def _features(manifest: Manifest) -> tuple[str, ...]:
    """Features the manifest asks of the crate."""
    found = _dependency(manifest)
    features = found.get("features", []) if found else []
    if not isinstance(features, list) or not all(isinstance(name, str) for name in features):
        raise fail(
            "bad-manifest",
            f"the features of `{CRATE}` must be a list of strings",
            place=str(manifest.path),
        )
    return tuple(features)


def _dependency(manifest: Manifest) -> Mapping[str, Any] | None:
    """The dependency on the crate as a table, workspace inheritance included; None without one."""
    for name, value in _dependencies(manifest):
        entry = value if isinstance(value, Mapping) else {"version": value}
        if entry.get("package", name) != CRATE:
            continue
        if not entry.get("workspace"):
            return entry
        shared = _workspace_dependency(manifest, name)
        features = [*shared.get("features", []), *entry.get("features", [])]
        return {**shared, **entry, "features": features}
    return None


def _dependencies(manifest: Manifest) -> Iterator[tuple[str, Any]]:
    yield from manifest.table("dependencies").items()
    for target in manifest.table("target"):
        yield from manifest.table("target", target, "dependencies").items()


def _workspace_dependency(manifest: Manifest, name: str) -> Mapping[str, Any]:
    """`[workspace.dependencies]` of this manifest or of the nearest above that is a workspace."""
    for folder in manifest.path.resolve().parents:
        path = folder / NAME
        if not path.is_file():
            continue
        root = read_manifest(path)
        if "workspace" in root.data:
            value = root.table("workspace", "dependencies").get(name, {})
            return value if isinstance(value, Mapping) else {"version": value}
    return {}


# How to run.


@attrs.frozen
class RunConfig:
    """`[package.metadata.bootimage]`; an empty run_command means: whatever runs images here."""

    build_command: tuple[str, ...] = ("build",)
    run_command: tuple[str, ...] = ()
    run_args: tuple[str, ...] = ()
    test_args: tuple[str, ...] = ()
    test_timeout: int = 300
    test_success_exit_code: int | None = None
    test_no_reboot: bool = True


_KINDS: dict[str, type] = {
    "build-command": list,
    "run-command": list,
    "run-args": list,
    "test-args": list,
    "test-timeout": int,
    "test-success-exit-code": int,
    "test-no-reboot": bool,
}
_SAID: dict[type, str] = {
    list: "a list of strings",
    int: "a number",
    bool: "true or false",
    str: "a string",
}


def run_config(manifest: Manifest | None) -> RunConfig:
    """How a manifest wants its kernel run. Errors: unknown-key, bad-key."""
    if manifest is None:
        return RunConfig()
    problems: list[Diagnostic] = []
    found: dict[str, Any] = {}
    for key, value in manifest.table("package", "metadata", "bootimage").items():
        problem = _problem(key, value)
        if problem:
            place = str(manifest.path)
            problems += fail(*problem, place=place).diagnostics
        else:
            name = key.replace("-", "_")
            found[name] = tuple(value) if isinstance(value, list) else value
    if problems:
        raise LinkError(problems)
    return RunConfig(**found)


def _problem(key: str, value: Any) -> tuple[str, str] | None:
    if key not in _KINDS:
        keys = ", ".join(_KINDS)
        said = f"unknown key `{key}` in `package.metadata.bootimage` (there are {keys})"
        return "unknown-key", said
    kind = _KINDS[key]
    strings = not isinstance(value, list) or all(isinstance(word, str) for word in value)
    if type(value) is not kind or not strings:
        return "bad-key", f"`{key}` must be {_SAID[kind]}, not {value!r}"
    if key == "test-timeout" and isinstance(value, int) and value < 0:
        return "bad-key", "`test-timeout` must not be negative"
    if key.endswith("-command") and not value:
        return "bad-key", f"`{key}` must not be empty"
    return None
