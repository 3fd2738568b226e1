/* SPDX-License-Identifier: MIT */
#include "cute_shm.h"
#include "view_util.h"

struct cute_shm_builder *
view_begin(const char *project, unsigned flags)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags | CUTE_SHM_OVERWRITE,
		.jobs = 1,
	};
	struct cute_shm_builder *b = NULL;

	ck_ok(cute_shm_builder_new(project, &opt, &b));
	return b;
}

struct segment
view_finish(struct cute_shm_builder *b)
{
	struct cute_shm_verify_options opt = { .size = sizeof(opt), .jobs = 1 };
	struct cute_shm *shm = NULL;
	struct cute_shm_info info;
	struct segment s;

	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_verify(shm, &opt, NULL));
	ck_ok(cute_shm_info(shm, &info));
	s = segment_read(info.path);
	ck_assert_uint_eq(info.size, s.size);
	ck_assert_uint_eq(info.view_size, segment_header(&s)->view_size);
	cute_shm_close(shm);
	return s;
}

void
view_describe(struct cute_shm_builder *b)
{
	static const double numbers[3] = { 1, 2, 3 };
	static const uint64_t offsets[4] = { 0, 2, 2, 5 }, three[] = { 3 };

	ck_ok(cute_shm_builder_array(b, "g/x", "<f8", 1, three, numbers));
	ck_ok(cute_shm_builder_attr_text(b, "g/x", "unit", "metre"));
	ck_ok(cute_shm_builder_ragged(b, "words", "*|S1", 1, three, 5, offsets,
				      "abcde"));
	ck_ok(cute_shm_builder_array(b, "none", "null", 0, NULL, NULL));
	ck_ok(cute_shm_builder_link(b, "again", "g/x"));
	ck_ok(cute_shm_builder_group(b, "empty"));
}
