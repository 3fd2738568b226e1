/* SPDX-License-Identifier: MIT */
/* Messages of the reader process to the caller's. */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/report/report.h"

/* One thread sends at a time, and one waits for the answer to a question. */
static pthread_mutex_t sending = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER;

/*
 * Set when a message was sent or received in part: nobody knows where the next
 * one begins.
 */
static atomic_bool broken;

/* Returns the result of a call that sends or receives, and remembers it. */
static int
checked(int rc)
{
	if (rc != 0 && errno != ENOMEM)
		broken = true;
	return rc;
}

#define TEXTS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

static int
send_message(struct loader *l, struct message *m, const char *const *text)
{
	int rc;

	pthread_mutex_lock(&sending);
	errno = EPIPE;
	rc = broken ? -1 : checked(message_send_texts(l->socket, m, text));
	pthread_mutex_unlock(&sending);
	if (rc == 0)
		return 0;
	if (errno == ENOMEM)
		return fail_memory("for a message");
	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "the reader is alone: %s",
			     strerror(errno));
}

bool
send_question(struct loader *l, enum message_kind kind, uint64_t bytes,
	      uint64_t given, const char *path, struct message **ret, int *fd)
{
	struct message m = { .kind = kind, .bytes = bytes, .given = given };
	int fds[MESSAGE_FDS] = { -1, -1, -1 }, i;
	bool ok;

	pthread_mutex_lock(&asking);
	ok = send_message(l, &m, TEXTS(path)) == 0;
	if (ok) {
		errno = EPIPE;
		ok = message_receive(l->socket, ret, fds) == 1;
		checked(ok ? 0 : -1);
	}
	pthread_mutex_unlock(&asking);
	for (i = ok && fd ? 1 : 0; i < MESSAGE_FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (ok && fd)
		*fd = fds[0];
	return ok;
}

static int __attribute__((format(printf, 4, 0)))
send_reason(struct loader *l, enum message_kind kind, const char *path,
	    const char *format, va_list ap)
{
	struct message m = { .kind = kind };
	char reason[512];

	vsnprintf(reason, sizeof(reason), format, ap);
	return send_message(l, &m, TEXTS(path, reason));
}

int
send_report(struct loader *l, enum message_kind kind, const char *path,
	    const char *reason, ...)
{
	va_list ap;
	int rc;

	if (l->quiet)
		return 0;
	if (kind != MESSAGE_CHANGED)
		l->result.skipped++;
	va_start(ap, reason);
	rc = send_reason(l, kind, path, reason, ap);
	va_end(ap);
	return rc;
}

const char *
loader_file(const struct loader *l, const char *path)
{
	return listed_file(l->listed, l->listed_count, path, l->file);
}

int
send_failed(struct loader *l, const char *path, const char *reason, ...)
{
	char text[512];
	va_list ap;
	int rc;

	/* This part failed and was reported: the whole fails, too. */
	if (l->ended)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s", l->ended);
	va_start(ap, reason);
	if (l->opt->flags & CUTE_SHM_HDF5_KEEP_GOING) {
		l->result.failed++;
		rc = send_reason(l, MESSAGE_FAILED, path, reason, ap);
	} else {
		vsnprintf(text, sizeof(text), reason, ap);
		rc = cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				   "%s: cannot read /%s: %s",
				   loader_file(l, path), path, text);
		l->ended = strdup(cute_shm_errmsg());
	}
	va_end(ap);
	return rc;
}

/* With KEEP_GOING an object that needs too much memory is left out as well. */
bool
is_objects_own(const struct loader *l, int err)
{
	return err == CUTE_SHM_ERR_SOURCE ||
	       (err == CUTE_SHM_ERR_NOMEM &&
		(l->opt->flags & CUTE_SHM_HDF5_KEEP_GOING) &&
		limits_exceeded(err, ""));
}

int
send_array(struct loader *l, const struct cute_shm_hdf5_array *array)
{
	struct message m = { .kind = MESSAGE_ARRAY };

	if (!l->opt->array)
		return 0;
	m.ndim = array->ndim;
	memcpy(m.shape, array->shape, sizeof(m.shape[0]) * array->ndim);
	m.bytes = array->bytes;
	m.seconds = array->seconds;
	return send_message(l, &m,
			    TEXTS(array->path, array->dtype, array->strategy,
				  array->libhdf5));
}

int
send_fact(struct loader *l, const char *kind, const char *name,
	  const char *value, const char *package)
{
	struct message m = { .kind = MESSAGE_FACT };

	return send_message(l, &m, TEXTS(kind, name, value, package));
}

void
send_final(struct loader *l, uint64_t offset, uint64_t size)
{
	struct message m = { .kind = MESSAGE_FINAL,
			     .bytes = size,
			     .given = offset };

	(void)send_message(l, &m, TEXTS(""));
}

int
send_log(struct loader *l, int level, const char *text)
{
	struct message m = { .kind = MESSAGE_LOG, .err = level };

	return send_message(l, &m, TEXTS(text));
}

int
send_end(struct loader *l, enum message_kind kind, int err, const char *text)
{
	struct message m = { .kind = kind, .err = err, .result = l->result };

	return send_message(l, &m, TEXTS(text));
}
