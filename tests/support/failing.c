/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failing.h"
#include "test_reader.h"
#include "util.h"

/* Shared with children, and with the readers that they start. */
static struct failing_state {
	atomic_long left; /* negative: none has to fail */
	enum failing kind;
	int error;
} * state;

/* In a reader: see test_reader.h. */
static void __attribute__((constructor)) begin(void)
{
	state = test_shared_map(sizeof(*state));
}

void
failing_after(enum failing kind, long n, int error)
{
	if (!state) {
		state = test_shared(sizeof(*state));
		atomic_store(&state->left, -1);
	}
	state->kind = kind;
	state->error = error;
	atomic_store(&state->left, n);
}

bool
failing_end(void)
{
	return atomic_exchange(&state->left, -1) < 0;
}

static bool
fails(enum failing kind)
{
	if (!state || state->kind != kind || atomic_load(&state->left) < 0 ||
	    atomic_fetch_sub(&state->left, 1) != 0)
		return false;
	errno = state->error;
	return true;
}

/* Those of the same form: what they give on failure, and what they do. */
#define WRAP(kind, type, failed, name, declared, given) \
	type __real_##name declared; \
	type __wrap_##name declared; \
	type __wrap_##name declared \
	{ \
		return fails(kind) ? (failed) : __real_##name given; \
	}
#define ALLOCATION(type, name, declared, given) \
	WRAP(FAILING_ALLOCATION, type, NULL, name, declared, given)
#define CALL(type, failed, name, declared, given) \
	WRAP(FAILING_CALL, type, failed, name, declared, given)

ALLOCATION(void *, malloc, (size_t n), (n))
ALLOCATION(void *, calloc, (size_t count, size_t n), (count, n))
ALLOCATION(void *, realloc, (void *p, size_t n), (p, n))
ALLOCATION(void *, reallocarray, (void *p, size_t count, size_t n),
	   (p, count, n))
ALLOCATION(void *, aligned_alloc, (size_t alignment, size_t n), (alignment, n))
ALLOCATION(char *, strdup, (const char *text), (text))
ALLOCATION(char *, strndup, (const char *text, size_t n), (text, n))
WRAP(FAILING_ALLOCATION, int, -1, vasprintf,
     (char **ret, const char *format, va_list ap), (ret, format, ap))

int __wrap_asprintf(char **ret, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

int
__wrap_asprintf(char **ret, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = __wrap_vasprintf(ret, format, ap);
	va_end(ap);
	return n;
}

CALL(int, -1, fstat, (int fd, struct stat *st), (fd, st))
CALL(int, -1, lstat, (const char *p, struct stat *st), (p, st))
CALL(ssize_t, -1, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at))
CALL(ssize_t, -1, pwrite, (int fd, const void *p, size_t n, off_t at),
     (fd, p, n, at))
CALL(ssize_t, -1, read, (int fd, void *p, size_t n), (fd, p, n))
CALL(ssize_t, -1, write, (int fd, const void *p, size_t n), (fd, p, n))
CALL(int, -1, ftruncate, (int fd, off_t size), (fd, size))
CALL(int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
CALL(int, -1, fsync, (int fd), (fd))
CALL(int, -1, rename, (const char *a, const char *b), (a, b))
CALL(int, -1, linkat, (int a, const char *b, int c, const char *d, int e),
     (a, b, c, d, e))
CALL(int, -1, renameat2,
     (int a, const char *b, int c, const char *d, unsigned e), (a, b, c, d, e))
CALL(int, -1, unlink, (const char *p), (p))
CALL(char *, NULL, realpath, (const char *p, char *to), (p, to))
CALL(int, -1, pipe2, (int *ends, int flags), (ends, flags))
CALL(int, -1, memfd_create, (const char *name, unsigned flags), (name, flags))
CALL(int, -1, socketpair, (int domain, int type, int protocol, int ends[2]),
     (domain, type, protocol, ends))
CALL(int, -1, poll, (struct pollfd * f, nfds_t count, int ms), (f, count, ms))
CALL(ssize_t, -1, recv, (int fd, void *p, size_t n, int flags),
     (fd, p, n, flags))
CALL(ssize_t, -1, recvmsg, (int fd, struct msghdr *h, int flags),
     (fd, h, flags))
CALL(ssize_t, -1, sendmsg, (int fd, const struct msghdr *h, int flags),
     (fd, h, flags))
CALL(int, errno, posix_spawn,
     (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attr, char *const *argv, char *const *env),
     (pid, path, actions, attr, argv, env))
CALL(int, -1, mprotect, (void *p, size_t n, int prot), (p, n, prot))
CALL(void *, MAP_FAILED, mmap,
     (void *p, size_t n, int prot, int flags, int fd, off_t at),
     (p, n, prot, flags, fd, at))
CALL(ssize_t, -1, getrandom, (void *p, size_t n, unsigned flags), (p, n, flags))
CALL(int, errno, posix_fallocate, (int fd, off_t at, off_t n), (fd, at, n))
CALL(int, errno, pthread_create,
     (pthread_t * t, const pthread_attr_t *a, void *(*fn)(void *), void *arg),
     (t, a, fn, arg))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int
__wrap_open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails(FAILING_CALL) ? -1 : __real_open(path, flags, mode);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);

int
__wrap_fcntl(int fd, int command, ...)
{
	void *arg;
	va_list ap;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	return fails(FAILING_CALL) ? -1 : __real_fcntl(fd, command, arg);
}
