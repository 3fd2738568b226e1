#!/bin/sh
# What the tools do alike: help, version, misuse.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

tools="cute-shm cute-shm-diff cute-shm-doctor cute-shm-dump cute-shm-export cute-shm-list
	cute-shm-load cute-shm-top cute-shm-unlink cute-shm-verify"
[ -x bin/cute-shm-hdf5 ] && tools="$tools cute-shm-evaluate cute-shm-hdf5"
[ -x bin/cute-shm-mpi ] && tools="$tools cute-shm-mpi"

for tool in $tools; do
	for option in -h -help --help; do
		$tool $option >"$tmp/$option" || fail "$tool $option: $?"
		cmp "$tmp/-h" "$tmp/$option" || fail "$tool $option differs"
	done
	grep -q "^Usage: $tool " "$tmp/-h" || fail "$tool -h: no usage"
	[ "$(awk 'length > 80' "$tmp/-h")" ] && fail "$tool -h: over 80 columns"
	for option in -V -version --version; do
		$tool $option >"$tmp/$option" || fail "$tool $option: $?"
		cmp "$tmp/-V" "$tmp/$option" || fail "$tool $option differs"
	done
	grep -Eq "^$tool [0-9]+\.[0-9]+\.[0-9]+" "$tmp/-V" || fail "$tool -V"
done

say help
t cute-shm-list --help
t cute-shm-unlink --help

say misuse
t cute-shm-list --colour
t cute-shm-list -x
t cute-shm-list -sx
t cute-shm-list --short=yes
t cute-shm-list --root
t cute-shm-list -root
t cute-shm-unlink
t cute-shm-unlink -v --
t cute-shm-unlink -- -v

say 'lost output'
if [ -c /dev/full ]; then
	t sh -c 'cute-shm-list --help >/dev/full'
	t sh -c 'cute-shm-list --json >/dev/full'
	t sh -c 'cute-shm-list --colour >/dev/full'
fi
t sh -c 'cute-shm-list --json >&-'
t sh -c 'cute-shm-list >&-'
t sh -c 'cute-shm-list 2>&-'
t sh -c 'cute-shm-list <&- >&- 2>&-'

only ''
finish
