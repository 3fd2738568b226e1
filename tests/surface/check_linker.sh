#!/bin/sh
# SPDX-License-Identifier: MIT
# What "make install" does for tools that do not start: refresh_linker.sh, with
# an ldconfig that helps, or cannot.
# shellcheck disable=SC2016 # for the stubs to expand
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

mkdir "$tmp/bin" "$tmp/stubs"
# stub NAME SCRIPT
stub()
{
	printf '#!/bin/sh\n%s\n' "$2" >"$tmp/$1"
	chmod 755 "$tmp/$1"
}

stub bin/one "[ -e '$tmp/known' ]"
stub bin/two 'exit 0'

# refresh USER_ID LDCONFIG: install as that user, with that ldconfig.
refresh()
{
	rm -f "$tmp/known" "$tmp/ran"
	stub stubs/id "echo $1"
	stub stubs/ldconfig ": >'$tmp/ran'; $2"
	CUTE_SHM_TOOLS='bin/two bin/one' PATH=$tmp/stubs:$PATH \
		sh "$here/../../bin/refresh_linker.sh" "$tmp/bin" /a/lib \
		>"$tmp/out" 2>"$tmp/err" || fail "status $?"
}

refresh 0 ": >'$tmp/known'"
[ -e "$tmp/ran" ] || fail 'root: no ldconfig'
[ -s "$tmp/err" ] && fail "root: $(cat "$tmp/err")"
refresh 0 'exit 1'
grep -q "^The tools in $tmp/bin do not start yet" "$tmp/err" ||
	fail "no help: $(cat "$tmp/err")"
refresh 1000 ": >'$tmp/known'"
[ -e "$tmp/ran" ] && fail 'a user runs ldconfig'
grep -q '^LD_LIBRARY_PATH=/a/lib, or ' "$tmp/err" ||
	fail "no help for a user: $(cat "$tmp/err")"
stub bin/one 'exit 0'
refresh 0 'exit 1'
[ -e "$tmp/ran" ] && fail 'ldconfig for tools that start'
[ -s "$tmp/err" ] && fail "tools that start: $(cat "$tmp/err")"
exit 0
