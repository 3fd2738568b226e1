/* SPDX-License-Identifier: MIT */
/* See verify_util.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify_util.h"

struct segment sample;
struct seen seen;

static int
note(const struct cute_shm_damage *d, void *arg)
{
	ck_assert_ptr_eq(arg, &seen);
	ck_assert_uint_lt(seen.count, MAX_DAMAGES);
	seen.damage[seen.count].err = d->err;
	snprintf(seen.damage[seen.count].path, 32, "%s",
		 d->path ? d->path : "-");
	seen.damage[seen.count].offset = d->offset;
	seen.damage[seen.count].block = d->block;
	seen.damage[seen.count].begin = d->begin;
	seen.damage[seen.count].end = d->end;
	snprintf(seen.damage[seen.count].message, 256, "%.255s", d->message);
	return ++seen.count == seen.stop_at;
}

int
verify(unsigned flags, unsigned jobs, struct cute_shm_verify_result *ret)
{
	struct cute_shm_verify_options opt = {
		.size = sizeof(opt),
		.flags = flags,
		.jobs = jobs,
		.report = note,
		.arg = &seen,
	};
	struct cute_shm *shm = segment_attach(&sample);
	int rc;

	seen.count = 0;
	rc = cute_shm_verify(shm, &opt, ret);
	cute_shm_close(shm);
	return rc;
}

void
verify_setup(void)
{
	memset(&seen, 0, sizeof(seen));
	test_root();
	sample = sample_new();
}

void
verify_teardown(void)
{
	segment_free(&sample);
}

static uint64_t
array_field(const char *path, size_t at)
{
	return get64(&sample, segment_node(&sample, path) + at);
}

uint64_t
data_of(const char *path)
{
	return array_field(path, offsetof(struct format_array, data_offset));
}

uint64_t
slot_of(const char *path)
{
	return segment_header(&sample)->live_offset +
	       sizeof(struct format_live) *
		       array_field(path,
				   offsetof(struct format_array, live_slot));
}

void
sample_replace(const char *project)
{
	char name[64];

	segment_free(&sample);
	snprintf(name, sizeof(name), PROJECT_PREFIX "%s", project);
	sample = segment_read(test_path(getenv("CUTE_SHM_ROOT"), name));
}
