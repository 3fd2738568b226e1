#!/bin/sh
# cute-shm-hdf5: every option, every failure.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_files "$tmp" || fail 'no files'
cd "$tmp" || exit 99

say misuse
t cute-shm-hdf5 --help
t cute-shm-hdf5
t cute-shm-hdf5 demo
t cute-shm-hdf5 demo demo.h5 more
t cute-shm-hdf5 --mode 888 demo demo.h5
t cute-shm-hdf5 --mode 0 demo demo.h5
t cute-shm-hdf5 --mode=-1 demo demo.h5
t cute-shm-hdf5 --mode 7777 demo demo.h5
t cute-shm-hdf5 -j0 demo demo.h5
t cute-shm-hdf5 -j many demo demo.h5
t cute-shm-hdf5 -j
only ''

say 'files that cannot be loaded'
echo 'some text' >text.h5
: >empty.h5
head -c 1000 demo.h5 >cut.h5
mkdir folder.h5
mkfifo fifo.h5
t cute-shm-hdf5 demo nowhere.h5
t cute-shm-hdf5 demo text.h5
t cute-shm-hdf5 demo empty.h5
t cute-shm-hdf5 demo folder.h5
t timeout 20 cute-shm-hdf5 demo fifo.h5
cute-shm-hdf5 demo cut.h5 >/dev/null 2>&1 && fail 'loads half a file'
[ $? -eq 1 ] || fail 'half a file: not 1'
t cute-shm-hdf5 '' demo.h5
t cute-shm-hdf5 a/b demo.h5
t cute-shm-hdf5 --group no-such-group demo demo.h5
t cute-shm-hdf5 --root "$tmp/nowhere" demo demo.h5
t cute-shm-hdf5 demo.h5 demo
t cute-shm-load demo demo.h5
head -c 512 /dev/zero >block.h5
cat demo.h5 >>block.h5
t cute-shm-load demo block.h5
t cute-shm-dump ./block.h5
t cute-shm-dump demo.h5
t cute-shm-verify -f demo.h5
# With a view it would be an HDF5 file.
make_project demo segment && cp "$root/cute-shm.segment" viewed.seg &&
	cute-shm-load -o --no-view segment viewed.seg >/dev/null &&
	mv "$root/cute-shm.segment" saved.seg
t cute-shm-hdf5 demo saved.seg
t cute-shm-hdf5 --dry-run demo saved.seg
t cute-shm-hdf5 "$tmp/demo.h5" folder.h5
t cute-shm-hdf5 --select nothing demo demo.h5
if [ "$(id -u)" -ne 0 ]; then
	cp demo.h5 secret.h5
	chmod 0 secret.h5
	cute-shm-hdf5 demo secret.h5 >/dev/null 2>&1
	[ $? -eq 1 ] || fail 'no permission: not 1'
fi
only ''

say plan
t cute-shm-hdf5 --dry-run demo demo.h5
t cute-shm-hdf5 -dry-run --json demo demo.h5
t cute-shm-hdf5 --dry-run demo skipped.h5
t cute-shm-hdf5 --dry-run demo filtered.h5
t cute-shm-hdf5 --dry-run --keep-going demo filtered.h5
only ''

say load
t cute-shm-hdf5 demo demo.h5
t cute-shm-list demo
t cute-shm-hdf5 demo demo.h5
t cute-shm-hdf5 --dry-run demo demo.h5
t cute-shm-hdf5 -o -no-progress demo demo.h5
t cute-shm-hdf5 --max-size 1K bounded demo.h5
t cute-shm-hdf5 --dry-run --max-size 1K bounded demo.h5
t cute-shm-hdf5 --max-time 10 --max-size 1M --max-memory 500M -o demo demo.h5
t cute-shm-hdf5 --max-memory much bounded demo.h5
t cute-shm-hdf5 --overwrite --mode 640 -j2 demo demo.h5
[ "$(stat -c %a "$root/cute-shm.demo")" = 640 ] || fail '--mode 640'
cute-shm-hdf5 -vo demo demo.h5 2>verbose >/dev/null || fail '-vo'
grep -q '^cute-shm-hdf5: /b/raw/b2: int32 4, 16 B, ' verbose ||
	fail "-v: $(cat verbose)"
