#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make release-check: what must hold before a release.  Run by make in the build
# folder of a git checkout; 'make' is how to call it.
set -u

here=${srcdir:-.}
version=${1:?the version}
: "${MAKE:=make}"
bad=0

complain() {
	printf 'release-check: %s\n' "$*" >&2
	bad=1
}

# The symbols that the libraries of a commit export, by their version scripts.
symbols() {
	for map in cute_shm cute_shm_hdf5; do
		git -C "$here" show "$1:lib/$map.map" |
		sed -n 's/^\t\(cute_shm_[a-z0-9_]*\);$/\1/p'
	done | sort
}

# libtool's current:revision:age of a commit, as three words.
lib_version() {
	git -C "$here" show "$1:configure.ac" |
	sed -n 's/^AC_SUBST(\[LIB_VERSION\], \[\(.*\):\(.*\):\(.*\)\])$/\1 \2 \3/p'
}

# The rule that stands in configure.ac.
check_soname() {
	old=$1
	[ -n "$old" ] || return 0
	symbols "$old" >"$tmp/old"
	symbols HEAD >"$tmp/new"
	# shellcheck disable=SC2046 # three numbers
	set -- $(lib_version "$old") $(lib_version HEAD)
	if [ -n "$(comm -23 "$tmp/old" "$tmp/new")" ]; then
		want="$(($1 + 1)) 0 0"
	elif [ -n "$(comm -13 "$tmp/old" "$tmp/new")" ]; then
		want="$(($1 + 1)) 0 $(($3 + 1))"
	else
		want="$1 $(($2 + 1)) $3"
	fi
	[ "$4 $5 $6" = "$want" ] || complain \
		"LIB_VERSION is $4:$5:$6; by the symbols of $old it should be" \
		"$(echo "$want" | tr ' ' :)"
}

# The archive depends on the commit alone.
check_archive() {
	for i in 1 2; do
		if ! $MAKE -s dist; then
			complain "make dist failed"
			return
		fi
		mv "cute-shm-$version.tar.xz" "$tmp/$i.tar.xz"
	done
	cmp "$tmp/1.tar.xz" "$tmp/2.tar.xz" ||
		complain "make dist gives another archive each time"
}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
[ -z "$(git -C "$here" status --porcelain)" ] ||
	complain "there are changes that are not committed"
grep -q "^Version $version (20" "$here/NEWS" ||
	complain "NEWS does not say when version $version was released"
check_soname "$(git -C "$here" describe --tags --abbrev=0 --match 'v*' HEAD^ \
	2>/dev/null)"
check_archive
$MAKE -s distcheck || complain "make distcheck failed"
[ $bad -eq 0 ] && echo "release-check: $version can be released"
exit $bad
