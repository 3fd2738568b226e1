#!/bin/sh
# SPDX-License-Identifier: MIT
# Completion in bash, and in zsh where there is one: what is offered, of what is
# typed, as the tool then gets it.  What completes files and commands is the
# shells' own.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

case $tmp in
*[[:space:]]*)
	echo "skipped: the words that are typed here have no blank, as $tmp"
	exit 77 ;;
esac

make_project demo demo || fail 'no project demo'
make_project empty empty || fail 'no project empty'
make_project demo 'run 1' || fail 'no project with a blank'
make_project demo c:1 || fail 'no project with a colon'
make_project hostile 'h"' || fail 'no project with odd names'
make_project many many || fail 'no project with many arrays'
mkdir "$tmp/other" || fail 'no folder'
CUTE_SHM_ROOT=$tmp/other make_project empty there || fail 'no other project'
scripts=$here/../../bin/completion

command -v bash >/dev/null || { echo 'bash is missing'; exit 77; }
# The words become a line, and what is offered stands in the place of that part
# of it which readline replaces.
cat >"$tmp/bash" <<'END'
source "$1/cute-shm.bash"
shift
for ((n = 1; n <= $#; n++)); do
	[[ ${!n} == '=>' ]] && break
done
set -- "${@:1:n - 1}"
COMP_LINE=$*
COMP_POINT=${#COMP_LINE}
last=${!#}
quote= begin=0
for ((i = 0; i < ${#last}; i++)); do
	c=${last:i:1}
	if [[ $c == \\ && $quote != \' ]]; then
		((i++))
	elif [[ $c == "$quote" ]]; then
		quote=
	elif [[ ! $quote && $c == [\"\'] ]]; then
		quote=$c
		opened=$((i + 1))
	elif [[ ! $quote && $c == [:=] ]]; then
		begin=$((i + 1))
	fi
done
[[ $quote ]] && begin=$opened
replaced=${last:begin}
_cute_shm "$1" "$replaced"
for text in "${COMPREPLY[@]}"; do
	text=${last%"$replaced"}$text
	[[ $quote && $text != *"$quote" ]] && text+=$quote
	eval "printf '%s\0' $text"
done
END

cat >"$tmp/zsh" <<'END'
compadd()
{
	local -a all
	local suffix=
	if [[ $1 == -q ]]; then suffix=$3; shift 3; fi
	if [[ $1 == -a ]]; then all=(${(P)2}); else all=($@); fi
	typed=${(Q)${:-$quote$PREFIX$quote}}
	all=(${(M)all:#$typed*})
	[[ -z $all ]] || printf '%s\0' ${IPREFIX}${^all}$suffix
}
compset()
{
	local pattern=$argv[-1] rest
	[[ $PREFIX == ${~pattern}* ]] || return
	if (( $# == 3 )); then
		rest=${PREFIX#${~pattern}}
	else
		rest=${PREFIX##${~pattern}}
	fi
	IPREFIX+=${(Q)${:-$quote${PREFIX%$rest}$quote}}
	PREFIX=$rest
}
_describe()
{
	local -a all
	all=(${${(P)argv[-1]}%%:*})
	compadd $all
}
_files() { printf 'FILES\0' }
_groups() { printf 'GROUPS\0' }
_command_names() { printf 'COMMANDS\0' }
file=$1/_cute-shm
shift
words=("${(@)argv[1,${argv[(i)=>]} - 1]}")
CURRENT=$#words
PREFIX=$words[-1]
typeset -A compstate
case $PREFIX in
(\'*|\"*) quote=$PREFIX[1]; compstate[quote]=$quote; PREFIX=$PREFIX[2,-1] ;;
esac
source $file
END

# offered WORDS: by $shell, up to '=>'; a null byte after each.
offered()
{
	options=
	[ "$shell" = zsh ] && options=-f
	"$shell" $options "$tmp/$shell" "$scripts" "$@"
}

# offers WORDS '=>' EXPECTED: for the last of the words, as it is typed.  A blank
# is shown as "\ ", the end of a line as "%".
offers()
{
	line=$*
	expected=${line#*=> }
	for shell in $shells; do
		got=$(offered "$@" | LC_ALL=C sort -z |
			sed -z 's/ /\\ /g' | tr '\n\0' '% ' | cat -vt)
		[ "$got" = "$expected${expected:+ }" ] ||
			fail "$shell: $line: got $got"
	done
}

shells=bash
if command -v zsh >/dev/null; then
	shells='bash zsh'
	zsh -n "$scripts/_cute-shm" || fail 'zsh does not read it'
else
	echo 'zsh is missing: its half was not tested'
fi

offers cute-shm-list '' '=>' c:1 demo empty 'h"' many 'run\ 1'
offers cute-shm-list -s e '=>' empty
offers cute-shm-list --root "$tmp/other" '' '=>' there
offers cute-shm-list --root="$tmp/other" '' '=>' there
offers cute-shm-list --sort a '=>' age arrays
offers cute-shm-list -o s '=>' segment size source state
offers cute-shm-list --s '=>' --short --sort
offers cute-shm-unlink demo e '=>' empty
offers cute-shm-top e '=>' empty
offers cute-shm-dump d '=>' demo
offers cute-shm-dump demo b/ '=>' b/alias b/b1 b/none b/null b/up
offers cute-shm-dump --ra '=>' --raw
offers cute-shm-verify demo emp '=>' empty
offers cute-shm-diff demo emp '=>' empty
offers cute-shm-diff demo empty emp '=>' ''
offers cute-shm-diff --no '=>' --no-attributes
offers cute-shm-export -z '' '=>' 1 2 3 4 5 6 7 8 9
offers cute-shm-load --mode 0644 d '=>' demo
offers cute-shm-doctor -q '' '=>' ''
[ -x "$builddir/bin/cute-shm-hdf5" ] && offers cute-shm-hdf5 --keep '=>' \
	--keep-going
[ -x "$builddir/bin/cute-shm-mpi" ] && offers cute-shm-mpi --ran '=>' \
	--ranks-as-nodes

# The front command: its commands, and then as the tool itself.
offers cute-shm li '=>' list
offers cute-shm d '=>' diff doctor dump
offers cute-shm help ver '=>' verify
offers cute-shm --v '=>' --version
offers cute-shm list '' '=>' c:1 demo empty 'h"' many 'run\ 1'
offers cute-shm list -s e '=>' empty
offers cute-shm list --root="$tmp/other" '' '=>' there
offers cute-shm dump demo b/b '=>' b/b1
offers cute-shm dump 'c\:1' "'b/b" '=>' b/b1
offers cute-shm dump --ra '=>' --raw
if [ -x "$builddir/bin/cute-shm-hdf5" ]; then
	mkdir "$tmp/files" && : >"$tmp/files/one.h5"
	every=$shells shells=bash
	offers cute-shm-hdf5 demo a b "$tmp/files/" '=>' "$tmp/files/one.h5"
	offers cute-shm-hdf5 --as x="$tmp/files/" '=>' x="$tmp/files/one.h5"
	offers cute-shm-hdf5 demo a b -- cute-shm-hdf '=>' cute-shm-hdf5
	shells=$every
fi
[ -x "$builddir/bin/cute-shm-hdf5" ] && offers cute-shm hdf5 --keep '=>' \
	--keep-going

# Values behind an equals sign, and lists of them.
offers cute-shm-list --sort=s '=>' --sort=size
offers cute-shm-list -sort=a '=>' -sort=age -sort=arrays
offers cute-shm-list --short=s '=>' ''
offers cute-shm-list -o size,s '=>' size,segment size,source size,state
offers cute-shm-list --columns=data,size,so '=>' --columns=data,size,source

# Projects that want to be quoted, in each kind of quotes.
for typed in 'run\ ' '"ru' "'run 1"; do
	offers cute-shm-dump "$typed" '=>' 'run\ 1'
done
for typed in '"run 1"' "'run 1'" 'run\ 1' 'r"u"n\ 1'; do
	offers cute-shm-dump "$typed" b/b '=>' b/b1
done
for typed in c c: c:1 'c\:' '"c:' "'c"; do
	offers cute-shm-dump "$typed" '=>' c:1
done
for typed in h 'h\"' '"h' '"h\"' "'h" "'h\""; do
	offers cute-shm-dump "$typed" '=>' 'h"'
done
offers cute-shm-dump c:1 b/b '=>' b/b1
offers cute-shm-dump 'c\:1' "'b/b" '=>' b/b1

# Paths: of one component, with their own characters.
offers cute-shm-dump demo '' '=>' b/ camera colour lists names stamp table/ \
	void words
offers cute-shm-dump demo /c '=>' /camera /colour
offers cute-shm-dump demo '"/b/b' '=>' /b/b1
offers cute-shm-dump demo b/up/b '=>' b/up/b1
offers cute-shm-dump demo none/ '=>' ''
for typed in ba 'back\\s' '"back\\sl' "'back\\s"; do
	offers cute-shm-dump 'h\"' "$typed" '=>' 'back\slash\ "quoted"'
done
for typed in be '"be' "'be"; do
	offers cute-shm-dump 'h\"' "$typed" '=>' 'bell^G\ back^H^M'
done
offers cute-shm-dump 'h\"' tw '=>' 'two%lines^Iand\ a\ tab'
offers cute-shm-dump -f "$root/cute-shm.demo" b/b '=>' b/b1
offers cute-shm-dump "$root/cute-shm.demo" -file /b/b '=>' /b/b1

# What begins with a dash is an option, before "--".
offers cute-shm-dump many '' '=>' /-dash cmp/
offers cute-shm-dump many -d '=>' ''
offers cute-shm-dump many /- '=>' /-dash
offers cute-shm-dump many -- -d '=>' -dash
offers cute-shm-dump -- many '' '=>' -dash cmp/
make_project empty -p || fail 'no project with a dash'
offers cute-shm-list '' '=>' c:1 demo empty 'h"' many 'run\ 1'
offers cute-shm-list -- - '=>' -p

# A group of a hundred thousand.
for shell in $shells; do
	count=$(offered cute-shm-dump many cmp/ | tr -dc '\0' | wc -c)
	[ "$count" -eq 100000 ] || fail "$shell: $count, not 100000"
done
offers cute-shm-dump many cmp/a12345 '=>' cmp/a12345

# Quotes within a word, more of a path where there is no choice, and files, by
# bash's own.
cd "$tmp" || fail 'no folder'
: >data.h5
shells=bash
offers cute-shm-dump 'r"un' '=>' 'run\ 1'
offers cute-shm-dump 'ru"n 1"' '=>' 'run\ 1'
offers cute-shm-dump demo t '=>' table/id table/x
offers cute-shm-dump demo /t '=>' /table/id /table/x
offers cute-shm-load new da '=>' data.h5
offers cute-shm-dump -f da '=>' data.h5
exit 0
