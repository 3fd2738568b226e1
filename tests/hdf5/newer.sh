#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Files of libhdf5 1.14 and 2.0, of which older ones read neither the arrays nor
# the attributes: the index knows versions 4 and 5 of datatypes, and 5 of chunks.
srcdir=${srcdir:-.}
tmp=$(mktemp -d) || exit 99
CUTE_SHM_ROOT=$(mktemp -d -p /dev/shm) || exit 99
export CUTE_SHM_ROOT
trap 'rm -rf "$tmp" "$CUTE_SHM_ROOT"' EXIT

# loaded NAME: a seed of the fuzzer as a project; what it has in $tmp/dump.
loaded() {
	tests/fuzz/replay_native -b "$tmp" \
		"$srcdir/tests/fuzz/native/$1.hex" || exit 99
	bin/cute-shm-hdf5 "$1" "$tmp/$1.hex" || exit 1
	bin/cute-shm-verify --source "$1" || exit 1
	bin/cute-shm-dump "$1" >"$tmp/dump" || exit 1
}

loaded datatype-4
diff - "$tmp/dump" <<'END' || exit 1
/
  @flag = true
/bools  bool 3
  [true, false, true]
/records/
  @cute-shm:compound = ["a", "b", "c"]
/records/a  int32 2
  [1, 3]
/records/b  complex128 2
  [2.5-1j, 4.5+0j]
/records/c  int16 2×2
  [[1, 2],
   [5, 6]]
END

loaded version-5
diff - "$tmp/dump" <<'END'
/
  @flag = true
/big  complex128 2
  [1+2j, -3-0.5j]
/complex  complex128 2
  [1+2j, -3-0.5j]
/fixed  int16 3×2
  [[0, 1],
   [2, 3],
   [4, 5]]
/grows  int16 3×2
  [[0, 1],
   [2, 3],
   [4, 5]]
/grows_twice  int16 3×2
  [[0, 1],
   [2, 3],
   [4, 5]]
/one  int16 3×2
  [[0, 1],
   [2, 3],
   [4, 5]]
/records/
  @cute-shm:compound = ["a", "b"]
/records/a  int32 2
  [1, 2]
/records/b  S2 2
  ["x", "yz"]
/small  complex64 2
  [1+2j, -3-0.5j]
END
