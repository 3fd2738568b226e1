#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The folders of lib/ are rooms, and a room uses only rooms above it in this
# list: by the symbols that its objects define and need, and by what its files
# include.  A room has at most a dozen source files; no two files of lib/ have
# the same name.
set -u

rooms="base file format lock root read together view live build handover
	verify copy
	hdf5/host hdf5/channel hdf5/library hdf5/structure hdf5/native hdf5/older
	hdf5/report hdf5/source hdf5/type hdf5/filter hdf5/element hdf5/engine
	hdf5/dataset hdf5/scan hdf5/read hdf5/describe hdf5/save hdf5/reader hdf5
	mpi python python/mpi"
here=${srcdir:-.}
failed=0

command -v nm >/dev/null || { echo "skipped: nm is missing"; exit 77; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

complain() {
	echo "$*"
	failed=1
}

# "room D symbol" for each symbol that a room defines, "room U symbol" for each
# that it needs.
find lib -name '*.o' | while read -r object; do
	room=$(dirname "$object" | sed 's|^lib/||; s|/\.libs$||; s|^\.libs$||')
	# One that is left from before its source was moved.
	source=$(basename "$object" .o | sed 's/^[a-z_]*_la-//').c
	[ -f "$here/lib/$room/$source" ] || continue
	# open_call.c stands in for libc.
	nm -P "$object" | awk -v room="$room" '
		$1 ~ /^(__)?open(64)?(_2)?$/ { next }
		$2 == "U" { print room, "U", $1 }
		$2 ~ /^[TDBRC]$/ { print room, "D", $1 }'
done | sort -u >"$tmp/symbols"
[ -s "$tmp/symbols" ] || { echo "no objects in lib/"; exit 1; }

# "room used why", by symbols.
awk '
	NR == FNR { if ($2 == "D") home[$3] = $1; next }
	$2 == "U" && $3 in home && home[$3] != $1 { print $1, home[$3], $3 "()" }
' "$tmp/symbols" "$tmp/symbols" >"$tmp/uses"

# The same by includes.
(cd "$here/lib" && find . -name '*.[ch]') | sed 's|^\./||' |
while read -r file; do
	sed -n 's|^#include "\(.*\)/[^/]*\.h"$|\1|p' "$here/lib/$file" |
	while read -r used; do
		echo "$(dirname "$file") $used $file"
	done
done | awk '$1 != $2' >>"$tmp/uses"

echo "$rooms" | awk '
	NR == FNR { for (i = 1; i <= NF; i++) order[$i] = ++n; next }
	!($1 in order) { print $1 " is not in the list of rooms"; bad = 1; next }
	!($2 in order) { print $2 " is not in the list of rooms"; bad = 1; next }
	order[$2] > order[$1] {
		print $1 " uses " $2 ", which is below it: " $3
		bad = 1
	}
	END { exit bad }' - "$tmp/uses" || failed=1

for room in $rooms; do
	count=$(find "$here/lib/$room" -maxdepth 1 -name '*.c' 2>/dev/null |
		wc -l)
	[ "$count" -le 12 ] ||
		complain "lib/$room has $count source files, over a dozen"
done
twice=$(find "$here/lib" -name '*.[ch]' | sed 's|.*/||' | sort | uniq -d)
[ -z "$twice" ] || complain "names that two files have: $twice"
exit $failed
