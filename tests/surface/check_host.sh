#!/bin/sh
# SPDX-License-Identifier: MIT
# The rooms that run beside libhdf5 reach files by lib/hdf5/host only, because
# that process may have no access to them.
here=${srcdir:-.}
rooms='source scan read describe dataset engine type filter'
calls='open|openat|openat2|creat|stat|lstat|fstatat|statx|access|faccessat|euidaccess'
calls="$calls|realpath|canonicalize_file_name|readlink|readlinkat|fopen|freopen|opendir"
calls="$calls|scandir|nftw|statfs|statvfs|truncate|file_above_stdio|dir_above_stdio"
# By their name, and by a driver of libhdf5's own.
calls="$calls|H5Fis_hdf5|H5Fis_accessible|H5Fcreate"

direct() { # NAME <FILE
	sed -e 's,/\*.*,,; /^[[:space:]]*\*/d' |
	grep -nE "(^|[^[:alnum:]_>])($calls)\\(|H5Fopen\([^;]*H5P_DEFAULT" |
	sed "s,^,$1:,"
}

found=$(echo 'x = stat(path, &st);' | direct test)
[ -n "$found" ] || { echo "this test finds nothing"; exit 1; }

found=
for room in $rooms; do
	for file in "$here/lib/hdf5/$room"/*.c; do
		# shellcheck disable=SC2094 # the name is for the output
		found=$found$(direct "$file" <"$file")
	done
done
[ -z "$found" ] && exit 0
echo "a file that is not reached by its host (see lib/hdf5/host/host.h):"
echo "$found"
exit 1
