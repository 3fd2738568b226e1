#!/bin/sh
# SPDX-License-Identifier: MIT
# The seeds of the fuzzers, and what they have found, once more: none may crash,
# nor take long; and most come beyond the first checks, or they test nothing.

seeds=${srcdir:-.}/tests/fuzz

# replay PROGRAM FOLDER LEAST
replay()
{
	said=$(timeout 60 "$1" "$seeds/$2"/*.hex) || exit 1
	echo "$2: $said"
	[ "${said% reached}" -ge "$3" ] || exit 1
}

replay tests/fuzz/replay_segment segment 15
replay tests/fuzz/replay_tools segment 15
# Some are for decoders that may be left out.
least=3
grep -q 'define HAVE_LIBDEFLATE' config.h || least=1
[ ! -x tests/fuzz/replay_filter ] || replay tests/fuzz/replay_filter filter $least
[ ! -x tests/fuzz/replay_types ] || replay tests/fuzz/replay_types types 6
[ ! -x tests/fuzz/replay_native ] || replay tests/fuzz/replay_native native 7
