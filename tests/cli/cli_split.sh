#!/bin/sh
# SPDX-License-Identifier: MIT
# cute-shm-export --split: a project of several files goes back to files.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_files "$tmp" || fail 'no files'
cd "$tmp" || exit 99
mkdir -p day/1 day/2 back
cp demo.h5 day/1/run_9.hdf5
cp demo.h5 day/2/run_10.h5
cp demo.h5 day/2/other
touch -d '2020-01-01 12:00' demo.h5 day/1/* day/2/*

digest()
{
	cute-shm-list --json "$1" |
		sed -n 's/.*"metadata_digest": "\(.*\)".*/\1/p'
}

# same FILE FILE: each by itself is the same project; and so says h5diff.
same()
{
	for file; do
		cute-shm-hdf5 -o one "$file" >/dev/null ||
			fail "no load of $file"
		digest one
	done | sort -u >digests
	[ "$(wc -l <digests)" -eq 1 ] || fail "$1 and $2 are not the same"
	if command -v h5diff >/dev/null; then
		h5diff "$1" "$2" >told 2>&1 || fail "h5diff $1 $2: $(cat told)"
	fi
	cute-shm-unlink one >/dev/null
}

# All files of the folder, hidden ones too.
files()
{
	find "$1" -mindepth 1 | sort
}

say "there and back"
t cute-shm-hdf5 p day --as x/y=day/2/other
t cute-shm-export --split back p
t files back
same day/1/run_9.hdf5 back/run_9.hdf5
same day/2/run_10.h5 back/run_10.h5
same day/2/other back/x%2Fy.h5
t cute-shm-hdf5 again back
t cute-shm-diff --no-attributes p again
t cute-shm-verify --source again

say "files that are there"
t cute-shm-export --split back p
rm back/run_9.hdf5
t cute-shm-export --split back p
t files back
t cute-shm-export -o --json --split back p
t cute-shm-export -q -o -z 9 --shuffle --split back p
same day/1/run_9.hdf5 back/run_9.hdf5
rm back/run_9.hdf5
echo text >outside
ln -s ../outside back/run_9.hdf5
t cute-shm-export -o --split back p
t cat outside
rm back/*

say "from a segment, and a part"
t cute-shm-export --segment p copy
t cute-shm-export -f --split back copy
rm back/*
t cute-shm-hdf5 -o --select '*/a' p day
t cute-shm-export --split back p
t cute-shm-hdf5 -o again back
t cute-shm-diff --no-attributes p again
rm back/*

say "what cannot be"
t cute-shm-hdf5 one demo.h5
t cute-shm-export --split back one
t cute-shm-export --split back p more.h5
t cute-shm-export --split back --split back p
t cute-shm-export --split back --segment p
t cute-shm-export --split '' p
t cute-shm-export --split back
t cute-shm-export --split gone p
t cute-shm-export --split demo.h5 p
t files back
finish
