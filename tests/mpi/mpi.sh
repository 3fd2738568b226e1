#!/bin/sh
# SPDX-License-Identifier: MIT
# cute-shm-mpi loads on all nodes, or on none, whatever fails on which.
# shellcheck source=tests/mpi/lib.sh
. "$(dirname "$0")/lib.sh"

# ------------------------------------------------------------------- loading

for nodes in 1 2 4; do
	run p large.h5
	ends 0
	says "p: 202 arrays in 1 group, .* on $nodes node"
	all p
	clear_roots
done
nodes=3

# The same as one load makes, and all that a file can have.
for options in '' '--keep-going --no-view --select b'; do
	# shellcheck disable=SC2086 # words
	run $options p demo.h5
	ends 0
	all p
	# shellcheck disable=SC2086 # words
	cute-shm-hdf5 --root "$root/3" $options p demo.h5 >/dev/null
	digest=$(cute-shm-list --json --root "$root/3" p | grep metadata_digest)
	[ -n "$digest" ] || fail "no digest with '$options'"
	[ "$(cute-shm-list --json --root "$root/1" p |
		grep metadata_digest)" = "$digest" ] ||
		fail "another digest with '$options'"
	clear_roots
done

run --json p large.h5
ends 0
[ "$(grep -c '"node":' "$tmp/stdout")" -eq 3 ] || fail 'no row per node'
/usr/bin/env python3 -c 'import json, sys; json.load(sys.stdin)' \
	<"$tmp/stdout" || fail 'no JSON'
run -v -o p large.h5
ends 0
says 'node .*/2: loaded after'
all p

# ------------------------------------------------------------------ --ensure

run --ensure p large.h5
ends 0
says 'p is current on 3 nodes'
rm "$root/2/cute-shm.p"
stat -c %i "$root"/[01]/cute-shm.p >"$tmp/inodes"
run --ensure p large.h5
ends 0
says '2 of them current'
stat -c %i "$root"/[01]/cute-shm.p | cmp - "$tmp/inodes" || fail 'loaded again'
all p
rm "$root/0/cute-shm.p"
run --ensure p large.h5
ends 0
for i in 0 1 2; do
	cute-shm-verify --root "$root/$i" p >/dev/null || fail "no p on $i"
done
touch -d '2020-01-01 12:00' large.h5
run --ensure p large.h5
ends 0
says 'p: 202 arrays'
all p

# Several files become groups; only the first rank reads the list.
mkdir many
cp demo.h5 many/demo1.h5
ln -s ../large.h5 many/large1.h5
echo many/large1.h5 >list
run -o --as x=demo.h5 --json p @list many/demo1.h5
ends 0
says '"file_count": 3'
all p
cute-shm-hdf5 --root "$root/3" --as x=demo.h5 p @list many/demo1.h5 >/dev/null
digest=$(cute-shm-list --json --root "$root/3" p | grep metadata_digest)
[ "$(cute-shm-list --json --root "$root/2" p | grep metadata_digest)" = \
	"$digest" ] || fail 'another digest of several files'
rm "$root/3/cute-shm.p"
run --ensure p many
ends 0
says 'p: 2 files, '
run --ensure p many
ends 0
says 'p is current on 3 nodes'
all p
run p @nothing
ends 1
says 'list nothing: No such file'
all p

# A project that is there is not replaced, on whatever node it is.
for i in 0 2; do
	clear_roots
	cute-shm-hdf5 --root "$root/$i" p demo.h5 >/dev/null
	run p large.h5
	ends 1
	says "node .*/$i: .* exists"
	[ "$(find "$root" -type f)" = "$root/$i/cute-shm.p" ] ||
		fail 'not as it was'
done
run -o p large.h5
ends 0
all p
clear_roots

# ----------------------------------------------------------------- --scatter

# share NODE TEXT: what the node has of the files.
share()
{
	cute-shm-verify --root "$root/$1" p >/dev/null || fail "no p on $1"
	cute-shm-list --root "$root/$1" p >"$tmp/list"
	grep -q "cute-shm:share=\[$1, 3\]" "$tmp/list" || fail "no share on $1"
	found=$(sed -n 's|^  /\([a-z0-9]*\)/ .*cute-shm:source=.*|\1|p' \
		"$tmp/list" | tr '\n' ' ')
	[ "$found" = "$2 " ] || fail "node $1 has $found, not $2"
}

clear_roots
mkdir scatter
for i in 1 2 3 4 10; do
	cp demo.h5 scatter/demo$i.h5
