#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual: mandoc has nothing to say, and every call has its page.

man=${srcdir:-.}/man
status=0

command -v mandoc >/dev/null || { echo "mandoc is missing"; exit 77; }

for page in "$man"/*.[1357]; do
	# A page that leads to another one, made in a build within the tree.
	read -r first <"$page"
	case $first in .so*) continue ;; esac

	said=$(mandoc -T lint -W warning "$page") ||
		{ printf '%s\n' "$said"; status=1; }

	# References within the manual lead somewhere.
	# shellcheck disable=SC2013  # names without spaces
	for to in $(sed -n 's/^\.Xr \(cute[^ ]*\) \([0-9]\).*/\1.\2/p' "$page")
	do
		grep -q "^\.Nm ${to%.?}\( ,\)*$" "$man"/*."${to#*.}" ||
			test -f "$man/$to" ||
			{ echo "$page: no page for $to"; status=1; }
	done
done
exit $status
