/* SPDX-License-Identifier: MIT */
/* Opening and closing; from paths to nodes, through links and bad indexes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"

static const char *root;
static struct cute_shm *shm;

static void
setup(void)
{
	root = test_root();
	sample_publish("read");
}

static void
teardown(void)
{
	cute_shm_close(shm);
	shm = NULL;
}

/* Make a file of our prefix with that content. */
static const char *
make_file(const char *name, const void *bytes, size_t size)
{
	const char *path = test_path(root, name);
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	fclose(file);
	return path;
}

START_TEST(open_and_close)
{
	struct cute_shm_info info;
	unsigned before = test_descriptors();

	ck_ok(cute_shm_open("read", NULL, &shm));
	ck_assert_uint_eq(test_descriptors(), before + 1);
	ck_assert(fcntl(shm->fd, F_GETFD) & FD_CLOEXEC);
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_str_eq(info.project, "read");
	ck_assert_str_eq(info.source, "/data/sample.h5");
	ck_assert_str_eq(info.version, "1.1");
	ck_assert_uint_eq(info.array_count, 11);
	ck_assert_uint_eq(info.node_count, 20);
	cute_shm_close(shm);
	shm = NULL;
	ck_assert_uint_eq(test_descriptors(), before);
	cute_shm_close(NULL);
}
END_TEST

START_TEST(open_what_is_not_there)
{
	unsigned before = test_descriptors();

	ck_err(cute_shm_open("nobody", NULL, &shm), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("\"nobody\"");
	ck_errmsg_has(root);
	ck_err(cute_shm_open_file("/nonexistent/x", NULL, &shm),
	       CUTE_SHM_ERR_NOT_FOUND);
	ck_err(cute_shm_open("a/b", NULL, &shm), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_open("", NULL, &shm), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_open(NULL, NULL, &shm), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_open_file(NULL, NULL, &shm), CUTE_SHM_ERR_INVALID);
	ck_assert_ptr_null(shm);
	ck_assert_uint_eq(test_descriptors(), before);
}
END_TEST

START_TEST(open_what_is_no_segment)
{
	unsigned before = test_descriptors();
	uint8_t zeros[4096] = { 0 };

	make_file("cute-shm.short", zeros, 511);
	make_file("cute-shm.nothing", zeros, 0);
	make_file("cute-shm.zeros", zeros, sizeof(zeros));
	ck_assert_int_eq(mkdir(test_path(root, "cute-shm.folder"), 0700), 0);
	ck_assert_int_eq(mkfifo(test_path(root, "cute-shm.fifo"), 0600), 0);
	ck_assert_int_eq(symlink("cute-shm.read",
				 test_path(root, "cute-shm.link")),
			 0);
	ck_err(cute_shm_open("short", NULL, &shm), CUTE_SHM_ERR_FORMAT);
	ck_err(cute_shm_open("nothing", NULL, &shm), CUTE_SHM_ERR_FORMAT);
	ck_err(cute_shm_open("zeros", NULL, &shm), CUTE_SHM_ERR_FORMAT);
	ck_err(cute_shm_open("folder", NULL, &shm), CUTE_SHM_ERR_FORMAT);
	ck_err(cute_shm_open("fifo", NULL, &shm), CUTE_SHM_ERR_FORMAT);
	ck_err(cute_shm_open("link", NULL, &shm), CUTE_SHM_ERR_FORMAT);
	ck_err(cute_shm_open_file("/dev/null", NULL, &shm),
	       CUTE_SHM_ERR_FORMAT);
	ck_assert_ptr_null(shm);
	ck_assert_uint_eq(test_descriptors(), before);
	/* A path may be a symbolic link. */
	ck_ok(cute_shm_open_file(test_path(root, "cute-shm.link"), NULL, &shm));
}
END_TEST

START_TEST(segments_of_others)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .flags = CUTE_SHM_ANY_OWNER };

	if (!test_is_root())
		return; /* only root can give files away */
	ck_assert_int_eq(chown(test_path(root, "cute-shm.read"), 12345, 12345),
			 0);
	ck_err(cute_shm_open("read", NULL, &shm), CUTE_SHM_ERR_OWNER);
	ck_errmsg_has("12345");
	ck_ok(cute_shm_open("read", &opt, &shm));
}
END_TEST

/* Under a name that may be another's. */
START_TEST(hard_links)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .flags = CUTE_SHM_ANY_OWNER };

	ck_assert_int_eq(link(test_path(root, "cute-shm.read"),
			      test_path(root, "cute-shm.again")),
			 0);
	ck_err(cute_shm_open("again", NULL, &shm), CUTE_SHM_ERR_OWNER);
	ck_errmsg_has("has 2 names");
	ck_err(cute_shm_open("read", NULL, &shm), CUTE_SHM_ERR_OWNER);
	ck_ok(cute_shm_open("read", &opt, &shm));
	cute_shm_close(shm);
	ck_ok(cute_shm_open_file(test_path(root, "cute-shm.read"), NULL, &shm));
	cute_shm_close(shm);
	ck_assert_int_eq(unlink(test_path(root, "cute-shm.again")), 0);
	ck_ok(cute_shm_open("read", NULL, &shm));
}
END_TEST