cute-shm-hdf5 -o --group "$(id -gn)" demo demo.h5 >/dev/null || fail --group
cute-shm-hdf5 -o --json demo demo.h5 >json || fail --json
if command -v jq >/dev/null; then
	[ "$(jq -r '.arrays | length' json)" = 3 ] || fail '--json: arrays'
	size=$(stat -c %s "$root/cute-shm.demo")
	[ "$(jq -r .segment_size json)" = "$size" ] ||
		fail '--json: segment_size'
fi
only cute-shm.demo
t cute-shm-unlink demo

say 'a part of it'
t cute-shm-hdf5 --select b --exclude '*raw*' part demo.h5
t cute-shm-list part
t cute-shm-hdf5 -o --select /b/b1 --select a part demo.h5
t cute-shm-list part
t cute-shm-hdf5 -o --select b/raw/ part demo.h5
t cute-shm-list part
t cute-shm-hdf5 -o --select a --exclude '/b/' part demo.h5
t cute-shm-unlink part

say 'by patterns'
# load_chosen PATTERNS...: load what matches, and show its names.
load_chosen()
{
	# shellcheck disable=SC2046
	set -- $(printf -- '--select %s ' "$@")
	t cute-shm-hdf5 -o "$@" part globs.h5
	t cute-shm-dump -H part
}
set -f
load_chosen 'demo_*'
load_chosen '*_raw'
load_chosen 'demo_?/q/'
load_chosen 'g[0]'
load_chosen '*z' first
set +f
t cute-shm-hdf5 -o --select '*/nothing*' part globs.h5
t cute-shm-hdf5 -o --select '*_raw' --exclude '*_raw' part globs.h5
t cute-shm-hdf5 -o --select 'demo_*' --exclude 'zz*' --exclude demo_1 \
	--exclude 'demo_1/q*' part globs.h5
t cute-shm-dump -H part
t cute-shm-unlink part

say 'slices'
# load_slices PATTERNS...: load these, and show them.
load_slices()
{
	options=
	for pattern; do
		options="$options --select $pattern"
	done
	# shellcheck disable=SC2086
	t cute-shm-hdf5 -o $options part demo.h5
	t cute-shm-dump part
}
set -f
load_slices 'a[1:3]'
load_slices 'a[-1]' 'b/*[...,0]'
load_slices 'a[::100]' a b/b1
t cute-shm-list part
t cute-shm-verify --source part
t cute-shm-hdf5 --dry-run --select 'a[:2]' other demo.h5
for pattern in 'a[9]' 'a[::-1]' 'a[1:2:3:4]' 'zz[0]'; do
	t cute-shm-hdf5 -o --select "$pattern" part demo.h5
done
t cute-shm-hdf5 -o --select 'a[0]' --select '?[1]' part demo.h5
set +f
t cute-shm-unlink part

say 'what has no form, what cannot be read'
t cute-shm-hdf5 some skipped.h5
t cute-shm-hdf5 -o --no-external some skipped.h5
t cute-shm-hdf5 -o --json some skipped.h5

