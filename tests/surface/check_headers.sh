#!/bin/sh
# SPDX-License-Identifier: MIT
# Each public header compiles alone, as strict C11 and as C++.
here=${srcdir:-.}
failed=0
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
compilers=0

for header in cute_shm.h cute_shm_hdf5.h cute_shm_format.h; do
	printf '#include <%s>\nint main(void) { return 0; }\n' "$header" \
		>"$tmp/use.c"
	cp "$tmp/use.c" "$tmp/use.cc"
	if command -v "${CC:-cc}" >/dev/null; then
		compilers=$((compilers + 1))
		"${CC:-cc}" -std=c11 -pedantic -Wall -Wextra -Wundef -Werror \
			-I "$here/lib/include" -fsyntax-only "$tmp/use.c" || failed=1
	fi
	if command -v c++ >/dev/null; then
		compilers=$((compilers + 1))
		c++ -std=c++11 -pedantic -Wall -Wextra -Werror \
			-I "$here/lib/include" -fsyntax-only "$tmp/use.cc" || failed=1
	fi
done
# The one for MPI needs the header of its MPI.
flags=$(sed -n 's/^MPI_CFLAGS = //p' Makefile 2>/dev/null)
if [ -f lib/libcute_shm_mpi.la ] && command -v "${CC:-cc}" >/dev/null; then
	echo '#include <cute_shm_mpi.h>' >"$tmp/use.c"
	# shellcheck disable=SC2086 # words
	"${CC:-cc}" -std=c11 -pedantic -Wall -Wextra -Wundef -Werror $flags \
		-I "$here/lib/include" -fsyntax-only "$tmp/use.c" || failed=1
fi
[ $compilers -gt 0 ] || { echo "skipped: no compiler here"; exit 77; }
exit $failed
