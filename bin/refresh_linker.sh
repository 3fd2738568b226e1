#!/bin/sh
# SPDX-License-Identifier: MIT
# refresh_linker.sh BINDIR LIBDIR, after an installation: see that the tools
# ($CUTE_SHM_TOOLS) start.  Where they do not, the cache of the dynamic linker
# is older than the libraries: make it anew, or say what remains to be done.
bindir=$1 libdir=$2

start() {
	for tool in $CUTE_SHM_TOOLS; do
		"$bindir/${tool##*/}" --version >/dev/null 2>&1 || return
	done
}

start && exit
PATH=$PATH:/sbin:/usr/sbin
if [ "$(id -u)" -eq 0 ]; then
	echo ldconfig
	ldconfig
	start && exit
fi
cat >&2 <<END

The tools in $bindir do not start yet: the dynamic linker does not know
the libraries in $libdir.  As root, run 'ldconfig' (and before it, if the
folder is in no file of /etc/ld.so.conf.d, add it there); or set
LD_LIBRARY_PATH=$libdir, or configure with --prefix=\$HOME/.local.

END
