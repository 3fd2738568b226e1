#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A file of libhdf5 1.14, of which 1.10 reads neither the arrays nor the
# attribute: the index knows version 4 of datatypes.
srcdir=${srcdir:-.}
tmp=$(mktemp -d) || exit 99
CUTE_SHM_ROOT=$(mktemp -d -p /dev/shm) || exit 99
export CUTE_SHM_ROOT
trap 'rm -rf "$tmp" "$CUTE_SHM_ROOT"' EXIT

tests/fuzz/replay_native -b "$tmp" \
	"$srcdir/tests/fuzz/native/datatype-4.hex" || exit 99
bin/cute-shm-hdf5 newer "$tmp/datatype-4.hex" || exit 1
bin/cute-shm-verify --source newer || exit 1
bin/cute-shm-dump newer >"$tmp/dump" || exit 1
diff - "$tmp/dump" <<'END'
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
