#!/bin/sh
# Checks the system libraries that Open3D loads on Linux: sh tools/system-libraries.sh PYTHON
# Installs missing ones with apt-get if the user has the rights, otherwise prints what to install.
set -eu
python=$1
[ "$(uname -s)" = Linux ] || exit 0

# Debian package:library
libraries='libusb-1.0-0:libusb-1.0.so.0 libgl1:libGL.so.1 libgomp1:libgomp.so.1
libx11-6:libX11.so.6 libegl1:libEGL.so.1'

# prints the packages whose library cannot be loaded
missing() {
    # shellcheck disable=SC2086
    "$python" - $libraries <<'PYTHON'
import ctypes
import sys

for entry in sys.argv[1:]:
    package, library = entry.split(":")
    try:
        ctypes.CDLL(library)
    except OSError:
        print(package)
PYTHON
}

packages=$(missing)
[ -n "$packages" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=env
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root='sudo -n env'
else
    as_root=
fi

if [ -n "$as_root" ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    echo "set-up: installing system libraries:" $packages
    # shellcheck disable=SC2086
    {
        $as_root DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
        $as_root DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
            $packages </dev/null
    } >/dev/null || true
    packages=$(missing)
fi

if [ -n "$packages" ]; then
    # shellcheck disable=SC2086
    echo "set-up: Open3D needs system libraries that are missing here; install them as root, on" \
        "Debian or Ubuntu with: apt-get install" $packages >&2
    exit 1
fi
