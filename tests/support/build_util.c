/* SPDX-License-Identifier: MIT */
#include "build_util.h"

struct cute_shm_builder *
build_new(const char *project, uint64_t block_size)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.block_size = block_size,
		.jobs = 3,
	};
	struct cute_shm_builder *b = NULL;

	ck_ok(cute_shm_builder_new(project, &opt, &b));
	return b;
}

struct cute_shm *
build_publish(struct cute_shm_builder *b)
{
	struct cute_shm *shm = NULL;

	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	return shm;
}

uint64_t
content_digest(const struct cute_shm *shm)
{
	struct cute_shm_info info;

	ck_ok(cute_shm_info(shm, &info));
	return info.metadata_digest;
}
