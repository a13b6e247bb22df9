"""LLVM's test sources and tools: found on this machine, or fetched once.

The tests are part of Debian's source package of LLVM, which is downloaded through a private copy of
the system's apt sources (the system's own lists are read, never written) and unpacked in part.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, NoReturn

SOURCE_PACKAGE = "llvm-toolchain-19"
VERSION = "19.1.7"
TOOL_PACKAGES = ["llvm-19", "llvm-19-tools", "lld-19"]
NEEDED_TOOLS = [
    "ld.lld",
    "llvm-mc",
    "FileCheck",
    "not",
    "count",
    "split-file",
    "yaml2obj",
    "obj2yaml",
    "llvm-readelf",
    "llvm-readobj",
    "llvm-objdump",
    "llvm-objcopy",
    "llvm-strip",
    "llvm-nm",
    "llvm-ar",
    "llvm-dwarfdump",
]
WANTED = (
    "lld/test/ELF/",
    "llvm/test/tools/llvm-objcopy/ELF/",
    "llvm/test/tools/llvm-objcopy/Inputs/",
    "llvm/utils/lit/lit/",
)
"""What is unpacked: 34 MB of a source package of 165."""


def die(message: str) -> NoReturn:
    sys.exit(f"peer suite: {message}")


def default_dir() -> Path:
    given = os.environ.get("PYLINK86_PEER_DIR")
    return Path(given) if given else Path.home() / ".cache" / "pylink86-peer"


def find_source(base: Path) -> Path | None:
    """The unpacked LLVM tree: the folder itself or one up to two levels below it."""
    for folder in (base, *sorted(base.glob("*")), *sorted(base.glob("*/*"))):
        if (folder / "lld/test/ELF/linkerscript").is_dir():
            return folder
    return None


def find_tools() -> Path | None:
    """LLVM 19's tool folder, found through PATH, wherever the packages put it."""
    for name in ("FileCheck-19", "llvm-mc-19", "llvm-config-19", "ld.lld-19"):
        path = shutil.which(name)
        if path and (folder := Path(path).resolve().parent).joinpath("FileCheck").exists():
            return folder
    path = shutil.which("FileCheck")
    return Path(path).parent if path else None


def missing_tools() -> list[str]:
    folder = find_tools()
    return [tool for tool in NEEDED_TOOLS if folder is None or not (folder / tool).exists()]


def fetch(base: Path, keep_tarball: bool = False) -> Path:
    """Get what is missing; the folder with the sources.  Ends the program when it cannot."""
    base.mkdir(parents=True, exist_ok=True)
    _install_tools()
    source = find_source(base)
    if source is None:
        _extract(_tarball(base), base / "src")
        source = find_source(base)
        if source is None:
            die("the source package holds no lld tests")
        if not keep_tarball:
            shutil.rmtree(base / "download", ignore_errors=True)
        shutil.rmtree(base / "apt", ignore_errors=True)
    return source


def _run(argv: list[str], **settings: Any) -> subprocess.CompletedProcess[str]:
    print("+ " + shlex.join(argv), flush=True)
    return subprocess.run(argv, text=True, check=False, **settings)


def _install_tools() -> None:
    missing = missing_tools()
    if not missing:
        return
    print("missing tools: " + " ".join(missing))
    before = [] if os.geteuid() == 0 else ["sudo"]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [*before, "apt-get", "install", "-y", "--no-install-recommends", *TOOL_PACKAGES]
    if _run(install, env=env).returncode:
        _run([*before, "apt-get", "update"], env=env)
        if _run(install, env=env).returncode:
            die("could not install " + " ".join(TOOL_PACKAGES))
    missing = missing_tools()
    if missing:
        die("still missing: " + " ".join(missing))


def _tarball(base: Path) -> Path:
    """The package's original tarball, downloaded unless it is there."""
    down = base / "download"
    down.mkdir(parents=True, exist_ok=True)
    found = _tarballs(down)
    if found:
        return found[0]
    options = _private_apt(base)
    if _run(["apt-get", *options, "update"]).returncode:
        die("apt-get update failed with the private source list")
    shown = _run(["apt-cache", *options, "showsrc", SOURCE_PACKAGE], stdout=subprocess.PIPE)
    versions = re.findall(r"(?m)^Version: (\S+)$", shown.stdout)
    wanted = [version for version in versions if VERSION in version]
    if not wanted:
        print(f"warning: {VERSION} is not offered here, only {', '.join(versions)}")
    package = f"{SOURCE_PACKAGE}={wanted[-1]}" if wanted else SOURCE_PACKAGE
    if _run(["apt-get", *options, "source", "--download-only", package], cwd=down).returncode:
        die("apt-get source failed")
    found = _tarballs(down)
    if not found:
        die("no original tarball came")
    return found[0]


def _tarballs(folder: Path) -> list[Path]:
    return [p for p in folder.glob(f"{SOURCE_PACKAGE}_*.orig.tar.*") if p.suffix != ".asc"]


def _private_apt(base: Path) -> list[str]:
    """apt options for a source list of our own, with deb-src in every entry."""
    root = base / "apt"
    parts = root / "sources.list.d"
    shutil.rmtree(parts, ignore_errors=True)
    for folder in (parts, root / "lists/partial", root / "cache/archives/partial"):
        folder.mkdir(parents=True, exist_ok=True)
    etc = Path("/etc/apt")
    lists = [*etc.glob("sources.list"), *etc.glob("sources.list.d/*")]
    kept = 0
    for number, path in enumerate(p for p in lists if p.suffix in (".list", ".sources")):
        lines = _as_sources(path)
        kept += sum("deb-src" in line for line in lines)
        (parts / f"p{number}{path.suffix}").write_text("\n".join(lines) + "\n")
    if not kept:
        die("no apt source found on this machine to add deb-src to")
    settings = (
        "Dir::Etc::sourcelist=/dev/null", f"Dir::Etc::sourceparts={parts}",
        f"Dir::State::lists={root / 'lists'}", f"Dir::Cache={root / 'cache'}",
        "APT::Sandbox::User=root",
    )  # fmt: skip
    return [word for setting in settings for word in ("-o", setting)]


def _as_sources(path: Path) -> list[str]:
    """The entries of one list, each for source packages."""
    lines = path.read_text(errors="replace").splitlines()
    if path.suffix == ".sources":
        return [re.sub(r"(?i)^types\s*:.*", "Types: deb-src", line) for line in lines]
    entries = (re.match(r"\s*(?:deb|deb-src)(\s.*)$", line) for line in lines)
    return [f"deb-src{entry[1]}" for entry in entries if entry]


def _extract(tarball: Path, to: Path) -> None:
    print(f"extracting the tests from {tarball.name} (a minute or two)", flush=True)
    with tarfile.open(tarball, "r|*") as tar:
        for member in tar:
            inside = member.name.partition("/")[2]
            if not inside.startswith(WANTED) or ".." in member.name.split("/"):
                continue
            out = to / member.name
            if member.isdir():
                out.mkdir(parents=True, exist_ok=True)
                continue
            out.parent.mkdir(parents=True, exist_ok=True)
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                out.write_bytes(content.read())
                out.chmod(0o755 if member.mode & 0o111 else 0o644)
            elif member.issym() and not out.is_symlink():
                out.symlink_to(member.linkname)
