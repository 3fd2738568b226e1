#!/bin/sh
# cute-shm-evaluate: its figures are the machine's, so look at their form.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_files "$tmp" || fail 'no files'
cp "$tmp/demo.h5" "$tmp/other.h5"
cute-shm-evaluate "$tmp/demo.h5" p -n 1,3 >"$tmp/out" 2>"$tmp/err" ||
	fail "$(cat "$tmp/err")"
[ -s "$tmp/err" ] && fail "said: $(cat "$tmp/err")"
[ "$(grep -cE '^(shared|copies) +[13] ' "$tmp/out")" -eq 4 ] ||
	fail "not four rows: $(cat "$tmp/out")"
only ''

# A project that is there is used, and stays.
cute-shm-hdf5 p "$tmp/demo.h5" >/dev/null || fail 'no project'
cute-shm-evaluate -i 10 -n 2 "$tmp/demo.h5" p >/dev/null || fail 'with one'
only cute-shm.p
t cute-shm-evaluate -n 2 "$tmp/other.h5" p
only cute-shm.p

if command -v jq >/dev/null; then
	cute-shm-evaluate --json -i 10 -n 2 "$tmp/demo.h5" p |
		jq -e '.results | length == 2 and .[0].processes == 2 and
		       all(.pss > 0 and .memory > 0)' >/dev/null ||
		fail '--json'
	# 128 MiB: the segment is there once, a copy in each reader.
	cute-shm-evaluate --json -i 10 -n 2 "$tmp/slow.h5" q >"$tmp/out"
	jq -e '.copy_size == 134217728 and
	       .results[0].private < .copy_size and
	       (.results[1] | .private == null or .private >= 268435456)' \
		"$tmp/out" >/dev/null || fail "copies: $(cat "$tmp/out")"
fi
# A picture: a point of each row in each of two panels, two in the legend.
mkdir "$tmp/plots"
cp "$tmp/demo.h5" "$tmp/a&b <c>.h5"
cute-shm-evaluate -i 10 -n 2,1 --plot "$tmp/plots/p.svg" "$tmp/a&b <c>.h5" q \
	>"$tmp/out" 2>&1 || fail "$(cat "$tmp/out")"
[ "$(grep -o '<circle' "$tmp/plots/p.svg" | wc -l)" -eq 10 ] ||
	fail "$(cat "$tmp/plots/p.svg")"
grep -q '<title>.*/a&amp;b &lt;c&gt;.h5: ' "$tmp/plots/p.svg" ||
	fail 'no title'
python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' \
	"$tmp/plots/p.svg" || [ $? -eq 127 ] || fail 'no XML'
sum=$(cksum "$tmp/plots/p.svg")
t cute-shm-evaluate -n 1 --plot "$tmp/plots/p.svg" "$tmp/demo.h5" p
[ "$sum" = "$(cksum "$tmp/plots/p.svg")" ] || fail 'it was touched'
cute-shm-evaluate -i 1 -n 1 --plot "$tmp/plots/p.svg" --overwrite \
	"$tmp/demo.h5" p >/dev/null || fail 'no new picture'
[ "$(ls -A "$tmp/plots")" = p.svg ] || fail "left: $(ls -A "$tmp/plots")"
t cute-shm-evaluate -n 1 --plot "$tmp/nowhere/p.svg" "$tmp/demo.h5" p
t cute-shm-evaluate -n 1 --overwrite "$tmp/demo.h5" p
# What cannot be read is on neither side.
t sh -c "cute-shm-evaluate -i 1 -n 1 '$tmp/damaged.h5' q >/dev/null"
t cute-shm-evaluate "$tmp/nowhere" q
t cute-shm-evaluate "$tmp/demo.h5" a/b
t cute-shm-evaluate -n 1,,2 "$tmp/demo.h5" q
t cute-shm-evaluate -n 0 "$tmp/demo.h5" q
t cute-shm-evaluate -i x "$tmp/demo.h5" q
t cute-shm-evaluate "$tmp/demo.h5"
t cute-shm-evaluate -h
[ -c /dev/full ] &&
	t sh -c "cute-shm-evaluate -i 1 -n 1 '$tmp/demo.h5' p >/dev/full"
# The file is no longer the project's.
touch "$tmp/demo.h5"
t cute-shm-evaluate -i 1 -n 1 "$tmp/demo.h5" p
only cute-shm.p
finish
