#!/bin/sh
# SPDX-License-Identifier: MIT
# Load every file of a folder of hostile HDF5 files: each load ends, with a sound
# project or a sentence, and with nothing left behind.  Prints the counts.
if [ ! -d "${CUTE_SHM_BAD:-}" ]; then
	echo "skipped: CUTE_SHM_BAD names no folder"
	exit 77
fi
: "${CUTE_SHM_BIN:=bin}"
export CUTE_SHM_BIN
CUTE_SHM_ROOT=$(mktemp -d /dev/shm/hostile.XXXXXX) || exit 1
export CUTE_SHM_ROOT
log=$(mktemp)
trap 'rm -rf "$CUTE_SHM_ROOT" "$log"' EXIT
# Some stand for terabytes.
ulimit -f 4194304

# Prints how it ended, a tab, and the file or the fault.
# shellcheck disable=SC2016 # for the shell that runs it
one='
name=h$$
err=$(mktemp)
trap "rm -f $err" EXIT
fault() {
	printf "fault\t%s: %s\n" "$1" "$file"
	exit
}
file=$1
timeout 150 "$CUTE_SHM_BIN/cute-shm-hdf5" --no-progress --keep-going "$name" \
	"$file" >/dev/null 2>"$err"
status=$?
[ $status -le 3 ] || fault "status $status, $(tail -n 1 "$err")"
grep -v "^cute-shm-hdf5: " "$err" >/dev/null && fault "$(head -n 1 "$err")"
if [ -e "$CUTE_SHM_ROOT/cute-shm.$name" ]; then
	"$CUTE_SHM_BIN/cute-shm-verify" -q "$name" >/dev/null 2>&1 ||
		fault "not sound"
	rm "$CUTE_SHM_ROOT/cute-shm.$name"
	[ $status -eq 0 ] || [ $status -eq 2 ] || fault "status $status"
else
	[ $status -eq 1 ] || [ $status -eq 3 ] || fault "no project"
	[ -s "$err" ] || fault "no sentence"
fi
kind="status $status"
grep -q "libhdf5 crashed\|does not come to an end\|ended the process" "$err" &&
	kind="$kind, libhdf5 did not survive"
printf "%s\t%s\n" "$kind" "$file"
'

find "$CUTE_SHM_BAD" -type f | sort |
	xargs -P 2 -I{} sh -c "$one" hostile {} >"$log"
cut -f 1 "$log" | sort | uniq -c
left=$(find "$CUTE_SHM_ROOT" -mindepth 1 | wc -l)
echo "left behind: $left"
[ -s "$log" ] && [ "$left" -eq 0 ] && ! grep '^fault' "$log"