say 'many left out for one reason'
t cute-shm-hdf5 alike alike.h5
cute-shm-hdf5 -vo alike alike.h5 2>alike.txt >/dev/null || fail '-vo alike'
[ "$(grep -c ': region reference$' alike.txt)" = 100 ] || fail '-v: datasets'
[ "$(grep -c ', which is skipped$' alike.txt)" = 100 ] || fail '-v: links'
cute-shm-hdf5 -o --json alike alike.h5 2>alike.txt >json || fail '--json alike'
[ "$(wc -l <alike.txt)" = 3 ] || fail "--json: $(cat alike.txt)"
[ "$(grep -c '"failed": false' json)" = 200 ] || fail '--json: skipped'
[ "$(grep -c '"path": "@cute-shm:compound"' json)" = 1 ] || fail '--json: changed'
t cute-shm-unlink alike
cute-shm-unlink some >/dev/null
t cute-shm-hdf5 some damaged.h5
grep -Eq 'chunk|flate' "$tmp/stderr" || fail 'damage: no cause'
only ''
t cute-shm-hdf5 --keep-going some damaged.h5
t cute-shm-list some
# It is what --keep-going gives, and whoever finds it there is told.
t cute-shm-hdf5 --ensure --keep-going some damaged.h5
cute-shm-hdf5 --ensure --keep-going --json some damaged.h5 >json
[ $? -eq 2 ] || fail 'current, and nothing left out'
grep -q '"loaded": false' json || fail "loaded again: $(cat json)"
grep -q '"partial": true' json || fail "not partial: $(cat json)"
cute-shm-hdf5 --ensure some damaged.h5 2>/dev/null && fail 'as if it were whole'
cute-shm-unlink some >/dev/null
t cute-shm-hdf5 hostile hostile.h5
t cute-shm-list hostile
cute-shm-unlink hostile >/dev/null

say 'other files'
t cute-shm-hdf5 some outside.h5
t cute-shm-hdf5 --dry-run --no-external some outside.h5
t cute-shm-hdf5 --no-external some outside.h5
t cute-shm-verify --source some
t cute-shm-verify --source --no-external some
head -c 8 /dev/zero >data.raw
t cute-shm-hdf5 -o some outside.h5
t cute-shm-hdf5 -o --json some outside.h5
t cute-shm-verify --source some
rm data.raw
t cute-shm-verify --source some
mkdir aside
cp demo.h5 aside/gone.h5
head -c 16 /dev/zero >aside/data.raw
# shellcheck disable=SC2016 # libhdf5 expands it
for prefix in aside '${ORIGIN}/aside'; do
	t env HDF5_EXTFILE_PREFIX="$prefix" HDF5_VDS_PREFIX="$prefix" \
		cute-shm-hdf5 -o some outside.h5
	t env HDF5_EXTFILE_PREFIX="$prefix/b" cute-shm-hdf5 -o some outside.h5
done
cute-shm-unlink some >/dev/null

say 'for a command'
# shellcheck disable=SC2016 # the command expands it
t cute-shm-hdf5 demo demo.h5 -- sh -c 'cute-shm-list "$CUTE_SHM_PROJECT"'
only ''
t cute-shm-hdf5 demo demo.h5 -- false
t cute-shm-hdf5 demo demo.h5 -- sh -c 'exit 42'
# shellcheck disable=SC2016
t cute-shm-hdf5 demo demo.h5 -- no-such-command -o
t cute-shm-hdf5 demo demo.h5 -- "$tmp"
t cute-shm-hdf5 demo demo.h5 --
t cute-shm-hdf5 demo demo.h5 true
t cute-shm-hdf5 --dry-run demo demo.h5 -- true
t cute-shm-hdf5 demo damaged.h5 -- echo 'not run'
mkdir elsewhere
# shellcheck disable=SC2016
t cute-shm-hdf5 --root elsewhere demo demo.h5 -- \
	sh -c 'cd / && cute-shm-list -s demo; ls "$CUTE_SHM_ROOT"'
cute-shm-hdf5 -v demo demo.h5 -- true >out 2>err || fail 'command, -v'
[ -s out ] && fail "command, -v: $(cat out)"
grep -q '^demo: 3 arrays' err || fail "command, -v: $(cat err)"
only ''

say 'signals for a command'
for signal in INT TERM HUP USR1; do
	status=0
	# The command itself signals the tool, so it has started by then.
	timeout --foreground 60 cute-shm-hdf5 demo demo.h5 -- \
		sh -c "sleep 60 & trap 'kill \$!; echo $signal; exit 3' $signal
			kill -$signal \$PPID; wait" >out || status=$?
	[ $status -eq 3 ] || fail "SIG$signal: $status"
	[ "$(cat out)" = $signal ] || fail "SIG$signal: $(cat out)"
