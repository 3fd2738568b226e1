#!/bin/sh
# SPDX-License-Identifier: MIT
# What the library writes, as the independent reader sees it: every rule of
# cute-shm(5) holds, and the values are those of golden/check_format.
# And the reader is no yes-man: one byte changed anywhere, and it says so.

here=$(cd "$(dirname "$0")" && pwd)
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
CUTE_SHM_ROOT=$tmp
export CUTE_SHM_ROOT

read_segment()
{
	python3 "$here/read_segment.py" "$@"
}

# damage FILE OFFSET: one byte of it, which is another one then.
damage()
{
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((byte ^ 5)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

for kind in small large empty; do
	tests/surface/make_every $kind $kind || exit 1
	read_segment "$tmp/cute-shm.$kind" >>"$tmp/seen" || exit 1
done
# One that is ephemeral has a home in its second superblock; its copy keeps it.
mkfifo "$tmp/in" "$tmp/out"
tests/cli/make_project owned owned <"$tmp/in" >"$tmp/out" &
exec 7>"$tmp/in"
read -r line <"$tmp/out"
[ "$line" = ready ] || { echo "no ephemeral project"; exit 1; }
cp "$tmp/cute-shm.owned" "$tmp/copy"
exec 7>&-
wait
read_segment "$tmp/copy" >/dev/null || exit 1
for at in 215 216 520 1009 1016; do
	cp "$tmp/copy" "$tmp/damaged"
	damage "$tmp/damaged" $at
	read_segment "$tmp/damaged" >/dev/null 2>&1 &&
		{ echo "a wrong byte at $at was not found"; exit 1; }
done

test -z "$UPDATE_GOLDEN" || cp "$tmp/seen" "$here/golden/check_format"
diff -u "$here/golden/check_format" "$tmp/seen" || exit 1

# refuses FILE: the reader finds something, and says what in its own words.
refuses()
{
	read_segment "$1" >/dev/null 2>"$tmp/said" && return 1
	grep -q Traceback "$tmp/said" || return 0
	cat "$tmp/said"
	return 1
}

# Digests cover what is used, rules the padding: any byte will do.
size=$(stat -c %s "$tmp/cute-shm.small")
at=0
while [ $at -lt "$size" ]; do
	cp "$tmp/cute-shm.small" "$tmp/damaged"
	damage "$tmp/damaged" $at
	refuses "$tmp/damaged" ||
		{ echo "a wrong byte at $at was not found"; exit 1; }
	at=$((at + 1013))
done

# An array that was updated has its digest in the slot, which is at 4096; the
# data are at 8192.  An even sequence becomes an odd one, as of a torn array.
for count in 1000 200000; do
	tests/cli/update_project make live $count &&
	tests/cli/update_project seal live || exit 1
	read_segment "$tmp/cute-shm.live" >/dev/null || exit 1
	for at in 4096 4112 4120 4124 8199; do
		cp "$tmp/cute-shm.live" "$tmp/damaged"
		damage "$tmp/damaged" $at
		refuses "$tmp/damaged" ||
			{ echo "live: a wrong byte at $at"; exit 1; }
	done
	tests/cli/update_project once live || exit 1
	read_segment "$tmp/cute-shm.live" >/dev/null || exit 1
	printf '\001' | dd of="$tmp/cute-shm.live" bs=1 seek=4096 \
		conv=notrunc 2>/dev/null
	refuses "$tmp/cute-shm.live" || { echo "live: torn"; exit 1; }
	rm "$tmp/cute-shm.live"
done

# Segments that others made, where there are some.
test -n "$CUTE_SHM_GOLDEN" || exit 0
for segment in "$CUTE_SHM_GOLDEN"/good-*.seg; do
	read_segment "$segment" >/dev/null || exit 1
done
for segment in "$CUTE_SHM_GOLDEN"/bad-*.seg; do
	refuses "$segment" || { echo "$segment was not refused"; exit 1; }
done
exit 0
