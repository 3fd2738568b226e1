#!/bin/sh
# SPDX-License-Identifier: MIT
# cute-shm-diff: what differs, by digests and by bytes, and what cannot be told.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_pair old new || fail 'no projects old and new'
make_project demo demo || fail 'no project demo'
make_project demo again || fail 'no project again'

say 'the same'
t cute-shm-diff demo again
t cute-shm-diff --bytes demo again
t cute-shm-diff --json demo again
t cute-shm-diff old old
cp "$root/cute-shm.old" "$tmp/copy"
t cute-shm-diff old "$tmp/copy"
t cute-shm-diff -f "$root/cute-shm.old" "$tmp/copy"
make_pair -o first second || fail 'no projects in two orders'
t cute-shm-diff first second
t cute-shm-diff -q --bytes first second

say 'all that may differ'
t cute-shm-diff old new
t cute-shm-diff new old
t cute-shm-diff --no-attributes old new
t cute-shm-diff -q old new
t cute-shm-diff --json old new
cute-shm-diff --bytes old new >"$tmp/bytes"
cute-shm-diff old new | cmp - "$tmp/bytes" || fail '--bytes finds other things'

say 'one byte, which no digest knows of'
damage "$tmp/copy" "$(cute-shm-dump --json --header old turned.over |
	sed -n 's/.*"data_offset": \([0-9]*\).*/\1/p')"
t cute-shm-diff old "$tmp/copy"
t cute-shm-diff --bytes old "$tmp/copy"
t cute-shm-diff -q --bytes old "$tmp/copy"

# Each of these is unsealed, sealed, or torn; 200000 numbers are more than is
# copied at once.
say 'arrays that were updated'
for count in 1000 200000; do
	update_project make live $count || fail 'no project live'
	cp "$root/cute-shm.live" "$tmp/before"
	update_project seal live || fail 'not sealed'
	cp "$root/cute-shm.live" "$tmp/sealed"
	t cute-shm-diff live "$tmp/before"
	t cute-shm-diff -q live "$tmp/before"
	t cute-shm-diff live "$tmp/sealed"
	update_project once live || fail 'not updated'
	t cute-shm-diff live "$tmp/sealed"
	t cute-shm-diff live "$tmp/before"
	update_project seal live || fail 'not sealed'
	cp "$root/cute-shm.live" "$tmp/damaged"
	damage "$tmp/damaged" 4112
	t cute-shm-diff live "$tmp/damaged"
	t cute-shm-diff --json live "$tmp/damaged"
	cute-shm-unlink live >/dev/null
done
make_project updated updated || fail 'no project updated'
make_project torn torn || fail 'no project torn'
t cute-shm-diff updated torn
t cute-shm-diff --json torn updated
t cute-shm-diff torn torn

# All elements are of one update: the first one differs.  On a busy machine, the
# writer may leave no time for a copy, which is no answer.
say 'a writer at work'
update_project make live 200000 || fail 'no project live'
cp "$root/cute-shm.live" "$tmp/before"
update_project once live
update_project on live &
writer=$!
for _ in 1 2 3 4 5; do
	status=0
	cute-shm-diff live "$tmp/before" >"$tmp/said" 2>&1 || status=$?
	[ $status -ne 2 ] || continue
	[ $status -eq 1 ] || fail "a writer at work: $(cat "$tmp/said")"
	grep -q '^/a: from \[0\] on: [0-9]* in live, 0 in ' "$tmp/said" ||
		fail "a torn copy: $(cat "$tmp/said")"
done
cute-shm-unlink live >/dev/null
wait $writer

say 'what cannot be told'
t cute-shm-diff old nowhere
t cute-shm-diff dmo demo
cp "$root/cute-shm.demo" "$root/cute-shm.records"
damage "$root/cute-shm.records" \
	"$(grep -abo ATTR "$root/cute-shm.demo" | head -n 1 | cut -d: -f1)"
cp "$root/cute-shm.demo" "$root/cute-shm.header"
damage "$root/cute-shm.header" 300
t cute-shm-diff demo header
t cute-shm-diff --bytes demo records
t cute-shm-diff
t cute-shm-diff one
t cute-shm-diff one two three
t cute-shm-diff -q --json old new
t cute-shm-diff -h
if [ -c /dev/full ]; then
	t sh -c 'cute-shm-diff old new >/dev/full'
	t sh -c 'cute-shm-diff --json demo demo >/dev/full'
fi
if command -v jq >/dev/null; then
	cute-shm-diff --json old new | jq -e '.differences | length > 15' \
		>/dev/null || fail '--json'
fi
finish
