#!/bin/sh
# SPDX-License-Identifier: MIT
#
# No line of C has more than 80 columns; clang-format leaves comments alone.
set -u

here=${srcdir:-.}
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

find "$here/lib" "$here/bin" "$here/tests" "$here/demos" -name '*.[ch]' \
	>"$tmp/files"
[ -s "$tmp/files" ] || { echo "no files in $here"; exit 1; }
while read -r file; do
	expand "$file" | grep -n '.\{81\}' | sed "s|^|$file:|"
done <"$tmp/files" >"$tmp/wide"
cat "$tmp/wide"
[ ! -s "$tmp/wide" ]
