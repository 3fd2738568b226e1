#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The Python package: each tests/python/test_*.py, with the package as it was
# built.  CUTE_SHM_PYTHON_TESTS names some of them, CUTE_SHM_PYTHON_PRELOAD
# libraries to load before Python, for sanitizers.
#
# python.sh FILE ARGUMENTS... runs that with the package instead.
set -u

here=$(cd "${srcdir:-.}" && pwd)
build=$(pwd)

[ -f "$build/lib/python/.libs/_core.so" ] ||
	{ echo "skipped: the Python package is not built"; exit 77; }
python=$(sed -n 's/^PYTHON3 = //p' Makefile)
"$python" -c 'import numpy' 2>/dev/null ||
	{ echo "skipped: $python has no NumPy"; exit 77; }

tmp=$(mktemp -d) || exit 99
root=$(mktemp -d -p /dev/shm) || exit 99
trap 'rm -rf "$tmp" "$root"' EXIT

mkdir "$tmp/cute_shm"
for file in "$here"/lib/python/cute_shm/* "$build"/lib/python/.libs/*.so; do
	ln -s "$file" "$tmp/cute_shm/"
done
PYTHONPATH=$tmp:$here/tests/python
LD_LIBRARY_PATH=$build/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
PYTHONDONTWRITEBYTECODE=1
PYTHONFAULTHANDLER=1
CUTE_SHM_ROOT=$root
export PYTHONPATH LD_LIBRARY_PATH PYTHONDONTWRITEBYTECODE CUTE_SHM_ROOT \
	PYTHONFAULTHANDLER
[ $# -eq 0 ] ||
	{ LD_PRELOAD="${CUTE_SHM_PYTHON_PRELOAD:-}" "$python" "$@"; exit; }
cd "$tmp" || exit 99
# shellcheck disable=SC2086 # they are names
LD_PRELOAD="${CUTE_SHM_PYTHON_PRELOAD:-}" "$python" -W error::ResourceWarning -m unittest -v \
	${CUTE_SHM_PYTHON_TESTS:-$(cd "$here/tests/python" && echo test_*.py |
		sed 's/\.py//g')}
