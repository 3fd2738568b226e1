#!/bin/sh
# SPDX-License-Identifier: MIT
# cute-shm-list says what has become of the files that projects are from, and
# does not wait for a file system that does not answer.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_files "$tmp" || fail 'no files'
file=$tmp/demo.h5

# says TEXT COMMAND...: its output has that text
says()
{
	text=$1
	shift
	"$@" >"$tmp/out" || fail "$*: status $?"
	grep -q "$text" "$tmp/out" || fail "$*: no '$text' in $(cat "$tmp/out")"
}

cute-shm-hdf5 demo "$file" >/dev/null || fail 'no load'
cute-shm-list demo >"$tmp/out"
! grep -q 'source [cg]' "$tmp/out" || fail "changed: $(cat "$tmp/out")"
says '"state": "current"' cute-shm-list --json demo

touch -d '3 minutes ago' "$file"
says ', source changed 3 min ago, from ' cute-shm-list demo
says 'source changed 3 min ago' cute-shm-list -s
says '"state": "changed"' cute-shm-list --json demo
says '"now_modified": "20' cute-shm-list --json demo

mv "$file" "$tmp/away.h5"
says ', source gone, from ' cute-shm-list demo
says 'source gone' cute-shm-list -s demo
says '"state": "gone"' cute-shm-list -s --json
says ', source gone, from ' cute-shm-list "$root/cute-shm.demo"
mv "$tmp/away.h5" "$file"

# One of several files, each a group.
mkdir "$tmp/day"
cp "$file" "$tmp/day/one.h5"
cp "$file" "$tmp/day/two.h5"
cute-shm-hdf5 day "$tmp/day" >/dev/null || fail 'no load of a folder'
cute-shm-list day >"$tmp/out"
! grep -q 'source [cg]' "$tmp/out" || fail "changed: $(cat "$tmp/out")"
touch -d '3 minutes ago' "$tmp/day/one.h5" "$tmp/day/two.h5"
says ', source changed 3 min ago, from ' cute-shm-list day
says '"state": "changed"' cute-shm-list --json day
cute-shm-hdf5 --ensure day "$tmp/day" >/dev/null || fail 'not loaded again'
says '"state": "current"' cute-shm-list --json day
rm "$tmp/day/one.h5"
says '"state": "changed"' cute-shm-list --json day
rm "$tmp/day/two.h5"
says ', source gone, from ' cute-shm-list day
cute-shm-unlink day >/dev/null

# Files that take part: data.raw and gone.h5.
cd "$tmp" || fail "no $tmp"
head -c 16 /dev/zero >data.raw
touch -d '5 minutes ago' data.raw
cute-shm-hdf5 --ensure outside outside.h5 >/dev/null 2>&1 || fail 'no load'
cute-shm-dump outside | grep -q "@cute-shm:source-parts = .*\"$tmp/data.raw\"" ||
	fail "parts: $(cute-shm-dump outside)"
says '"state": "current"' cute-shm-list --json outside
says ' is current' cute-shm-hdf5 --ensure outside outside.h5
cute-shm-verify --source outside >/dev/null || fail 'not the same'
touch -d '3 minutes ago' data.raw
says ', source changed 3 min ago, from ' cute-shm-list outside
# Only its time is another.
cute-shm-verify --source outside >/dev/null || fail 'not the same data'
cute-shm-hdf5 --ensure outside outside.h5 2>/dev/null | grep -q ' current' &&
	fail 'not loaded again'
mv data.raw data.away
says 'source changed' cute-shm-list outside
mv data.away data.raw
says '"state": "current"' cute-shm-list --json outside
cp "$file" gone.h5
says 'source changed' cute-shm-list -s outside
cute-shm-unlink outside >/dev/null
cd / || exit 99

# A file system that does not answer: its process sleeps.
mkdir "$tmp/there" "$tmp/here"
cp "$file" "$tmp/there/demo.h5"
bindfs -f -o attr_timeout=0,entry_timeout=0 "$tmp/there" "$tmp/here" \
	2>/dev/null &
server=$!
# shellcheck disable=SC2317 # called by eventually
mounted()
{
	[ -e "$tmp/here/demo.h5" ] || ! kill -0 "$server" 2>/dev/null
}
eventually mounted || fail 'bindfs neither runs nor ends'
if ! kill -0 "$server" 2>/dev/null; then
	echo 'not tried: a file system that does not answer (no bindfs here)'
	exit 0
fi
trap 'kill -CONT $server; umount "$tmp/here" 2>/dev/null || fusermount -u "$tmp/here"
	rm -rf "$tmp" "$root"' EXIT
for i in 1 2 3 4 5; do
	cute-shm-hdf5 "far$i" "$tmp/here/demo.h5" >/dev/null || fail 'no load'
done
kill -STOP $server
timeout 60 cute-shm-list -s --json >"$tmp/out" || fail "list: status $?"
grep -c '"state": "unknown"' "$tmp/out" >"$tmp/count"
[ "$(cat "$tmp/count")" -eq 5 ] || fail "unknown: $(cat "$tmp/count") of 5"
exit 0
