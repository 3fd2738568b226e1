#!/bin/sh
# SPDX-License-Identifier: MIT
# A project of others that is built by CMake or Meson, with the lines of the
# README, finds the library by its file for pkg-config, and runs.
here=$(cd "$(dirname "$0")" && pwd)
for tool in pkg-config "${CC:-cc}"; do
	command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
if grep -q '^CFLAGS.*-fsanitize' Makefile; then
	echo "skipped: built for a sanitizer, which programs would need too"
	exit 77
fi
if [ ! -f lib/.libs/libcute_shm.so ]; then
	echo "skipped: no shared library"
	exit 77
fi
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
case $tmp in
*[[:space:]]*)
	echo "skipped: a blank in $tmp, which the flags cannot have"
	exit 77 ;;
esac

# What an installation has of it, in a prefix of our own.
prefix=$tmp/prefix
mkdir -p "$prefix/lib/pkgconfig" "$prefix/include" || exit 99
cp -P lib/.libs/libcute_shm.so* "$prefix/lib" &&
	cp "$here"/../../lib/include/*.h "$prefix/include" &&
	sed "s|^prefix=.*|prefix=$prefix|" lib/cute-shm.pc \
		>"$prefix/lib/pkgconfig/cute-shm.pc" || exit 99
PKG_CONFIG_PATH=$prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
LD_LIBRARY_PATH=$prefix/lib
export PKG_CONFIG_PATH LD_LIBRARY_PATH

# source_of KIND: a program in a folder of its own, and the README's lines of that kind.
source_of()
{
	mkdir "$tmp/$1" || exit 99
	cat >"$tmp/$1/prog.c" <<-'END'
	#include <string.h>
	#include <cute_shm.h>
	int main(void) { return strcmp(cute_shm_version(), CUTE_SHM_VERSION); }
	END
	sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$here/../../README.md" |
		sed '/^```/d' >"$tmp/lines"
	[ -s "$tmp/lines" ] || { echo "the README has no $1"; exit 1; }
}

# runs KIND COMMAND...: the last one is the program.
runs()
{
	kind=$1
	shift
	for command; do
		(cd "$tmp/$kind" && $command) >"$tmp/log" 2>&1 && continue
		echo "$kind: $command failed:"
		tail -n 40 "$tmp/log"
		exit 1
	done
	tested="$tested $kind"
}

tested=
if command -v cmake >/dev/null && command -v make >/dev/null; then
	source_of cmake
	{
		echo 'cmake_minimum_required(VERSION 3.7)'
		echo 'project(prog C)'
		echo 'add_executable(prog prog.c)'
		cat "$tmp/lines"
	} >"$tmp/cmake/CMakeLists.txt"
	unset MAKEFLAGS MAKELEVEL
	runs cmake 'cmake .' 'cmake --build .' ./prog
fi
if command -v meson >/dev/null; then
	source_of meson
	{
		echo "project('prog', 'c')"
		cat "$tmp/lines"
	} >"$tmp/meson/meson.build"
	runs meson 'meson setup build' 'meson compile -C build' build/prog
fi
[ -n "$tested" ] || { echo 'skipped: neither cmake nor meson'; exit 77; }
echo "tested:$tested"
