#!/bin/sh
# SPDX-License-Identifier: MIT
# Neither the tools nor the libraries bring libhdf5, or a decoder, into the
# program that uses them.  The reader has the decoders; libhdf5 is in a module,
# which the reader opens when it needs that.
command -v readelf >/dev/null || { echo "skipped: no readelf"; exit 77; }
[ -f lib/.libs/libcute_shm_hdf5.so ] ||
	{ echo "skipped: no shared library with HDF5 was built"; exit 77; }
library='hdf5|curl|crypto|mpi'
decoders='blosc|zstd|lz4|deflate|sz|aec|stdc\+\+'
failed=0

needed() { # FILE
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p'
}

module=lib/.libs/cute-shm-reader-hdf5.so
if ! needed $module | grep -q '^libhdf5'; then
	echo "$module does not need libhdf5: this test finds nothing"
	failed=1
fi
count=0
for file in bin/.libs/* lib/.libs/libcute_shm.so lib/.libs/libcute_shm_hdf5.so \
	lib/cute-shm-reader lib/.libs/cute-shm-reader; do
	readelf -h "$file" >/dev/null 2>&1 || continue
	count=$((count + 1))
	case ${file##*/} in *cute-shm-mpi) continue ;; esac
	case $file in
	*cute-shm-reader)	heavy=$library ;;
	*)			heavy="$library|$decoders" ;;
	esac
	found=$(needed "$file" | grep -E "^lib($heavy)" | tr '\n' ' ')
	[ -z "$found" ] && continue
	echo "$file needs $found"
	failed=1
done
[ $count -ge 5 ] || { echo "only $count files were looked at"; failed=1; }
exit $failed
