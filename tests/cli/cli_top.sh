#!/bin/sh
# SPDX-License-Identifier: MIT
# cute-shm-top: what it prints, and what it draws.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

t cute-shm-top --once --every 0.01s
make_project demo demo || fail 'no project demo'
update_project make live 100 || fail 'no project live'
printf 'what is not a segment' >"$root/cute-shm.bad"
t cute-shm-top --once --every 0.01s
t cute-shm-top --once --every 0.01s 'd*'
t sh -c 'COLUMNS=40 cute-shm-top -1 -e 0.01s demo | sed 1d'
t cute-shm-top --once --every 0.01s --json live bad
update_project once live || fail 'no update'
update_project seal live || fail 'no sealed update'
t cute-shm-top --once --every 0.01s --json live

say "while it is updated, and used"
update_project on live &
writer=$!
used()
{
	cute-shm-top --once --every 0.2s --json live >"$tmp/out" &&
		grep -q '"user_count": 1,' "$tmp/out" &&
		grep -q '"updates_per_second": [1-9]' "$tmp/out"
}
eventually used || fail "no user, no updates: $(cat "$tmp/out")"
kill -9 $writer
wait $writer 2>/dev/null
cute-shm-unlink live >/dev/null

say "a load"
mkfifo "$tmp/pipe"
cute-shm-load slow - <"$tmp/pipe" 2>/dev/null &
loader=$!
exec 9>"$tmp/pipe"
loads()
{
	cute-shm-top -1 -e 0.01s slow | grep -q loading
}
eventually loads || fail 'no load is seen'
t cute-shm-top --once --every 0.01s demo slow
kill $loader
exec 9>&-
wait $loader 2>/dev/null

say misuse
t cute-shm-top
t cute-shm-top --every 0
t cute-shm-top --root "$tmp/nowhere" --once --every 0.01s
[ -c /dev/full ] && t sh -c 'cute-shm-top -1 -e 0.01s >/dev/full'
only cute-shm.bad cute-shm.demo

# What a terminal gets.
if python3 -c 'import pty' 2>/dev/null; then
	python3 "$here/top_screen.py" >"$tmp/out" 2>&1 ||
		fail "$(cat "$tmp/out")"
fi
only cute-shm.bad cute-shm.demo
finish
