#!/bin/sh
# Names that show nothing, and lines that break between words.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# What shows nothing is shown as an escape, in tables and in JSON.
make_project demo "$(printf 'zero\342\200\213width')" || fail 'no project'
make_project demo "$(printf 'word\342\201\240joiner')" || fail 'no project'
make_project demo "$(printf 'soft\302\255hyphen')" || fail 'no project'
make_project demo "$(printf 'joined\342\200\215')" || fail 'no project'
for shown in 'zero\u200bwidth' 'word\u2060joiner' 'soft\u00adhyphen' \
	'joined\u200d'; do
	cute-shm-list | grep -qF "$shown" || fail "list: no $shown"
	cute-shm-list -s | grep -qF "$shown" || fail "list -s: no $shown"
	cute-shm-list --json | grep -qF "$shown" || fail "--json: no $shown"
done
cute-shm-unlink "$(printf 'word\342\201\240joiner')" | grep -qF '\u2060' ||
	fail unlink

# The doctor's words are whole, in lines that fit.
for columns in 40 50 80 120; do
	COLUMNS=$columns cute-shm-doctor >"$tmp/narrow"
	cute-shm-doctor >"$tmp/wide"
	awk -v max=$columns 'length > max && NF > 1 &&
		!/^ *(-> )?[^ ]+$/ { print; bad = 1 } END { exit bad }' \
		"$tmp/narrow" >"$tmp/out" ||
		fail "doctor at $columns: $(cat "$tmp/out")"
	tr -s ' \n' '\n' <"$tmp/narrow" | grep -v '[0-9]' >"$tmp/words"
	tr -s ' \n' '\n' <"$tmp/wide" | grep -v '[0-9]' |
		cmp -s - "$tmp/words" || fail "doctor at $columns: other words"
done

# Notes stand in one column: beside the rows, or where these leave no room, below
# them.
make_project demo demo || fail 'no project demo'
cute-shm-dump --hex demo >"$tmp/hex"
COLUMNS=80 cute-shm-dump --hex demo >"$tmp/narrow"
awk 'length > 80 && NF > 1' "$tmp/narrow" >"$tmp/out"
[ ! -s "$tmp/out" ] || fail "hex at 80: $(cat "$tmp/out")"
grep '^0' "$tmp/narrow" >"$tmp/rows"
sed -n 's/^\(0.\{77\}\).*/\1/p' "$tmp/hex" | cmp -s - "$tmp/rows" ||
	fail 'hex at 80: other rows'
grep -c '^ \{10\}[^ ]' "$tmp/narrow" >"$tmp/out"
[ "$(cat "$tmp/out")" -gt 100 ] || fail 'hex at 80: no notes'
grep '^ ' "$tmp/narrow" | grep -v '^ \{10\}[^ ]' >"$tmp/out" &&
	fail "hex at 80: $(head -1 "$tmp/out")"
COLUMNS=130 cute-shm-dump --hex demo >"$tmp/wide"
awk 'length > 130' "$tmp/wide" >"$tmp/out"
grep '^ ' "$tmp/wide" | grep -v '^ \{80\}[^ ]' >>"$tmp/out"
[ ! -s "$tmp/out" ] || fail "hex at 130: $(head -1 "$tmp/out")"
exit 0
