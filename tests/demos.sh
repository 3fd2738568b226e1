#!/bin/sh
# SPDX-License-Identifier: MIT
# The demos print what the README promises, and leave nothing behind.

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/root"
CUTE_SHM_ROOT=$tmp/root
export CUTE_SHM_ROOT

# prints TEXT COMMAND...: it succeeds with that on standard output.
prints()
{
	text=$1
	shift
	said=$("$@") || { echo "$*: exit status $?"; exit 1; }
	test "$said" = "$text" ||
		{ printf '%s prints:\n%s\nnot:\n%s\n' "$*" "$said" "$text"
		  exit 1; }
}

prints 'a: 0 to 1.5, in <f8
b/b1: 6 at [1][2]' demos/demo_arrays

prints 'transferred: 1000 samples' demos/demo_transfer
prints 'read: 1000 x 2 at 100 Hz, mean 0.4117' demos/demo_read
prints 'transferred: 1000 samples' demos/demo_transfer
demos/demo_clean >"$tmp/said" || exit 1
grep -q '^cleaned: [1-9][0-9]* KiB$' "$tmp/said" ||
	{ cat "$tmp/said"; exit 1; }
demos/demo_read 2>"$tmp/said" && { echo "reads what is not there"; exit 1; }
grep -q '^demo_read: no project "demo"' "$tmp/said" ||
	{ cat "$tmp/said"; exit 1; }

if test -x demos/demo_hdf5; then
	tests/make_files "$tmp" || exit 1
	prints 'a: 12 elements of <f8
b/b1: 4 elements of <i4
b/raw/b2: 4 elements of <i4' demos/demo_hdf5 "$tmp/demo.h5"
fi

left=$(ls -A "$tmp/root")
test -z "$left" || { echo "left behind: $left"; exit 1; }
