#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Files of libhdf5 1.12 to 2.0, of which older ones read neither the arrays nor
# the attributes: the index knows versions 4 and 5 of datatypes, and 5 of chunks,
# and libhdf5 is shown the mappings of virtual datasets in an older form.
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
diff - "$tmp/dump" <<'END' || exit 1
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

# Virtual datasets of 1.12 and of 2.0, the latter with sources in the former.
missing="1 of 2 sources of this virtual dataset is missing"
tests/fuzz/replay_native -b "$tmp" \
	"$srcdir"/tests/fuzz/native/virtual-*.hex || exit 99
bin/cute-shm-hdf5 selections "$tmp/virtual-selections.hex" 2>"$tmp/said" ||
	exit 1
grep -q "incomplete /blocks: $missing" "$tmp/said" || exit 1
bin/cute-shm-dump selections >"$tmp/dump" || exit 1
diff - "$tmp/dump" <<'END' || exit 1
/all  int16 5
  [0, 1, 2, 3, 4]
/blocks  int16 4×6
  [[ 1, -7,  2, -7,  3, -7],
   [-7, -7, -7, -7, -7, -7],
   [ 9, -7, 10, -7, 11, -7],
   [-7, -7, -7, -7, -7, -7]]
/grows  int16 5
  [0, 1, 2, 3, 4]
/nested  float64 3
  [1, 2, 3]
/numbers  int16 3×4
  [[ 0,  1,  2,  3],
   [ 4,  5,  6,  7],
   [ 8,  9, 10, 11]]
/part0  int16 3
  [0, 1, 2]
/part1  int16 3
  [10, 11, 12]
/parts  int16 6
  [0, 1, 2, 10, 11, 12]
/pieces  int16 6
  [0, 1, 2, 9, 10, 11]
END

names=$tmp/virtual-names.hex
bin/cute-shm-hdf5 --ensure --select 'many[40:]' --select both names "$names" ||
	exit 1
bin/cute-shm-verify --source names || exit 1
bin/cute-shm-list --json names | grep -q virtual-selections || exit 1
bin/cute-shm-dump names | grep -v -e '^/$' -e '^  @' >"$tmp/dump"
diff - "$tmp/dump" <<'END' || exit 1
/both  int16 8
  [50, 60, 10, 11, 12, 50, 60, 12]
/many  int16 8×3
  [[ 4,  0,  6],
   [ 9,  0, 11],
   [ 0,  0,  2],
   [ 5,  0,  7],
   [ 8,  0, 10],
   [ 1,  0,  3],
   [ 4,  0,  6],
   [ 9,  0, 11]]
END

bin/cute-shm-hdf5 types "$tmp/virtual-types.hex" || exit 1
bin/cute-shm-dump types >"$tmp/dump" || exit 1
diff - "$tmp/dump" <<'END' || exit 1
/flags  bool 3
  [true, false, true]
/records/
  @cute-shm:compound = ["a", "b"]
/records/a  int16 2
  [1, 2]
/records/b  bool 2×2
  [[ true, false],
   [false, false]]
/v_flags  bool 4
  @flag0 = false
  @flag1 = true
  @flag2 = false
  @flag3 = true
  [false, true, false, true]
/v_records/
  @cute-shm:compound = ["a", "b"]
/v_records/a  int16 3
  [0, 1, 2]
/v_records/b  bool 3×2
  [[false, false],
   [ true, false],
   [false, false]]
END

bin/cute-shm-hdf5 --replace --no-external names "$names" 2>"$tmp/said"
grep -q 'skipped /both and 1 more: .*source in another file' "$tmp/said" ||
	exit 1
bin/cute-shm-dump names | grep -q '^/own' || exit 1

# One letter of a name, and no checksum for it.
sed 's/virtual-selections/virtual-selectiens/' "$names" >"$tmp/damaged.h5"
if bin/cute-shm-hdf5 damaged "$tmp/damaged.h5" 2>"$tmp/said"; then
	echo "a damaged mapping was loaded"
	exit 1
fi
grep -q 'cannot read /' "$tmp/said" && [ "$(wc -l <"$tmp/said")" = 1 ]
