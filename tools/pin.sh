#!/bin/sh
# Writes constraints.txt from an environment with the newest versions that pyproject.toml allows.
# PYTHON selects the interpreter: use the oldest supported one, whose versions also support newer
# ones.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3.11}" -m venv "$scratch/venv"
pip="$scratch/venv/bin/python -m pip"
$pip install -qq --upgrade pip setuptools
$pip install -qq --editable '.[dev]'
{
    echo "# Every distribution of a normal install, pinned: written by \`make constraints\`."
    echo "# torch has no local version here, so that its CPU and CUDA builds both satisfy the pin."
    $pip freeze --all --exclude-editable |
        sed -e 's/^\(torch==[^+]*\).*/\1/' -e 's/^open3d-cpu==\(.*\)/open3d==\1\n&/' | sort -f
} >"$scratch/constraints.txt"
mv "$scratch/constraints.txt" constraints.txt
