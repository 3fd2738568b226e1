#!/bin/sh
# SPDX-License-Identifier: MIT
# What file(1) says of segments, by lib/format/cute-shm.magic.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

command -v file >/dev/null || { echo 'skipped: file is missing'; exit 77; }
magic=$here/../../lib/format/cute-shm.magic
(cd "$tmp" && file -C -m "$magic") >"$tmp/said" 2>&1 || fail 'not compiled'
[ ! -s "$tmp/said" ] || fail "$(cat "$tmp/said")"

# says FILE TEXT [END]: by our entries, and before those that file(1) has itself.
# Whether there is an HDF5 view, and so the version, is as the header has it.
says()
{
	version=$(dd if="$1" bs=1 skip=8 count=3 2>/dev/null)
	view=$(od -An -tu8 -j 200 -N 8 "$1" | tr -d ' ')
	[ "$view" = 0 ] && view= || view=', with an HDF5 view'
	expected="cute-shm segment $version, $2$view${3:-}"
	for entries in "$magic" "$magic:$(file --version |
		sed -n 's/^magic file from //p')"; do
		got=$(file -b -m "$entries" "$1")
		[ "$got" = "$expected" ] || fail "$1: $got, not $expected"
	done
}

make_project demo demo || fail 'no project demo'
make_project empty empty || fail 'no project empty'
update_project make one 1000 || fail 'no project one'
says "$root/cute-shm.demo" '11 arrays, 1207 bytes of data' \
	', from /data/run 42.h5'
says "$root/cute-shm.empty" '0 arrays, 0 bytes of data'
says "$root/cute-shm.one" '1 array, 8000 bytes of data'
own owned
says "$root/cute-shm.owned" '0 arrays, 0 bytes of data, ephemeral'
let_go

# With the signature of HDF5 behind a user block, it stays a segment.
cp "$root/cute-shm.one" "$tmp/view"
printf '\211HDF\r\n\032\n' |
	dd of="$tmp/view" bs=1 seek=512 conv=notrunc 2>/dev/null
printf '\020' | dd of="$tmp/view" bs=1 seek=201 conv=notrunc 2>/dev/null
says "$tmp/view" '1 array, 8000 bytes of data'
file -b -m "$magic" "$tmp/view" | grep -q ', with an HDF5 view$' ||
	fail 'no view is seen'
[ "$(file -b --mime-type -m "$magic" "$tmp/view")" = application/x-cute-shm ] ||
	fail 'another type'

# Not every file that begins so.
echo 'CUTE-SHM is the first word of this text' >"$tmp/text"
case $(file -b -m "$magic" "$tmp/text") in
*segment*) fail 'a text is a segment' ;;
esac
exit 0
