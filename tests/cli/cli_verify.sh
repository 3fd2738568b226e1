#!/bin/sh
# cute-shm-verify: what is sound, and how the rest is told apart.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_project demo demo || fail 'no project demo'
make_project empty empty || fail 'no project empty'

say sound
t cute-shm-verify demo empty
t cute-shm-verify -q demo
t cute-shm-verify -j3 --json demo
cp "$root/cute-shm.demo" "$tmp/copy"
t cute-shm-verify -f "$tmp/copy"

say damaged
cp "$root/cute-shm.demo" "$root/cute-shm.header"
damage "$root/cute-shm.header" 300
cp "$root/cute-shm.demo" "$root/cute-shm.records"
damage "$root/cute-shm.records" 1800
cp "$root/cute-shm.demo" "$root/cute-shm.data"
damage "$root/cute-shm.data" 13835
cp "$root/cute-shm.demo" "$root/cute-shm.short"
truncate -s 3000 "$root/cute-shm.short"
for project in header records data short; do
	t cute-shm-verify -q $project
done
t cute-shm-verify --json data
t cute-shm-verify demo data empty

say 'updated, torn'
make_project updated updated || fail 'no project updated'
make_project torn torn || fail 'no project torn'
t cute-shm-verify updated
t cute-shm-verify torn
t cute-shm-verify -q updated torn
t cute-shm-verify --json updated

say 'cannot tell'
echo 'not ours at all' >"$root/cute-shm.foreign"
t cute-shm-verify nobody
t cute-shm-verify foreign demo
make_project empty source || fail 'no project source'
cute-shm-verify --source source >/dev/null
[ $? -eq 2 ] || fail '--source without a source'
t cute-shm-verify -f "$tmp/nowhere"
t cute-shm-verify a/b
t cute-shm-verify --json nobody
t cute-shm-verify
t cute-shm-verify -h
[ -c /dev/full ] && t sh -c 'cute-shm-verify demo >/dev/full'
if command -v jq >/dev/null; then
	cute-shm-verify --json demo data updated torn nobody |
		jq -e '.projects | length == 5' >/dev/null || fail '--json'
fi
finish
