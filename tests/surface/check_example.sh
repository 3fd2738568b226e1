#!/bin/sh
# SPDX-License-Identifier: MIT
# The dump in cute-shm(5) is what the library writes, to the byte.

page=${srcdir:-.}/man/cute-shm.5
command -v hexdump >/dev/null || { echo "hexdump is missing"; exit 77; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

CUTE_SHM_ROOT=$tmp tests/surface/make_example >"$tmp/example" || exit 1
# The page leaves out the first digits of addresses, to fit into 80 columns.
hexdump -C "$tmp/example" | sed 's/^0000//' >"$tmp/made"
sed -n '/^[0-9a-f]\{4\}\(  \|$\)/p; /^\*$/p' "$page" |
	sed 's/\\e/\\/g' >"$tmp/shown"
diff -u "$tmp/shown" "$tmp/made" ||
	{ echo "$page shows another segment"; exit 1; }

# An independent reader takes it, too.
command -v python3 >/dev/null || exit 0
python3 "${srcdir:-.}/tests/surface/read_segment.py" "$tmp/example" >/dev/null
