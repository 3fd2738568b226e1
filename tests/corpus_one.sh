#!/bin/sh
# SPDX-License-Identifier: MIT
# Load one file, plainly and, if that refuses, with --keep-going; judge the
# segment by an independent reader.  Prints one line: class, tab, file, tab,
# why.  Used by corpus.sh.
#
# whole|part: loaded, and equal;  unjudged: loaded, the judge cannot read the
# file;  refused: no segment, and nothing left;  differs, invalid, crash: faults
file=$1
name=c$$
tools=$CUTE_SHM_TOOLS
root=${CUTE_SHM_ROOT:?}
segment=$root/cute-shm.$name
err=$(mktemp)
trap 'rm -f "$err" "$segment"' EXIT

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
verdict=$(/usr/bin/python3 "$tools/check_hdf5.py" --h5py --max 3 \
	"$file" "$segment" 2>&1)
case $? in
0)	say "$class" "$skips" ;;
3)	say unjudged "$(echo "$verdict" | tail -n 1)" ;;
*)	say differs "$(echo "$verdict" | head -n 3 | tr '\n' ' ')" ;;
esac