START_TEST(options_of_other_sizes)
{
	struct {
		struct cute_shm_open_options known;
		uint64_t unknown;
	} opt = { .known.size = sizeof(opt), .known.root = "/nonexistent" };

	ck_err(cute_shm_open("read", &opt.known, &shm), CUTE_SHM_ERR_NOT_FOUND);
	opt.unknown = 1;
	ck_err(cute_shm_open("read", &opt.known, &shm),
	       CUTE_SHM_ERR_UNSUPPORTED);
	opt.known.size = 0;
	ck_err(cute_shm_open("read", &opt.known, &shm), CUTE_SHM_ERR_INVALID);
	opt.known.size = sizeof(opt.known);
	opt.known.root = root;
	opt.known.flags = 1U << 31;
	ck_err(cute_shm_open("read", &opt.known, &shm), CUTE_SHM_ERR_INVALID);
	opt.known.flags = 0;
	ck_ok(cute_shm_open("read", &opt.known, &shm));
}
END_TEST

START_TEST(data_outlive_the_name)
{
	struct cute_shm_array a;

	ck_ok(cute_shm_open("read", NULL, &shm));
	ck_ok(cute_shm_get(shm, "scalar", &a));
	ck_ok(cute_shm_unlink("read", NULL, NULL));
	ck_assert_int_eq(*cute_shm_i32(&a, NULL), 7);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
}
END_TEST