done
only ''
t cute-shm-hdf5 --replace demo demo.h5
t cute-shm-hdf5 --replace demo demo.h5
cute-shm-unlink demo >/dev/null

say 'against its source'
cute-shm-hdf5 demo demo.h5 >/dev/null || fail 'no load'
t cute-shm-verify --source demo
cute-shm-hdf5 --exclude a --root elsewhere demo demo.h5 >/dev/null ||
	fail 'no load'
t cute-shm-verify --root elsewhere --source demo
mv demo.h5 moved.h5
t cute-shm-verify --source demo
cp skipped.h5 demo.h5
t cute-shm-verify --source demo
t cute-shm-verify --source --json demo
cp filtered.h5 demo.h5
t cute-shm-verify --source demo
mv moved.h5 demo.h5
cute-shm-unlink demo >/dev/null

say 'a source whose path the header has no room for'
deep=$tmp/$(printf '%0250d' 0)
mkdir "$deep"
cp demo.h5 "$deep"
cute-shm-hdf5 deep "$deep/demo.h5" >/dev/null || fail 'no load'
t cute-shm-dump -H deep
t cute-shm-verify deep
t cute-shm-verify --source deep
cute-shm-export deep "$deep/again.h5" >/dev/null || fail 'no export'
t cute-shm-hdf5 -o -v --no-progress again "$deep/again.h5"
t cute-shm-verify --source again
t cute-shm-hdf5 -o --select a again "$deep/again.h5"
rm -r "$deep"
t cute-shm-verify --source deep
cute-shm-unlink deep again >/dev/null
cute-shm-unlink --root elsewhere demo >/dev/null
only ''

# Room for one and a half: --replace drops what nobody uses, as planned.
# shellcheck disable=SC2016 # for the shell that runs it
small='
size=$(cute-shm-hdf5 --dry-run --json v slow.h5 |
	sed -n "s/.*\"segment_size\": \([0-9]*\).*/\1/p")
mount -t tmpfs -o "size=$((size / 2 * 3))" none "$CUTE_SHM_ROOT" || exit 77
cute-shm-hdf5 v slow.h5 >out || exit 1
cute-shm-hdf5 --dry-run -o v slow.h5 >out
[ $? -eq 3 ] && grep -q "^does not fit" out || exit 2
cute-shm-hdf5 --dry-run --replace v slow.h5 >out || exit 3
grep -q "^fits.*of the project that it replaces" out || exit 4
cute-shm-hdf5 --dry-run --replace --json v slow.h5 >out || exit 5
grep -q "\"fits\": true" out || exit 6
cute-shm-dump --raw v slow >fifo &
exec 9<fifo
head -c 1 <&9 >/dev/null
cute-shm-hdf5 --dry-run --replace v slow.h5 >out
[ $? -eq 3 ] && grep -q "^does not fit" out || exit 7
exec 9<&-
wait
cute-shm-hdf5 --replace v slow.h5 >out || exit 8
umount "$CUTE_SHM_ROOT"
'
if unshare -rm true 2>/dev/null; then
	mkfifo fifo
	unshare -rm sh -c "$small" 2>err
	status=$?
	[ $status -eq 0 ] || [ $status -eq 77 ] ||
		fail "--replace in a small root: $status $(cat out err)"
fi

say 'more than there is'
t cute-shm-hdf5 --dry-run huge huge.h5
cute-shm-hdf5 huge huge.h5 >out 2>err
[ $? -eq 3 ] || fail "huge: $? $(cat err)"
[ -s out ] && fail 'huge: writes to standard output'
[ "$(wc -l <err)" -eq 1 ] || fail "huge: $(cat err)"
only ''

# An empty root is that of the environment, also for the command.
# shellcheck disable=SC2016 # for the shell that runs it
cute-shm-hdf5 --root '' here demo.h5 -- \
	sh -c 'test -e "$CUTE_SHM_ROOT/cute-shm.here"' >/dev/null ||
	fail "--root '': not the default"

say 'lost output'
[ -c /dev/full ] && t sh -c 'cute-shm-hdf5 lost demo.h5 >/dev/full'
finish
