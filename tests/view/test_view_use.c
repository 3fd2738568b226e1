/* SPDX-License-Identifier: MIT */
/* The HDF5 view: what verification finds, and what restoring does with it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "view/view.h"
#include "view_util.h"

static void
setup(void)
{
	test_root();
}

/* ----------------------------------------------------------- verification */

static int
check(const struct segment *s)
{
	struct cute_shm_verify_options opt = { .size = sizeof(opt), .jobs = 1 };
	struct cute_shm *shm = segment_attach(s);
	int err = cute_shm_verify(shm, &opt, NULL);

	cute_shm_close(shm);
	return err;
}

START_TEST(each_damage_of_a_view_is_found)
{
	struct cute_shm_builder *b = view_begin("p", 0);
	struct segment s;
	uint64_t i;

	view_describe(b);
	s = view_finish(b);
	for (i = 512; i < s.size; i += i < 560 ? 1 : 13) {
		if (i >= 560 && i < view_of(&s))
			i = view_of(&s);
		s.bytes[i] ^= 0x10;
		ck_err(check(&s), CUTE_SHM_ERR_CORRUPT);
		/* One that has the right digests says something else. */
		segment_seal(&s);
		ck_err(check(&s), CUTE_SHM_ERR_CORRUPT);
		ck_errmsg_has("not that of the records");
		s.bytes[i] ^= 0x10;
		segment_seal(&s);
	}
	ck_ok(check(&s));
	segment_free(&s);
}
END_TEST

START_TEST(a_view_outside_is_refused)
{
	struct cute_shm_builder *b = view_begin("p", 0);
	struct format_header *h;
	struct cute_shm *shm = NULL;
	struct segment s;
	uint64_t offset;

	view_describe(b);
	s = view_finish(b);
	h = segment_header(&s);
	offset = h->view_offset;
	h->view_offset += 4096;
	segment_seal(&s);
	ck_err(segment_open(&s, &shm), CUTE_SHM_ERR_CORRUPT);
	h->view_offset = UINT64_MAX - 4095;
	h->view_size = s.size + 4096;
	segment_seal(&s);
	ck_err(segment_open(&s, &shm), CUTE_SHM_ERR_CORRUPT);
	/* An array in the view is none. */
	h->view_offset = h->data_offset;
	h->view_size = s.size - h->data_offset;
	segment_seal(&s);
	ck_err(check(&s), CUTE_SHM_ERR_CORRUPT);
	h->view_offset = offset;
	segment_free(&s);
}
END_TEST

/* Arrays that share their data would make a view of any size. */
START_TEST(work_for_a_hostile_segment_is_bounded)
{
	static const uint64_t offsets[] = { 0, 1, 2, 3 }, three[] = { 3 };
	struct cute_shm_builder *b = view_begin("p", 0);
	struct format_array *array;
	struct view *view = NULL;
	struct cute_shm *shm;
	struct segment s;

	ck_ok(cute_shm_builder_ragged(b, "a", "*|S1", 1, three, 3, offsets,
				      "abc"));
	ck_ok(cute_shm_builder_ragged(b, "b", "*|S1", 1, three, 3, offsets,
				      "abc"));
	s = view_finish(b);
	shm = segment_attach(&s);
	ck_ok(view_measure(shm, s.size, &view));
	view_free(view);
	ck_err(view_measure(shm, s.size - 1, &view), CUTE_SHM_ERR_CORRUPT);
	ck_errmsg_has("more room");
	cute_shm_close(shm);
	array = (struct format_array *)(s.bytes + segment_node(&s, "b"));
	array->values_offset -= array->data_offset;
	array->data_offset = segment_header(&s)->data_offset;
	array->values_offset += array->data_offset;
	segment_seal(&s);
	shm = segment_attach(&s);
	ck_err(view_measure(shm, UINT64_MAX, &view), CUTE_SHM_ERR_CORRUPT);
	ck_errmsg_has("overlap");
	cute_shm_close(shm);
	segment_free(&s);
}
END_TEST

/* --------------------------------------------------------------- restoring */

static struct segment
restore(const struct segment *saved, unsigned flags)
{
	struct cute_shm_load_options opt = {
		.size = sizeof(opt),
		.flags = flags | CUTE_SHM_OVERWRITE,
		.jobs = 1,
	};
	struct cute_shm *shm = NULL;
	struct cute_shm_info info;
	struct segment ret;
	char name[4096];
	int fd;

	test_file_name(name, sizeof(name), "saved");
	fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, saved->bytes, saved->size),
			 (ssize_t)saved->size);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_ok(cute_shm_load("r", fd, &opt, &shm));
	close(fd);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_ok(cute_shm_info(shm, &info));
	ret = segment_read(info.path);
	cute_shm_close(shm);
	return ret;
}

START_TEST(restoring_adds_keeps_and_drops)
{
	struct segment with, without, r;
	struct cute_shm_builder *b = view_begin("p", 0);

	view_describe(b);
	with = view_finish(b);
	r = restore(&with, 0);
	ck_assert_uint_eq(r.size, with.size);
	ck_assert_mem_eq(r.bytes, with.bytes, with.size);
	segment_free(&r);
	without = restore(&with, CUTE_SHM_NO_VIEW);
	ck_assert_str_eq(segment_header(&without)->version, "1.0");
	ck_assert_uint_eq(segment_header(&without)->view_digest, 0);
	r = restore(&without, CUTE_SHM_NO_VIEW);
	ck_assert_uint_eq(r.size, without.size);
	ck_assert_mem_eq(r.bytes, without.bytes, without.size);
	segment_free(&r);
	r = restore(&without, 0);
	ck_assert_uint_eq(r.size, with.size);
	ck_assert_mem_eq(r.bytes, with.bytes, with.size);
	segment_free(&r);
	segment_free(&with);
	segment_free(&without);
}
END_TEST

START_TEST(an_ephemeral_copy_keeps_its_view)
{
	struct cute_shm_builder *b = view_begin("p", CUTE_SHM_EPHEMERAL);
	struct cute_shm *shm = NULL, *copy = NULL;
	char name[4096];

	view_describe(b);
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	test_file_name(name, sizeof(name), "copy");
	ck_ok(cute_shm_export(shm, name, NULL));
	ck_ok(cute_shm_open_file(name, NULL, &copy));
	ck_ok(cute_shm_verify(copy, NULL, NULL));
	ck_assert_uint_eq(copy->header.compatible, FORMAT_COMPATIBLE_VIEW);
	cute_shm_close(copy);
	cute_shm_close(shm);
	unlink(name);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("view_use");
	TCase *tc = tcase_create("view_use");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, each_damage_of_a_view_is_found);
	tcase_add_test(tc, a_view_outside_is_refused);
	tcase_add_test(tc, work_for_a_hostile_segment_is_bounded);
	tcase_add_test(tc, restoring_adds_keeps_and_drops);
	tcase_add_test(tc, an_ephemeral_copy_keeps_its_view);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
