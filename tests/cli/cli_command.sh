#!/bin/sh
# A command that a tool runs: whose output is whose, where the project is, which
# one it may replace, and how both stop and end.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_project demo demo || fail 'no project demo'
cute-shm-export --segment demo "$tmp/demo.seg" >/dev/null || fail 'no copy'
tools=cute-shm-load
if [ -x "$builddir/bin/cute-shm-hdf5" ]; then
	make_files "$tmp" || fail 'no files'
	tools="$tools cute-shm-hdf5"
fi

file_for()
{
	[ "$1" = cute-shm-load ] && echo "$tmp/demo.seg" || echo "$tmp/demo.h5"
}

for tool in $tools; do
	file=$(file_for "$tool")

	# Standard output is the command's.
	$tool --json p "$file" -- sh -c 'echo out; echo err >&2' \
		>"$tmp/out" 2>"$tmp/err" || fail "$tool: $(cat "$tmp/err")"
	[ "$(cat "$tmp/out")" = out ] || fail "$tool: $(cat "$tmp/out")"
	grep -q '"project": "p"' "$tmp/err" || fail "$tool: no result"
	[ "$(tail -n 1 "$tmp/err")" = err ] || fail "$tool: $(cat "$tmp/err")"

	# The root, wherever the command goes.
	mkdir -p "$root/below"
	# shellcheck disable=SC2016 # for the shell that runs it
	(cd "$root" && $tool --root below p "$file" -- sh -c \
		'cd / && echo "$CUTE_SHM_ROOT" && cute-shm-list -s p') \
		>"$tmp/out" 2>&1 || fail "$tool --root: $(cat "$tmp/out")"
	[ "$(head -n 1 "$tmp/out")" = "$root/below" ] ||
		fail "$tool --root: $(cat "$tmp/out")"
	# shellcheck disable=SC2016 # for the shell that runs it
	(cd "$root" && CUTE_SHM_ROOT=./below $tool p "$file" -- sh -c \
		'cd / && echo "$CUTE_SHM_ROOT" && cute-shm-list -s p') \
		>"$tmp/out" 2>&1 || fail "$tool, relative: $(cat "$tmp/out")"
	[ "$(head -n 1 "$tmp/out")" = "$root/below" ] ||
		fail "$tool, relative: $(cat "$tmp/out")"
	rmdir "$root/below" || fail "$tool: left below"

	# What is there to stay is not replaced by what goes; others are.
	before=$(cksum <"$root/cute-shm.demo")
	for option in -o --replace; do
		$tool $option demo "$file" -- echo run >"$tmp/out" 2>"$tmp/err"
		[ $? -eq 1 ] || fail "$tool $option: not refused"
		grep -q 'project demo is there to stay' "$tmp/err" ||
			fail "$tool $option: $(cat "$tmp/err")"
		[ ! -s "$tmp/out" ] || fail "$tool $option: has run"
	done
	[ "$(cksum <"$root/cute-shm.demo")" = "$before" ] || fail 'demo changed'
	make_project orphan p || fail 'no orphan'
	[ "$($tool -o p "$file" -- echo run)" = run ] || fail "$tool: an orphan"
	# shellcheck disable=SC2016 # for the shell that runs it
	[ "$($tool p "$file" -- sh -c "$tool -o p $file -- echo inner")" = \
		inner ] || fail "$tool: an ephemeral one"

	# peak gives 128 for a program that a signal ended, of whatever number.
	# (SIGINT may be ignored here; job_control.py has it.)
	for signal in USR1 TERM KILL SEGV; do
		peak 4000000 "$tool" p "$file" -- sh -c "kill -$signal \$\$"
		[ $? -eq 128 ] || fail "$tool: not ended by SIG$signal"
	done
	# A signal that ends programs is for the command, whatever it is.
	for signal in TERM PIPE ALRM USR2 IO; do
		rm "$tmp/out"
		$tool p "$file" -- sh -c "trap 'exit 9' $signal
			echo ready; while :; do sleep 0.1; done" >"$tmp/out" &
		until grep -qs ready "$tmp/out"; do sleep 0.1; done
		kill -$signal $!
		wait $!
		[ $? -eq 9 ] || fail "$tool: SIG$signal is not passed on"
	done
	only cute-shm.demo
done

# The first process of a container has to reap what others leave behind.
as_first='unshare -rpf --mount-proc'
[ "$(id -u)" -eq 0 ] && as_first='unshare -pf --mount-proc'
# shellcheck disable=SC2086 # words
if $as_first true 2>/dev/null; then
	for tool in $tools; do
		# shellcheck disable=SC2016 # for the shell that runs it
		$as_first "$tool" p "$(file_for "$tool")" -- sh -c '
			for i in 1 2 3 4 5 6 7 8; do (: &); done
			for i in 1 2 3 4 5 6 7 8 9 10; do
				grep -l "^State:.Z" /proc/[0-9]*/status \
					>/dev/null 2>&1 || exit 5
				sleep 0.5
			done' >"$tmp/out" 2>&1
		[ $? -eq 5 ] || fail "$tool: zombies: $(cat "$tmp/out")"
		only cute-shm.demo
	done
fi

if python3 -c 'import pty' 2>/dev/null; then
	python3 "$here/job_control.py" "$tmp/demo.seg" >"$tmp/out" 2>&1 ||
		fail "$(cat "$tmp/out")"
	only cute-shm.demo
fi
exit 0
