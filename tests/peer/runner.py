"""Tests run by lit, LLVM's own test runner, taken from the fetched sources and used as a library.

Each test runs in a folder of its own, with our command under the name of LLVM's tool in front of
PATH, limits on memory and file size, and an end to its time."""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .analysis import analyse
from .sources import die, find_tools

FEATURES = frozenset(
    [
        "x86",
        "x86-registered-target",
        "zlib",
        "zstd",
        "shell",
        "system-linux",
        "llvm-64-bits",
        "gnutar",
        "default_triple",
        "object-emission",
        "target-x86_64",
        "x86_64-linux",
        "can-execute",
    ]
)
"""What this host offers: x86 is the only target, so lit itself leaves the others out."""

PASSED_ON = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "TMPDIR", "TERM")
GOOD = frozenset(("PASS", "FLAKYPASS", "XFAIL"))
FILE_LIMIT = 2097152  # blocks of 512 bytes
MEMORY_LIMIT = 4 << 20  # KiB of address space, for each process


@dataclass(frozen=True)
class Spec:
    """A suite: the folder of its tests, their suffixes, the tools that are ours."""

    folder: str
    suffixes: tuple[str, ...]
    tools: tuple[str, ...]


SUITES = {
    "lld-linkerscript": Spec("lld/test/ELF/linkerscript", (".s", ".test"), ("ld.lld",)),
    "lld-elf": Spec("lld/test/ELF", (".s", ".test"), ("ld.lld",)),
    "llvm-objcopy": Spec(
        "llvm/test/tools/llvm-objcopy/ELF",
        (".s", ".test", ".yaml"),
        ("llvm-objcopy", "llvm-strip"),
    ),
}

LINKER_SHIM = r"""null=%(null)s.$$ out= prev= raw= none=
for a; do
  shift
  case $prev in -o|--output)
    if [ "$a" = /dev/null ]; then a=$null; fi
    out=$a ;;
  --oformat) raw=1 ;; esac
  case $a in
  --oformat=*) raw=1 ;;
  --version|-version|--help|-help) none=1 ;; esac
  set -- "$@" "$a"
  prev=$a
done
%(command)s "$@"
rc=$?
if [ $rc = 0 ] && [ -n "$out" ] && [ "$out" != - ] && [ -z "$none" ]; then
  if ! [ -e "$out" ] || ! [ -s "$out" -o -n "$raw" ]; then
    echo "peer suite: the linker claims success but made no output" >&2
    rc=134  # as a crash, so that `not ld.lld` does not take it for a refusal
  fi
fi
rm -f "$null"
if [ $rc -gt 128 ]; then kill -$((rc - 128)) $$; fi
exit $rc
"""
"""A link that succeeds has to leave its output, also where the test throws it away: else a program
that does nothing would pass such tests."""

ANY_TEXT = r"""usage=no
if [ "$1" = --usage-ok ]; then usage=ok; shift; fi
text=$(cat "$@") || exit 2
if [ -z "$text" ]; then echo "peer-anytext: no message was printed" >&2; exit 1; fi
printf '%s\n' "$text" | head -c 2000 >&2
crash='Traceback \(most recent call last\)|PLEASE submit a bug report|Segmentation fault'
unknown='unrecogni[sz]ed (command.line )?(option|argument)|invalid option --'
unknown="$unknown|unknown (option|argument|-z value)"
if printf '%s\n' "$text" | grep -qE "$crash"; then
  echo "peer-anytext: the tool crashed" >&2; exit 1; fi
if [ $usage = no ] && printf '%s\n' "$text" | grep -qiE "$unknown"; then
  echo "peer-anytext: the tool does not know the option" >&2; exit 1; fi
exit 0
"""
"""Stands for FileCheck where only the wording of a message is checked: there must be words, and not
those of a crash or of an option that the tool does not know."""


@dataclass
class Outcome:
    """How a test ended: the line and command of the first RUN that failed, and what was printed."""

    code: str
    output: str
    line: int = 0
    command: str = ""
    passed: bool = field(init=False)

    def __post_init__(self) -> None:
        self.passed = self.code in GOOD


