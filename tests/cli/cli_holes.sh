#!/bin/sh
# SPDX-License-Identifier: MIT
# A copy with holes on a tmpfs that is full: no page for what is read.  Needs a
# mount of its own.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

unshare=unshare
[ "$(id -u)" -eq 0 ] || unshare='unshare -r'
# shellcheck disable=SC2016 # for the shell that runs it
$unshare -m sh -c 'mount -t tmpfs -o size=8m none "$1"' sh "$tmp" \
	2>/dev/null || { echo 'skipped: no mount of its own'; exit 77; }
mkdir "$tmp/full" || fail 'no folder'
update_project make zeros 250000 || fail 'no project zeros'
cute-shm-export -q --segment zeros "$tmp/zeros.seg" || fail 'not saved'

# Each tool in there, and its status.
cat >"$tmp/inside" <<'END'
mount -t tmpfs -o size=8m none "$1/full" || exit 99
export CUTE_SHM_ROOT="$1/full"
cp --sparse=always "$1/zeros.seg" "$1/full/cute-shm.zeros"
cute-shm-doctor -q | grep holes
dd if=/dev/zero of="$1/full/fill" bs=1M count=16 2>/dev/null
for command in 'verify zeros' 'verify -j 4 zeros' 'dump zeros a' \
    "export --segment zeros $1/out" 'list zeros'; do
	cute-shm-$command >/dev/null
	echo "$command: $?"
done
rm "$1/full/fill"
cute-shm-verify -q zeros
echo "with room: $?"
END
$unshare -m sh "$tmp/inside" "$tmp" >"$tmp/said" 2>&1
sed -i "s|$tmp|TMP|g" "$tmp/said"

# has TEXT: so it is said.
has()
{
	grep -q "$1" "$tmp/said" || fail "no '$1': $(cat "$tmp/said")"
}

has 'note  *holes  *a project has holes, such as zeros: 1.9 MiB are not in'
has '^verify zeros: 74'
has '^verify -j 4 zeros: 74'
has '^dump zeros a: 74'
has '^export --segment zeros TMP/out: 74'
has '^list zeros: 0'
has '^with room: 0'
has 'cute-shm-verify: TMP/full/cute-shm.zeros: byte [0-9]* cannot be read: there'
[ "$(grep -c 'cannot be read: there is no memory' "$tmp/said")" -eq 4 ] ||
	fail "not one line each: $(cat "$tmp/said")"
[ ! -e "$tmp/out" ] || fail 'a file was left'
exit 0
