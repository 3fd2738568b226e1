#!/bin/sh
# cute-shm-list: every view of every kind of project.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

say 'no projects'
t cute-shm-list
t cute-shm-list -s
t cute-shm-list --json
t cute-shm-list --root "$tmp/nowhere"

make_project demo demo || fail 'no project demo'
make_project empty empty || fail 'no project empty'

say views
t cute-shm-list
t cute-shm-list -s
t cute-shm-list -short --bytes
t cute-shm-list --bytes empty demo
t cute-shm-list --json
t cute-shm-list -s --json

say 'by name'
t cute-shm-list empty
t cute-shm-list empty nobody
t cute-shm-list nobody nothing
t cute-shm-list ''
t env -u CUTE_SHM_ROOT cute-shm-list -s --root="$root" empty

say 'narrow, by COLUMNS'
t env COLUMNS=60 cute-shm-list demo
t env COLUMNS=60 LC_ALL=C cute-shm-list demo
t env COLUMNS=nonsense cute-shm-list -s
COLUMNS=30 cute-shm-list -o project >"$tmp/narrow"
[ "$(tail -n +5 "$tmp/narrow" | wc -l)" -gt 1 ] || fail 'no line of the total breaks'
grep '.\{31\}' "$tmp/narrow" && fail 'a line of the total is too wide'
make_project wide wide || fail 'no project wide'
t env COLUMNS=76 cute-shm-list wide
t cute-shm-list wide
cute-shm-unlink wide >/dev/null

say 'hostile names'
make_project hostile hostile || fail 'no project hostile'
t cute-shm-list hostile
t cute-shm-list --json hostile
cute-shm-unlink hostile >/dev/null

say 'ephemeral, and its end'
own live
t cute-shm-list live
t cute-shm-list -s
t cute-shm-list -s --json live
let_go
t cute-shm-list live
make_project orphan lost
t cute-shm-list lost
t cute-shm-list lost

say 'a part of it'
t cute-shm-list --tree demo
t env LC_ALL=C COLUMNS=80 cute-shm-list --tree --bytes demo
t cute-shm-list --tree empty
t cute-shm-list --tree --path 'b/*' --path '/table/x' demo
t cute-shm-list --path '*x' 'd*' empty
t cute-shm-list --json --path b/b1 demo
t cute-shm-list --path nothing demo
t cute-shm-list 'd*' 'n*'

say 'columns and order'
make_project updated updated || fail 'no project updated'
make_project torn torn || fail 'no project torn'
t cute-shm-list -s
t cute-shm-list -o project,arrays,state,source --sort arrays
t cute-shm-list --columns=digest,mode,data,segment,creator demo
t cute-shm-list -s --sort size
t cute-shm-list --json -s torn
t cute-shm-list --json --path pose torn
t cute-shm-list --json --path pose updated
update_project make sealed 10 || fail 'no project sealed'
update_project seal sealed || fail 'not sealed'
t cute-shm-list --json --path a sealed
cute-shm-unlink sealed >/dev/null
[ "$(cute-shm-list -o project --sort age | sed -n 2p)" = torn ] ||
	fail '--sort age'
t cute-shm-list -o project,colour
t cute-shm-list --sort colour
t cute-shm-list -s --tree
cute-shm-unlink updated torn >/dev/null

say 'an empty root is no root: the default'
t cute-shm-list -o project --root ''

say 'foreign and damaged'
echo 'not ours at all' >"$root/cute-shm.foreign"
: >"$root/cute-shm.nothing"
mkdir "$root/cute-shm.folder"
cp "$root/cute-shm.demo" "$root/cute-shm.header"
damage "$root/cute-shm.header" 300
cp "$root/cute-shm.demo" "$root/cute-shm.records"
damage "$root/cute-shm.records" 1800
cp "$root/cute-shm.demo" "$root/cute-shm.short"
truncate -s 3000 "$root/cute-shm.short"
echo 'no prefix' >"$root/other"
t cute-shm-list -s
t cute-shm-list foreign header short
t cute-shm-list -s --json foreign
cute-shm-list >/dev/null 2>&1 || fail 'a damaged segment is fatal'

if command -v jq >/dev/null; then
	cute-shm-list --json | jq -e '.projects | length == 8' >/dev/null ||
		fail '--json: jq disagrees'
fi
finish