class Runner:
    """Parses and runs the tests of one suite.

    commands_of: tool -> command line that takes its place; LLVM's own where none is given."""

    def __init__(
        self, suite: str, source: Path, commands_of: dict[str, str], timeout: float = 60
    ) -> None:
        tools = find_tools()
        if tools is None:
            die("LLVM 19's tools are not installed: run `scripts/peer-suite fetch`")
        self.suite, self.spec, self.timeout = suite, SUITES[suite], timeout
        self.source_dir = source / self.spec.folder
        self.work = Path(tempfile.mkdtemp(prefix="peer-suite-"))
        self.ours = {name: resolve_command(text) for name, text in commands_of.items() if text}
        self._make_shims(tools)
        self._lit = _load_lit(source)
        self._lit.util.executeCommand = self._execute
        self._config = self._lit_config(tools)
        self._suite = self._lit.Test.TestSuite(
            suite, str(self.source_dir), str(self.work), self._config
        )
        runner = self

        class OwnFolder(self._lit.Test.Test):  # type: ignore[name-defined,misc]
            def getExecPath(self) -> str:
                name = self.path_in_suite[-1]
                return str(runner.work / "t" / (name + self.form) / name)

        self._test_class = OwnFolder

    def close(self) -> None:
        make_writable(self.work)
        shutil.rmtree(self.work, ignore_errors=True)

    def names(self) -> list[str]:
        files = (p for p in self.source_dir.iterdir() if p.is_file())
        return sorted(p.name for p in files if p.name.endswith(self.spec.suffixes))

    def text(self, name: str) -> str:
        return (self.source_dir / name).read_text(encoding="utf-8", errors="replace")

    def tidy(self, text: str) -> str:
        """Text without the folders it happened in."""
        return text.replace(f"{self.work}/t/", "").replace(f"{self.source_dir}/", "%S/")

    def commands(self, name: str) -> tuple[list[str] | None, str]:
        """The test's commands; None, and why, when lit says that it cannot run here."""
        return self._parse(self._new_test(name, ""))

    def run(self, name: str, relaxed: bool) -> Outcome:
        """Run one form of a test; see Analysis."""
        test = self._new_test(name, ".relaxed" if relaxed else "")
        script, why = self._parse(test)
        if script is None:
            return Outcome("UNSUPPORTED", why)
        analysis = analyse(script, self.spec.tools, self.text(name))
        folder = Path(test.getExecPath()).parent
        (folder / "Output").mkdir(parents=True, exist_ok=True)
        runs, base = self._lit.TestRunner, self._lit.TestRunner.getTempPaths(test)[1]
        chosen = analysis.relaxed if relaxed else analysis.strict
        try:
            result = runs._runShTest(test, self._settings, True, chosen, base)
        finally:
            make_writable(folder)
            shutil.rmtree(folder, ignore_errors=True)
        test.setResult(result)
        outcome = Outcome(result.code.name, result.output)
        if not outcome.passed:
            for line in re.finditer(r"(?m)^RUN: at line (\d+)'?: ?(.*)$", result.output):
                outcome.line, outcome.command = int(line[1]), line[2]
        return outcome

    def _new_test(self, name: str, form: str) -> Any:
        test = self._test_class(self._suite, (name,), self._config)
        test.form = form
        return test

    def _parse(self, test: Any) -> tuple[list[str] | None, str]:
        runs = self._lit.TestRunner
        parsed = runs.parseIntegratedTestScript(test)
        if isinstance(parsed, self._lit.Test.Result):
            return None, parsed.output
        folder, base = runs.getTempPaths(test)
        known = runs.getDefaultSubstitutions(test, folder, base, normalize_slashes=True)
        offered = dict.fromkeys(self._config.available_features, True)
        script: list[str] = runs.applySubstitutions(
            parsed, known, offered, recursion_limit=self._config.recursiveExpansionLimit
        )
        return script, ""

    def _make_shims(self, tools: Path) -> None:
        """Programs in front of PATH: ours under LLVM's names, LLVM's own as peer-ref-NAME."""
        shims = self.work / "shims"
        shims.mkdir(parents=True)

        def shim(name: str, body: str) -> None:
            (shims / name).write_text(f"#!/bin/sh\n{body}")
            (shims / name).chmod(0o755)

        for name in ("ld.lld", "llvm-objcopy", "llvm-strip"):
            real = shlex.quote(str(tools / name))
            command = shlex.join(self.ours[name]) if name in self.ours else real
            shim(f"peer-ref-{name}", f'exec {real} "$@"\n')
            if name == "ld.lld":
                null = shlex.quote(str(self.work / "null"))
                shim(name, LINKER_SHIM % {"command": command, "null": null})
            else:
                shim(name, f'exec {command} "$@"\n')
        shim("peer-anytext", ANY_TEXT)

    def _lit_config(self, tools: Path) -> Any:
        self._settings = self._lit.LitConfig.LitConfig(
            progname="peer suite", path=[], quiet=True, useValgrind=False,
            valgrindLeakCheck=False, valgrindArgs=[], noExecute=False, debug=False,
            isWindows=False, order=None, params={},
        )  # fmt: skip
        path = os.pathsep.join((f"{self.work}/shims", str(tools), os.environ.get("PATH", "")))
        env = {
            "PATH": path, "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C", "LANG": "C",
            "LLVM_DISABLE_CRASH_REPORT": "1", "LLD_VERSION": "LLD 1.0", "LLD_IN_TEST": "1",
        }  # fmt: skip
        env.update((name, os.environ[name]) for name in PASSED_ON if os.environ.get(name))
        features = set(FEATURES)
        if os.geteuid() != 0:
            features.add("non-root-user")
        substitutions = [("%python", f'"{sys.executable}"')]
        for name in ("ENOENT", "EISDIR", "EINVAL", "EACCES"):
            message = os.strerror(getattr(errno, name))
            substitutions.append((f"%errc_{name}", f"'{message}'"))
        return self._lit.TestingConfig.TestingConfig(
            None, name=self.suite, suffixes=set(self.spec.suffixes), test_format=None,
            environment=env, substitutions=substitutions, unsupported=False,
            test_exec_root=str(self.work), test_source_root=str(self.source_dir), excludes=[],
            available_features=features, pipefail=True,
        )  # fmt: skip

    def _execute(
        self, command: Sequence[str], cwd: Any = None, env: Any = None, **_: Any
    ) -> tuple[str, str, int]:
        """In place of lit's own: a session for each test, ended as a whole when its time is up."""
        limits = f"ulimit -c 0; ulimit -f {FILE_LIMIT}; ulimit -v {MEMORY_LIMIT}; "
        process = subprocess.Popen(
            ["/bin/sh", "-c", limits + 'exec "$@"', "sh", *command], cwd=cwd, env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, text=True, errors="replace",
        )  # fmt: skip
        try:
            out, err = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise self._lit.util.ExecuteCommandTimeoutException(
                msg=f"Reached timeout of {self.timeout:g} seconds", out=out, err=err, exitCode=-9
            ) from None
        return out, err, process.returncode


def _load_lit(source: Path) -> Any:
    sys.path.insert(0, str(source / "llvm/utils/lit"))
    import lit.LitConfig  # type: ignore[import-not-found]
    import lit.Test  # type: ignore[import-not-found]
    import lit.TestingConfig  # type: ignore[import-not-found]
    import lit.TestRunner  # type: ignore[import-not-found]
    import lit.util  # type: ignore[import-not-found]

    return lit


def make_writable(folder: Path) -> None:
    """Some tests leave folders without write permission behind."""
    for root, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(root, name)
            if not path.is_symlink() and not os.access(path, os.W_OK | os.X_OK):
                path.chmod(0o755)


def resolve_command(text: str) -> list[str]:
    """A command line whose file names still hold when the folder changes."""
    words = shlex.split(text)
    program = shutil.which(words[0]) if words else None
    if program is None:
        die(f"no such command: {text}")
    rest = [os.path.abspath(w) if os.path.isfile(w) and w[0] != "-" else w for w in words[1:]]
    return [os.path.abspath(program), *rest]
