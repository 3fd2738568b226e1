#!/bin/sh
# What a terminal gets: colours, widths, progress.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

case $tmp in
*[[:space:]]*)
	echo "skipped: the words that are typed here have no blank, as $tmp"
	exit 77 ;;
esac

command -v script >/dev/null || { echo 'skipped: no script(1)'; exit 77; }
script -qec true /dev/null </dev/null >/dev/null 2>&1 ||
	{ echo 'skipped: no pseudo-terminals here'; exit 77; }

make_project demo demo || fail 'no project demo'
make_project hostile hostile || fail 'no project hostile'
make_project wide wide || fail 'no project wide'

say colours
t on_terminal 100 cute-shm-list -s
t on_terminal 80 cute-shm-list hostile
t on_terminal 80 env NO_COLOR=1 cute-shm-list -s
t on_terminal 80 env TERM=dumb cute-shm-list -s

# No line may be wider than the terminal, whatever it shows.
for columns in 30 50 64 80 132; do
	on_terminal $columns env NO_COLOR=1 LC_ALL=C cute-shm-list wide \
		>"$tmp/out"
	[ -s "$tmp/out" ] || fail "$columns columns: nothing"
	awk -v n="$columns" 'length > n' "$tmp/out" | grep . &&
		fail "$columns columns: wider"
done

say progress
for columns in 30 80; do
	on_terminal $columns env LC_ALL=C show_progress |
		sed 's/\^\[\[K/\n/g' >"$tmp/out"
	awk -v n="$columns" 'length > n' "$tmp/out" | grep . &&
		fail "progress, $columns columns: wider"
	grep -q '%' "$tmp/out" || fail "progress, $columns columns: none"
	grep -q '100%' "$tmp/out" && fail '100% before the end'
	grep -q '\^\[\[2J' "$tmp/out" && fail 'a path drives the terminal'
	grep -q 'scanning: ' "$tmp/out" || fail 'no count of objects'
done

[ -x "$builddir/bin/cute-shm-hdf5" ] || { finish; exit; }
make_files "$tmp" || fail 'no files'

# A load within a moment shows nothing of it.
on_terminal 80 cute-shm-hdf5 quick "$tmp/demo.h5" >"$tmp/out"
[ "$(wc -l <"$tmp/out")" -eq 1 ] || fail "quick: $(cat "$tmp/out")"
grep -q '%' "$tmp/out" && fail 'quick: shows progress'
finish
