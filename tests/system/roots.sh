#!/bin/sh
# SPDX-License-Identifier: MIT
# Roots on many file systems: each works, or is refused with a sentence, as the
# table in cute-shm(7) says.  Needs root, loop devices and FUSE; what is not
# there is skipped, with a word.

[ "$(id -u)" -eq 0 ] || { echo "skipped: not root"; exit 77; }
unshare -m true 2>/dev/null || { echo "skipped: no mounts here"; exit 77; }
# What is mounted here ends with this process.
if [ -z "${ROOTS_INSIDE:-}" ]; then
	ROOTS_INSIDE=1 exec unshare -m --propagation private "$0" "$@"
fi
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/cute-shm-roots.XXXXXX") || exit 99
mounted=
clean()
{
	for dir in $mounted; do
		umount "$dir" 2>/dev/null || umount -l "$dir"
	done
	rm -rf "$work" "$tmp" "$root"
}
trap clean EXIT
cd "$work" || exit 99
tried=0

update_project make source 2000 >/dev/null || fail "no project to load"
cute-shm-export --segment source "$work/source.seg" >/dev/null ||
	fail "no segment to load"

# on NAME DIR COMMAND...: mount, or say that it cannot be.
on()
{
	what=$1 dir=$work/$2
	shift 2
	mkdir -p "$dir"
	if ! "$@" >"$work/log" 2>&1; then
		echo "skipped: $what: $(head -n 1 "$work/log")"
		return 1
	fi
	mounted="$dir $mounted"
	CUTE_SHM_ROOT=$dir
	tried=$((tried + 1))
	echo "$what"
}

off()
{
	umount "$dir" || fail "$what: something is still open"
	mounted=${mounted#"$dir" }
}

# left: nothing of ours is in the root.
left()
{
	for name in "$dir"/cute-shm.* "$dir"/.cute-shm.*; do
		[ ! -e "$name" ] || fail "$what: $name is left"
	done
}

# works [UPDATES]: a project's life, and one file for all.
works()
{
	one_file "$@" || fail "$what: not one file for all"
	cute-shm-load p "$work/source.seg" >/dev/null || fail "$what: load"
	cute-shm-load p "$work/source.seg" >/dev/null 2>&1 &&
		fail "$what: loaded twice"
	cute-shm-load -o p "$work/source.seg" >/dev/null || fail "$what: -o"
	cute-shm-verify p >/dev/null || fail "$what: verify"
	cute-shm-load e "$work/source.seg" -- cute-shm-list -s e \
		>"$work/log" || fail "$what: with a command"
	grep -q 'in use, ephemeral' "$work/log" ||
		fail "$what: $(cat "$work/log")"
	cute-shm-unlink --when-idle p >/dev/null || fail "$what: unlink"
	left
}

# refused WORD COMMAND...: with one line that has the word.
refused()
{
	word=$1
	shift
	"$@" >/dev/null 2>"$work/log" && fail "$what: not refused"
	[ "$(wc -l <"$work/log")" -eq 1 ] || fail "$what: $(cat "$work/log")"
	grep -q "$word" "$work/log" || fail "$what: $(cat "$work/log")"
}

on tmpfs tmpfs mount -t tmpfs none "$work/tmpfs" &&
	works && off
on 'tmpfs, noexec' noexec mount -t tmpfs -o noexec,nosuid,nodev none \
	"$work/noexec" &&
	works && off
on ramfs ramfs mount -t ramfs none "$work/ramfs" &&
	works && off

mkdir -p behind
on 'FUSE: bindfs' bindfs bindfs behind "$work/bindfs" &&
	works && off
mkdir -p lower upper workdir
on 'FUSE: fuse-overlayfs' fuseover fuse-overlayfs \
	-o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/workdir" \
	"$work/fuseover" &&
	works && off
truncate -s 64M ntfs.img
mkntfs -F -Q ntfs.img >/dev/null 2>&1
on 'FUSE: ntfs-3g' ntfs ntfs-3g ntfs.img "$work/ntfs" &&
	works && off
truncate -s 64M fat.img
mkfs.fat fat.img >/dev/null 2>&1
on 'FUSE: fusefat' fat fusefat -o rw+ fat.img "$work/fat" &&
	refused 'cannot' cute-shm-load p source.seg && left && off

for type in ext4 xfs; do
	truncate -s 320M $type.img
	mkfs.$type -q $type.img >/dev/null 2>&1
	on $type $type mount -o loop $type.img "$work/$type" &&
		works && off
done

# On a btrfs without space nothing is updated, and nothing is a bus error.
truncate -s 200M btrfs.img
mkfs.btrfs -q btrfs.img >/dev/null 2>&1
if on btrfs btrfs mount -o loop btrfs.img "$work/btrfs"; then
	works no-updates
	cute-shm-load p source.seg >/dev/null || fail 'btrfs: load'
	dd if=/dev/urandom of="$work/btrfs/fill" bs=1M 2>/dev/null
	sync
	refused btrfs update_project once p
	cute-shm-verify p >/dev/null || fail 'btrfs, full: not sound'
	off
fi

# A project in a lower layer is not copied to be locked or refused, and its
# readers have what all have.
mkdir -p low up worked
CUTE_SHM_ROOT=$work/low cute-shm-load p source.seg >/dev/null ||
	fail 'no lower layer'
if on overlay overlay mount -t overlay \
	-o "lowerdir=$work/low,upperdir=$work/up,workdir=$work/worked" none \
	"$work/overlay"; then
	refused overlay update_project once p
	[ -z "$(ls -A up)" ] || fail 'overlay: copied'
	cute-shm-verify p >/dev/null || fail 'overlay: not sound'
	cute-shm-load -o p source.seg >/dev/null || fail 'overlay: -o'
	cute-shm-unlink p >/dev/null || fail 'overlay: unlink'
	works ephemeral-updates
	off
fi

on hugetlbfs huge mount -t hugetlbfs none "$work/huge" &&
	refused hugetlbfs cute-shm-load p source.seg && left && off

on 'read-only' low mount --bind "$work/low" "$work/low" && {
	mount -o remount,bind,ro "$work/low"
	refused 'Read-only' cute-shm-load -o p source.seg
	refused 'Read-only' cute-shm-unlink p
	cute-shm-verify p >/dev/null || fail 'read-only: not sound'
	off
}

on 'tmpfs without inodes' ni mount -t tmpfs -o nr_inodes=1 none "$work/ni" &&
	refused 'no inodes' cute-shm-load p source.seg && off
on 'tmpfs, small' small mount -t tmpfs -o size=4k none "$work/small" &&
	refused 'has room for' cute-shm-load p source.seg && left && off

echo "$tried roots tried"
[ $tried -gt 0 ] || exit 77
