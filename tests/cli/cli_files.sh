#!/bin/sh
# SPDX-License-Identifier: MIT
# Several files in one project: each is a group.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_files "$tmp" || fail 'no files'
cd "$tmp" || exit 99
mkdir -p day/1 day/2
cp demo.h5 day/1/run_10.h5
cp demo.h5 day/1/run_9.hdf5
cp demo.h5 day/2/run_1.h5
cp demo.h5 @at.h5
echo text >day/2/notes.txt
touch -d '2020-01-01 12:00' demo.h5 @at.h5 day/1/* day/2/*

# The groups, and the files that they are from.
groups()
{
	cute-shm-dump "$1" | grep '^/[^/]*/$\|cute-shm:source ='
}

# All nodes; the attributes of groups depend on the folder's name.
nodes()
{
	cute-shm-list "$1" | sed '1d; s/ *cute-shm:source=.*//'
}

# Not whether libhdf5 has read an array.
report()
{
	cute-shm-hdf5 --json "$@" |
		sed '/"libhdf5":/d; s/\("size": 96\),$/\1/'
}

say "a list of files, a folder, names"
t cute-shm-hdf5 p day/1/run_10.h5 demo.h5
t nodes p
t cute-shm-hdf5 -o p day
t groups p
t cute-shm-hdf5 -o --as x=demo.h5 --as a/b=day/2/run_1.h5 p day/1
t groups p
t cute-shm-hdf5 -o --as x=demo.h5 p
t groups p
t cute-shm-verify p

say "names in a file, or from a program"
printf 'day/2\n\ndemo.h5\n' >names
t cute-shm-hdf5 -o p @names
t groups p
printf './@at.h5\n' | cute-shm-hdf5 -o p @- >out || fail 'no standard input'
t cat out
t groups p

say "all options are for all files"
t cute-shm-hdf5 -o --select 'run_*/b/b1[0:2]' --exclude 'run_9' p day
t nodes p
t groups p
t cute-shm-hdf5 -o --select demo p day
t cute-shm-hdf5 --dry-run --select '*/a' new day/1
t report --dry-run --select '*/a' new day/1 --as x=demo.h5
# shellcheck disable=SC2016
t cute-shm-hdf5 new day -- sh -c 'echo "$CUTE_SHM_PROJECT"'
t cute-shm-hdf5 --as x=demo.h5 new -- echo ran

say "current, or not"
t cute-shm-hdf5 --ensure e day
t cute-shm-hdf5 --ensure e day
touch -d '2020-01-01 12:01' day/1/run_9.hdf5
t cute-shm-hdf5 --ensure e day
cp demo.h5 day/new.h5
t cute-shm-hdf5 --ensure e day
rm day/1/run_10.h5
t cute-shm-hdf5 --ensure e day
t cute-shm-hdf5 --ensure e day

say "reuse what has not changed"
mkdir more
cp demo.h5 more/a.h5
cp demo.h5 more/b.h5
cute-shm-hdf5 --ensure r more >/dev/null || fail 'no load'
cp demo.h5 more/c.h5
t cute-shm-hdf5 --ensure --reuse r more
t cute-shm-hdf5 --ensure --reuse r more
touch more/a.h5
cute-shm-hdf5 --ensure --reuse --json r more >json || fail 'no load'
t grep -v '"seconds"\|segment_size' json
cute-shm-hdf5 whole more >/dev/null || fail 'no load'
t cute-shm-diff r whole
cute-shm-unlink whole >/dev/null
cute-shm-unlink r >/dev/null
t cute-shm-hdf5 --reuse r more
t cute-shm-hdf5 --ensure --reuse one more/a.h5
touch more/a.h5
t cute-shm-hdf5 --ensure --reuse one more/a.h5
cute-shm-unlink one >/dev/null

say "each group against its file"
mkdir again
cp demo.h5 again/a.h5
cp demo.h5 again/b.h5
cute-shm-hdf5 v again >/dev/null || fail 'no load'
touch again/a.h5
t cute-shm-verify --source v
cute-shm-hdf5 --exclude a new demo.h5 >/dev/null || fail 'no load'
cute-shm-export -o new again/b.h5 >/dev/null || fail 'no export'
cute-shm-unlink new >/dev/null
t cute-shm-verify --source v
t cute-shm-hdf5 -o --select '*/b/b1[1:]' v again
t cute-shm-verify --source v
rm again/b.h5
t cute-shm-verify --source v

say "what cannot be"
t cute-shm-hdf5 -o p demo.h5 ./demo.h5
t cute-shm-hdf5 -o p demo.h5 day/2/run_1.h5 --as run_1=day/new.h5
t cute-shm-hdf5 -o p demo.h5 gone.h5
t cute-shm-hdf5 -o p demo.h5 names
t cute-shm-hdf5 -o --keep-going p demo.h5 names
t groups p
t cute-shm-hdf5 -o p @gone
t cute-shm-hdf5 -o p @demo.h5
: >nothing
t cute-shm-hdf5 -o p @nothing
mkdir empty
t cute-shm-hdf5 -o p empty
t cute-shm-hdf5 -o p --as x=day
t cute-shm-hdf5 -o p --as x
t cute-shm-hdf5 -o p --as =demo.h5
t cute-shm-hdf5 -o --as x=demo.h5
t cute-shm-hdf5 -o p
t cute-shm-hdf5 -o demo.h5 day/1/run_9.hdf5 day/2/run_1.h5 day/2
finish
