#!/bin/sh
# Creates a virtual environment with the pinned dependencies of fer3d: sh tools/set-up.sh FOLDER
# PYTHON selects the interpreter; otherwise the first Python of at least 3.11 is used.
set -eu
venv=$1
lowest=3.11

stop() {
    printf 'set-up: %s\n' "$1" >&2
    exit 1
}

is_new_enough() {
    "$1" -c "import sys; sys.exit(sys.version_info < tuple(map(int, '$lowest'.split('.'))))" \
        >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if is_new_enough "$candidate"; then
            python=$candidate
            return
        fi
    done
    stop "no Python $lowest or newer among '${PYTHON:-python3 python3.13 python3.12 python3.11}': \
install one, or name it with \`make PYTHON=/path/to/python3 ...\`"
}

# Debian's python3 has no ensurepip (it is in python3-venv); then pip itself is used.
make_environment() {
    if "$python" -c 'import ensurepip' >/dev/null 2>&1; then
        "$python" -m venv --clear "$venv"
    elif "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --clear --without-pip "$venv"
        "$python" -m pip --python "$venv/bin/python" install -qq -c constraints.txt pip
    else
        stop "$python has neither ensurepip nor pip: install them \
(Debian, Ubuntu: apt-get install python3-venv)"
    fi
}

if ! { [ -x "$venv/bin/pip" ] && is_new_enough "$venv/bin/python"; }; then
    find_python
    printf 'set-up: creating %s with %s\n' "$venv" "$("$python" --version)"
    make_environment
fi

echo "set-up: installing the pinned packages into $venv (3.3 GB on disk, more with CUDA; some minutes)"
install() {
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check -c constraints.txt "$@"
}
install pip setuptools || stop "the pinned version of pip could not be installed; see the error above"
install --build-constraint constraints.txt --editable '.[dev]' ||
    stop "packages could not be installed; see pip's error above (index: \`pip config list\`)"
