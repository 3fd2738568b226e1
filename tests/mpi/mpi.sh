#!/bin/sh
# SPDX-License-Identifier: MIT
# cute-shm-mpi with ranks of one machine as nodes, each with a root of its own:
# all of them have the project, or none, whatever fails on which.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

[ -x "$builddir/bin/cute-shm-mpi" ] || {
	echo "skipped: built without MPI"
	exit 77
}

# ------------------------------------------------------------- the launcher

# The launcher of the MPI that the program was built with.
version=$(cute-shm-mpi --version | sed -n 's/^with //p')
mpicc=$(sed -n 's/^MPICC = //p' Makefile)
find_launcher()
{
	case $version in
	*'Open MPI'*) is='Open MPI\|OpenRTE\|PRRTE' ;;
	*) is='HYDRA\|MPICH' ;;
	esac
	for mpirun in "$(echo "$mpicc" | sed 's/mpicc\([^/]*\)$/mpirun\1/')" \
	    mpirun.openmpi mpirun.mpich mpiexec.hydra mpirun; do
		"$mpirun" --version 2>/dev/null | grep -q "$is" && return
	done
	return 1
}
find_launcher || { echo "skipped: no launcher of $version"; exit 77; }

# As root, on few processors, and without files of its own in /dev/shm.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_orte_tmpdir_base="$tmp" OMPI_MCA_btl_vader_backing_directory="$tmp"
export OMPI_MCA_orte_base_help_aggregate=0
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
# What it leaves itself at the end is not ours.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export TMPDIR="$tmp"

nodes=3
# MPICH has its files there only; those of killed ranks stay.
mine="-maxdepth 1 -user $(id -un) ( -name mpich_* -o -name vader_segment.* )"
# shellcheck disable=SC2086 # words
find /dev/shm $mine 2>/dev/null | sort >"$tmp/before"
cleanup()
{
	# shellcheck disable=SC2086 # words
	find /dev/shm $mine 2>/dev/null | sort | comm -13 "$tmp/before" - |
		xargs -r rm -f
	rm -rf "$tmp" "$root"
}
trap cleanup EXIT

# Some systems do not let MPI run at all, as without a loopback device.
if ! timeout 120 "$mpirun" -n 2 true >"$tmp/stdout" 2>"$tmp/stderr" \
    </dev/null; then
	echo "skipped: $mpirun does not run here: $(head -n 5 "$tmp/stderr")"
	exit 77
fi

# What each rank runs: its root is that of its rank; 'failing' is run on one.
cat >"$tmp/rank" <<'END'
#!/bin/sh
rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK}
[ -z "$FAILING" ] || [ "$rank" != "$FAILING" ] || . "$FAILS"
exec $WRAPPED cute-shm-mpi --ranks-as-nodes --root "$ROOTS/%r" "$@"
END
chmod +x "$tmp/rank"
export ROOTS="$root" FAILING='' FAILS="$tmp/fails" WRAPPED=''

for i in 0 1 2 3; do
	mkdir "$root/$i" || fail "no root $i"
done

# run ARGUMENTS: on all nodes; sets status.
run()
{
	status=0
	timeout 300 "$mpirun" -n $nodes "$tmp/rank" "$@" \
		>"$tmp/stdout" 2>"$tmp/stderr" </dev/null || status=$?
	[ $status -ne 124 ] || fail "$*: no end after 300 s"
}

# ends STATUS: what the last run returned; else show what it said.
ends()
{
	[ $status -eq "$1" ] && return
	cat "$tmp/stdout" "$tmp/stderr"
	fail "status $status, not $1"
}

# says TEXT: on one line, by one rank.
says()
{
	found=$(cat "$tmp/stdout" "$tmp/stderr" | grep -c -e "$1")
	[ "$found" -eq 1 ] && return
	cat "$tmp/stdout" "$tmp/stderr"
	fail "'$1' on $found lines, not on one"
}

# all PROJECT: each node has it, with the same bytes, and nothing else.
all()
{
	i=0
	while [ $i -lt $nodes ]; do
		cute-shm-verify --root "$root/$i" "$1" >/dev/null ||
			fail "node $i has no sound $1"
		cmp "$root/0/cute-shm.$1" "$root/$i/cute-shm.$1" ||
			fail "node $i has another $1"
		i=$((i + 1))
	done
	left=$(find "$root" -type f | wc -l)
	[ "$left" -eq $nodes ] || fail "$left files: $(find "$root" -type f)"
}

# none: no node has anything.
none()
{
	[ -z "$(find "$root" -type f)" ] || fail "left: $(find "$root" -type f)"
}

clear_roots()
{
	rm -f "$root"/[0-9]/cute-shm.* "$root"/[0-9]/.cute-shm*
}

make_files "$tmp" || fail 'no files'
large_file "$tmp/large.h5" || fail 'no large file'
cd "$tmp" || exit 99

# ------------------------------------------------------------------- loading

for nodes in 1 2 3 4; do
	run p large.h5
	ends 0
	says "p: 202 arrays in 1 group, .* on $nodes node"
	all p
	clear_roots
done
nodes=3

