#!/bin/sh
# What the tools cost: time is linear in what is in a project, memory bounded by
# what is shown of it, and where memory ends they say so.  The limits are so
# wide that only another order of growth reaches them.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Sanitizers need more memory, and terabytes of addresses; counters of coverage
# need memory before main().
sanitized=
seconds=30
for tool in bin/.libs/cute-shm-list bin/cute-shm-list; do
	[ -f "$builddir/$tool" ] &&
		grep -qa -e __asan_init -e __gcov_ "$builddir/$tool" &&
		sanitized=yes seconds=300
done

# The program itself, not libtool's script, which needs memory of its own.
LD_LIBRARY_PATH=$builddir/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
program()
{
	if [ -x "$builddir/bin/.libs/$1" ]; then
		echo "$builddir/bin/.libs/$1"
	else
		echo "$builddir/bin/$1"
	fi
}

# limited KIB COMMAND...: with so much address space, and so many seconds of a
# CPU.
limited()
{
	kib=$1
	tool=$(program "$2")
	shift 2
	# shellcheck disable=SC3045 # dash and bash have them
	(
		ulimit -c 0
		ulimit -t $seconds
		[ -n "$sanitized" ] || ulimit -v "$kib"
		exec "$tool" "$@"
	)
}

# cheap MIB COMMAND...: it succeeds with so much beyond what a program needs.
cheap()
{
	mib=$1
	shift
	status=0
	limited $(((mib + 24) * 1024)) "$@" >"$tmp/out" 2>"$tmp/err" ||
		status=$?
	[ $status -eq 0 ] || fail "$*: status $status, $(head -c 300 "$tmp/err")"
}

# small COMMAND...: it touches 24 MiB at most.
small()
{
	if [ -z "$sanitized" ]; then
		tool=$(program "$1")
		shift
		set -- peak 24576 "$tool" "$@"
	fi
	"$@" >"$tmp/out" || fail "$*: $?"
}

# Quadratic, each of these took minutes.
make_hostile enumnames 100000 || fail enumnames
make_hostile enums 60000 || fail enums
make_hostile many 200000 || fail many
for project in enumnames enums many; do
	cheap 200 cute-shm-list "$project"
	cheap 200 cute-shm-list --tree "$project"
	cheap 200 cute-shm-list --json "$project"
	cheap 200 cute-shm-dump --all "$project"
	cheap 200 cute-shm-dump --json "$project"
	cheap 100 cute-shm-dump --hex "$project"
	cheap 100 cute-shm-dump --hex "$project" a
	cp "$root/cute-shm.$project" "$tmp/copy"
	cheap 300 cute-shm-diff --bytes "$project" "$tmp/copy"
done
rm "$tmp/copy"
cheap 200 cute-shm-list -s
cheap 200 cute-shm-doctor
for project in enums many; do
	cheap 300 cute-shm-verify "$project"
done
cute-shm-dump enums | grep -q ' N, N,' || fail 'no names of values'
cute-shm-list many | grep -q ' and [0-9]* more$' || fail 'all is listed'
[ "$(cute-shm-list many | wc -c)" -lt 10000 ] || fail 'too much is listed'
cute-shm-unlink enumnames enums many >/dev/null

# The mapping itself is 64 MiB.
size=$((64 * 1024 * 1024))
for project in bigattr bigtext updated; do
	make_hostile $project $size || fail "$project"
	cheap 96 cute-shm-list "$project"
	small cute-shm-dump "$project"
	cheap 96 cute-shm-dump --hex "$project"
	cheap 96 cute-shm-dump --all --hex "$project"
	cute-shm-dump "$project" | head -c 3000 >"$tmp/out"
	[ "$(wc -c <"$tmp/out")" -lt 3000 ] || fail "$project: too much of it"
done
grep -q '\[120, 0, 0, ' "$tmp/out" || fail "$(cat "$tmp/out")"
cheap 96 cute-shm-dump --json bigattr
cheap 96 cute-shm-dump --all bigtext
[ "$(wc -c <"$tmp/out")" -gt $((4 * size)) ] || fail '--all is not all'
small cute-shm-dump updated 'a[::8000000]'
grep -q '^  \[120, 0, 0, 0, 0, 0, 0, 0, 0\]$' "$tmp/out" || fail 'a slice'
cute-shm-unlink bigattr bigtext updated >/dev/null

# Where memory ends: one line and a status, whatever was asked for.
if [ -z "$sanitized" ]; then
	make_hostile many 20000 || fail many
	make_hostile enums 60000 || fail enums
	cp "$root/cute-shm.many" "$tmp/many"
	cp "$root/cute-shm.enums" "$tmp/enums"
	for kib in 4000 6000 8000 9000 10000 11000 12000 14000 16000 20000; do
		for project in many enums; do
			for tool in 'list' 'list --json' 'list -s' 'dump' \
				'dump --all' 'dump --json' 'dump --hex'; do
				status=0
				# shellcheck disable=SC2086 # words
				limited $kib cute-shm-$tool $project \
					>/dev/null 2>"$tmp/err" || status=$?
				case $status in
				0 | 1 | 127) ;;
				*) fail "$tool with $kib KiB: $status" ;;
				esac
			done
			# 1 would say that they differ.
			status=0
			limited "$kib" cute-shm-diff --bytes "$project" \
				"$tmp/$project" >/dev/null 2>&1 || status=$?
			case $status in
			0 | 2 | 127) ;;
			*) fail "diff with $kib KiB: $status" ;;
			esac
		done
	done
fi
exit 0
