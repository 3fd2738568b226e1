#!/bin/sh
# SPDX-License-Identifier: MIT
# A load that waits for another one looks for it at most five times a second,
# and does nothing in between.  The system calls are counted over the time that
# it waited by the clock: a slow machine makes that longer, and no call more.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# The leak sanitizer does not work under a tracer.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

cd "$tmp" || exit 99
if ! strace -o probe true 2>/dev/null; then
	echo 'skipped: strace is missing, or may not trace'
	exit 77
fi
make_project demo demo || fail 'no project'
cute-shm-export --segment demo demo.seg >/dev/null || fail 'no segment'
tools=cute-shm-load
if [ -x "$builddir/bin/cute-shm-hdf5" ]; then
	make_files "$tmp" || fail 'no files'
	tools="$tools cute-shm-hdf5"
fi

mkfifo pipe
cute-shm-load slow - <pipe 2>/dev/null &
loader=$!
exec 9>pipe
eventually sh -c "cute-shm-list --json slow | grep '\"state\": \"loading\"'" ||
	fail 'no load'

# waits TOOL...: from its first look at the lock to its last one.
waits()
{
	status=0
	strace -f -ttt -o trace "$@" >told 2>&1 || status=$?
	[ $status -eq 5 ] || fail "$*: status $status: $(cat told)"
	awk -v command="$*" '
		/F_OFD_SETLK, \{l_type=F_WRLCK,.* l_start=0, l_len=1\}/ {
			if (!looks++)
				first = $2
			last = $2
			calls = all
		}
		looks && / [a-z_0-9]+\(/ { all++ }
		END {
			seconds = last - first
			printf "%s: %d looks and %d calls in %.1f s\n",
				command, looks, calls, seconds
			exit !(looks >= 2 && looks <= 5 * seconds + 3 &&
				calls <= 60 * looks)
		}' trace || fail 'not so'
}

for tool in $tools; do
	file=demo.h5
	[ "$tool" = cute-shm-hdf5 ] || file=demo.seg
	waits "$tool" --ensure --timeout 2s slow $file
	waits "$tool" --ensure --no-progress --timeout 2s slow $file
	waits "$tool" --wait --timeout 2s slow $file
done
exec 9>&-
wait $loader
exit 0
