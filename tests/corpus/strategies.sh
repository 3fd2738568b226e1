#!/bin/sh
# Every file of $CUTE_SHM_CORPUS gives the same content through the fast
# strategies, with one thread and with five, as through H5Dread alone.  What
# only the fast ones can read (a filter that libhdf5 lacks) is counted.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

[ -n "${CUTE_SHM_CORPUS:-}" ] || {
	echo 'CUTE_SHM_CORPUS is not set'
	exit 77
}

# Arrays of 16 GiB of fill values are refused alike, and at once.
ulimit -f 4194304

# load FILE NAME [VAR=VALUE] OPTION...: exit status and digest, as one word
load()
{
	file=$1 as=$2
	shift 2
	status=0
	env "$@" --keep-going --no-progress "$as" "$file" >/dev/null 2>&1 ||
		status=$?
	digest=none
	if [ -e "$root/cute-shm.$as" ]; then
		digest=$(od -An -tx8 -j496 -N8 "$root/cute-shm.$as" | tr -d ' ')
		rm -f "$root/cute-shm.$as"
	fi
	echo "$status:$digest"
}

# compare FILE NUMBER: one line, "same", "more", "none" or "failed" first.
compare()
{
	generic=$(load "$1" "a$2" CUTE_SHM_HDF5_STRATEGY=generic cute-shm-hdf5)
	one=$(load "$1" "b$2" cute-shm-hdf5 -j1)
	five=$(load "$1" "c$2" cute-shm-hdf5 -j5)
	if [ "$one" != "$five" ]; then
		echo "failed $1: -j1 $one, -j5 $five"
	elif [ "$one" = "$generic" ]; then
		case $one in
		*:none) echo "none $1" ;;
		*) echo "same $1" ;;
		esac
	elif [ "${generic%%:*}" = 2 ] && [ "${one%%:*}" != 1 ]; then
		echo "more $1"
	else
		echo "failed $1: generic $generic, fast $one"
	fi
}

# part NUMBER: every second file.
part()
{
	n=$1
	for file in "$CUTE_SHM_CORPUS"/*; do
		n=$((n + 1))
		[ $((n % 2)) -eq 0 ] && compare "$file" "$1"
	done >"$tmp/part$1"
}

count()
{
	cat "$tmp/part0" "$tmp/part1" | grep -c "^$1 "
}

part 0 &
part 1
wait
grep -h '^failed\|^more' "$tmp/part0" "$tmp/part1"
echo "$(count same) the same, $(count more) more than H5Dread can read," \
	"$(count failed) different, $(count none) not loaded"
[ "$(count failed)" -eq 0 ] && [ "$(count same)" -gt 0 ]
