#!/bin/sh
# SPDX-License-Identifier: MIT
# Bounds of a load: --max-size, --max-time; copies that a writer may have mixed;
# what the tools say of what they do.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_project demo demo || fail 'no project demo'
make_project updated updated || fail 'no project updated'
cute-shm-export -q --segment demo "$tmp/demo.seg" || fail 'not saved'

say sizes
t cute-shm-load --max-size 4K new "$tmp/demo.seg"
t sh -c "cute-shm-load --max-size=4K new - <'$tmp/demo.seg'"
t cute-shm-load --max-size 1M new "$tmp/demo.seg"
for size in 0 -1 1Q K '' 1.5.G; do
	t cute-shm-load --max-size "$size" new "$tmp/demo.seg"
done
for time in 0 -1 5x ''; do
	t cute-shm-load --max-time "$time" new "$tmp/demo.seg"
done
cute-shm-unlink -v new >/dev/null

# Open for writing here, so it does not end.
say 'a stream that stalls'
mkfifo "$tmp/fifo" || fail 'no FIFO'
exec 9<>"$tmp/fifo"
head -c 1024 "$tmp/demo.seg" >&9
t cute-shm-load --max-time 0.2 new "$tmp/fifo"
t cute-shm-load --max-time 0.2 new "$tmp/fifo"
exec 9>&-
# Nor need anyone ever write to it.
t cute-shm-load --max-time 0.2 new "$tmp/fifo"
only cute-shm.demo cute-shm.updated

say 'copies of what is updated'
t sh -c "cat '$root/cute-shm.updated' | cute-shm-load -o copy -"
t sh -c 'cute-shm-export --segment updated - | cute-shm-load -o copy -'
t cute-shm-verify copy

say 'what is done'
cute-shm-load -o -vv copy "$tmp/demo.seg" >/dev/null 2>"$tmp/said" ||
	fail 'not loaded'
for words in 'created a file for it' 'reserved ' "published as $root" \
	"opened and mapped" "unmapped and closed $root"; do
	grep -q "^cute-shm-load: .*$words" "$tmp/said" ||
		fail "load -vv: no '$words'"
done
cute-shm-load -o -v copy "$tmp/demo.seg" >/dev/null 2>"$tmp/said" ||
	fail 'not loaded'
grep -q 'published as' "$tmp/said" && fail '-v says as much as -vv'
cute-shm-export -qvv --segment demo "$tmp/x" 2>&1 |
	grep -q "wrote $root/cute-shm.demo to $tmp/x" || fail 'export -vv'
cute-shm-verify -vv demo 2>&1 >/dev/null |
	grep -q "opened and mapped $root/cute-shm.demo" || fail 'verify -vv'
cute-shm-unlink -vv copy 2>&1 >/dev/null |
	grep -q "removed $root/cute-shm.copy" || fail 'unlink -vv'

only cute-shm.demo cute-shm.updated
finish
