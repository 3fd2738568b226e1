/* SPDX-License-Identifier: MIT */
/*
 * open() for a program that has no access to files.  libhdf5 reads external raw
 * files around its drivers: it calls open().  A program that is linked with
 * this file exports the call, so that libhdf5 finds it before that of libc.  It
 * needs nothing else of this room, since the room's other files may be in a
 * module that the program opens.
 */

#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hdf5/host/host.h"

#define EXPORTED __attribute__((visibility("default")))

host_open_hook *open_hook;

static int
open_with(const char *path, int flags, mode_t mode)
{
	int fd = open_hook ? open_hook(path, flags) : HOST_NOT_SERVED;

	if (fd != HOST_NOT_SERVED)
		return fd;
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE,
			    mode);
}

/*
 * The names in the object file are those of libc, also those for large files
 * and, with flags that are not constant, for _FORTIFY_SOURCE.  In C they differ
 * from what <fcntl.h> declares, which depends on the options of the compiler.
 */
EXPORTED int call_open(const char *path, int flags, ...) __asm__("open");
EXPORTED int call_open64(const char *path, int flags, ...) __asm__("open64");
EXPORTED int call_open_2(const char *path, int flags) __asm__("__open_2");
EXPORTED int call_open64_2(const char *path, int flags) __asm__("__open64_2");

#define MODE(mode, flags) \
	do { \
		va_list ap; \
		va_start(ap, flags); \
		if (flags & (O_CREAT | O_TMPFILE)) \
			mode = va_arg(ap, mode_t); \
		va_end(ap); \
	} while (0)

int
call_open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE(mode, flags);
	return open_with(path, flags, mode);
}

int
call_open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE(mode, flags);
	return open_with(path, flags, mode);
}

int
call_open_2(const char *path, int flags)
{
	return open_with(path, flags, 0);
}

int
call_open64_2(const char *path, int flags)
{
	return open_with(path, flags, 0);
}
