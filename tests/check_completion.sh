#!/bin/sh
# SPDX-License-Identifier: MIT
# Completion in bash, and in zsh where there is one: what is offered, of what is
# typed.  What completes files and commands is the shells' own.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

make_project demo demo || fail 'no project demo'
make_project empty empty || fail 'no project empty'
make_project empty 'run 1' || fail 'no project with a blank'
mkdir "$tmp/other" || fail 'no folder'
CUTE_SHM_ROOT=$tmp/other make_project empty there || fail 'no other project'
scripts=$here/../bin/completion

command -v bash >/dev/null || { echo 'bash is missing'; exit 77; }
cat >"$tmp/bash" <<'END'
source "$1/cute-shm.bash"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_cute_shm "$1"
[ ${#COMPREPLY[@]} -gt 0 ] && printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
END

cat >"$tmp/zsh" <<'END'
compadd()
{
	local -a all
	if [[ $1 == -a ]]; then all=(${(P)2}); else all=($@); fi
	all=(${(M)all:#${PREFIX}*})
	print -rl -- ${(q)all}
}
_describe()
{
	local -a all
	all=(${${(P)3}%%:*})
	compadd $all
}
_files() { print FILES }
_groups() { print GROUPS }
_command_names() { print COMMANDS }
file=$1/_cute-shm
shift
words=("$@")
CURRENT=$#
PREFIX=$words[-1]
source $file | sort | tr '\n' ' '
END

# offers WORDS '=>' EXPECTED: for the last of the words.
offers()
{
	typed=
	while [ "$1" != '=>' ]; do
		typed="$typed '$1'"
		shift
	done
	shift
	expected=$*
	for shell in $shells; do
		options=
		[ "$shell" = zsh ] && options=-f
		got=$(eval "$shell $options \"\$tmp/$shell\" \"\$scripts\" $typed")
		[ "$got" = "$expected${expected:+ }" ] ||
			fail "$shell:$typed: $got, not $expected"
	done
}

shells=bash
if command -v zsh >/dev/null; then
	shells='bash zsh'
	zsh -n "$scripts/_cute-shm" || fail 'zsh does not read it'
else
	echo 'zsh is missing: its half was not tested'
fi

offers cute-shm-list '' '=>' demo empty 'run\ 1'
offers cute-shm-list -s e '=>' empty
offers cute-shm-list --root "$tmp/other" '' '=>' there
offers cute-shm-list --sort a '=>' age arrays
offers cute-shm-list -o s '=>' segment size source state
offers cute-shm-list --s '=>' --short --sort
offers cute-shm-unlink demo e '=>' empty
offers cute-shm-dump d '=>' demo
offers cute-shm-dump demo b/ '=>' b/alias b/b1 b/none b/null b/up
offers cute-shm-dump --ra '=>' --raw
offers cute-shm-verify demo emp '=>' empty
offers cute-shm-export -z '' '=>' 1 2 3 4 5 6 7 8 9
offers cute-shm-load --mode 0644 d '=>' demo
offers cute-shm-doctor -q '' '=>' ''
[ -x "$builddir/bin/cute-shm-hdf5" ] && offers cute-shm-hdf5 --keep '=>' \
	--keep-going

# Files, by bash's own.
cd "$tmp" || fail 'no folder'
: >data.h5
shells=bash
offers cute-shm-load new da '=>' data.h5
offers cute-shm-dump -f da '=>' data.h5
exit 0
