#!/bin/sh
# What anybody may put where the tools look for it: pipes, links, endless files.
# In namespaces of its own, so that the machine's /tmp is left alone.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# A root that holds what only looks like projects: each tool says so at once.
for name in fifo link zero folder; do
	case $name in
	fifo) mkfifo "$root/cute-shm.$name" ;;
	link) ln -s "$tmp/nothing" "$root/cute-shm.$name" ;;
	zero) ln -s /dev/zero "$root/cute-shm.$name" ;;
	folder) mkdir "$root/cute-shm.$name" ;;
	esac
	for tool in 'list' 'list -s' 'list --json' 'dump' 'dump --hex' \
		'verify' 'export -o'; do
		[ "$tool" = 'export -o' ] && file=$tmp/x || file=
		# shellcheck disable=SC2086 # words
		timeout 60 cute-shm-$tool $name $file >"$tmp/out" 2>&1
		[ $? -lt 64 ] || fail "$tool $name: $(cat "$tmp/out")"
	done
	timeout 60 cute-shm-unlink --when-idle $name >"$tmp/out" 2>&1
	[ $? -le 1 ] || fail "unlink $name: $(cat "$tmp/out")"
	rm -rf "$root/cute-shm.$name"
done
timeout 60 cute-shm-list -s >/dev/null || fail 'list of all'
timeout 60 cute-shm-doctor >"$tmp/out" 2>&1
[ $? -le 1 ] || fail "doctor: $(cat "$tmp/out")"

# Without /proc, as in a chroot, a file is written in another way.
as='unshare -rm'
[ "$(id -u)" -eq 0 ] && as='unshare -m'
make_project demo demo || fail 'no project demo'
export tmp
# shellcheck disable=SC2016,SC2086 # for the shell that runs it; words
# A sanitizer needs it.
if ! grep -qa __asan_init bin/cute-shm-dump bin/.libs/cute-shm-dump \
	2>/dev/null && $as mount -t tmpfs none /proc 2>/dev/null; then
	$as sh -c 'mount -t tmpfs none /proc
		cute-shm-export --segment demo "$tmp/seg" &&
		cute-shm-dump --raw --output "$tmp/raw" demo camera' \
		>"$tmp/out" 2>&1 || fail "without /proc: $(cat "$tmp/out")"
	[ "$(stat -c %a "$tmp/seg" "$tmp/raw" | sort -u)" = 600 ] ||
		fail 'without /proc: modes'
fi

# The folder of the Python package, which is whoever makes it first's.
# shellcheck disable=SC2086 # words
$as mount -t tmpfs none /tmp 2>/dev/null || exit 0
doctor=/mnt/bin/cute-shm-doctor
[ -x "$builddir/bin/.libs/cute-shm-doctor" ] &&
	doctor=/mnt/bin/.libs/cute-shm-doctor
mkdir "$root/shm"
export builddir doctor
# shellcheck disable=SC2016,SC2086 # for the shell that runs it; words
$as sh -c '
mount --bind "$builddir" /mnt && mount -t tmpfs none /tmp || exit 99
LD_LIBRARY_PATH=/mnt/lib/.libs
export LD_LIBRARY_PATH
look()
{
	timeout 60 $doctor >/tmp/found 2>&1
	status=$?
	[ $status -le 1 ] || { echo "$1: status $status"; exit 1; }
	grep -q "^note *python *$2" /tmp/found ||
		[ -z "$2" ] || { echo "$1:"; cat /tmp/found; exit 1; }
	[ -n "$2" ] || ! grep "^note *python" /tmp/found || exit 1
}
mkdir /tmp/cute-shm
mkfifo /tmp/cute-shm/cute-shm.a.toml
look "a pipe"
rm /tmp/cute-shm/*
ln -s /dev/zero /tmp/cute-shm/cute-shm.a.toml
look "a link to what has no end"
rm /tmp/cute-shm/*
truncate -s 1G /tmp/cute-shm/cute-shm.a.toml
look "a large file"
rm /tmp/cute-shm/*
echo "shm_name = \"..\"" >/tmp/cute-shm/cute-shm.a.toml
look "a name that leads elsewhere" "1 project .* 0 segments"
mv /tmp/cute-shm /tmp/elsewhere
ln -s /tmp/elsewhere /tmp/cute-shm
look "a folder that is a link"
' >"$tmp/out" 2>&1
status=$?
[ $status -ne 99 ] || exit 0
[ $status -eq 0 ] || fail "$(cat "$tmp/out")"
exit 0
