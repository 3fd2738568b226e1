#!/bin/sh
# cute-shm-unlink: what goes, what stays, what it says.
# shellcheck source=tests/lib.sh
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
	say 'no permission'
	make_project demo kept || fail 'no project kept'
	chmod 500 "$root"
	cute-shm-unlink kept >/dev/null 2>&1 &&
		fail 'removed without permission'
	chmod 700 "$root"
	cute-shm-unlink kept >/dev/null || fail 'not removed'
fi
only ''
finish