/* A child reads what its parent opened, also when that has let go of it. */
START_TEST(a_child_reads)
{
	int status, ends[2];
	unsigned nodes;
	pid_t pid;
	char go;

	ck_ok(cute_shm_open("read", NULL, &shm));
	nodes = segment_read_all(shm);
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		if (read(ends[0], &go, 1) != 0)
			_exit(2);
		if (segment_read_all(shm) != nodes)
			_exit(3);
		if (cute_shm_verify(shm, NULL, NULL) != 0)
			_exit(4);
		cute_shm_close(shm);
		_exit(0);
	}
	close(ends[0]);
	ck_ok(cute_shm_unlink("read", NULL, NULL));
	cute_shm_close(shm);
	shm = NULL;
	close(ends[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(get_by_path)
{
	struct cute_shm_array a;

	ck_ok(cute_shm_open("read", NULL, &shm));
	ck_ok(cute_shm_get(shm, "a/x", &a));
	ck_assert_str_eq(a.path, "a/x");
	ck_assert_str_eq(a.dtype, "<f8");
	ck_assert_uint_eq(a.ndim, 1);
	ck_assert_uint_eq(a.shape[0], 3);
	ck_assert_uint_eq(a.data_size, 24);
	ck_assert_uint_eq((uintptr_t)a.data % 64, 0);
	ck_ok(cute_shm_get(shm, "/a/x", &a));
	/* One slash at the end, also behind a link. */
	ck_ok(cute_shm_get(shm, "/a/x/", &a));
	ck_ok(cute_shm_get(shm, "links/a/x/", &a));
	ck_ok(cute_shm_get(shm, "big", &a));
	ck_assert_uint_eq((uintptr_t)a.data % 4096, 0);
	ck_ok(cute_shm_get(shm, "null", &a));
	ck_assert_uint_eq(a.element_count, 0);
	ck_ok(cute_shm_get(shm, "empty", &a));
	ck_assert_ptr_null(a.data);
	ck_assert_uint_eq(a.ndim, 2);
}
END_TEST

START_TEST(what_has_no_array)
{
	struct cute_shm_array a = { .ndim = 77 };

	ck_ok(cute_shm_open("read", NULL, &shm));
	ck_err(cute_shm_get(shm, "a", &a), CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_get(shm, "", &a), CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_get(shm, "links/a", &a), CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_get(shm, "a/camera", &a), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("read: no \"camera\" in /a");
	ck_err(cute_shm_get(shm, "b/c/d", &a), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("no \"b");
	ck_err(cute_shm_get(shm, "a/x/y", &a), CUTE_SHM_ERR_NOT_FOUND);
	ck_err(cute_shm_get(shm, "links/x/y", &a), CUTE_SHM_ERR_NOT_FOUND);
	ck_err(cute_shm_get(shm, "links/a/y", &a), CUTE_SHM_ERR_NOT_FOUND);
	ck_err(cute_shm_get(shm, "a//x", &a), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_get(shm, "//a/x", &a), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_get(shm, "//scalar", &a), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_get(shm, "a/x//", &a), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_get(shm, "//", &a), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_get(shm, "a/./x", &a), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_get(shm, "\xff", &a), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_get(shm, NULL, &a), CUTE_SHM_ERR_INVALID);
	ck_assert_uint_eq(a.ndim, 77);
}
END_TEST

START_TEST(paths_through_links)
{
	struct cute_shm_array a;
	struct cute_shm_node node;
	char path[1024] = "";
	unsigned i;

	ck_ok(cute_shm_open("read", NULL, &shm));
	ck_ok(cute_shm_get(shm, "links/x", &a));
	ck_assert_str_eq(a.path, "a/x");
	ck_ok(cute_shm_get(shm, "links/a/deep/y", &a));
	ck_assert_str_eq(a.path, "a/deep/y");
	ck_ok(cute_shm_find(shm, "links/root/links/a", &node));
	ck_assert_int_eq(node.kind, CUTE_SHM_LINK);
	ck_assert_str_eq(node.path, "links/a");
	for (i = 0; i < 40; i++)
		strcat(path, "links/root/");
	strcat(path, "scalar");
	ck_ok(cute_shm_get(shm, path, &a));
	ck_assert_str_eq(a.path, "scalar");
	memmove(path + 11, path, strlen(path) + 1);
	ck_err(cute_shm_get(shm, path, &a), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("40 links");
}
END_TEST

/* Every row of the index has the same hash, or they fall, or lead nowhere. */
static void
spoil_same(const struct segment *s, uint64_t row, uint64_t i)
{
	(void)i;
	put64(s, row, path_hash("a/x", 3));
}

static void
spoil_falling(const struct segment *s, uint64_t row, uint64_t i)
{
	put64(s, row, UINT64_MAX - i * 1000);
}

static void
spoil_zero(const struct segment *s, uint64_t row, uint64_t i)
{
	(void)i;
	put64(s, row, 0);
}

static void
spoil_offsets(const struct segment *s, uint64_t row, uint64_t i)
{
	put64(s, row + 8, UINT64_MAX - i);
}

static void (*const spoilers[])(const struct segment *, uint64_t, uint64_t) = {
	spoil_same,
	spoil_falling,
	spoil_zero,
	spoil_offsets,
};

START_TEST(hostile_indexes)
{
	struct segment s = sample_new();
	const struct format_header *h = segment_header(&s);
	struct cute_shm_array a;
	uint64_t i;
	int rc;

	for (i = 0; i < h->node_count; i++)
		spoilers[_i](&s, h->index_offset + 16 * i, i);
	segment_seal(&s);
	shm = segment_attach(&s);
	rc = cute_shm_get(shm, "a/x", &a);
	ck_assert(rc == 0 || rc == CUTE_SHM_ERR_NOT_FOUND ||
		  rc == CUTE_SHM_ERR_CORRUPT);
	/* All equal: it is found among them; leading nowhere: told. */
	if (spoilers[_i] == spoil_same)
		ck_assert_int_eq(rc, 0);
	if (spoilers[_i] == spoil_offsets)
		ck_assert_int_eq(rc, CUTE_SHM_ERR_CORRUPT);
	ck_err(cute_shm_verify(shm, NULL, NULL), CUTE_SHM_ERR_CORRUPT);
	segment_free(&s);
}
END_TEST

/* The guesses are right for any number of rows. */
START_TEST(each_of_many_is_found)
{
	static const unsigned counts[] = { 1, 2, 3, 17, 1000, 5000 };
	struct cute_shm_builder *b;
	struct cute_shm_array a;
	char path[32];
	unsigned i;

	ck_ok(cute_shm_builder_new("many", NULL, &b));
	for (i = 0; i < counts[_i]; i++) {
		snprintf(path, sizeof(path), "%u", i);
		ck_ok(cute_shm_builder_array(b, path, "|u1", 0, NULL, "\1"));
	}
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	for (i = 0; i < counts[_i]; i++) {
		snprintf(path, sizeof(path), "%u", i);
		ck_ok(cute_shm_get(shm, path, &a));
		ck_assert_str_eq(a.path, path);
	}
	for (; i < 2 * counts[_i]; i++) {
		snprintf(path, sizeof(path), "%u", i);
		ck_err(cute_shm_get(shm, path, &a), CUTE_SHM_ERR_NOT_FOUND);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("read");
	TCase *tc = tcase_create("open");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, open_and_close);
	tcase_add_test(tc, open_what_is_not_there);
	tcase_add_test(tc, open_what_is_no_segment);
	tcase_add_test(tc, segments_of_others);
	tcase_add_test(tc, hard_links);
	tcase_add_test(tc, options_of_other_sizes);
	tcase_add_test(tc, data_outlive_the_name);
	tcase_add_test(tc, a_child_reads);
	suite_add_tcase(suite, tc);
	tc = tcase_create("lookup");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, get_by_path);
	tcase_add_test(tc, what_has_no_array);
	tcase_add_test(tc, paths_through_links);
	tcase_add_loop_test(tc, hostile_indexes, 0, ELEMENTS(spoilers));
	tcase_add_loop_test(tc, each_of_many_is_found, 0, 6);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
