#!/bin/sh
# SPDX-License-Identifier: MIT
# Ranks of cute-shm-mpi and its launcher are killed: at system calls of their
# work, then CUTE_SHM_KILLS times (default 10) at any moment.  The launcher ends
# the others, no half project is anywhere, and the next load with --ensure makes
# all good.  .ci/run runs this with each MPI; it takes too long for make check.
# shellcheck source=tests/mpi/lib.sh
. "$(dirname "$0")/lib.sh"

# What is there is whole, and the next load needs nothing else: "$1" died.
repaired()
{
	count=0
	for i in 0 1 2; do
		[ -e "$root/$i/cute-shm.p" ] || continue
		count=$((count + 1))
		cute-shm-verify --root "$root/$i" p >/dev/null ||
			fail "$1: a damaged p on node $i"
	done
	run --ensure p large.h5
	ends 0
	for i in 0 1 2; do
		cute-shm-verify --root "$root/$i" p >/dev/null ||
			fail "$1: no p on node $i after that"
		# Where p was there, its load has left its page.
		cute-shm-unlink --root "$root/$i" --orphans >/dev/null
	done
	left=$(find "$root" -type f | wc -l)
	[ "$left" -eq 3 ] || fail "$1: $left files"
	clear_roots
}

# ----------------------------------------------------------- at system calls

rank=0
if strace -f -o /dev/null true 2>/dev/null; then
	for at in ftruncate:1 fallocate:3 pwrite64:1 pwrite64:3 linkat:1; do
		FAILING=$rank
		cat >"$FAILS" <<-END
		WRAPPED='strace -f -o /dev/null
			-e trace=${at%:*}
			-e inject=${at%:*}:signal=KILL:when=${at#*:}'
		END
		run p large.h5
		FAILING=
		repaired "rank $rank at $at"
		rank=$((2 - rank))
	done
else
	echo 'strace is missing, or not permitted: no rank was killed by it'
fi

# ------------------------------------------------------------- at any moment

# random LIMIT: a number below it.
random()
{
	number=$(od -An -N 4 -tu4 /dev/urandom)
	echo $((number % $1))
}

# Kill the launcher, or a rank, which need not have begun.
kill_one()
{
	which=$(random 5)
	[ "$which" -lt 3 ] || which=launcher
	pid=$(cat "$PIDS.$which" 2>/dev/null)
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
}

# Nobody may wait for those that have ended: they are zombies then.
ended()
{
	cat "$PIDS".* 2>/dev/null | while read -r pid; do
		case $(sed -n 's/^State:[[:space:]]*//p' "/proc/$pid/status") in
		'' | Z* | X*) ;;
		*) exit 1 ;;
		esac
	done
}

cat >"$tmp/launch" <<'END'
#!/bin/sh
echo $$ >"$PIDS.launcher"
exec "$@"
END
chmod +x "$tmp/launch"

before=$(date +%s%N)
run p large.h5
ends 0
millis=$((($(date +%s%N) - before) / 1000000))
clear_roots

kills=${CUTE_SHM_KILLS:-10}
none=0 some=0 whole=0
for turn in $(seq "$kills"); do
	rm -f "$PIDS".*
	began=$(date +%s)
	timeout -k 10 300 "$tmp/launch" "$mpirun" -n 3 "$tmp/rank" p large.h5 \
		>"$tmp/stdout" 2>"$tmp/stderr" </dev/null &
	job=$!
	delay=$(random "$millis")
	sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
	kill_one
	wait $job || true
	[ $(($(date +%s) - began)) -lt 300 ] ||
		fail "turn $turn, $which: no end after 300 s"
	eventually ended || fail "turn $turn, $which: a rank goes on"
	repaired "turn $turn, $which after $delay ms"
	case $count in
	0) none=$((none + 1)) ;;
	3) whole=$((whole + 1)) ;;
	*) some=$((some + 1)) ;;
	esac
done
echo "$kills kills: no node had the project $none times, some $some, all $whole"
