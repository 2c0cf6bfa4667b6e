#!/bin/sh
# Configures DVC for use without git in an unpacked archive: sh tools/without-git.sh
set -eu
if git rev-parse --git-dir >/dev/null 2>&1; then
    dvc config --local core.no_scm >/dev/null 2>&1 && dvc config --quiet --local --unset core.no_scm
    exit 0
fi
dvc config --local core.no_scm true
echo "no git repository: DVC runs without one; \`dvc exp\` and \`dvc metrics diff\` need \`git init\`"
