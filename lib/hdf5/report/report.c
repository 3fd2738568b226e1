/* SPDX-License-Identifier: MIT */
/* Reports of the child to the parent: a shared page, and messages in a pipe. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "hdf5/report/report.h"

void
board_work(struct board *b, const char *path, uint64_t bytes)
{
	size_t size = strnlen(path, sizeof(b->path) - 1);
	uint32_t s = b->sequence;

	__atomic_store_n(&b->sequence, s + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(b->path, path, size);
	b->path[size] = '\0';
	__atomic_store_n(&b->sequence, s + 2, __ATOMIC_RELEASE);
	__atomic_store_n(&b->expect, bytes, __ATOMIC_RELAXED);
	__atomic_add_fetch(&b->beat, 1, __ATOMIC_RELEASE);
}

void
board_beat(struct board *b)
{
	__atomic_add_fetch(&b->beat, 1, __ATOMIC_RELEASE);
}

void
board_done(struct board *b, uint64_t bytes)
{
	__atomic_add_fetch(&b->done, bytes, __ATOMIC_RELAXED);
	__atomic_add_fetch(&b->beat, 1, __ATOMIC_RELEASE);
}

/*
 * The child may be writing the path, or may have died while writing it: return
 * some valid text in any case.
 */
void
board_path(const struct board *b, char *ret, size_t size)
{
	uint32_t s, after;
	int tries = 100;

	do {
		s = __atomic_load_n(&b->sequence, __ATOMIC_ACQUIRE);
		snprintf(ret, size, "%.*s", (int)sizeof(b->path) - 1, b->path);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&b->sequence, __ATOMIC_RELAXED);
	} while (tries-- > 0 && (s % 2 || s != after));
}

/* A limit for the size of a message.  Real paths are much shorter. */
#define MESSAGE_MAX (UINT32_C(64) << 20)

static int
send_all(int fd, const void *data, size_t size)
{
	const uint8_t *p = data;
	ssize_t n;

	while (size > 0) {
		n = write(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
					     "the loading process is alone");
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Send *m and up to three texts in one message. */
static int
send_message(struct loader *l, struct message *m, const char *const text[3])
{
	size_t size[3], total = sizeof(*m), at = sizeof(*m);
	uint8_t *all;
	int i, rc;

	for (i = 0; i < 3; i++) {
		size[i] = strnlen(text[i], MESSAGE_MAX / 4) + 1;
		total += size[i];
	}
	all = malloc(total);
	if (!all)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory for a message");
	m->size = (uint32_t)total;
	memcpy(all, m, sizeof(*m));
	for (i = 0; i < 3; i++) {
		memcpy(all + at, text[i], size[i] - 1);
		all[at + size[i] - 1] = '\0';
		at += size[i];
	}
	rc = send_all(l->pipe, all, total);
	free(all);
	return rc;
}

static int __attribute__((format(printf, 4, 0)))
send_reason(struct loader *l, enum message_kind kind, const char *path,
	    const char *format, va_list ap)
{
	struct message m = { .kind = kind };
	char reason[512];

	vsnprintf(reason, sizeof(reason), format, ap);
	return send_message(l, &m, (const char *const[]){ path, reason, "" });
}

int
send_skipped(struct loader *l, const char *path, const char *reason, ...)
{
	va_list ap;
	int rc;

	if (l->quiet)
		return 0;
	l->result.skipped++;
	va_start(ap, reason);
	rc = send_reason(l, MESSAGE_SKIPPED, path, reason, ap);
	va_end(ap);
	return rc;
}

int
send_incomplete(struct loader *l, const char *path, const char *reason, ...)
{
	va_list ap;
	int rc;

	if (l->quiet)
		return 0;
	l->result.skipped++;
	va_start(ap, reason);
	rc = send_reason(l, MESSAGE_INCOMPLETE, path, reason, ap);
	va_end(ap);
	return rc;
}

int
send_changed(struct loader *l, const char *path, const char *reason, ...)
{
	va_list ap;
	int rc;

	if (l->quiet)
		return 0;
	va_start(ap, reason);
	rc = send_reason(l, MESSAGE_CHANGED, path, reason, ap);
	va_end(ap);
	return rc;
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
				   "%s: cannot read /%s: %s", l->file, path,
				   text);
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
			    (const char *const[]){ array->path, array->dtype,
						   array->strategy });
}

int
send_log(struct loader *l, int level, const char *text)
{
	struct message m = { .kind = MESSAGE_LOG, .err = level };

	return send_message(l, &m, (const char *const[]){ text, "", "" });
}

int
send_end(struct loader *l, enum message_kind kind, int err, const char *text)
{
	struct message m = { .kind = kind, .err = err, .result = l->result };

	return send_message(l, &m, (const char *const[]){ text, "", "" });
}

/* 1 when all bytes were read, 0 at the end of the stream, -1 on failure. */
static int
receive_bytes(int fd, void *data, size_t size)
{
	uint8_t *p = data;
	ssize_t n;

	while (size > 0) {
		n = read(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		p += n;
		size -= (size_t)n;
	}
	return 1;
}

int
receive(int fd, struct message **ret)
{
	struct message head, *m;
	int rc;

	rc = receive_bytes(fd, &head, sizeof(head));
	if (rc <= 0)
		return rc;
	/* A damaged file may have corrupted the child: check the sizes. */
	if (head.size < sizeof(head) + 3 || head.size > MESSAGE_MAX ||
	    head.ndim > MAX_NDIM)
		return -1;
	m = malloc(head.size);
	if (!m)
		return -1;
	*m = head;
	rc = receive_bytes(fd, m + 1, head.size - sizeof(head));
	if (rc <= 0 || ((char *)m)[head.size - 1] != '\0') {
		free(m);
		return rc < 0 ? -1 : 0;
	}
	*ret = m;
	return 1;
}

const char *
message_text(const struct message *m, unsigned i)
{
	const char *text = (const char *)(m + 1);
	const char *end = (const char *)m + m->size;

	while (i-- > 0 && text < end)
		text += strlen(text) + 1;
	return text < end ? text : "";
}
