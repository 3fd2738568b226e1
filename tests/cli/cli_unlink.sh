#!/bin/sh
# cute-shm-unlink: what goes, what stays, what it says.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

for project in one two three four; do
	make_project demo $project || fail "no project $project"
done
make_project empty empty || fail 'no project empty'

t cute-shm-unlink one
t cute-shm-unlink one
t cute-shm-unlink two nobody three
t cute-shm-unlink ''
t cute-shm-unlink a/b
t cute-shm-unlink ../cute-shm.four
t cute-shm-unlink --root "$tmp" four
t cute-shm-unlink -v four empty
only ''

say 'in use'
own live
t cute-shm-unlink --when-idle live
make_project empty kept || fail 'no project kept'
t cute-shm-unlink --when-idle live kept
t cute-shm-unlink live
let_go
only ''

say orphans
make_project empty kept || fail 'no project kept'
make_project orphan lost
t cute-shm-unlink --orphans
make_project orphan lost
t cute-shm-unlink lost
make_project orphan lost
t cute-shm-unlink kept
only ''
t cute-shm-unlink --orphans
t cute-shm-unlink --orphans kept

say patterns
for project in run-1 run-2 other 'r*'; do
	make_project empty "$project" || fail "no project $project"
done
echo 'not ours at all' >"$root/cute-shm.run-3"
t cute-shm-unlink 'r*'
t cute-shm-unlink 'r*' 'x*'
t cute-shm-unlink
t cute-shm-unlink --all other
t cute-shm-unlink --all --orphans
t cute-shm-unlink --all
only cute-shm.run-3
t cute-shm-unlink run-3

say 'foreign and damaged'
echo 'not ours at all' >"$root/cute-shm.foreign"
make_project demo damaged || fail 'no project damaged'
damage "$root/cute-shm.damaged" 300
mkdir "$root/cute-shm.folder"
t cute-shm-unlink foreign damaged
t cute-shm-unlink folder
only cute-shm.folder
rmdir "$root/cute-shm.folder"

if [ "$(id -u)" -ne 0 ]; then
	make_project demo kept || fail 'no project kept'
	chmod 500 "$root"
	cute-shm-unlink kept >/dev/null 2>&1 &&
		fail 'removed without permission'
	chmod 700 "$root"
	cute-shm-unlink kept >/dev/null || fail 'not removed'
fi
only ''
finish
