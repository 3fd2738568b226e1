#!/bin/sh
# SPDX-License-Identifier: MIT
# Compare the native index of every file of a folder of real HDF5 files with
# what libhdf5 says of it.  Prints what the index has no opinion of, and its
# share of datasets and attributes; any difference fails.
if [ ! -d "${CUTE_SHM_CORPUS:-}" ]; then
	echo "skipped: CUTE_SHM_CORPUS names no folder"
	exit 77
fi
log=$(mktemp) || exit 99
trap 'rm -f "$log"' EXIT

find "$CUTE_SHM_CORPUS" -type f ! -name '*.tsv' ! -name '*.gz' | sort |
	xargs -d '\n' "${CUTE_SHM_NATIVE:-tests/corpus/native}" >"$log" 2>&1
status=$?
grep 'DIFFERS\|crash, status' "$log" | cut -c 1-400
echo "no opinion:"
sed -n 's/.*: no opinion: //p' "$log" | sort | uniq -c | sort -rn
tail -5 "$log"
exit $status
