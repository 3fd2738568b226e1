#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs of others link with what is installed, shared and static, by what
# pkg-config says, and run.  Those that read HDF5 files find the program that does
# it, beside the library or where it is installed.
failed=0
unset CUTE_SHM_READER
for tool in pkg-config make "${CC:-cc}"; do
	command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
if grep -q '^CFLAGS.*-fsanitize' Makefile; then
	echo "skipped: built for a sanitizer, which programs would need too"
	exit 77
fi
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
case $tmp in
*[[:space:]]*)
	echo "skipped: a blank in $tmp, which flags of a compiler cannot have"
	exit 77 ;;
esac

# A staged installation; pkg-config is told where the prefix is for now.
make -s install DESTDIR="$tmp" >"$tmp/log" 2>&1 ||
	{ tail "$tmp/log"; exit 1; }
libdir=$(dirname "$(find "$tmp" -name cute-shm.pc)")
prefix=$(dirname "$(dirname "$libdir")")
PKG_CONFIG_PATH=$libdir${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
LD_LIBRARY_PATH=$prefix/lib
export PKG_CONFIG_PATH LD_LIBRARY_PATH

cat >"$tmp/core.c" <<'END'
#include <cute_shm.h>
#include <string.h>
/* Names of the library's own that a program may use for itself. */
int digest(void) { return 0; }
int main(void) { return strcmp(cute_shm_version(), CUTE_SHM_VERSION) ||
		 digest(); }
END
cat >"$tmp/hdf5.c" <<'END'
#include <cute_shm_hdf5.h>
#include <stdio.h>
static void fact(const struct cute_shm_hdf5_fact *f, void *arg)
{ (void)f, ++*(int *)arg; }
int main(void) { int n = 0;
		 if (cute_shm_hdf5_about(fact, &n) == 0 && n > 3) return 0;
		 fprintf(stderr, "%d facts: %s\n", n, cute_shm_errmsg());
		 return 1; }
END

# linked NAME PACKAGE CFLAGS... LIBS...
linked() {
	what=$1
	shift
	# shellcheck disable=SC2068
	if ! "${CC:-cc}" -o "$tmp/program" $@ 2>"$tmp/log" ||
	   ! "$tmp/program" 2>"$tmp/log"; then
		echo "$what: does not link, or does not run:"
		cat "$tmp/log"
		failed=1
	fi
}

for name in core hdf5; do
	package=cute-shm
	[ $name = core ] || package=cute-shm-hdf5
	[ -f "$libdir/$package.pc" ] || continue
	cflags=$(pkg-config --define-variable=prefix="$prefix" --cflags $package)
	libs=$(pkg-config --define-variable=prefix="$prefix" --libs $package)
	if [ -f "$prefix/lib/libcute_shm.so" ]; then
		linked "$package, shared" "$tmp/$name.c" "$cflags" "$libs"
	fi
done
# Our own archive; what it needs of others as those have it.
if [ -f "$prefix/lib/libcute_shm.a" ]; then
	libs=$(pkg-config --define-variable=prefix="$prefix" --static --libs \
		cute-shm | sed "s,-lcute_shm,$prefix/lib/libcute_shm.a,")
	cflags=$(pkg-config --define-variable=prefix="$prefix" --cflags cute-shm)
	sed -i '/digest/d; s/ ||$/; }/' "$tmp/core.c"
	linked "cute-shm, static" "$tmp/core.c" "$cflags" "$libs"
fi
# This needs neither libhdf5 nor a decoder.
if [ -f "$prefix/lib/libcute_shm_hdf5.a" ]; then
	libs=$(pkg-config --define-variable=prefix="$prefix" --static --libs \
		cute-shm-hdf5 | sed -E \
		"s,-l(cute_shm[a-z0-9_]*),$prefix/lib/lib\\1.a,g")
	case $libs in *-lhdf5*|*deflate*|*zstd*)
		echo "cute-shm-hdf5, static: needs too much: $libs"
		failed=1 ;;
	esac
	CUTE_SHM_READER=$(pkg-config --define-variable=prefix="$prefix" \
		--variable=reader cute-shm-hdf5)
	export CUTE_SHM_READER
	linked "cute-shm-hdf5, static" "$tmp/hdf5.c" "$cflags" "$libs"
	unset CUTE_SHM_READER
fi
# A prefix that was moved: the program is found from the library.
if [ -f "$prefix/lib/libcute_shm_hdf5.so" ]; then
	mkdir "$tmp/moved"
	mv "$prefix/lib" "$prefix/libexec" "$tmp/moved"
	libs="-L$tmp/moved/lib -lcute_shm_hdf5 -lcute_shm"
	LD_LIBRARY_PATH=$tmp/moved/lib
	linked "cute-shm-hdf5, moved" "$tmp/hdf5.c" "$cflags" "$libs"
fi
exit $failed