# The same as one load makes, and all that a file can have.
for options in '' --no-view '--select b' --keep-going; do
	# shellcheck disable=SC2086 # words
	run $options p demo.h5
	ends 0
	all p
	# shellcheck disable=SC2086 # words
	cute-shm-hdf5 --root "$root/3" $options p demo.h5 >/dev/null
	digest=$(cute-shm-list --json --root "$root/3" p | grep metadata_digest)
	[ -n "$digest" ] || fail "no digest with '$options'"
	[ "$(cute-shm-list --json --root "$root/1" p |
		grep metadata_digest)" = "$digest" ] ||
		fail "another digest with '$options'"
	clear_roots
done

run --json p large.h5
ends 0
[ "$(grep -c '"node":' "$tmp/stdout")" -eq 3 ] || fail 'no row per node'
/usr/bin/env python3 -c 'import json, sys; json.load(sys.stdin)' \
	<"$tmp/stdout" || fail 'no JSON'
run -v -o p large.h5
ends 0
says 'node .*/2: loaded after'
all p

# ------------------------------------------------------------------ --ensure

run --ensure p large.h5
ends 0
says 'p is current on 3 nodes'
rm "$root/2/cute-shm.p"
stat -c %i "$root"/[01]/cute-shm.p >"$tmp/inodes"
run --ensure p large.h5
ends 0
says '2 of them current'
stat -c %i "$root"/[01]/cute-shm.p | cmp - "$tmp/inodes" || fail 'loaded again'
all p
rm "$root/0/cute-shm.p"
run --ensure p large.h5
ends 0
for i in 0 1 2; do
	cute-shm-verify --root "$root/$i" p >/dev/null || fail "no p on $i"
done
touch -d '2020-01-01 12:00' large.h5
run --ensure p large.h5
ends 0
says 'p: 202 arrays'
all p

# A project that is there is not replaced, on whatever node it is.
for i in 0 2; do
	clear_roots
	cute-shm-hdf5 --root "$root/$i" p demo.h5 >/dev/null
	run p large.h5
	ends 1
	says "node .*/$i: .* exists"
	[ "$(find "$root" -type f)" = "$root/$i/cute-shm.p" ] ||
		fail 'not as it was'
done
run -o p large.h5
ends 0
all p
clear_roots

# ------------------------------------------------------------------ failures

run p nothing.h5
ends 1
says 'node .*/0: .*nothing.h5: No such file'
none
run --select nothing p large.h5
ends 1
none
run --max-size 1M p large.h5
ends 4
none

# One node has too little room: its limit of a file's size says so.
for i in 0 1 2; do
	FAILING=$i
	echo 'ulimit -f 40000' >"$FAILS"
	run p large.h5
	ends 3
	says "node .*/$i: .*p"
	none
done

# One has no root, or another process loads there.
echo 'ROOTS=/nonexistent' >"$FAILS"
FAILING=2
run p large.h5
ends 1
says 'node .*/2: .*/nonexistent'
none
FAILING=
mkfifo pipe
cute-shm-load --root "$root/1" p - <pipe &
loader=$!
exec 9>pipe
is_loading()
{
	cute-shm-list --root "$root/1" --json p | grep -q '"state": "loading"'
}
eventually is_loading || fail 'no load on node 1'
run p large.h5
ends 5
says 'node .*/1: .*being loaded'
exec 9>&-
wait $loader
none

# A root of another user's (only root can make one).
if [ "$(id -u)" -eq 0 ]; then
	cute-shm-hdf5 --root "$root/1" p demo.h5 >/dev/null
	chown 65534 "$root/1/cute-shm.p"
	run p large.h5
	ends 1
	says 'node .*/1: '
	clear_roots
fi

run --ranks
ends 64
says 'cute-shm-mpi: '
status=0
OMPI_COMM_WORLD_SIZE=2 PMI_SIZE=2 cute-shm-mpi --root "$root/0" p demo.h5 \
	>"$tmp/stdout" 2>"$tmp/stderr" || status=$?
ends 1
says 'another MPI'
none

# -------------------------------------------------------------------- deaths

# A rank is killed at a system call of its work: the launcher ends the others,
# no half project is anywhere, and the next load with --ensure makes all good.
strace -f -o /dev/null true 2>/dev/null || {
	echo 'strace is missing, or not permitted: no rank was killed'
	exit 0
}
for at in ftruncate:1 fallocate:3 pwrite64:1 pwrite64:3 linkat:1; do
	for i in 0 2; do
		FAILING=$i
		cat >"$FAILS" <<-END
		WRAPPED='strace -f -o /dev/null
			-e trace=${at%:*}
			-e inject=${at%:*}:signal=KILL:when=${at#*:}'
		END
		run p large.h5
		FAILING=
		for k in 0 1 2; do
			[ ! -e "$root/$k/cute-shm.p" ] ||
				cute-shm-verify --root "$root/$k" p >/dev/null ||
				fail "killed at $at: a damaged p on node $k"
		done
		run --ensure p large.h5
		ends 0
		for k in 0 1 2; do
			cute-shm-verify --root "$root/$k" p >/dev/null ||
				fail "killed at $at: no p on node $k after that"
			# Where p was there, its load has left its page.
			cute-shm-unlink --root "$root/$k" --orphans >/dev/null
		done
		left=$(find "$root" -type f | wc -l)
		[ "$left" -eq 3 ] || fail "killed at $at: $left files"
		clear_roots
	done
done
