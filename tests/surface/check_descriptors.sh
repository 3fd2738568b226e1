#!/bin/sh
# SPDX-License-Identifier: MIT
# Whatever makes a descriptor in the libraries does so by lib/base/descriptor.c, so
# that none is 0, 1 or 2: these belong to the caller, who may have closed them.
here=${srcdir:-.}
calls='open|openat|openat2|open_tree|creat|opendir|fopen|freopen|tmpfile|popen'
calls="$calls|pipe|pipe2|dup|socket|socketpair|accept|accept4|eventfd|signalfd"
calls="$calls|memfd_create|timerfd_create|epoll_create1?|inotify_init1?"
calls="$calls|pidfd_open|userfaultfd|mkstemps?|mkostemps?|shm_open"

# Not in comments or texts, and not as the argument of what raises the number, which may
# stand on the next line.
unsafe() { # NAME <FILE
	sed -E -e ':a; /fd_above_stdio\($/ { N; s/\n[[:space:]]*//; ba }' \
		-e 's,/\*.*,,; /^[[:space:]]*\*/d; s,"[^"]*",,g' \
		-e "s/fd_above_stdio\(($calls)\(//" \
		-e 's/F_DUPFD_CLOEXEC, 3\)//' |
	grep -nE "(^|[^[:alnum:]_>.])($calls)\(|F_DUPFD" | sed "s,^,$1:,"
}

found=$(echo 'x = open("a", 0) + fd_above_stdio(dup(2));' | unsafe test)
[ -n "$found" ] || { echo "this test finds nothing"; exit 1; }

found=
for file in "$here"/lib/*/*.c "$here"/lib/hdf5/*/*.c; do
	case $file in
	*/descriptor.c|*/reader_main.c|*/sandbox_filter.c) continue ;;
	esac
	# shellcheck disable=SC2094 # the name is for the output
	found=$found$(unsafe "$file" <"$file")
done
[ -z "$found" ] && exit 0
echo "a descriptor that may be 0, 1 or 2 (see lib/base/base.h):"
echo "$found"
exit 1
