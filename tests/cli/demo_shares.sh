#!/bin/sh
# SPDX-License-Identifier: MIT
# What ./bootstrap demo proves: readers that are there together have one copy,
# and the lines that say so fit a terminal.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

if grep -q '^CFLAGS.*-fsanitize' Makefile; then
	echo 'skipped: a sanitizer takes memory of its own'
	exit 77
fi
demo_project demo 50 || fail 'no project'
demo_readers demo 8 >"$tmp/said" || fail "status $?"
[ -z "$(awk 'length > 80' "$tmp/said")" ] || fail "wide: $(cat "$tmp/said")"
[ "$(grep -c '^reader [0-9]*: sum of all bytes [1-9]' "$tmp/said")" -eq 8 ] ||
	fail "not 8 readers: $(cat "$tmp/said")"
[ "$(sed -n 's/^reader.* bytes \([0-9]*\).*/\1/p' "$tmp/said" | sort -u |
	wc -l)" -eq 1 ] || fail "they read different bytes: $(cat "$tmp/said")"
grep -q '^to open it took [0-9]* us ' "$tmp/said" ||
	fail "no time to open: $(cat "$tmp/said")"
if ! [ -r /proc/self/smaps_rollup ]; then
	grep -q '^this kernel does not tell' "$tmp/said" ||
		fail "no smaps_rollup: $(cat "$tmp/said")"
	exit 0
fi
# One copy, and some MiB for each program; none pays much more than its share.
size=$(($(stat -c %s "$root/cute-shm.demo") / 1048576))
all=$(sed -n 's/^8 readers, \([0-9]*\) MiB in all; 8 copies would be [0-9]* MiB$/\1/p' \
	"$tmp/said")
{ [ "${all:-0}" -ge "$size" ] && [ "$all" -lt $((size * 2)) ]; } ||
	fail "$all MiB for $size: $(cat "$tmp/said")"
sed -n 's/^reader.*pays \([0-9]*\).*/\1/p' "$tmp/said" | while read -r share; do
	[ "$share" -lt $((size / 3)) ] || echo "$share"
done >"$tmp/unfair"
[ -s "$tmp/unfair" ] && fail "unfair: $(cat "$tmp/said")"
exit 0
