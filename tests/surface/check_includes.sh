#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The tools and the demos are programs like those of other people: they include
# the installed headers and their own, and nothing else of the library.
here=${srcdir:-.}
failed=0
files=0

complain() {
	echo "$*"
	failed=1
}

for file in "$here"/bin/*.[ch] "$here"/demos/*.[ch]; do
	[ -f "$file" ] || continue
	files=$((files + 1))
	# shellcheck disable=SC2013 # names of headers have no blanks
	for own in $(sed -n 's/^ *# *include *"\(.*\)".*/\1/p' "$file"); do
		# It needs no other file: one grammar of slices for all.
		[ "$own" != format/slice.h ] || continue
		if [ ! -f "$(dirname "$file")/$own" ] ||
				[ "${own#*/}" != "$own" ]; then
			complain "$file includes \"$own\", which is not its own"
		fi
	done
	# shellcheck disable=SC2013
	for used in $(sed -n 's/^ *# *include *<\(.*\)>.*/\1/p' "$file"); do
		case $used in
		*cute_shm*)
			[ -f "$here/lib/include/$used" ] ||
				complain "$file: <$used> is not installed" ;;
		*)
			! [ -f "$here/lib/$used" ] ||
				complain "$file: <$used> is private" ;;
		esac
	done
done
[ "$files" -gt 50 ] || complain "only $files files found"

# Nor do they link what the library does not export.
for list in bin demos; do
	! grep -n 'lib/lib\(common\|core\|load\)\.la' "$here/$list/local.mk" ||
		complain "$list/local.mk links a part of the library"
	! grep -n '_CPPFLAGS = .*\(AM_CPPFLAGS\|/lib\( \|$\)\)' \
		"$here/$list/local.mk" ||
		complain "$list/local.mk: a path of private headers"
done
exit $failed
