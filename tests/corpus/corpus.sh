#!/bin/sh
# SPDX-License-Identifier: MIT
# Load every file of a folder of real HDF5 files, and compare each segment with
# its file by independent tools.  Prints the counts; any difference fails.
if [ ! -d "${CUTE_SHM_CORPUS:-}" ] || [ ! -d "${CUTE_SHM_TOOLS:-}" ]; then
	echo "skipped: CUTE_SHM_CORPUS and CUTE_SHM_TOOLS name no folders"
	exit 77
fi
here=$(dirname "$0")
: "${CUTE_SHM_BIN:=bin}"
export CUTE_SHM_BIN CUTE_SHM_TOOLS
CUTE_SHM_ROOT=$(mktemp -d /dev/shm/corpus.XXXXXX) || exit 1
export CUTE_SHM_ROOT
log=${1:-$(mktemp)}
trap 'rm -rf "$CUTE_SHM_ROOT"' EXIT

# Some small files stand for 16 GiB of fill values: not on every machine, and
# the judge takes 2 GiB at most.  The unit is 512 bytes.
ulimit -f 10485760

find "$CUTE_SHM_CORPUS" -type f ! -name '*.tsv' | sort |
	xargs -P 2 -I{} sh "$here/corpus_one.sh" {} >"$log"

echo "files:"
cut -f 1 "$log" | sort | uniq -c
echo "objects that have no form in a segment:"
cut -f 3 "$log" | tr ';' '\n' | sed -n 's/^skip: //p' | sort | uniq -c |
	sort -rn
left=$(find "$CUTE_SHM_ROOT" -mindepth 1 | wc -l)
echo "left behind: $left"
if grep -E '^(differs|invalid|lost|crash)' "$log" | cut -c 1-400 | grep . || [ "$left" -gt 0 ]; then
	exit 1
fi
