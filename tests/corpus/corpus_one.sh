#!/bin/sh
# SPDX-License-Identifier: MIT
# Load one file, plainly and, if that refuses, with --keep-going; judge the
# segment by an independent reader.  Prints one line: class, tab, file, tab,
# why.  Used by corpus.sh.  What is loaded is exported and loaded again.
#
# whole|part: loaded, and equal;  unjudged: loaded, the judge cannot read the
# file;  refused: no segment, and nothing left;  differs, invalid, lost (by the
# export), crash: faults
file=$1
name=c$$
tools=$CUTE_SHM_TOOLS
root=${CUTE_SHM_ROOT:?}
segment=$root/cute-shm.$name
err=$(mktemp)
exported=$(mktemp)
trap 'rm -f "$err" "$segment" "$segment.b" "$exported"' EXIT

say() {
	printf '%s\t%s\t%s\n' "$1" "$(basename "$file")" "$2"
}

load() {
	timeout 120 "$CUTE_SHM_BIN/cute-shm-hdf5" --no-progress "$@" \
		"$name" "$file" >/dev/null 2>"$err"
}

load
case $? in
0)	class=whole ;;
1)	reason=$(head -n 1 "$err")
	load --keep-going
	case $? in
	0)	say crash "refused plainly, whole with --keep-going"; exit ;;
	1)	say refused "$reason"; exit ;;
	2)	class=part ;;
	3)	say refused "$(tail -n 1 "$err")"; exit ;;
	*)	say crash "$(tail -n 1 "$err")"; exit ;;
	esac ;;
3)	say refused "$(tail -n 1 "$err")"; exit ;;
*)	say crash "$(tail -n 1 "$err")"; exit ;;
esac
sed -n 's/.*skipped [^:]*: /skip: /p' "$err" | tr '\n' ';' >"$err.skips"
skips=$(cat "$err.skips"); rm -f "$err.skips"

if ! problem=$(/usr/bin/python3 "$tools/segment.py" validate -q "$segment"); then
	say invalid "$(echo "$problem" | head -n 3 | tr '\n' ' ')"
	exit
fi
digest() {
	"$CUTE_SHM_BIN/cute-shm-list" --json "$1" | grep metadata_digest
}
# Plainly, or with filters: either for about half of the files.
case $(($(stat -c %s "$file") % 2)) in
0)	filters= ;;
1)	filters="-z1 --shuffle --chunk 5K" ;;
esac
# shellcheck disable=SC2086 # a list of words
if ! timeout 120 "$CUTE_SHM_BIN/cute-shm-export" -q -o $filters "$name" \
		"$exported" 2>"$err" ||
   ! timeout 120 "$CUTE_SHM_BIN/cute-shm-hdf5" --no-progress "$name.b" \
		"$exported" >/dev/null 2>"$err" ||
   [ -s "$err" ] || [ "$(digest "$name")" != "$(digest "$name.b")" ]; then
	say lost "$(tail -n 1 "$err")"
	exit
fi
rm -f "$segment.b" "$exported"
# What libhdf5 and h5py read of the segment's view, for a third of the files: a
# second for each is too much for all.  The judge does not know which attributes
# a view omits.
if [ -f "$tools/check_view.py" ] && [ $(($(stat -c %s "$file") % 3)) -eq 0 ] &&
   [ "$(stat -c %s "$segment")" -lt 100000000 ]; then
	problem=$(timeout 300 /usr/bin/python3 "$tools/check_view.py" \
		"$segment" 2>&1 | sed 1d | grep -v \
		-e '@cute-shm:omitted: attribute missing' \
		-e 'attribute that should not be there')
	if [ -n "$problem" ]; then
		say differs "view: $(echo "$problem" | head -n 3 | tr '\n' ' ')"
		exit
	fi
fi
case $file in
*.nc)	if command -v ncdump >/dev/null &&
	   ! timeout 60 ncdump "$segment" >/dev/null 2>"$err"; then
		say differs "ncdump of the view: $(head -n 1 "$err")"
		exit
	fi ;;
esac
judge() {
	verdict=$(/usr/bin/python3 "$tools/check_hdf5.py" "$@" --max 3 \
		"$file" "$segment" 2>&1)
}
judge --h5py
result=$?
# h5py raises in the middle of what only a later libhdf5 reads.
case $verdict in *'version number for datatype'*)
	judge
	result=$? ;;
esac
case $result in
0)	say "$class" "$skips" ;;
3)	say unjudged "$(echo "$verdict" | tail -n 1)" ;;
*)	say differs "$(echo "$verdict" | head -n 3 | tr '\n' ' ')" ;;
esac
