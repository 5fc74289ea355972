#!/bin/sh
# Install a requirements file and donebase itself into .venv. Called by make.
#
#     scripts/install.sh requirements.txt installed
#
# PYTHON names the Python to use; unset, it is the first on PATH that is new enough. `.venv/complete` is written last
# and records the Python and the folder for which .venv was created. If it is missing, an earlier run was interrupted. If
# it differs, the folder was moved or Python was replaced: scripts in .venv/bin contain absolute paths. In both cases
# .venv is created again. The second argument names a file in .venv with the checksums of what was installed.
set -eu
requirements=$1 stamp=.venv/$2
CDPATH="" cd -- "$(dirname -- "$0")/.."

fail() {
    printf 'donebase: %s\n' "$1" >&2
    exit 1
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.14 python3.13 python3.12 python3.11; fi
    for python; do
        if new_enough "$python"; then return; fi
    done
    found=$("$1" --version 2>/dev/null) || fail "$1 is not installed. On Debian and Ubuntu: apt install python3-venv"
    fail "Python 3.11 or later is needed, and $1 is $found. Choose another one: make run PYTHON=/path/to/python3.13"
}

make_environment() {
    find_python
    case $python in *python3.*) package=${python##*/}-venv ;; *) package=python3-venv ;; esac
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python has no module ensurepip. On Debian and Ubuntu: apt install $package"
    message=$(rm -rf .venv 2>&1) || fail ".venv has to be created again and cannot be removed: $(printf '%s' "$message" | tail -n 1)"
    message=$("$python" -m venv .venv 2>&1) || fail ".venv could not be created: $(printf '%s' "$message" | tail -n 1)"
}

# Prints nothing if there is no .venv or its Python is missing.
identity() { .venv/bin/python -c 'import sys; print(*sys.version_info[:2], sys.prefix)' 2>/dev/null || true; }

# The kernel releases the lock when the last process that was started here ends. macOS has no flock.
exec 9<.
if command -v flock >/dev/null && ! flock -n 9; then
    echo "another make is installing into .venv: waiting for it ..."
    flock 9
fi

expected=$(cksum pyproject.toml "$requirements")
if [ ! -s .venv/complete ] || [ "$(cat .venv/complete)" != "$(identity)" ]; then
    make_environment
elif [ "$(cat "$stamp" 2>/dev/null)" = "$expected" ]; then
    exit 0
fi

rm -f .venv/complete
echo "installing $requirements into .venv ..."
pip() {
    .venv/bin/python -m pip --quiet --disable-pip-version-check install "$@" ||
        fail "the packages could not be installed: see pip's messages above. Run make again to retry."
}
pip --require-hashes -r "$requirements"
pip --no-deps --no-build-isolation --editable .
printf '%s\n' "$expected" >"$stamp"
identity >.venv/complete
