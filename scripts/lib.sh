# What scripts/demo, scripts/test and .ci/run share: Python environments and system packages.
# Sourced by them from the top folder of the checkout; not a command of its own.

say() { printf '\n== %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

is_root() { [ "$(id -u)" = 0 ]; }
has_apt() { command -v apt-get >/dev/null 2>&1; }

apt_updated=
# Install Debian packages; the package lists are fetched at most once a run.
apt_install() {
    if [ -z "$apt_updated" ]; then
        apt-get update -qq
        apt_updated=1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The Python to use: $PYTHON, or python3; 3.10 or newer.
find_python() {
    local python="${PYTHON:-python3}"
    if ! command -v "$python" >/dev/null 2>&1; then
        if is_root && has_apt; then apt_install python3 python3-venv >&2; else
            die "there is no $python; install Python 3.10 or newer (apt-get install python3 python3-venv)"
        fi
    fi
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        die "$("$python" --version) is too old; set PYTHON to a Python 3.10 or newer"
    printf '%s\n' "$python"
}

# make_venv PYTHON FOLDER: a virtual environment, made once and kept.
make_venv() {
    local python="$1" folder="$2" version
    if [ -x "$folder/bin/python" ] && "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
        if is_root && has_apt; then
            say "installing python3-venv"
            apt_install python3-venv "python$version-venv" || apt_install python3-venv
        else
            die "this Python cannot make virtual environments: sudo apt-get install python3-venv"
        fi
    fi
    rm -rf "$folder"
    "$python" -m venv "$folder"
}

# pip_install FOLDER WHAT...: into a virtual environment, quietly.
pip_install() {
    local folder="$1"
    shift
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

# The tools the tests compare with, as `command:Debian package`.
PEERS="ld:binutils ld.lld-19:lld-19 llvm-objcopy-19:llvm-19 nasm:nasm
qemu-system-x86_64:qemu-system-x86 gcc:gcc make:make gdb:gdb clang-19:clang-19 chromium:chromium
make:make cmake:cmake"

missing_packages() {
    local pair
    for pair in $PEERS; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || printf '%s\n' "${pair#*:}"
    done
    # gcc -m32 wants more than gcc itself to link; its objects are compiled without it.
    printf 'int main(void) { return 0; }' | gcc -m32 -x c -o /dev/null - 2>/dev/null ||
        printf 'gcc-multilib\n'
}

# Install the peers, or say exactly what to install; tests that miss one say so when they skip.
ensure_peers() {
    local missing package refused=
    missing="$(missing_packages | tr '\n' ' ')"
    [ -n "${missing// /}" ] || return 0
    if ! has_apt; then
        say "MISSING: $missing (Debian package names); tests that need them are skipped"
        return 0
    fi
    if ! is_root; then
        say "MISSING: run  sudo apt-get install $missing  or tests that need them are skipped"
        return 0
    fi
    say "installing $missing"
    # One by one only when all together fail: some releases lack some versions.
    # shellcheck disable=SC2086
    apt_install $missing && return 0
    for package in $missing; do apt_install "$package" || refused="$refused $package"; done
    [ -z "$refused" ] ||
        say "MISSING:$refused cannot be installed here; tests that need them are skipped"
}
