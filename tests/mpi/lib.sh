# For the tests of cute-shm-mpi: ranks of one machine are nodes, each with a root
# of its own.
# shellcheck shell=sh source=tests/cli/lib.sh
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
# Ranks and launcher share locks otherwise, and mpirun waits for ever for one that
# a killed rank has.
export PMIX_MCA_gds=hash
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
# What it leaves itself at the end is not ours.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export TMPDIR="$tmp"

nodes=3
# MPICH has its files there only; those of killed ranks stay.
mine="-maxdepth 1 -user $(id -un) ( -name mpich_* -o -name ucx_shm_* )"
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
echo $$ >"$PIDS.$rank"
exec $WRAPPED cute-shm-mpi --ranks-as-nodes --root "$ROOTS/%r" "$@"
END
chmod +x "$tmp/rank"
export ROOTS="$root" FAILING='' FAILS="$tmp/fails" WRAPPED='' PIDS="$tmp/pid"

for i in 0 1 2 3; do
	mkdir "$root/$i" || fail "no root $i"
done

# run ARGUMENTS: on all nodes; sets status.
run()
{
	status=0
	began=$(date +%s)
	timeout -k 10 300 "$mpirun" -n $nodes "$tmp/rank" "$@" \
		>"$tmp/stdout" 2>"$tmp/stderr" </dev/null || status=$?
	[ $(($(date +%s) - began)) -lt 300 ] || fail "$*: no end after 300 s"
}

# ends STATUS: what the last run returned; else show what it said.
ends()
{
	[ "$status" -eq "$1" ] && return
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
