#!/bin/sh
# SPDX-License-Identifier: MIT
# ./bootstrap where little is there and nothing may be installed: what it says,
# what it goes on without, and that it waits for no password.
# shellcheck disable=SC2016 # for the stubs to expand
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

case $tmp in
*[[:space:]]*)
	echo "skipped: cannot be built below $tmp, as is tested elsewhere"
	exit 77 ;;
esac

# A machine of stubs: the commands of every system, a user who is not root, and
# a sudo that wants a password.
clone=$tmp/clone
mkdir "$clone" "$tmp/bin" "$tmp/tools"
cp "$here/../../bootstrap" "$clone/bootstrap"
chmod 755 "$clone/bootstrap"
: >"$clone/configure.ac"
for command in awk cat chmod cp cut date dirname expr find grep head id ls \
	mkdir mktemp nproc realpath rm sed seq sh sleep sort stat tail touch tr \
	wc; do
	found=$(command -v $command) || fail "no $command"
	ln -s "$found" "$tmp/bin/$command"
done

# stub FOLDER NAME SCRIPT
stub()
{
	rm -f "$1/$2"
	printf '#!/bin/sh\n%s\n' "$3" >"$1/$2"
	chmod 755 "$1/$2"
}

stub "$tmp/bin" id 'case $1 in -u) echo 1000 ;; *) echo ada ;; esac'
stub "$tmp/bin" sudo "echo \"sudo \$*\" >>'$tmp/calls'
[ \"\$1\" = -n ] && exit 1
exec sleep 600"
stub "$tmp/bin" apt-get "echo \"apt-get \$*\" >>'$tmp/calls'"

# bootstrap STATUS ARGUMENTS: there, with a limit for what would hang.
bootstrap()
{
	expected=$1
	shift
	status=0
	: >"$tmp/calls"
	(cd "$clone" && PATH=$tmp/tools:$tmp/bin "$timeout" 120 ./bootstrap "$@" \
		</dev/null >"$tmp/out" 2>"$tmp/err") || status=$?
	[ $status -eq "$expected" ] ||
		fail "$*: status $status: $(cat "$tmp/out" "$tmp/err")"
	[ -z "$(awk 'length > 80 && !/bootstrap.log|apt-get|going on without/' "$tmp/out")" ] ||
		fail "wide: $(cat "$tmp/out")"
}

# says FILE TEXT
says()
{
	grep -q -e "$2" "$tmp/$1" ||
		fail "no '$2': $(cat "$tmp/out" "$tmp/err")"
}

timeout=$(command -v timeout) || exit 77

# Nothing that is needed: one sentence, after what it was going to do.
for command in demo check build; do
	bootstrap 1 $command
	says out '^This will install what is missing'
	says out "^All that the steps say is in $clone/build/bootstrap.log"
	[ "$(wc -l <"$tmp/err")" -eq 1 ] || fail "stderr: $(cat "$tmp/err")"
	says err '^bootstrap: cannot be built without: gcc libc6-dev make autoconf automake libtool pkg-config libxxhash-dev '
	says err 'apt-get install gcc '
	grep -v '^sudo -n ' "$tmp/calls" &&
		fail "asks for a password, or installs: $(cat "$tmp/calls")"
done

# All that is needed, and nothing else: built without the rest.
stub "$tmp/tools" cc 'cat >/dev/null; case $* in *-E*) exit 0 ;; esac'
stub "$tmp/tools" pkg-config '[ "$2" = libxxhash ]'
stub "$tmp/tools" make 'case " $* " in
*" -n "*) echo "echo \"  CC \" a"; echo "echo \"  CC \" b" ;;
*) echo "  CC a"; sleep 1; echo "  CC b" ;;
esac'
for command in autoreconf automake libtoolize; do
	stub "$tmp/tools" $command "printf '%s\n' '#!/bin/sh' 'echo \"\$*\" >>options
: >config.status' >configure && chmod 755 configure"
done
bootstrap 0 build
says out '^== going on without: libhdf5-dev '
says out 'apt-get install libhdf5-dev '
says out '^== cd build && ../configure --without-hdf5'
says out '^== what next?'
[ -s "$tmp/err" ] && fail "stderr: $(cat "$tmp/err")"
[ "$(cat "$clone/build/options")" = --without-hdf5 ] || fail 'configured with'
says out '^   for root, on Debian: '

# When the library comes, it is used.
stub "$tmp/tools" pkg-config '[ "$2" = libxxhash ] || [ "$2" = hdf5 ]'
bootstrap 0 build
[ "$(tail -n 1 "$clone/build/options")" = '' ] || fail 'still without HDF5'
[ "$(wc -l <"$clone/build/options")" -eq 2 ] || fail 'not configured again'
bootstrap 0 build
[ "$(wc -l <"$clone/build/options")" -eq 2 ] || fail 'configured again'

# A step that fails shows its end and where the rest is.
stub "$tmp/tools" make 'case " $* " in *" -n "*) ;; *) echo broken; exit 2 ;; esac'
bootstrap 1 build
says err '^broken$'
says err "failed; all it said is in $clone/build/bootstrap.log"

# Rights that are there are used, without a question.
stub "$tmp/bin" sudo "echo \"sudo \$*\" >>'$tmp/calls'"
rm "$tmp/tools/make"
bootstrap 1 build
says calls '^sudo -n apt-get .*install .*make'

# What is misused, or cannot be.
bootstrap 64
bootstrap 64 more
bootstrap 0 --help
bootstrap 1 demo nowhere.h5
says err '^bootstrap: cannot read nowhere.h5$'
mv "$clone" "$tmp/a clone"
clone="$tmp/a clone"
bootstrap 1 build
says err "blank in its name"
exit 0
