/* SPDX-License-Identifier: MIT */
/* The log: one hook per process; without a hook, messages are dropped. */

#include <stdarg.h>
#include <stdio.h>

#include "base/base.h"

static cute_shm_log_fn *hook;
static void *hook_arg;
static enum cute_shm_log_level hook_level;

void
cute_shm_set_log(enum cute_shm_log_level level, cute_shm_log_fn *fn, void *arg)
{
	hook = fn;
	hook_arg = arg;
	hook_level = level;
}

int
cute_shm_log_wants(enum cute_shm_log_level level)
{
	return hook && level <= hook_level;
}

void
cute_shm_log(enum cute_shm_log_level level, const char *format, ...)
{
	char text[1024];
	va_list ap;

	if (!cute_shm_log_wants(level))
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	hook(level, text, hook_arg);
}
