#!/bin/sh
# SPDX-License-Identifier: MIT
# In a control group with little memory: what does not fit is refused, with the
# reason, and nobody is killed.  Needs root and a hierarchy that can be written;
# else it is skipped.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

group=/sys/fs/cgroup/memory/cute-shm-test.$$
limit=memory.limit_in_bytes
if [ ! -d /sys/fs/cgroup/memory ]; then
	group=/sys/fs/cgroup/cute-shm-test.$$
	limit=memory.max
fi
if ! mkdir "$group" 2>/dev/null || [ ! -w "$group/$limit" ]; then
	echo "skipped: no control group of memory can be made here"
	rmdir "$group" 2>/dev/null
	exit 77
fi
trap 'rm -rf "$tmp" "$root"; rmdir "$group"' EXIT
# Its own memory is larger than what is tried here.
if grep -qa __asan_init bin/cute-shm-load bin/.libs/cute-shm-load 2>/dev/null
then
	echo "skipped: built with a sanitizer"
	exit 77
fi

# within MIB COMMAND...: its status; what it says is in $tmp/out and $tmp/err.
within()
{
	echo "$1M" >"$group/$limit" || exit 99
	shift
	(
		exec sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' \
			"$group" "$@"
	) >"$tmp/out" 2>"$tmp/err"
}

# 46 MiB, of which copies that are saved are no memory of the group's.
update_project make large 6000000 || fail 'no project large'
cute-shm-export --segment large "$tmp/large.seg" >/dev/null || fail 'no copy'
[ ! -x bin/cute-shm-hdf5 ] ||
	cute-shm-export -z 1 large "$tmp/large.h5" >/dev/null || fail 'no file'
cute-shm-unlink large >/dev/null

# try MIB COMMAND...: loaded, or refused with the reason, and then nothing left.
fits=0 refused=0
try()
{
	status=0
	within "$@" || status=$?
	case $status in
	0)	fits=$((fits + 1))
		cute-shm-verify p >/dev/null || fail "$*: not sound"
		cute-shm-unlink p >/dev/null ;;
	3)	refused=$((refused + 1))
		grep -q 'the memory limit of the control group' "$tmp/err" ||
			fail "$*: says $(cat "$tmp/err")" ;;
	*)	fail "$*: status $status $(cat "$tmp/err")" ;;
	esac
	[ -z "$(ls -A "$root")" ] || fail "$*: something is left"
}

for mib in 8 32 46 47 50 54 60 66 72 80 150; do
	try $mib cute-shm-load p "$tmp/large.seg"
	[ ! -x bin/cute-shm-hdf5 ] || try $mib cute-shm-hdf5 p "$tmp/large.h5"
done

# Page cache makes room, also what was read more than once.  (On a tmpfs there
# is none.)
if [ "$(stat -f -c %T "$tmp")" != tmpfs ]; then
	# shellcheck disable=SC2016 # for the shell that runs it
	within 200 sh -c 'head -c 60000000 /dev/zero >"$1" && sync "$1"' \
		sh "$tmp/cache" || fail 'no file in the cache'
	before=$fits
	# shellcheck disable=SC2016 # for the shell that runs it
	try 110 sh -c 'cat "$1" "$1" "$1" >/dev/null && cute-shm-load p "$2"' \
		sh "$tmp/cache" "$tmp/large.seg"
	[ $fits -gt "$before" ] || fail "page cache: $(cat "$tmp/err")"
	rm "$tmp/cache"
fi

# Above memory.high processes hardly run any more: that is a limit, too.
if [ -w "$group/memory.high" ]; then
	echo 40M >"$group/memory.high"
	before=$refused
	try 300 cute-shm-load p "$tmp/large.seg"
	[ $refused -gt "$before" ] || fail 'memory.high was ignored'
	echo max >"$group/memory.high"
fi

if [ $fits -eq 0 ] || [ $refused -lt 4 ]; then
	fail "$fits loaded, $refused refused: no real limits"
fi
echo "$fits loaded, $refused refused"
