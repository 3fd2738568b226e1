/* SPDX-License-Identifier: MIT */
/*
 * Make a project from a segment that comes in parts, in any order, from another
 * machine: the steps of restore.c, one call each, so that several machines can
 * agree before any of them gives the project its name.
 */

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "copy/copy.h"

struct cute_shm_receiver {
	struct cute_shm_builder *b;
	struct mapping map; /* of all bytes, while parts come */
	unsigned jobs;
	pthread_mutex_t mutex;
	struct received received; /* the mutex's */
};

/* All memory is reserved at once: a store to the mapping must not fail. */
static int
reserve(struct cute_shm_receiver *r, uint64_t size)
{
	struct cute_shm_builder *b = r->b;
	int err;

	b->header.segment_size = size;
	err = reserve_segment(b);
	huge_end(b);
	if (err == 0 &&
	    map_new(b->fd, (size_t)size, PROT_READ | PROT_WRITE, &r->map) != 0)
		err = fail_errno("project %s: cannot map it", b->project);
	if (err == 0)
		b->state = BUILD_WRITE;
	return err;
}

static int
begin(struct cute_shm_receiver *r, const char *project, uint64_t size,
      const struct cute_shm_receive_options *opt)
{
	const unsigned known = CUTE_SHM_OVERWRITE | CUTE_SHM_REPLACE |
			       CUTE_SHM_EPHEMERAL | CUTE_SHM_NO_VIEW;
	struct cute_shm_build_options build = {
		.size = sizeof(build),
		.root = opt->root,
		.flags = opt->flags,
		.mode = opt->mode,
		.group = opt->group,
		.max_size = opt->max_size,
		.loading = opt->loading,
	};
	int err;

	if (opt->flags & ~known)
		return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED,
				     "project %s: unknown flags %#x", project,
				     opt->flags);
	err = cute_shm_builder_new(project, &build, &r->b);
	return err == 0 ? reserve(r, size) : err;
}

int
cute_shm_receive_begin(const char *project, uint64_t size,
		       const struct cute_shm_receive_options *opt,
		       struct cute_shm_receiver **ret)
{
	struct cute_shm_receive_options o = { .size = sizeof(o) };
	struct cute_shm_receiver *r;
	int err;

	if (!ret)
		return no_result("cute_shm_receive_begin");
	err = options_copy(&o, sizeof(o), opt);
	if (err != 0)
		return err;
	if (size < 2 * sizeof(struct format_header) || size > INT64_MAX ||
	    size > SIZE_MAX)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "no segment has %" PRIu64 " bytes", size);
	r = calloc(1, sizeof(*r));
	if (!r)
		return fail_memory("to receive a segment");
	pthread_mutex_init(&r->mutex, NULL);
	r->jobs = o.jobs;
	err = begin(r, project, size, &o);
	if (err != 0) {
		cute_shm_receive_free(r);
		return err;
	}
	*ret = r;
	return 0;
}

static int
check_part(const struct cute_shm_receiver *r, uint64_t offset, uint64_t size)
{
	int err = expect_state(r->b, BUILD_WRITE, "receiving");

	if (err == 0 && (offset > r->map.size || size > r->map.size - offset))
		err = cute_shm_fail(CUTE_SHM_ERR_INVALID,
				    "project %s: %" PRIu64 " bytes at %" PRIu64
				    " leave its %zu",
				    r->b->project, size, offset, r->map.size);
	return err;
}

int
cute_shm_receive_at(struct cute_shm_receiver *r, uint64_t offset, uint64_t size,
		    void **ret)
{
	int err = check_part(r, offset, size);

	if (err == 0)
		*ret = (uint8_t *)r->map.base + offset;
	return err;
}

int
cute_shm_receive_done(struct cute_shm_receiver *r, uint64_t offset,
		      uint64_t size, uint64_t expected)
{
	uint64_t found;
	int err = check_part(r, offset, size);

	if (err != 0)
		return err;
	found = digest((uint8_t *)r->map.base + offset, (size_t)size);
	if (found != expected)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "project %s: the digest of the %" PRIu64
				     " bytes received for %" PRIu64
				     " is %016" PRIx64 ", not %016" PRIx64,
				     r->b->project, size, offset, found,
				     expected);
	pthread_mutex_lock(&r->mutex);
	err = received_add(&r->received, offset, offset + size);
	pthread_mutex_unlock(&r->mutex);
	return err;
}

/* Take the header, which says where the segment ends; all must have come. */
static int
take_header(const struct cute_shm_receiver *r, struct format_header *ret)
{
	struct received_span gap;
	struct format_header raw;
	int err;

	if (received_gap(&r->received, sizeof(raw), &gap))
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "project %s: its header has not come",
				     r->b->project);
	memcpy(&raw, r->map.base, sizeof(raw));
	err = check_header(&raw, raw.segment_size, ret);
	if (err != 0)
		return cute_shm_fail(err, "project %s: what was received: %s",
				     r->b->project, cute_shm_errmsg());
	if (ret->segment_size > r->map.size)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "project %s: it has %" PRIu64
				     " bytes, and %zu were announced",
				     r->b->project, ret->segment_size,
				     r->map.size);
	if (received_gap(&r->received, ret->segment_size, &gap))
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "project %s: the %" PRIu64
				     " bytes from %" PRIu64 " have not come",
				     r->b->project, gap.end - gap.begin,
				     gap.begin);
	return 0;
}

/*
 * Check all rules of the segment.  The data have the digests that were given
 * with them, and are not read again.
 */
static int
check_rules(const struct cute_shm_receiver *r)
{
	struct cute_shm_verify_options opt = { .size = sizeof(opt),
					       .flags = CUTE_SHM_VERIFY_NO_DATA,
					       .jobs = r->jobs };
	struct cute_shm *shm;
	int err = builder_attach(r->b, &shm);

	if (err != 0)
		return err;
	err = cute_shm_verify(shm, &opt, NULL);
	cute_shm_close(shm);
	return err;
}

int
cute_shm_receive_seal(struct cute_shm_receiver *r)
{
	struct cute_shm_builder *b = r->b;
	struct format_header h;
	int err = expect_state(b, BUILD_WRITE, "sealing");

	if (err != 0)
		return err;
	b->state = BUILD_OVER;
	err = take_header(r, &h);
	map_free(&r->map);
	if (err == 0 && h.segment_size < b->header.segment_size &&
	    ftruncate(b->fd, (off_t)h.segment_size) != 0)
		err = fail_errno("project %s: cannot make it of its size",
				 b->project);
	if (err == 0)
		err = restore_header(b, &h);
	if (err == 0)
		err = check_rules(r);
	if (err == 0)
		err = restore_view(b);
	if (err != 0)
		return err;
	b->state = BUILD_SEALED;
	log_copied("what was received", b->path, h.segment_size, b->begun);
	return 0;
}

int
cute_shm_receive_publish(struct cute_shm_receiver *r, struct cute_shm **ret)
{
	int err = expect_state(r->b, BUILD_SEALED, "publishing");

	return err == 0 ? cute_shm_builder_publish(r->b, ret) : err;
}

void
cute_shm_receive_free(struct cute_shm_receiver *r)
{
	if (!r)
		return;
	map_free(&r->map);
	cute_shm_builder_free(r->b);
	received_free(&r->received);
	pthread_mutex_destroy(&r->mutex);
	free(r);
}
