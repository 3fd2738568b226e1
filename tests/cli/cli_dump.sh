#!/bin/sh
# cute-shm-dump: trees, values, slices, bytes.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_project demo demo || fail 'no project demo'
make_project empty empty || fail 'no project empty'
make_project hostile hostile || fail 'no project hostile'

say 'all of it'
t cute-shm-dump demo
t cute-shm-dump empty
t cute-shm-dump hostile
t cute-shm-dump -H demo table camera b/alias

say 'a part of it'
t cute-shm-dump demo 'camera[0, ::2]' 'camera[..., -1]' 'words[1]' 'lists[0]'
t cute-shm-dump demo /table/x 'table/x[::-1]'
t cute-shm-dump demo 'camera[10]' 'camera[0' 'table[0]' nothing 'words[x]'
t cute-shm-dump demo 'camera[:1, 99999999999999999999]' 'words[:99999999999999999999]'
t cute-shm-dump demo 'camera[::0]' 'camera[' 'camera[-9, 1]'
t cute-shm-dump --json demo table 'camera[0,1]' b/alias
cute-shm-dump --all demo >"$tmp/all" || fail '--all'

say bytes
cute-shm-dump --npy demo 'table/id[1:]' >"$tmp/id.npy" || fail --npy
[ "$(head -c 10 "$tmp/id.npy" | od -An -tx1 | tr -d ' ')" = \
	934e554d505901007600 ] || fail 'the header of .npy'
[ "$(tail -c 8 "$tmp/id.npy" | od -An -tu4 | tr -s ' ')" = ' 8 9' ] ||
	fail 'the data of .npy'
[ "$(stat -c %s "$tmp/id.npy")" -eq $((128 + 8)) ] || fail 'the size of .npy'
grep -aq "'descr': '<u4', 'fortran_order': False, 'shape': (2,), }" \
	"$tmp/id.npy" || fail 'the dict of .npy'
[ "$(cute-shm-dump --raw demo table/id | od -An -tu4 | tr -s ' ')" = \
	' 7 8 9' ] || fail --raw
t cute-shm-dump --npy --output "$tmp/file.npy" demo 'table/id[1:]'
cmp "$tmp/file.npy" "$tmp/id.npy" || fail '--output'
t cute-shm-dump --npy --output "$tmp/file.npy" demo table/id
t cute-shm-dump --npy --output "$tmp/file.npy" --overwrite demo lists
cmp "$tmp/file.npy" "$tmp/id.npy" || fail 'a file that was not to be replaced'
t cute-shm-dump --output "$tmp/file.npy" --overwrite demo words
t cat "$tmp/file.npy"
t cute-shm-dump --output "$tmp/none" demo words nothing
[ -e "$tmp/none" ] && fail 'a file of half of it'
t cute-shm-dump --output "$tmp/none/x" demo words
t cute-shm-dump --overwrite demo words
# Counts of coverage would not fit either.
if ! grep -qa __gcov_ bin/cute-shm-dump; then
	(ulimit -f 4; exec cute-shm-dump --hex --output "$tmp/none" demo) \
		2>"$tmp/err" && fail 'more than may be written'
	[ "$(cat "$tmp/err")" = \
		"cute-shm-dump: cannot write $tmp/none: File too large" ] ||
		fail "$(cat "$tmp/err")"
	[ -e "$tmp/none" ] && fail 'a file that did not fit'
fi
t cute-shm-dump --npy demo lists
t cute-shm-dump --npy demo b/null
t cute-shm-dump --raw demo 'lists[0]'
t cute-shm-dump --raw demo table
t cute-shm-dump --raw demo
t cute-shm-dump --raw --npy demo table/id

