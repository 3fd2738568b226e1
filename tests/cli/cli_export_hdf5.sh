#!/bin/sh
# cute-shm-export: an HDF5 file, from which the same project comes.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# same A B: projects with the same content.
same()
{
	digests=$(cute-shm-list --json "$1" "$2" | grep -c metadata_digest)
	[ "$digests" -eq 2 ] || fail "$1, $2: not both there"
	digests=$(cute-shm-list --json "$1" "$2" | grep metadata_digest |
		sort -u | wc -l)
	[ "$digests" -eq 1 ] || fail "$1 and $2 differ"
}

make_project demo demo || fail 'no project demo'
make_every small every || fail 'no project every'

say 'there and back'
t cute-shm-export --json demo "$tmp/demo.h5"
t cute-shm-hdf5 back "$tmp/demo.h5"
same demo back
t cute-shm-export demo "$tmp/demo.h5"
t cute-shm-export -q -o --gzip=9 --shuffle --chunk 4096 demo "$tmp/demo.h5"
t cute-shm-hdf5 -o back "$tmp/demo.h5"
same demo back
cute-shm-export -q -o -j1 -z1 demo "$tmp/one.h5"
cute-shm-export -q -o -j3 -z1 demo "$tmp/three.h5"
cmp "$tmp/one.h5" "$tmp/three.h5" || fail 'threads change the file'
t cute-shm-export -q every "$tmp/every.h5"
t cute-shm-hdf5 every2 "$tmp/every.h5"
t cute-shm-export -q every2 "$tmp/every2.h5"
t cute-shm-hdf5 every3 "$tmp/every2.h5"
same every2 every3

say 'what was left by one that was killed'
: >"$tmp/.demo.h5.0123456789abcdef"
: >"$tmp/.demo.h5.other"
t cute-shm-export -q -o demo "$tmp/demo.h5"
[ ! -e "$tmp/.demo.h5.0123456789abcdef" ] || fail 'not swept'
[ -e "$tmp/.demo.h5.other" ] || fail 'too much swept'

say 'torn, damaged'
make_project torn torn || fail 'no project torn'
t cute-shm-export torn "$tmp/torn.h5"
cp "$root/cute-shm.demo" "$tmp/damaged"
damage "$tmp/damaged" 1800
t cute-shm-export -f "$tmp/damaged" "$tmp/damaged.h5"
(
	ulimit -f 8
	t cute-shm-export -o every "$tmp/demo.h5"
)
cute-shm-hdf5 -o back "$tmp/demo.h5" >/dev/null || fail 'the file is gone'
same demo back
[ ! -e "$tmp/torn.h5" ] || fail 'a file of a torn project'
[ ! -e "$tmp/damaged.h5" ] || fail 'a file of a damaged project'
[ -z "$(find "$tmp" -name '.*.????????????????')" ] || fail 'left behind'
finish
