#!/bin/sh
# SPDX-License-Identifier: MIT
# The description for Kaitai Struct, compiled and used: it finds what
# cute-shm-dump finds.  A third reader of the format, in a third language.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

command -v node >/dev/null || { echo 'skipped: node is missing'; exit 77; }
read_kaitai()
{
	node "$here/read_kaitai.js" \
		"$here/../../lib/format/cute-shm.ksy" "$@" >"$tmp/said" 2>&1
}

make_project demo demo || fail 'no project demo'
make_project wide wide || fail 'no project wide'
make_project empty empty || fail 'no project empty'
make_every small small || fail 'no project small'
make_every large large || fail 'no project large'
for project in demo wide empty small large; do
	cute-shm-dump --json --header "$project" >"$tmp/dump" ||
		fail "$project: no dump"
	status=0
	read_kaitai "$root/cute-shm.$project" "$tmp/dump" || status=$?
	[ $status -ne 77 ] || { cat "$tmp/said"; exit 77; }
	[ $status -eq 0 ] || fail "$project: $(head -c 3000 "$tmp/said")"
done

# What is not a segment, and what is cut.
echo 'not ours at all' >"$tmp/foreign"
read_kaitai "$tmp/foreign" && fail 'a foreign file'
head -c 3000 "$root/cute-shm.demo" >"$tmp/cut"
read_kaitai "$tmp/cut" && fail 'a segment that was cut'

# Segments that others made, where there are some.
[ -n "$CUTE_SHM_GOLDEN" ] || exit 0
for segment in "$CUTE_SHM_GOLDEN"/good-*.seg; do
	cute-shm-dump --json --header -f "$segment" >"$tmp/dump" ||
		fail "$segment: no dump"
	read_kaitai "$segment" "$tmp/dump" ||
		fail "$segment: $(head -c 3000 "$tmp/said")"
done
exit 0
