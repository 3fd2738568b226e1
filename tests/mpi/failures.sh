#!/bin/sh
# SPDX-License-Identifier: MIT
# Memory, calls of libc and calls of MPI fail on one rank: no other waits for
# it, all have the same error, and nothing is left on any.
# shellcheck source=tests/mpi/lib.sh
. "$(dirname "$0")/lib.sh"

[ -x "$programs/mpi/fail_load" ] || {
	echo 'skipped: built without libcheck'
	exit 77
}

# Each rank has a page for failing.c, by which nothing has to fail yet.
cat >"$tmp/one" <<'END'
#!/bin/sh
CUTE_SHM_TEST_SHARED=$PIDS.page.${OMPI_COMM_WORLD_RANK:-$PMI_RANK}
export CUTE_SHM_TEST_SHARED
head -c 4096 /dev/zero | tr '\0' '\377' >"$CUTE_SHM_TEST_SHARED"
exec fail_load "$@"
END
chmod +x "$tmp/one"

# fails KIND N RANK: one job.
fails()
{
	status=0
	began=$(date +%s)
	timeout -k 10 500 "$mpirun" -n 3 "$tmp/one" "$@" demo.h5 "$root" \
		>"$tmp/stdout" 2>"$tmp/stderr" </dev/null || status=$?
	[ $(($(date +%s) - began)) -lt 500 ] || fail "$*: no end after 500 s"
}

for kind in allocation call; do
	for rank in 0 2; do
		fails $kind 0 $rank
		ends 0
		say "$kind, rank $rank: $(cat "$tmp/stdout")"
		none
		export SCATTER=1
		fails $kind 0 $rank
		unset SCATTER
		ends 0
		say "$kind, share $rank: $(cat "$tmp/stdout")"
		none
	done
done

# Without a project, or with other flags on one rank.
for n in 0 1; do
	fails options $n 1
	ends 0
	none
done

# Calls of MPI.  The others are told, and none has the project but after the
# last agreement.  Where they may have begun a call that does not listen, the job
# ends.
ended()
{
	case $status in
	0) told=$((told + 1)) ;;
	3) return 1 ;;
	124 | 137) fail "$*: no end" ;;
	*) ! grep -q 'WRONG' "$tmp/stderr" || ends 0 ;;
	esac
	grep -q 'may have the project' "$tmp/stderr" ||
		[ -z "$(find "$root" -type f -name 'cute-shm.*')" ] ||
		fail "$*: loaded"
	clear_roots
}

for rank in 0 2; do
	n=0 told=0
	while fails mpi $n $rank && ended mpi $n $rank; do
		n=$((n + 1))
	done
	export SCATTER=1
	for n in 4 6 8 9 11; do
		fails mpi $n $rank
		ended scatter mpi $n $rank || break
	done
	unset SCATTER
	[ $told -ge 5 ] || fail "only $told failures were told"
	say "rank $rank: $n calls of MPI, $told without the end of the job"
	for n in 0 1 2 5; do
		fails test $n $rank
		ended test $n $rank || fail "call $n: no error"
	done
done
