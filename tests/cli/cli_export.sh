#!/bin/sh
# cute-shm-export --segment, and cute-shm-load: there and back again.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_project demo demo || fail 'no project demo'

say 'save and restore'
t cute-shm-export --segment demo "$tmp/demo.seg"
cmp "$tmp/demo.seg" "$root/cute-shm.demo" || fail 'not the same bytes'
# Who may read the project may read the file; more than that nobody wanted.
[ "$(stat -c %a "$tmp/demo.seg")" = 600 ] || fail 'mode of the file'
t cute-shm-export --segment demo "$tmp/demo.seg"
t cute-shm-export -q -o --segment demo "$tmp/demo.seg"
t cute-shm-load back "$tmp/demo.seg"
cmp "$tmp/demo.seg" "$root/cute-shm.back" || fail 'not the same bytes'
t cute-shm-load back "$tmp/demo.seg"
t cute-shm-load -o --json back "$tmp/demo.seg"
t cute-shm-load -o --mode 0644 back "$tmp/demo.seg"
[ "$(stat -c %a "$root/cute-shm.back")" = 644 ] || fail 'mode of the segment'
t sh -c "cute-shm-load piped - <'$tmp/demo.seg'"
t sh -c "cat '$tmp/demo.seg' | cute-shm-load -o piped -"
t cute-shm-verify -q piped
t cute-shm-export -f --segment "$tmp/demo.seg" "$tmp/again.seg"
cmp "$tmp/demo.seg" "$tmp/again.seg" || fail 'not the same bytes'

say 'streams'
t sh -c "cute-shm-export --segment demo - >'$tmp/stream.seg'"
cmp "$tmp/demo.seg" "$tmp/stream.seg" || fail 'not the same bytes'
t sh -c 'cute-shm-export -v --segment demo - | cute-shm-load -o piped -'
t cute-shm-verify -q piped
[ -c /dev/full ] && t sh -c 'cute-shm-export --segment demo - >/dev/full'
t sh -c 'cute-shm-export --segment demo - >&-'
rm "$tmp/stream.seg"

say 'with a command'
# shellcheck disable=SC2016 # for the command's shell
t cute-shm-load short "$tmp/demo.seg" -- sh -c \
	'echo "$CUTE_SHM_PROJECT"; cute-shm-verify $CUTE_SHM_PROJECT; exit 5'
only cute-shm.back cute-shm.demo cute-shm.piped

say 'ephemeral, updated, torn'
own own
t cute-shm-export --segment own "$tmp/own.seg"
let_go
t cute-shm-load -o back "$tmp/own.seg"
cute-shm-list --json back | grep -q '"ephemeral": false' ||
	fail 'a copy of an ephemeral project is ephemeral'
make_project updated updated || fail 'no project updated'
make_project torn torn || fail 'no project torn'
t cute-shm-export --segment updated "$tmp/updated.seg"
t cute-shm-load -o back "$tmp/updated.seg"
t cute-shm-verify back
t cute-shm-export --segment torn "$tmp/torn.seg"
t cute-shm-load new "$root/cute-shm.torn"

say 'damaged and cut'
head -c 5000 "$tmp/demo.seg" >"$tmp/cut"
cp "$tmp/demo.seg" "$tmp/header"
damage "$tmp/header" 300
cp "$tmp/demo.seg" "$tmp/records"
damage "$tmp/records" 1800
cp "$tmp/demo.seg" "$tmp/data"
damage "$tmp/data" 13835
{ cat "$tmp/demo.seg"; echo; } >"$tmp/more"
: >"$tmp/empty"
echo 'not ours at all' >"$tmp/foreign"
for file in cut header records data more empty foreign; do
	t cute-shm-load new "$tmp/$file"
	t sh -c "cat '$tmp/$file' | cute-shm-load new -"
done
t cute-shm-load new "$tmp/nowhere"
t cute-shm-load new "$tmp"
t cute-shm-load a/b "$tmp/demo.seg"
t cute-shm-load new
only cute-shm.back cute-shm.demo cute-shm.piped cute-shm.torn cute-shm.updated

say 'nowhere to write'
t cute-shm-export --segment nobody "$tmp/x"
t cute-shm-export --segment demo "$tmp/nowhere/x"
t cute-shm-export --segment demo /dev/null
t cute-shm-export -o --segment demo "$tmp"
t cute-shm-export --segment -z 4 demo "$tmp/x"
t cute-shm-export --chunk 5T demo "$tmp/x"
t cute-shm-export -z 10 demo "$tmp/x"
t cute-shm-export demo -
t sh -c "cute-shm-export --json --segment demo - | cat"
t cute-shm-export demo ''
t cute-shm-export demo
[ -c /dev/full ] &&
	t sh -c "cute-shm-export -o --segment demo '$tmp/demo.seg' >/dev/full"
[ ! -e "$tmp/x" ] || fail 'a file was left'
[ -z "$(find "$tmp" -name '.*.????????????????')" ] || fail 'left behind'

t cute-shm-load -h
t cute-shm-export -h
finish
