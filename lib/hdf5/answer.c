/* SPDX-License-Identifier: MIT */
/* The questions of a reader, answered by the process that started it. */

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "hdf5/load.h"

/*
 * The answer goes with a short text, which the socket always has room for,
 * unless the reader does not take its answers.
 */
static int
send_answer(const struct process *p, struct message *m, const char *text)
{
	struct pollfd f = { .fd = p->socket, .events = POLLOUT };

	if (poll(&f, 1, 0) == 0)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "the reader asks, but does not take the "
				     "answers");
	m->kind = MESSAGE_ANSWER;
	if (message_send_texts(p->socket, m,
			       (const char *const[]){ text, NULL }) == 0 ||
	    errno == EPIPE || errno == ECONNRESET)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "the reader is gone: %s",
			     strerror(errno));
}

/* May the segment be so large, is there memory, or what to say of a full root? */
static int
answer_memory(const struct process *p, const struct message *m,
	      struct cute_shm_builder *builder, enum cute_shm_ask what)
{
	struct message answer = { .err = CUTE_SHM_ERR_STATE };

	if (builder)
		answer.err = cute_shm_builder_grant(builder, what, m->bytes,
						    m->given, &answer.bytes);
	return send_answer(p, &answer, answer.err ? cute_shm_errmsg() : "");
}

bool
answer_question(const struct process *p, const struct message *m,
		struct cute_shm_builder *builder, int *err)
{
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
	default: return false;
	}
}
