/* SPDX-License-Identifier: MIT */
/* The request: its numbers as they are in memory, then its texts. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/channel/channel.h"

enum {
	LIST_SELECT,
	LIST_EXCLUDE,
	LIST_FAILURES,
	LIST_LISTED
};

/* A buffer of texts that grows; 'full' if memory is short. */
struct texts_out {
	char *bytes;
	size_t size, room;
	bool full;
};

static void
put(struct texts_out *out, const void *bytes, size_t size)
{
	char *more;

	if (out->full || size == 0)
		return;
	if (size > out->room - out->size) {
		out->room = 2 * out->room + size + 256;
		more = realloc(out->bytes, out->room);
		out->full = !more;
		if (!more)
			return;
		out->bytes = more;
	}
	memcpy(out->bytes + out->size, bytes, size);
	out->size += size;
}

static void
put_text(struct texts_out *out, const char *text)
{
	if (!text)
		text = "";
	put(out, text, strlen(text) + 1);
}

static uint32_t
put_list(struct texts_out *out, const char *const *list)
{
	uint32_t n = 0;

	for (; list && list[n]; n++)
		put_text(out, list[n]);
	return n;
}

static void
put_listed(struct texts_out *out, const struct listed *listed)
{
	put(out, &listed->before, sizeof(listed->before));
	put_text(out, listed->stale ? "stale" : "");
	put_text(out, listed->name);
	put_text(out, listed->file);
	put_text(out, listed->real);
}

int
request_send(int socket, const struct request *r, const int *fds,
	     unsigned count)
{
	struct message m = { .kind = MESSAGE_REQUEST };
	struct texts_out out = { .size = 0 };
	struct request copy = *r;
	size_t i;
	int rc;

	put(&out, &copy, sizeof(copy));
	put(&out, r->loan, r->loan_size);
	put_text(&out, r->file);
	put_text(&out, r->path);
	put_text(&out, r->top);
	copy.lists[LIST_SELECT] =
		put_list(&out, (const char *const *)r->select);
	copy.lists[LIST_EXCLUDE] =
		put_list(&out, (const char *const *)r->exclude);
	copy.lists[LIST_FAILURES] = (uint32_t)r->failures.count;
	for (i = 0; i < r->failures.count; i++) {
		put_text(&out, r->failures.of[i].path);
		put_text(&out, r->failures.of[i].reason);
	}
	copy.lists[LIST_LISTED] = r->listed_count;
	for (i = 0; i < r->listed_count; i++)
		put_listed(&out, &r->listed[i]);
	if (out.full) {
		free(out.bytes);
		return fail_memory("for a request");
	}
	memcpy(out.bytes, &copy, sizeof(copy));
	rc = message_send(socket, &m, out.bytes, out.size, fds, count);
	free(out.bytes);
	return rc == 0 ? 0
		       : cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				       "the reader process does not listen: %s",
				       strerror(errno));
}

/* The next text; *at moves behind it. */
static const char *
next(const char **at, const char *end)
{
	const char *text = *at < end ? *at : "";

	if (*at < end)
		*at += strlen(text) + 1;
	return text;
}

static const char **
next_list(const char **at, const char *end, uint32_t count)
{
	const char **list = calloc((size_t)count + 1, sizeof(*list));
	uint32_t i;

	if (!list)
		return NULL;
	for (i = 0; i < count; i++)
		list[i] = next(at, end);
	return list;
}

/* The files, whose texts stay in the message; NULL if memory is short. */
static struct listed *
next_listed(const char **at, const char *end, uint32_t count)
{
	struct listed *listed = calloc((size_t)count + 1, sizeof(*listed));
	uint32_t i;

	if (!listed)
		return NULL;
	for (i = 0; i < count; i++) {
		if ((size_t)(end - *at) < sizeof(listed->before))
			break;
		memcpy(&listed[i].before, *at, sizeof(listed->before));
		*at += sizeof(listed->before);
		listed[i].stale = next(at, end)[0] != '\0';
		listed[i].name = (char *)(uintptr_t)next(at, end);
		listed[i].file = (char *)(uintptr_t)next(at, end);
		listed[i].real = (char *)(uintptr_t)next(at, end);
	}
	if (i == count)
		return listed;
	free(listed);
	return NULL;
}

bool
request_read(const struct message *m, struct request *ret)
{
	const char *at = (const char *)(m + 1) + sizeof(*ret);
	const char *end = (const char *)m + m->size, *path;
	uint32_t i;

	if (m->kind != MESSAGE_REQUEST || m->size < sizeof(*m) + sizeof(*ret))
		return false;
	memcpy(ret, m + 1, sizeof(*ret));
	ret->failures = (struct failures){ .count = 0 };
	if (ret->loan_size > (uint64_t)(end - at))
		return false;
	ret->loan = at;
	at += ret->loan_size;
	ret->file = next(&at, end);
	ret->path = next(&at, end);
	ret->top = next(&at, end);
	ret->select = next_list(&at, end, ret->lists[LIST_SELECT]);
	ret->exclude = next_list(&at, end, ret->lists[LIST_EXCLUDE]);
	if (!ret->select || !ret->exclude)
		return false;
	for (i = 0; i < ret->lists[LIST_FAILURES]; i++) {
		path = next(&at, end);
		if (failure_add(&ret->failures, path, next(&at, end)) != 0)
			return false;
	}
	ret->listed_count = ret->lists[LIST_LISTED];
	ret->listed = next_listed(&at, end, ret->listed_count);
	return ret->listed != NULL;
}
