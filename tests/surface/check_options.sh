#!/bin/sh
# SPDX-License-Identifier: MIT
# Every option of --help is in the page of the tool, and the other way round;
# so are the exit statuses, and the statuses that --help names.

status=0
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

# Lines of --help begin "  -o, --overwrite  ..." or "      --root DIR  ...";
# those of a page ".It Fl o , Fl \-overwrite" or ".It Fl \-root Ar DIR".
# Both become "-o --overwrite" and "--root DIR".
of_help()
{
	sed -n '/^Exit status/q
		s/^  \(-.\),/\1/
		s/^     *\(--\)/\1/
		s/^\(-.*[^ ]\)   *[^ ].*$/\1/p' | tr -s ' '
}

of_page()
{
	sed -n 's/^\.It Fl //p' "$1" |
		sed -e 's/\\-/-/g; s/ , Fl / -/; s/^/-/; s/ Ar / /'
}

for tool in bin/cute-shm bin/cute-shm-*; do
	case ${tool##*/} in *.*) continue ;; esac
	test -f "$tool" || continue
	name=${tool##*/}
	page=${srcdir:-.}/man/$name.1

	"$tool" --help >"$tmp/help" || { echo "$tool --help: $?"; exit 1; }
	of_help <"$tmp/help" | sort >"$tmp/a"
	of_page "$page" | sort >"$tmp/b"
	test -s "$tmp/a" || { echo "$name: no options in --help"; status=1; }
	diff "$tmp/a" "$tmp/b" ||
		{ echo "$name: < --help, > page"; status=1; }

	sed -n '1,/^Exit status/d; s/^  \([0-9][0-9]*\) .*/\1/p' \
		"$tmp/help" >"$tmp/a"
	sed -n '/^\.Sh EXIT STATUS/,/^\.El/s/^\.It \([0-9]\)/\1/p' "$page" \
		>"$tmp/b"
	diff "$tmp/a" "$tmp/b" ||
		{ echo "$name: exit statuses: < --help, > page"; status=1; }
done
exit $status
