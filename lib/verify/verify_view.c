/* SPDX-License-Identifier: MIT */
/*
 * Check the second superblock and the HDF5 view.  A view is encoded again from
 * the records and compared: its digest finds damage only, this finds one that
 * says something else than the records.
 */

#include <inttypes.h>
#include <string.h>

#include "verify/verify.h"
#include "view/view.h"

/* Compares a view that is emitted with that of the segment. */
struct compared {
	const uint8_t *bytes; /* of the segment's */
	uint64_t size, at;
	bool differs;
};

/* Stop at the first difference; its offset is at most 'at'. */
static int
compare(void *arg, const void *data, size_t size)
{
	struct compared *c = arg;
	const uint8_t *is = data;
	size_t i;

	if (size > c->size - c->at) {
		c->differs = true;
		return CUTE_SHM_ERR_END;
	}
	if (memcmp(c->bytes + c->at, data, size) == 0) {
		c->at += size;
		return 0;
	}
	for (i = 0; i < size && c->bytes[c->at] == is[i]; i++)
		c->at++;
	c->differs = true;
	return CUTE_SHM_ERR_END;
}

static void
compare_superblock(struct verify *v, const struct view *view)
{
	const uint8_t *is =
		segment_at(v->shm, sizeof(struct format_header), 48);
	uint8_t superblock[48];

	view_superblock(view, superblock);
	if (is && memcmp(is, superblock, sizeof(superblock)) != 0)
		verify_damage(v, NULL, sizeof(struct format_header), 0,
			      "the superblock of the HDF5 view is not that of "
			      "the records");
}

static void
compare_view(struct verify *v, struct view *view)
{
	const struct format_header *h = &v->shm->header;
	struct compared c = { .size = h->view_size };
	int err;

	c.bytes = segment_at(v->shm, h->view_offset, h->view_size);
	if (!c.bytes || view->begin != h->view_offset ||
	    view->end != h->segment_size) {
		verify_damage(v, NULL,
			      offsetof(struct format_header, view_offset), 0,
			      "HDF5 view at %#" PRIx64 " to %#" PRIx64
			      ", that of the records is at %#" PRIx64
			      " to %#" PRIx64,
			      h->view_offset, h->segment_size, view->begin,
			      view->end);
		return;
	}
	compare_superblock(v, view);
	err = view_emit(view, compare, &c);
	if (c.differs)
		verify_damage(v, NULL, h->view_offset + c.at, 0,
			      "the HDF5 view is not that of the records");
	else if (err == CUTE_SHM_ERR_NOMEM)
		verify_no_memory(v);
	else if (err != 0)
		verify_failure(v, NULL, h->view_offset);
}

void
verify_view(struct verify *v)
{
	const struct format_header *h = &v->shm->header;
	struct view *view;
	int err;

	/*
	 * Damaged records have been reported, and cannot be encoded; a later
	 * version may have other views.
	 */
	if (!header_has_view(h) || v->err != 0 || v->stop != 0 ||
	    strcmp(v->shm->version, FORMAT_VERSION) != 0)
		return;
	err = view_measure(v->shm, h->segment_size, &view);
	if (err == CUTE_SHM_ERR_NOMEM)
		verify_no_memory(v);
	else if (err != 0)
		verify_failure(v, NULL, h->view_offset);
	if (err != 0)
		return;
	verify_zeros(v, NULL, view->data,
		     view->begin < h->segment_size ? view->begin
						   : h->segment_size,
		     "padding before the HDF5 view");
	compare_view(v, view);
	view_free(view);
}

/* ------------------------------------------------------- second superblock */

/* The digest of the second superblock and of the view. */
static void
verify_digest(struct verify *v, const void *second)
{
	const struct format_header *h = &v->shm->header;
	bool has_view = header_has_view(h);
	const void *view =
		has_view ? segment_at(v->shm, h->view_offset, h->view_size)
			 : NULL;
	struct digest_stream *stream = digest_stream_new();
	uint64_t is;

	if (!stream) {
		verify_no_memory(v);
		return;
	}
	digest_stream_add(stream, second, sizeof(struct format_second));
	if (view)
		digest_stream_add(stream, view, (size_t)h->view_size);
	is = digest_stream_end(stream);
	digest_stream_free(stream);
	if (is != h->view_digest)
		verify_damage(v, NULL,
			      offsetof(struct format_header, view_digest), 0,
			      "digest of the second superblock%s is %016" PRIx64
			      ", the header says %016" PRIx64,
			      has_view ? " and the HDF5 view" : "", is,
			      h->view_digest);
}

void
verify_second(struct verify *v)
{
	const struct format_header *h = &v->shm->header;
	const uint64_t at = sizeof(*h);
	const void *second =
		segment_at(v->shm, at, sizeof(struct format_second));

	if (h->compatible & ~FORMAT_COMPATIBLE_KNOWN || !second)
		return;
	if (!header_has_view(h)) {
		verify_zeros(v, NULL,
			     offsetof(struct format_header, view_offset),
			     offsetof(struct format_header, view_digest),
			     "reserved");
		verify_zeros(v, NULL, at,
			     at + offsetof(struct format_second, zero),
			     "superblock of an HDF5 view");
	}
	verify_zeros(v, NULL, at + offsetof(struct format_second, zero),
		     at + offsetof(struct format_second, options_digest),
		     "second superblock");
	if (!(h->compatible & FORMAT_COMPATIBLE_EPHEMERAL))
		verify_zeros(v, NULL,
			     at + offsetof(struct format_second, home_device),
			     at + sizeof(struct format_second),
			     "home of a lasting segment");
	verify_digest(v, second);
}
