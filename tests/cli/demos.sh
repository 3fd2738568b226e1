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
	tests/cli/make_files "$tmp" || exit 1
	prints 'a: 12 elements of <f8
b/b1: 4 elements of <i4
b/raw/b2: 4 elements of <i4' demos/demo_hdf5 "$tmp/demo.h5"
fi

# printed FILE: wait until a program has written there, for a minute at most.
printed() {
	for _ in $(seq 600); do
		[ -s "$1" ] && return
		sleep 0.1
	done
	fails "nothing in $1"
}

# serve COMMAND...: run it beside a server.
serve() {
	: >"$tmp/server"
	demos/demo_server 200 >"$tmp/server" &
	server=$!
	printed "$tmp/server"
	"$@"
}

# fails TEXT: show what was printed.
fails() {
	echo "$*"
	head -n 5 "$tmp"/server "$tmp"/client*
	exit 1
}

# Two clients at once that end by themselves, and one that the server ends.
clients() {
	demos/demo_client >"$tmp/client3" &
	last=$!
	demos/demo_client 20 >"$tmp/client1" &
	first=$!
	demos/demo_client 20 >"$tmp/client2" || fails 'the second client'
	wait $first || fails 'the first client'
	# It may have found no time to start yet, and a server that has ended is
	# too late.
	printed "$tmp/client3"
	kill -INT $server
	wait $server || fails 'the server'
	wait $last || fails 'the last client'
}
serve clients
for i in 1 2; do
	[ "$(wc -l <"$tmp/client$i")" -eq 20 ] || fails "updates of client $i"
done
grep -Eq '^ +[0-9.]+ s  x [+-][01]\.[0-9]{3}  y .* update [0-9]+  \[ *o *\]$' \
	"$tmp/client3" || fails 'client 3'
grep -Eq '^served [1-9][0-9]* updates$' "$tmp/server" || fails 'the server'
demos/demo_client 2>"$tmp/said" && fails 'a client without a server'
grep -q '^demo_client: no project "demo"' "$tmp/said" || fails 'no server'

# A server that is killed: its client ends, its project is an orphan.
killed() {
	demos/demo_client >"$tmp/client4" &
	client=$!
	printed "$tmp/client4"
	kill -KILL $server
	wait $client || fails 'the client of a server that was killed'
}
serve killed 2>"$tmp/said"
demos/demo_client 2>"$tmp/said" && fails 'a client of an orphan'
bin/cute-shm-unlink --orphans >"$tmp/said"
grep -q 'its owner has ended$' "$tmp/said" || fails 'no orphan'

left=$(ls -A "$tmp/root")
test -z "$left" || { echo "left behind: $left"; exit 1; }
