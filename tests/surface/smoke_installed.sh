#!/bin/sh
# SPDX-License-Identifier: MIT
# smoke_installed.sh BINDIR TOOL..., for "make installcheck": the tools that are
# installed start, and do their work together.  Run in the build folder, for
# the program that makes a project.
set -u

bindir=$1
shift
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/root"
CUTE_SHM_ROOT=$tmp/root
export CUTE_SHM_ROOT
unset CUTE_SHM_READER

# must COMMAND...: a tool that is installed, and what it says if it fails.
must() {
	tool=$1
	shift
	"$bindir/$tool" "$@" >"$tmp/said" 2>&1 && return
	echo "$tool $*: status $?"
	cat "$tmp/said"
	exit 1
}

for tool; do
	must "${tool##*/}" --version
	must "${tool##*/}" --help
done
tests/cli/make_project demo demo || exit 1
must cute-shm-list demo
grep -q '^demo: 11 arrays' "$tmp/said" || { cat "$tmp/said"; exit 1; }
must cute-shm list -s
must cute-shm help
must cute-shm-verify demo
must cute-shm-dump --hex demo words
must cute-shm-export -q --segment demo "$tmp/demo.seg"
must cute-shm-load again "$tmp/demo.seg"
must cute-shm-diff --bytes demo again
must cute-shm-top --once --every 0.01s
must cute-shm-unlink again demo
if [ -x "$bindir/cute-shm-hdf5" ]; then
	must cute-shm-load demo "$tmp/demo.seg"
	must cute-shm-export -q demo "$tmp/demo.h5"
	must cute-shm hdf5 -o demo "$tmp/demo.h5"
	must cute-shm-verify --source demo
	must cute-shm-evaluate -n 1 "$tmp/demo.h5" try
	must cute-shm-unlink demo
fi
# Something about the machine may be a problem, but not for the tool.
"$bindir/cute-shm-doctor" >"$tmp/said" 2>&1
[ $? -le 1 ] || { cat "$tmp/said"; exit 1; }
# The program that reads HDF5 files is the one that was installed with it.
if [ -x "$bindir/cute-shm-hdf5" ]; then
	grep -q "^ok  *hdf5  *files are read by ${bindir%/*}/" "$tmp/said" ||
		{ cat "$tmp/said"; exit 1; }
fi
left=$(ls -A "$tmp/root")
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
