#!/bin/sh
# SPDX-License-Identifier: MIT
# What the shared libraries export is what their version scripts list, what the
# public headers declare, and what section 3 of the manual describes.
here=${srcdir:-.}
failed=0

command -v nm >/dev/null || { echo "skipped: nm is missing"; exit 77; }

# The names that a version script lists.
listed() {
	sed -n 's/^\t\(cute_shm_[a-z0-9_]*\);$/\1/p' "$here/lib/$1.map" | sort
}

# Functions that a header declares: a name before a parenthesis, outside of
# comments, types and macros.
declared() {
	for header; do
		sed -e 's,/\*.*\*/,,' -e '/\/\*/,/\*\//d' \
			-e '/^#/d; /^typedef/d' "$here/lib/include/$header"
	done | tr '\n' ' ' | tr ';{}' '\n' |
		sed -n 's/.*[ *]\(cute_shm_[a-z0-9_]*\)(.*/\1/p' | sort -u
}

# Names in the NAME sections of the pages.
described() {
	sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \(cute_shm_[a-z0-9_]*\).*/\1/p' \
		"$here"/man/*.3 | sort -u
}

# same WHAT A B: two lists are one.
same() {
	if ! diff "$2" "$3" >"$tmp/diff"; then
		echo "$1:"
		cat "$tmp/diff"
		failed=1
	fi
}

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

check() {
	library=$1
	shift
	[ -f "lib/$library.la" ] || return
	listed "${library#lib}" >"$tmp/listed"
	[ -s "$tmp/listed" ] || { echo "$library lists nothing"; failed=1; }
	declared "$@" >"$tmp/declared"
	same "$library: version script, headers" "$tmp/listed" "$tmp/declared"
	cat "$tmp/listed" >>"$tmp/all"
	so=lib/.libs/$library.so
	if [ -f "$so" ]; then
		nm -D --defined-only "$so" | awk '$2 == "T" {print $3}' |
			sed 's/@.*//' | sort >"$tmp/exported"
		same "$library: version script, nm" "$tmp/listed" \
			"$tmp/exported"
	fi
}

: >"$tmp/all"
check libcute_shm cute_shm.h cute_shm_build.h cute_shm_live.h \
	cute_shm_loading.h cute_shm_project.h cute_shm_copy.h \
	cute_shm_verify.h
check libcute_shm_hdf5 cute_shm_hdf5.h
# Its pages are there also where there is no MPI to build it with.
if [ -f lib/libcute_shm_mpi.la ]; then
	check libcute_shm_mpi cute_shm_mpi.h
else
	listed cute_shm_mpi >>"$tmp/all"
fi
sort "$tmp/all" >"$tmp/sorted"
described >"$tmp/described"
if [ -f lib/libcute_shm_hdf5.la ]; then
	same "version scripts, pages of section 3" "$tmp/sorted" \
		"$tmp/described"
fi
exit $failed
