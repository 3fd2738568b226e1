#!/bin/sh
# SPDX-License-Identifier: MIT
# What many projects in one root cost, counted in system calls: a load has as
# many there as in an empty root, a listing a few for each project, even if a process
# has all of them open.  Needs strace.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

strace -qq -o "$tmp/log" true 2>/dev/null ||
	{ echo "skipped: no strace here"; exit 77; }
# They have calls of their own.
if grep -qa __asan_init bin/cute-shm-list bin/.libs/cute-shm-list 2>/dev/null
then
	echo "skipped: built with a sanitizer"
	exit 77
fi

# calls PATTERN COMMAND...: how many of its system calls match.
calls()
{
	pattern=$1
	shift
	strace -f -qq -o "$tmp/log" "$@" >"$tmp/out" 2>&1 ||
		fail "$*: $(cat "$tmp/out")"
	grep -c "$pattern" "$tmp/log"
}

# hold COUNT: so many projects, and a process that has them all open.
hold()
{
	exec 8>&-
	wait
	mkfifo "$tmp/hold" "$tmp/held"
	hold_projects "$1" <"$tmp/hold" >"$tmp/held" &
	exec 8>"$tmp/hold"
	read -r line <"$tmp/held"
	[ "$line" = ready ] || fail "no $1 projects"
	rm "$tmp/hold" "$tmp/held"
}

update_project make source 10 || fail 'no project'
cute-shm-export --segment source "$tmp/source.seg" >/dev/null || fail 'no copy'
cute-shm-unlink source >/dev/null

calls "$root\|getdents" cute-shm-load p "$tmp/source.seg" >"$tmp/alone"
calls "$root\|getdents" cute-shm-load -o p "$tmp/source.seg" >"$tmp/alone_over"
hold 30
calls . cute-shm-list -s >"$tmp/few"
grep -q '31 projects' "$tmp/out" || fail "$(tail -n 1 "$tmp/out")"
grep -q 'p29 .* 1 .*in use' "$tmp/out" || fail 'users are not shown'
hold 330
calls . cute-shm-list -s >"$tmp/many"
cute-shm-unlink p >/dev/null
calls "$root\|getdents" cute-shm-load p "$tmp/source.seg" >"$tmp/among"
calls "$root\|getdents" cute-shm-load -o p "$tmp/source.seg" >"$tmp/among_over"
exec 8>&-
wait

read -r alone <"$tmp/alone"
read -r among <"$tmp/among"
read -r alone_over <"$tmp/alone_over"
read -r among_over <"$tmp/among_over"
read -r few <"$tmp/few"
read -r many <"$tmp/many"
echo "load: $alone alone, $among among 330; -o: $alone_over, $among_over"
echo "list: $few for 31 projects, $many for 331"
[ "$among" -eq "$alone" ] || fail 'a load looks at other projects'
[ "$among_over" -eq "$alone_over" ] ||
	fail 'a load with -o looks at other projects'
[ $((many - few)) -le $((300 * 40)) ] || fail 'a listing costs too much'
