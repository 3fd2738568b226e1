#!/bin/sh
# Names as people type them: with a slash at the end, as paths, with mistakes,
# and options that are cut short.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_project demo demo || fail 'no project demo'
make_project empty robot || fail 'no project robot'
cd "$tmp" || exit 99

say 'a slash at the end, as groups are listed'
t cute-shm-dump -H demo /table/
t cute-shm-dump demo table/id/
t cute-shm-dump -H demo b/alias/
t cute-shm-dump demo table// // nothing/
t cute-shm-list --path table/ demo

say 'a path instead of a project'
t cute-shm-dump "$root/cute-shm.demo" words
t cute-shm-list "$root/cute-shm.robot"
cd "$root" || exit 99
t cute-shm-list -o project,arrays ./cute-shm.robot demo
cd "$tmp" || exit 99
t cute-shm-verify -q "$root/cute-shm.demo"
t cute-shm-export --segment "$root/cute-shm.robot" "$tmp/robot.seg"
t cute-shm-dump "$tmp/nowhere"
t cute-shm-list "$tmp/nowhere"
t cute-shm-dump robot.seg
t cute-shm-dump ./robot.seg

say 'a project of a similar name'
t cute-shm-dump robto
t cute-shm-verify rob
t cute-shm-export --segment dem "$tmp/none"
t cute-shm-list robbot
t cute-shm-unlink robott
t cute-shm-dump something-else
only cute-shm.demo cute-shm.robot

say 'options'
t cute-shm-dump --head demo table
t cute-shm-dump --out="$tmp/none" demo words
t cute-shm-dump --ove demo words
t cute-shm-dump --o demo words
t cute-shm-list --vers
t cute-shm-list --colums=project
t cute-shm-dump --heder demo
t cute-shm-dump --zzz demo
t cute-shm-dump --=x demo
t cute-shm-dump -head demo

# Of another user: by name, and with the tool's own option.
if [ "$(id -u)" -eq 0 ] && id nobody >/dev/null 2>&1; then
	chown nobody "$root/cute-shm.robot"
	for tool in 'dump robot' 'verify robot' "export --segment robot $tmp/x"
	do
		# shellcheck disable=SC2086
		cute-shm-$tool 2>"$tmp/err" >"$tmp/out" &&
			fail "$tool: trusts another user"
		cat "$tmp/err" "$tmp/out" >"$tmp/said"
		grep -q "robot belongs to nobody (uid $(id -u nobody)); open it with --any-owner if" \
			"$tmp/said" || fail "$tool says $(cat "$tmp/said")"
		# shellcheck disable=SC2086
		cute-shm-$tool --any-owner >/dev/null ||
			fail "$tool --any-owner"
	done
fi
finish