done
run --scatter --json p --as x=demo.h5 scatter
ends 0
says '"file_count": 6,'
/usr/bin/env python3 -c 'import json, sys
r = json.load(sys.stdin)
nodes = r["nodes"]
assert [n["file_count"] for n in nodes] == [2, 2, 2], nodes
assert sum(n["array_bytes"] for n in nodes) == r["array_bytes"], r' \
	<"$tmp/stdout" || fail 'no rows of shares'
share 0 'demo1 demo4'
share 1 'demo2 demo10'
share 2 'demo3 x'

# Only the node reads again whose file has changed; a file more moves no other.
run --scatter --ensure p --as x=demo.h5 scatter
ends 0
says 'p is current on 3 nodes'
stat -c %i "$root"/[02]/cute-shm.p >"$tmp/inodes"
touch -d '2020-01-01 12:00' scatter/demo2.h5
run --scatter --ensure p --as x=demo.h5 scatter
ends 0
says '2 of them current'
stat -c %i "$root"/[02]/cute-shm.p | cmp - "$tmp/inodes" || fail 'read again'
run --scatter --ensure p --as x=demo.h5 --as y=large.h5 scatter
ends 0
says '2 of them current'
share 0 'demo1 demo4 y'
share 2 'demo3 x'

# One node cannot read, or has too little room: none has anything.
clear_roots
head -c 3000 demo.h5 >scatter/demo2.h5
run --scatter p scatter
ends 1
says 'node .*/1: .*demo2.h5'
none
run --scatter p demo.h5 scatter/demo1.h5
ends 1
says '2 files cannot be shared by 3 nodes'
none
mkdir empty
for option in --scatter --keep-going; do
	run $option p empty demo.h5 large.h5 scatter/demo1.h5
	ends 1
	says 'node .*/0: folder empty has no HDF5 files'
	none
done
run --scatter p nowhere demo.h5 scatter/demo1.h5
ends 1
says 'nowhere: No such file'
none
FAILING=1
echo 'ulimit -f 40000' >"$FAILS"
run --scatter p demo.h5 large.h5 scatter/demo1.h5
ends 3
says 'node .*/1: .*p'
none
FAILING=
rm -r scatter

# A node that fails ends the load at once, while another one waits: for the turn
# to read its share, or to read for all.
mkfifo pipe
cute-shm-load --root "$root/0" p - <pipe &
loader=$!
exec 9>pipe
is_loading()
{
	cute-shm-list --root "$root/$1" --json p | grep -q '"state": "loading"'
}
eventually is_loading 0 || fail 'no load on node 0'
run --scatter --wait p demo.h5 nothing.h5 large.h5
ends 1
says 'node .*/1: .*nothing.h5: No such file'
exec 9>&-
wait $loader
none

# ------------------------------------------------------------------ failures

run p nothing.h5
ends 1
says 'node .*/0: .*nothing.h5: No such file'
none
run --select nothing p large.h5
ends 1
none
run --max-size 1M p large.h5
ends 4
none

# One node has too little room: its limit of a file's size says so.
for i in 0 2; do
	FAILING=$i
	echo 'ulimit -f 40000' >"$FAILS"
	run p large.h5
	ends 3
	says "node .*/$i: .*p"
	none
done

# One has no root, or another process loads there.
echo 'ROOTS=/nonexistent' >"$FAILS"
FAILING=2
run p large.h5
ends 1
says 'node .*/2: .*/nonexistent'
none
FAILING=
cute-shm-load --root "$root/1" p - <pipe &
loader=$!
exec 9>pipe
eventually is_loading 1 || fail 'no load on node 1'
run p large.h5
ends 5
says 'node .*/1: .*being loaded'
exec 9>&-
wait $loader
none

# A root of another user's (only root can make one).
if [ "$(id -u)" -eq 0 ]; then
	cute-shm-hdf5 --root "$root/1" p demo.h5 >/dev/null
	chown 65534 "$root/1/cute-shm.p"
	run p large.h5
	ends 1
	says 'node .*/1: '
	clear_roots
fi

run p --as large.h5
ends 64
says '--as takes NAME=FILE'
run --ranks
ends 64
says 'cute-shm-mpi: '

# The first rank alone shows what it is asked for.
run --help
ends 0
says '^Usage: '
run --version
ends 0
says '^with '
[ "$(grep -c . "$tmp/stderr")" -eq 0 ] || fail 'words beside the version'
status=0
OMPI_COMM_WORLD_SIZE=2 PMI_SIZE=2 cute-shm-mpi --root "$root/0" p demo.h5 \
	>"$tmp/stdout" 2>"$tmp/stderr" || status=$?
ends 1
says 'another MPI'
none
