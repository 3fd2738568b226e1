#!/bin/bash -eu
# SPDX-License-Identifier: MIT
#
# The fuzzers by OSS-Fuzz's conventions: $CC, $CFLAGS and $LIB_FUZZING_ENGINE
# make them, in $OUT, each with its seeds; $SRC/cute-shm is a clone.  Those that
# need no shared library but the C library's: what is fuzzed there is ours.
#
# Outside, for example:
#   SRC=$PWD/.. OUT=/tmp/out WORK=/tmp/work CC=clang \
#   CFLAGS="-O1 -g -fsanitize=address,fuzzer-no-link" \
#   LIB_FUZZING_ENGINE=-fsanitize=fuzzer tests/fuzz/oss-fuzz/build.sh
mkdir -p "$OUT" "$WORK"
cd "$SRC/cute-shm"
[ -x configure ] || autoreconf -fi
cd "$WORK"

# What makes the seeds is not fuzzed, and has none of those flags.
CFLAGS='' "$SRC/cute-shm/configure" --quiet CC=gcc --without-hdf5 \
	--without-python --disable-shared
make -s -j"$(nproc)" tests/surface/make_every tests/fuzz/replay_segment

for name in fuzz_segment fuzz_tools; do
	make -s "tests/fuzz/$name" FUZZ_CC="$CC" XXHASH_LIBS=-l:libxxhash.a \
		FUZZ_FLAGS="$CFLAGS -D_GNU_SOURCE $LIB_FUZZING_ENGINE \
			-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"
	cp "tests/fuzz/$name" "$OUT"
done

rm -rf seeds
mkdir seeds
CUTE_SHM_ROOT=$PWD/seeds tests/surface/make_every small seed
tests/fuzz/replay_segment -b seeds "$SRC"/cute-shm/tests/fuzz/segment/*.hex
(cd seeds && zip -q -r "$OUT/fuzz_segment_seed_corpus.zip" .)
cp "$OUT/fuzz_segment_seed_corpus.zip" "$OUT/fuzz_tools_seed_corpus.zip"
printf '[libfuzzer]\nmax_len = 65536\n' |
	tee "$OUT/fuzz_segment.options" >"$OUT/fuzz_tools.options"
