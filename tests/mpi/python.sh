#!/bin/sh
# SPDX-License-Identifier: MIT
# cute_shm.load(..., comm=MPI.COMM_WORLD) in Python.
# shellcheck source=tests/mpi/lib.sh
. "$(dirname "$0")/lib.sh"

[ -e "$builddir/lib/python/.libs/_mpi.so" ] ||
	{ echo 'skipped: the Python package is built without MPI'; exit 77; }
python=$(sed -n 's/^PYTHON3 = //p' "$builddir/Makefile")
"$python" -c 'import mpi4py' 2>/dev/null ||
	{ echo "skipped: $python has no mpi4py"; exit 77; }
tests=$here

# in_python ARGUMENTS...: python, with the package as it was built; sets status.
in_python()
{
	status=0
	(cd "$builddir" && timeout -k 10 300 "$@") >"$tmp/stdout" \
		2>"$tmp/stderr" </dev/null || status=$?
}

with_package=$tests/../python/python.sh

# An mpi4py of another MPI is refused, and never called.
cat >"$tmp/one.py" <<'END'
import sys
import cute_shm
from mpi4py import MPI

print("with", MPI.Get_library_version())
if len(sys.argv) > 1:
    try:
        cute_shm.load("p", sys.argv[1], comm=MPI.COMM_WORLD)
    except cute_shm.UnsupportedError as e:
        print("refused:", e)
END
in_python "$with_package" "$tmp/one.py"
ends 0
case $version in
*'Open MPI'*) is='Open MPI' ;;
*) is=MPICH ;;
esac
if ! grep -q "^with $is" "$tmp/stdout"; then
	in_python "$with_package" "$tmp/one.py" "$tmp/demo.h5"
	ends 0
	says '^refused: mpi4py uses .*, but cute-shm .*: both need the same'
	none
	echo "skipped but for this: $(tail -n 1 "$tmp/stdout")"
	exit 0
fi

in_python "$mpirun" -n 3 "$with_package" "$tests/load_by_mpi.py" "$root" \
	"$tmp/large.h5" "$tmp/demo.h5"
ends 0
says '^all is well'
none
