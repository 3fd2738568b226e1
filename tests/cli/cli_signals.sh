#!/bin/sh
# A load that is interrupted or killed, at many moments, leaves nothing; or all,
# when the signal came after the last step.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_files "$tmp" || fail 'no files'
tool=$builddir/bin/.libs/cute-shm-hdf5
[ -x "$tool" ] || tool=$builddir/bin/cute-shm-hdf5
LD_LIBRARY_PATH=$builddir/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

# The header tells when it was loaded; the rest is the same each time.
contents()
{
	tail -c +513 "$root/cute-shm.victim" | cksum
}

"$tool" victim "$tmp/slower.h5" >/dev/null || fail 'no load'
whole=$(contents)
rm "$root/cute-shm.victim"

# interrupted SIGNAL NUMBER [OPTION]: after growing delays.  timeout(1) signals
# the whole group, as Ctrl-C does; with --foreground the tool alone.
interrupted()
{
	killed=0
	for ms in 001 005 010 020 030 050 080 120 180 250 400 600 900; do
		status=0
		timeout ${3:+"$3"} --preserve-status -s "$1" "0.$ms" \
			"$tool" victim "$tmp/slower.h5" >/dev/null 2>"$tmp/err" ||
			status=$?
		wait_until_gone
		swept
		[ -s "$tmp/err" ] && fail "SIG$1 says $(cat "$tmp/err")"
		[ $status -eq 0 ] || [ $status -eq $((128 + $2)) ] ||
			fail "SIG$1 after 0.$ms s: status $status"
		if [ $status -eq 0 ] || [ -e "$root/cute-shm.victim" ]; then
			only cute-shm.victim
			[ "$(contents)" = "$whole" ] || fail "SIG$1: not whole"
			rm "$root/cute-shm.victim"
		else
			killed=$((killed + 1))
			only ''
		fi
	done
	[ $killed -gt 0 ] || fail "no load was slow enough for SIG$1"
}

# What a killed load told others of itself goes with the next look.
swept()
{
	cute-shm-list >/dev/null || fail 'no list'
}

# A child that outlives its parent by a moment may still hold memory.
wait_until_gone()
{
	eventually no_loader || fail 'a process is left behind'
}

# shellcheck disable=SC2317 # called by eventually
no_loader()
{
	! pgrep -f "^$tool victim "
}

interrupted INT 2
interrupted TERM 15 --foreground
interrupted HUP 1
interrupted KILL 9 --foreground

# Nor does it harm the project that was to be replaced.
"$tool" victim "$tmp/demo.h5" >/dev/null || fail 'no load'
before=$(contents)
for ms in 010 030 060 100 200; do
	timeout --foreground -s KILL "0.$ms" "$tool" -o victim "$tmp/slower.h5" \
		>/dev/null 2>&1
	wait_until_gone
	swept
	only cute-shm.victim
	case $(contents) in
	"$before") ;;
	"$whole") break ;;
	*) fail 'neither the old one nor the new one' ;;
	esac
done
exit 0
