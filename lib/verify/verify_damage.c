/* SPDX-License-Identifier: MIT */
/* Report damages, and find the simplest ones: bytes and texts. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/verify.h"

/* Count the damage and report it to the caller, who may cancel. */
static void
report(struct verify *v, const struct cute_shm_damage *damage)
{
	v->result.damaged++;
	if (v->opt.report && v->opt.report(damage, v->opt.arg) != 0)
		v->stop = cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
					"the verification was ended");
}

static void __attribute__((format(printf, 6, 0)))
damaged(struct verify *v, int err, const struct record *r, uint64_t offset,
	uint64_t block, const char *format, va_list ap)
{
	struct cute_shm_damage damage = {
		.err = err,
		.offset = offset,
		.block = block,
		.begin = v->begin,
		.end = v->end,
		.path = r && r->kind == CUTE_SHM_ARRAY ? r->path : NULL,
	};
	char *text, *whole = NULL;

	if (v->stop != 0)
		return;
	if (vasprintf(&text, format, ap) < 0) {
		verify_no_memory(v);
		return;
	}
	if (!r)
		whole = text;
	else if (asprintf(&whole, "/%s: %s", r->path, text) < 0)
		whole = NULL;
	if (whole != text)
		free(text);
	if (!whole) {
		verify_no_memory(v);
		return;
	}
	damage.message = whole;
	report(v, &damage);
	if (v->err == 0) {
		v->err = err;
		v->message = whole;
	} else {
		free(whole);
	}
}

void
verify_damage(struct verify *v, const struct record *record, uint64_t offset,
	      uint64_t block, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	damaged(v, CUTE_SHM_ERR_CORRUPT, record, offset, block, format, ap);
	va_end(ap);
}

void
verify_torn(struct verify *v, const struct record *record, uint64_t offset,
	    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	damaged(v, CUTE_SHM_ERR_TORN, record, offset, 0, format, ap);
	va_end(ap);
}

void
verify_failure(struct verify *v, const struct record *record, uint64_t offset)
{
	const char *message = cute_shm_errmsg();
	size_t prefix = strlen(v->shm->path);

	/* The final message begins with the path of the segment. */
	if (strncmp(message, v->shm->path, prefix) == 0 &&
	    strncmp(message + prefix, ": ", 2) == 0)
		message += prefix + 2;
	verify_damage(v, record, offset, 0, "%s", message);
}

void
verify_no_memory(struct verify *v)
{
	if (v->stop == 0)
		v->stop = fail_memory("to verify %s", v->shm->path);
}

void
verify_zeros(struct verify *v, const struct record *record, uint64_t from,
	     uint64_t to, const char *what)
{
	const uint8_t *p;
	uint64_t i = 0;

	if (from >= to)
		return;
	p = segment_at(v->shm, from, to - from);
	if (!p || (p[0] == 0 && memcmp(p, p + 1, (size_t)(to - from - 1)) == 0))
		return;
	while (i < to - from - 1 && p[i] == 0)
		i++;
	verify_damage(v, record, from + i, 0,
		      "%s at %#" PRIx64 ": a byte that "
		      "is not zero",
		      what, from + i);
}

void
verify_text(struct verify *v, const struct record *record, uint64_t at,
	    size_t size, const char *what)
{
	const char *text = segment_at(v->shm, at, size);
	size_t length = text ? strnlen(text, size) : 0;

	if (length == size)
		verify_damage(v, record, at, 0,
			      "%s at %#" PRIx64 ": not NUL-terminated", what,
			      at);
	else
		verify_zeros(v, record, at + length, at + size, what);
}

void
text_list_add(struct verify *v, const char *text)
{
	struct text_list *list = &v->texts;
	const char **texts = vector_grow(list->texts, list->count, &list->room,
					 sizeof(*texts), "texts");

	if (!texts) {
		verify_no_memory(v);
		return;
	}
	list->texts = texts;
	texts[list->count++] = text;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *
text_list_twice(struct text_list *list)
{
	size_t count = list->count, i;

	list->count = 0;
	if (count < 2)
		return NULL;
	qsort(list->texts, count, sizeof(*list->texts), by_bytes);
	for (i = 1; i < count; i++)
		if (strcmp(list->texts[i - 1], list->texts[i]) == 0)
			return list->texts[i];
	return NULL;
}
