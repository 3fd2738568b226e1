# For the shell tests of the tools.  A test is a list of commands; what they
# print and return is compared with tests/cli/golden/NAME, which reads like a
# session.  Times, sizes of the machine and the like are masked.
#
# UPDATE_GOLDEN=1 writes the golden file instead: look at the difference.
# shellcheck shell=sh

name=$(basename "$0" .sh)
here=$(cd "$(dirname "$0")" && pwd)
builddir=$(pwd)

# Folders of PATH that may not be searched make "Permission denied" of "No such
# file or directory".
searchable=
IFS=:
for folder in $PATH; do
	[ -x "$folder" ] && searchable=$searchable:$folder
done
unset IFS
programs=$builddir/tests
PATH=$builddir/bin:$programs/cli:$programs/mpi:$programs/surface
PATH=$PATH:$programs/system$searchable

umask 022
tmp=$(mktemp -d "${TMPDIR:-/tmp}/cute-shm-test.XXXXXX") || exit 99
if ! root=$(mktemp -d /dev/shm/cute-shm-test.XXXXXX 2>/dev/null); then
	root=$tmp/root
	mkdir "$root"
fi
trap 'rm -rf "$tmp" "$root"' EXIT
trap 'exit 99' HUP INT TERM

CUTE_SHM_ROOT=$root
export CUTE_SHM_ROOT PATH
transcript=$tmp/transcript
: >"$transcript"

# What differs from run to run, machine to machine, version to version.
mask()
{
	sed -E \
	    -e "s|$root|ROOT|g" \
	    -e "s|$tmp|TMP|g" \
	    -e "s/(owner) $(id -un)\b/\1 USER/g" \
	    -e 's/(owner USER, source gone)(, from .*(…|\.\.\.|M-bM-\^@M-&).*)?$/\1.../' \
	    -e "s/  $(id -un)  +/  USER  /g; s/  owner +/  owner  /" \
	    -e 's/ +-  USER  /  -  USER  /' \
	    -e 's/, [0-9]+ (s|min|h) old/, AGE old/' \
	    -e 's/ +age  /  age  /; s/ +[0-9]+ (s|min|h)  /  AGE  /' \
	    -e 's/ +(\^\[\[2m)age/  \1age/; s/(\^\[\[2mowner\^\[\[0m) +/\1  /' \
	    -e 's/in [0-9.]+ s \([^)]*\)/in TIME (RATE)/' \
	    -e 's/needs about [0-9.]+ [KM]?i?B of/needs about SIZE of/' \
	    -e 's/[0-9.]+ [KMGTPE]?i?B available \(.*\)/SPACE available/' \
	    -e 's/ of [0-9.]+( [KMGTPE]?i?B)?, [0-9.]+( [KMGTPE]?i?B)? free/ of SIZE, SIZE free/' \
	    -e 's/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}/UUID/' \
	    -e 's/header digest is .*/header digest is .../' \
	    -e 's/^(folder .*) +[0-9.]+ ([KM]i)?B /\1 SIZE /' \
	    -e 's/("(owner|created|modified|limit)": )"[^"]*"/\1"..."/' \
	    -e 's/("(creator_[pu]id|uid|gid)": )[0-9.]+/\1.../' \
	    -e 's/("(available|seconds|segment_size|file_size|root_size|root_free)": )[0-9.]+/\1.../' \
	    -e 's|cannot read /bad: .*|cannot read /bad: ...|' \
	    -e 's|(demo.h5: cannot write) /.*|\1 ...|' \
	    -e 's/(lt-)?(make_project|cute-shm-hdf5) \([0-9]+\)/\2 (PID)/' \
	    -e 's/("pid": )[0-9]+/\1.../' \
	    -e 's/("command": )"lt-/\1"/' \
	    -e 's/by process [0-9]+/by process PID/' \
	    -e 's/process ([0-9]+|PID) of [^ ]+ \(uid [0-9]+\)/process PID of USER/' \
	    -e 's/process [0-9]+, owner [^ ,]+/process PID, owner USER/' \
	    -e 's/, loaded [0-9]+ (s|min) ago/, loaded AGE ago/' \
	    -e 's/process [0-9]+ died/process PID died/' \
	    -e 's/digest [0-9a-f]{16}/digest .../; s/not [0-9a-f]{16}/not .../'
}

# t COMMAND...: run it, and write down what it was, printed, and returned.
t()
{
	shown=
	for arg; do
		# The folder's name is masked, so it needs no quotes.
		case ${arg:+x}${arg#*"$tmp"} in
		*[!A-Za-z0-9_/.,=+-]* | '') shown="$shown '$arg'" ;;
		*) shown="$shown $arg" ;;
		esac
	done
	status=0
	"$@" >"$tmp/stdout" 2>"$tmp/stderr" </dev/null || status=$?
	{
		printf '$%s\n' "$shown" | cat -v
		cat "$tmp/stdout"
		sed 's/^/2> /' "$tmp/stderr"
		[ $status -eq 0 ] || printf '= %d\n' $status
		echo
	} | mask >>"$transcript"
}

# eventually COMMAND...: wait until it succeeds, for a minute at most.
eventually()
{
	for _ in $(seq 600); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

# own PROJECT: an ephemeral project, whose owner lives until let_go.
own()
{
	mkfifo "$tmp/in" "$tmp/out"
	make_project owned "$1" <"$tmp/in" >"$tmp/out" &
	exec 7>"$tmp/in"
	read -r line <"$tmp/out"
	[ "$line" = ready ] || fail "no owner of $1"
}

let_go()
{
	exec 7>&-
	wait
	rm "$tmp/in" "$tmp/out"
}

# damage FILE OFFSET: one byte of it, which is another one then.
damage()
{
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((byte ^ 88)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# say TEXT: a heading in the transcript.
say()
{
	printf '# %s\n\n' "$*" >>"$transcript"
}

fail()
{
	echo "$name: $*" >&2
	exit 1
}

# As a user of a terminal of so many columns; what it gets, escapes visible.
on_terminal()
{
	columns=$1
	shift
	printf 'stty cols %d rows 24 2>/dev/null\nexec %s\n' \
	       "$columns" "$*" >"$tmp/typed"
	script -qec "sh '$tmp/typed'" /dev/null </dev/null | tr -d '\r' | cat -v
}

# only NAMES: nothing else is in the root; '' for nothing at all.
only()
{
	left=$(find "$root" -mindepth 1 | sed 's|.*/||' | sort | tr '\n' ' ')
	[ "$left" = "${1:+$* }" ] || fail "in the root: $left, expected: $*"
}

finish()
{
	if [ -n "$UPDATE_GOLDEN" ]; then
		cp "$transcript" "$here/golden/$name"
	fi
	diff -u "$here/golden/$name" "$transcript" ||
		fail "output differs from tests/cli/golden/$name"
}
