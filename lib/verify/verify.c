/* SPDX-License-Identifier: MIT */
/* Verify a whole segment: its header, its sections, and all the rest. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verify/verify.h"

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
	if (v.opt.flags &
	    ~(unsigned)(CUTE_SHM_VERIFY_METADATA | CUTE_SHM_VERIFY_NO_DATA))
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
		if (!(v.opt.flags & CUTE_SHM_VERIFY_NO_DATA))
			verify_data(&v);
		verify_view(&v);
	}
	rc = outcome(&v);
	if (ret)
		*ret = v.result;
	free(v.message);
	free(v.nodes);
	free(v.texts.texts);
	return rc;
}
