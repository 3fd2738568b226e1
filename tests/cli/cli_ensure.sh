#!/bin/sh
# SPDX-License-Identifier: MIT
# Several loads of one project: be current, wait, take over.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_files "$tmp" || fail 'no files'
cd "$tmp" || exit 99
touch -d '2020-01-01 12:00' demo.h5

# A load of this project is on its page.
is_loading()
{
	cute-shm-list --json "$1" | grep -q '"state": "loading"'
}

t cute-shm-hdf5 --ensure demo demo.h5
t cute-shm-hdf5 --ensure demo demo.h5
t cute-shm-hdf5 --ensure --json demo demo.h5
t cute-shm-hdf5 --ensure demo ./demo.h5
say "the file has changed, or the choice"
touch -d '2020-01-01 12:01' demo.h5
t cute-shm-hdf5 --ensure demo demo.h5
t cute-shm-hdf5 --ensure --exclude nothing demo demo.h5
t cute-shm-hdf5 --ensure --exclude nothing demo demo.h5

say "a saved segment"
cute-shm-export --segment demo demo.seg >/dev/null
cute-shm-unlink demo >/dev/null
t cute-shm-load --ensure demo demo.seg
t cute-shm-load --ensure demo demo.seg
cute-shm-hdf5 -o demo demo.h5 >/dev/null
t cute-shm-load --ensure demo demo.seg
cute-shm-export --segment demo - | cmp - demo.seg || fail 'not the same'
t cute-shm-load --ensure demo -
t cute-shm-load --timeout 1s demo demo.seg

say "another process loads it"
mkfifo pipe
cute-shm-load slow - <pipe &
loader=$!
exec 9>pipe
eventually is_loading slow || fail 'no load'
t cute-shm-list slow
t cute-shm-list -o project,arrays,state slow
t cute-shm-load slow demo.seg
t cute-shm-hdf5 slow demo.h5
t cute-shm-hdf5 --wait --timeout 0.2s slow demo.h5
t cute-shm-hdf5 --ensure --timeout 0.2s slow demo.h5

say "it is killed while one waits"
cute-shm-hdf5 --ensure slow demo.h5 >out 2>&1 &
waiter=$!
kill -9 $loader
wait $loader 2>/dev/null
wait $waiter
status=$?
t cat out
say "status $status"
exec 9>&-

say "it left a page"
cute-shm-load -o slow - <pipe &
loader=$!
exec 9>pipe
eventually is_loading slow || fail 'no load'
kill -9 $loader
wait $loader 2>/dev/null
exec 9>&-
t cute-shm-unlink --orphans
only cute-shm.demo cute-shm.slow

say "jobs that share a project, which ends with the last"
cute-shm-hdf5 --ensure shared demo.h5 -- sh -c 'cute-shm-list -o project,state shared; read -r line' <pipe >out &
first=$!
exec 9>pipe
eventually test -s out || fail 'no command'
t cute-shm-hdf5 --ensure shared demo.h5 -- sh -c 'exit 3'
only cute-shm.demo cute-shm.shared cute-shm.slow
exec 9>&-
wait $first
only cute-shm.demo cute-shm.slow

# In a container, where processes have other numbers.
if unshare --user --map-root-user --pid --fork true 2>/dev/null; then
	unshare --user --map-root-user --pid --fork \
		cute-shm-load inside - <pipe 2>/dev/null &
	loader=$!
	exec 9>pipe
	eventually is_loading inside || fail 'no load in the container'
	cute-shm-load inside demo.seg 2>/dev/null
	[ $? -eq 5 ] || fail 'a load in a container was not seen'
	exec 9>&-
	wait $loader
	cute-shm-load inside demo.seg >/dev/null || fail 'it is still seen'
	only cute-shm.demo cute-shm.inside cute-shm.slow
fi
finish
