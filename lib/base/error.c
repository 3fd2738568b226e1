/* SPDX-License-Identifier: MIT */
/* Errors: a code for programs, and per thread a message for people. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

/* Long enough for a path of PATH_MAX bytes and some numbers. */
static _Thread_local char message[4096 + 512];

/* What the last failure has not found. */
static _Thread_local int missing;

static const char *const names[] = {
	[-CUTE_SHM_OK] = "no error",
	[-CUTE_SHM_ERR_INVALID] = "invalid argument",
	[-CUTE_SHM_ERR_NOMEM] = "out of private memory",
	[-CUTE_SHM_ERR_SYSTEM] = "system call failed",
	[-CUTE_SHM_ERR_NOT_FOUND] = "not found",
	[-CUTE_SHM_ERR_EXISTS] = "exists already",
	[-CUTE_SHM_ERR_OWNER] = "belongs to another user",
	[-CUTE_SHM_ERR_PERMISSION] = "permission denied",
	[-CUTE_SHM_ERR_FORMAT] = "not a cute-shm segment",
	[-CUTE_SHM_ERR_UNSUPPORTED] = "needs a newer library",
	[-CUTE_SHM_ERR_CORRUPT] = "segment is damaged",
	[-CUTE_SHM_ERR_NO_SPACE] = "not enough shared memory",
	[-CUTE_SHM_ERR_TYPE] = "of another type",
	[-CUTE_SHM_ERR_STATE] = "not at this stage",
	[-CUTE_SHM_ERR_CANCELLED] = "cancelled",
	[-CUTE_SHM_ERR_SOURCE] = "source file cannot be read",
	[-CUTE_SHM_ERR_END] = "nothing follows",
	[-CUTE_SHM_ERR_TIMEOUT] = "time is up",
	[-CUTE_SHM_ERR_TORN] = "torn by a writer that died",
	[-CUTE_SHM_ERR_BUSY] = "in use",
	[-CUTE_SHM_ERR_LIMIT] = "over a bound that was set",
};

const char *
cute_shm_strerror(int err)
{
	size_t count = sizeof(names) / sizeof(names[0]);

	if (err > 0 || err <= -(int)count || !names[-err])
		return "unknown error";
	return names[-err];
}

const char *
cute_shm_errmsg(void)
{
	return message;
}

/* The arguments may point into 'message': format elsewhere, then copy. */
static void __attribute__((format(printf, 1, 0)))
set_message(const char *format, va_list ap, const char *tail)
{
	char text[sizeof(message)];
	size_t length;

	vsnprintf(text, sizeof(text), format, ap);
	length = strlen(text);
	if (tail)
		snprintf(text + length, sizeof(text) - length, ": %s", tail);
	memcpy(message, text, strlen(text) + 1);
	missing = 0;
}

int
cute_shm_fail(int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	set_message(format, ap, NULL);
	va_end(ap);
	return err;
}

int
fail_missing(int what, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	set_message(format, ap, NULL);
	va_end(ap);
	missing = what;
	return CUTE_SHM_ERR_NOT_FOUND;
}

int
cute_shm_missing(void)
{
	return missing;
}

static int
err_of_errno(int number)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR: return CUTE_SHM_ERR_NOT_FOUND;
	case EEXIST: return CUTE_SHM_ERR_EXISTS;
	case EACCES:
	case EPERM:
	case EROFS: return CUTE_SHM_ERR_PERMISSION;
	case ENOMEM: return CUTE_SHM_ERR_NOMEM;
	case ENOSPC:
	case EDQUOT: return CUTE_SHM_ERR_NO_SPACE;
	default: return CUTE_SHM_ERR_SYSTEM;
	}
}

int
no_result(const char *call)
{
	return cute_shm_fail(CUTE_SHM_ERR_INVALID,
			     "%s: NULL is no place for a result", call);
}

int
fail_errno(const char *format, ...)
{
	int number = errno;
	char reason[128];
	va_list ap;

	va_start(ap, format);
	set_message(format, ap, strerror_r(number, reason, sizeof(reason)));
	va_end(ap);
	return err_of_errno(number);
}

const char *
cute_shm_version(void)
{
	return CUTE_SHM_VERSION;
}
