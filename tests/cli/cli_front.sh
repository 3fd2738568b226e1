#!/bin/sh
# cute-shm: the front command.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

make_project demo demo || fail 'no project demo'

# Every tool is listed, and every command that is listed is there.
cute-shm --help | sed -n 's/^  \([a-z][a-z0-9]*\)  .*/\1/p' | sort >"$tmp/listed"
{
	echo help
	for tool in "$builddir"/bin/cute-shm-*; do
		case ${tool##*/} in *.*) continue ;; esac
		[ -f "$tool" ] && echo "${tool##*/cute-shm-}"
	done
} | sort >"$tmp/there"
diff "$tmp/listed" "$tmp/there" || fail 'the commands are not the tools'
cute-shm >"$tmp/alone" || fail 'alone'
cute-shm --help | cmp - "$tmp/alone" || fail 'alone it says no help'
while read -r command; do
	[ "$command" = help ] && continue
	cute-shm "$command" --help >"$tmp/a" || fail "$command --help"
	"cute-shm-$command" --help | cmp - "$tmp/a" || fail "$command differs"
done <"$tmp/listed"

say 'arguments, output and status are those of the tool'
t cute-shm list -s demo
t cute-shm dump demo words
t cute-shm cute-shm-list -s demo
t cute-shm list nowhere
t cute-shm list --colour
t cute-shm unlink -- -v
t sh -c 'cute-shm list --json >/dev/full'

say 'near misses'
t cute-shm lsit
t cute-shm ver
t cute-shm unlnik demo
t cute-shm List
t cute-shm something
t cute-shm ''
t cute-shm ../cute-shm-list
t cute-shm help lsit
t cute-shm help list more
t cute-shm --root
t cute-shm -- list -s demo

say 'commands of others'
mkdir "$tmp/others"
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\necho "others: $# $*"\nexit 7\n' >"$tmp/others/cute-shm-more"
cp "$tmp/others/cute-shm-more" "$tmp/others/cute-shm-list"
chmod 755 "$tmp/others"/*
: >"$tmp/others/cute-shm-data"
before=$PATH
PATH=$tmp/others:$PATH
t cute-shm more 'a b' -s
t cute-shm list -s demo
t cute-shm data

say help
# A manual that shows where it looks.
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\necho "man $*"\ncase $* in *more) exit 16 ;; esac
case $MANPATH in /*share/man:) ;; *) echo "MANPATH is $MANPATH" ;; esac
' >"$tmp/others/man"
chmod 755 "$tmp/others/man"
unset MANPATH
t cute-shm help list
t cute-shm help cute-shm-list
t cute-shm help help
t cute-shm help more
printf '#!/bin/sh\necho "no page" >&2\nexit 16\n' >"$tmp/others/man"
cute-shm help verify >"$tmp/a" 2>&1 || fail 'help without a page'
cute-shm-verify --help | cmp - "$tmp/a" || fail 'help without a page differs'
PATH=$before
only cute-shm.demo
finish
