/* SPDX-License-Identifier: MIT */
/*
 * open() for a program that has no access to files.  libhdf5 reads external raw
 * files around its drivers: it calls open().  A program that is linked with
 * this file exports the call, so that libhdf5 finds it before that of libc.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hdf5/host/host.h"

#define EXPORTED __attribute__((visibility("default")))

/* Other flags than these, such as O_PATH or O_DIRECTORY, are for libraries. */
#define SERVED (O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_LARGEFILE)

static int
open_by_host(const char *path)
{
	struct stat st;
	int fd;

	/* The host may be in this process. */
	host_serves_open = false;
	fd = host_open(path, &st);
	host_serves_open = true;
	if (fd >= 0)
		return fd;
	errno = -fd < EREFUSED ? -fd : EACCES;
	return -1;
}

static int
open_with(const char *path, int flags, mode_t mode)
{
	if (host_serves_open && (flags & ~SERVED) == O_RDONLY)
		return open_by_host(path);
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
