/* SPDX-License-Identifier: MIT */
/*
 * The questions of a reader, answered by the process that started it.  Each
 * answer is small, so that the socket always has room for it: a reader waits
 * for one answer before it asks again, and one that does not is stopped.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/load.h"

/* Longer answers, or more than a few at once, are not for a reader of ours. */
static int
send_answer(struct process *p, struct message *m, const void *tail, size_t size,
	    int fd)
{
	m->kind = MESSAGE_ANSWER;
	if (message_answer(p->socket, m, tail, size, fd))
		return 0;
	/* One that has just ended shows so by its socket. */
	if (errno == EPIPE || errno == ECONNRESET)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "the reader does not take its answers: %s",
			     strerror(errno));
}

static int
answer_text(struct process *p, struct message *m, const char *text)
{
	return send_answer(p, m, text, strlen(text) + 1, -1);
}

/* May the segment be so large, is there memory, what to say of a full root? */
static int
answer_memory(struct process *p, const struct message *m,
	      struct cute_shm_builder *builder, enum cute_shm_ask what)
{
	struct message answer = { .err = CUTE_SHM_ERR_STATE };

	if (builder)
		answer.err = cute_shm_builder_grant(builder, what, m->bytes,
						    m->given, &answer.bytes);
	if (what == CUTE_SHM_ASK_ROOM)
		p->room = answer.err == 0 ? m->bytes : 0;
	return answer_text(p, &answer, answer.err ? cute_shm_errmsg() : "");
}

static int
answer_open(struct process *p, const char *path, const struct host *host)
{
	struct message answer = { .err = -EACCES };
	struct stat st = { .st_size = 0 };
	int fd, err;

	fd = host ? host->open(host->arg, path, &st) : -EACCES;
	answer.err = fd < 0 ? fd : 0;
	err = send_answer(p, &answer, &st, sizeof(st), fd);
	if (fd >= 0)
		close(fd);
	return err;
}

static int
answer_stat(struct process *p, const char *path, const struct host *host)
{
	struct message answer = { .err = -EACCES };
	struct stat st = { .st_size = 0 };

	if (host)
		answer.err = host->stat(host->arg, path, &st);
	return send_answer(p, &answer, &st, sizeof(st), -1);
}

static int
answer_real_path(struct process *p, const char *path, const struct host *host)
{
	struct message answer = { .err = -EACCES };
	char real[PATH_MAX] = "";

	if (host)
		answer.err = host->real_path(host->arg, path, real);
	return answer_text(p, &answer, answer.err ? "" : real);
}

bool
answer_question(struct process *p, const struct message *m,
		struct cute_shm_builder *builder, const struct host *host,
		int *err)
{
	const char *path = message_text(m, 0);

	switch (m->kind) {
	case MESSAGE_ROOM:
		*err = answer_memory(p, m, builder, CUTE_SHM_ASK_ROOM);
		return true;
	case MESSAGE_LOOK:
		*err = answer_memory(p, m, builder, CUTE_SHM_ASK_LOOK);
		return true;
	case MESSAGE_RAN_OUT:
		*err = answer_memory(p, m, builder, CUTE_SHM_ASK_FULL);
		return true;
	case MESSAGE_OPEN: *err = answer_open(p, path, host); return true;
	case MESSAGE_STAT: *err = answer_stat(p, path, host); return true;
	case MESSAGE_REAL_PATH:
		*err = answer_real_path(p, path, host);
		return true;
	default: return false;
	}
}