say 'for Python'
t cute-shm-dump --python demo camera
t cute-shm-dump --python demo '/camera[1:, ..., ::2]'
t cute-shm-dump --python demo table/id
t cute-shm-dump --python demo b/alias
t cute-shm-dump --python demo names
t cute-shm-dump --python demo words
t cute-shm-dump --python demo lists
t cute-shm-dump --python demo 'words[0]'
t cute-shm-dump --python demo 'camera[99]'
t cute-shm-dump --python demo b/null
t cute-shm-dump --python demo table
t cute-shm-dump --python demo
t cute-shm-dump --python --json demo camera
odd="$tmp/it's \\\\ caf$(printf '\303\251')"
mkdir "$odd"
cp "$root/cute-shm.demo" "$odd/x"
t cute-shm-dump --python "$odd/x" table/id
# map PATH: what NumPy sees there, as bytes.
map()
{
	line=$(cute-shm-dump --python "$@") || fail "--python $*"
	python3 -c "import numpy, sys
a = $line
a = a[1] if isinstance(a, tuple) else a
sys.stdout.buffer.write(a.tobytes())" || fail "Python: $line"
}
if python3 -c 'import numpy' 2>/dev/null; then
	for path in camera names table/id 'camera[1:, ..., ::2]'; do
		cute-shm-dump --raw demo "$path" >"$tmp/raw"
		map demo "$path" | cmp - "$tmp/raw" || fail "--python: $path"
	done
	[ "$(map demo words)" = helloworld ] || fail '--python: words'
	map "$odd/x" camera >/dev/null
fi

say 'the segment itself'
t cute-shm-dump --hex demo b/b1 b/alias
t cute-shm-dump --hex demo nothing
t cute-shm-dump --hex demo 'camera[0]'
t cute-shm-dump --hex --json demo
cute-shm-dump --hex demo >"$tmp/hex" || fail '--hex'
# All rows but those of data, which end within a row.
if command -v hexdump >/dev/null; then
	hexdump -Cv "$root/cute-shm.demo" >"$tmp/hexdump"
	sed -n 's/|  [a-z/].*$/|/; /^00000000/,/^data: /s/^0/0/p' "$tmp/hex" |
		grep -vxF -f "$tmp/hexdump" >"$tmp/strange" &&
		fail "not as in hexdump: $(head -1 "$tmp/strange")"
fi
[ "$(grep -c '^0' "$tmp/hex")" -gt 200 ] || fail 'too few rows of --hex'
make_project updated updated || fail 'no project updated'
cute-shm-dump --hex updated pose | grep -q '/pose: sequence 2' ||
	fail 'no live slot'

say 'arrays that live'
make_project torn torn || fail 'no project torn'
t cute-shm-dump updated
t cute-shm-dump updated 'pose[1]' 'pose[::-1, 1:]' 'pose[:, ::-2]' 'pose[1:1]'
t cute-shm-dump --json updated 'pose[1, 1:]'
[ "$(cute-shm-dump --raw updated 'pose[::-1, 1]' | od -An -tx8 | tr -s ' ')" = \
	' 0000000000000001 c004000000000000' ] || fail 'a part of what was updated'
t cute-shm-dump torn
t cute-shm-dump -H torn pose
t cute-shm-dump --json torn pose
t cute-shm-dump --raw torn pose
cute-shm-unlink updated torn >/dev/null

# Every element of one value is the same, whatever the writer does meanwhile.
update_project make busy 20000 || fail 'no project busy'
update_project on busy &
writer=$!
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	cute-shm-dump --raw busy a >"$tmp/busy" || fail "busy, dump $i"
	[ "$(od -An -v -w8 -tu8 "$tmp/busy" | sort -u | wc -l)" -eq 1 ] ||
		fail "busy, dump $i: a value of several updates"
done
kill $writer
wait $writer 2>/dev/null

# A large one that was never updated stays so until it has been shown.
update_project make large 1000000 || fail 'no project large'
mkfifo "$tmp/fifo"
cute-shm-dump --raw large a >"$tmp/fifo" &
exec 9<"$tmp/fifo"
[ "$(head -c 8 <&9 | od -An -tu8 | tr -d ' ')" = 0 ] || fail 'no first value'
update_project once large 2>"$tmp/err" && fail 'an update of what is shown'
grep -q 'still held' "$tmp/err" || fail "an update says $(cat "$tmp/err")"
[ "$(od -An -v -w8 -tu8 <&9 | sort -u | wc -l)" -eq 1 ] ||
	fail 'not all of it, or not of one value'
exec 9<&-
wait
update_project once large || fail 'no update afterwards'
cute-shm-unlink busy large >/dev/null

say files
cp "$root/cute-shm.demo" "$tmp/copy"
t cute-shm-dump -f "$tmp/copy" words
damage "$tmp/copy" 300
t cute-shm-dump -f "$tmp/copy"
t cute-shm-dump nobody
t cute-shm-dump -h
[ -c /dev/full ] && t sh -c 'cute-shm-dump demo >/dev/full'
if command -v jq >/dev/null; then
	cute-shm-dump --json demo | jq -e '.nodes | length > 10' >/dev/null ||
		fail '--json'
fi
finish
