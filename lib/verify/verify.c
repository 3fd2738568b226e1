/* SPDX-License-Identifier: MIT */
/* Verify a whole segment: header, sections, and the report of damages. */

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

	/* outcome() puts the path of the segment in front. */
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

/* The header must be that of the time of opening: nobody may change it. */
static void
verify_header(struct verify *v)
{
	struct format_header now;
	int rc;

	rc = check_header(v->shm->base, v->shm->size, &now);
	if (rc != 0)
		verify_failure(v, NULL, 0);
	else if (memcmp(&now, &v->shm->header, sizeof(now)) != 0)
		verify_damage(v, NULL, 0, 0,
			      "the header has changed since the "
			      "segment was opened");
}

static void
verify_metadata(struct verify *v)
{
	const struct format_header *h = &v->shm->header;
	uint64_t size = h->metadata_size - h->header_size;
	const void *metadata = segment_at(v->shm, h->header_size, size);
	uint64_t is = metadata ? digest(metadata, (size_t)size) : 0;

	if (is != h->metadata_digest)
		verify_damage(v, NULL,
			      offsetof(struct format_header, metadata_digest),
			      0,
			      "metadata digest is %016" PRIx64 ", the header"
			      " says %016" PRIx64,
			      is, h->metadata_digest);
}

static void
verify_source(struct verify *v)
{
	const struct format_header *h = &v->shm->header;
	const uint64_t at = offsetof(struct format_header, source);

	/* A path that was too long is stored without its beginning. */
	if (h->source[0] != '\0' && h->source[0] != '/' &&
	    strnlen(h->source, sizeof(h->source)) < sizeof(h->source) - 1)
		verify_damage(v, NULL, at, 0, "source is not an absolute path");
	if (h->source[0] == '\0' && (h->source_size || h->source_mtime_ns))
		verify_damage(v, NULL, at, 0,
			      "size or time of a source that "
			      "has no name");
}

/* Check the members of the header that opening does not check. */
static void
verify_identity(struct verify *v)
{
	const struct format_header *h = &v->shm->header;
	size_t length = strnlen(h->creator, sizeof(h->creator));

	verify_text(v, NULL, offsetof(struct format_header, creator),
		    sizeof(h->creator), "creator");
	verify_text(v, NULL, offsetof(struct format_header, source),
		    sizeof(h->source), "source");
	if (length == 0 || !utf8_ok(h->creator, length))
		verify_damage(v, NULL, offsetof(struct format_header, creator),
			      0, "creator is empty or not UTF-8");
	verify_source(v);
	if (h->uuid[6] >> 4 != 4 || h->uuid[8] >> 6 != 2)
		verify_damage(v, NULL, offsetof(struct format_header, uuid), 0,
			      "uuid is not of version 4");
}

/* Check the second superblock of 1.1, unless it has unknown features. */
static void
verify_second(struct verify *v)
{
	const struct format_header *h = &v->shm->header;
	const uint64_t at = sizeof(*h);
	const void *second =
		segment_at(v->shm, at, sizeof(struct format_second));
	uint64_t is = second ? digest(second, sizeof(struct format_second)) : 0;

	if (h->compatible & ~FORMAT_COMPATIBLE_KNOWN)
		return;
	verify_zeros(v, NULL, offsetof(struct format_header, view_offset),
		     offsetof(struct format_header, view_digest), "reserved");
	verify_zeros(v, NULL, at,
		     at + offsetof(struct format_second, options_digest),
		     "second superblock");
	if (!(h->compatible & FORMAT_COMPATIBLE_EPHEMERAL))
		verify_zeros(v, NULL,
			     at + offsetof(struct format_second, home_device),
			     at + sizeof(struct format_second),
			     "home of a lasting segment");
	if (is != h->view_digest)
		verify_damage(v, NULL,
			      offsetof(struct format_header, view_digest), 0,
			      "digest of the second superblock is %016" PRIx64
			      ", the header says %016" PRIx64,
			      is, h->view_digest);
}

/* Check the bytes that are unused in this version; a later one may use them. */
static void
verify_unused(struct verify *v)
{
	if (strcmp(v->shm->version, FORMAT_VERSION) == 0)
		verify_second(v);
	if (strcmp(v->shm->version, FORMAT_VERSION_FIRST) != 0)
		return;
	verify_zeros(v, NULL, offsetof(struct format_header, view_offset),
		     offsetof(struct format_header, creator), "reserved");
	verify_zeros(v, NULL, sizeof(struct format_header),
		     v->shm->header.header_size, "second superblock");
}

/* Sections follow each other without gaps, except for zeros that align them. */
static void
verify_sections(struct verify *v)
{
	const struct format_header *h = &v->shm->header;
	const struct {
		const char *name;
		uint64_t offset, size, align;
	} sections[] = {
		{ "path index", h->index_offset,
		  h->node_count * sizeof(struct format_index_row),
		  FORMAT_SECTION_ALIGN },
		{ "records", h->records_offset, h->records_size,
		  FORMAT_SECTION_ALIGN },
		{ "block digests", h->blocks_offset,
		  h->block_count * sizeof(uint64_t), FORMAT_SECTION_ALIGN },
		{ "live slots", h->live_offset,
		  h->array_count * sizeof(struct format_live), FORMAT_PAGE },
		{ "data", h->data_offset, h->data_size, FORMAT_PAGE },
	};
	uint64_t at = h->header_size;
	size_t i;

	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (sections[i].offset != align_up(at, sections[i].align))
			verify_damage(v, NULL, sections[i].offset, 0,
				      "%s at %#" PRIx64 ", not at %#" PRIx64,
				      sections[i].name, sections[i].offset,
				      align_up(at, sections[i].align));
		verify_zeros(v, NULL, at, sections[i].offset,
			     "padding between sections");
		at = sections[i].offset + sections[i].size;
	}
}

/* The error to return; its message is that of the first damage. */
static int
outcome(const struct verify *v)
{
	uint64_t more = v->result.damaged - 1;

	if (v->stop != 0)
		return v->stop;
	if (v->err == 0)
		return 0;
	if (more == 0)
		return cute_shm_fail(v->err, "%s: %s", v->shm->path,
				     v->message);
	return cute_shm_fail(v->err, "%s: %s; and %" PRIu64 " more damage%s",
			     v->shm->path, v->message, more,
			     more == 1 ? "" : "s");
}

int
cute_shm_verify(const struct cute_shm *shm,
		const struct cute_shm_verify_options *opt,
		struct cute_shm_verify_result *ret)
{
	struct verify v = {
		.shm = shm,
		.opt.size = sizeof(v.opt),
		.data_left = shm->header.data_size,
		.records_left = shm->header.records_size,
	};
	int rc;

	rc = options_copy(&v.opt, sizeof(v.opt), opt);
	if (rc != 0)
		return rc;
	if (v.opt.flags & ~(unsigned)CUTE_SHM_VERIFY_METADATA)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "unknown flags %#x to verify with",
				     v.opt.flags);
	verify_header(&v);
	verify_metadata(&v);
	if (!(v.opt.flags & CUTE_SHM_VERIFY_METADATA)) {
		verify_identity(&v);
		verify_unused(&v);
		verify_sections(&v);
		verify_structure(&v);
		verify_index(&v);
		verify_data(&v);
	}
	rc = outcome(&v);
	if (ret)
		*ret = v.result;
	free(v.message);
	free(v.nodes);
	free(v.texts.texts);
	return rc;
}
