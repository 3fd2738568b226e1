/* SPDX-License-Identifier: MIT */
/* Several files in one load: each becomes a group. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sources_util.h"

#define MOST 128

static struct cute_shm_hdf5_source sources[MOST];
static size_t source_count;

/* The next source, by its name below the folder of files. */
static void
give(const char *name, const char *file)
{
	static char paths[MOST][4200];
	char *path = paths[source_count];

	snprintf(path, sizeof(paths[0]), "%s", h5_path(file));
	sources[source_count++] = (struct cute_shm_hdf5_source){ name, path };
}

static int
load_with(struct cute_shm_hdf5_options *opt, struct cute_shm **shm)
{
	opt->handle = shm;
	return cute_shm_hdf5_load_files("t", sources, source_count, opt,
					&h5_told.result);
}

static struct cute_shm *
load(unsigned flags)
{
	struct cute_shm_hdf5_options opt = h5_options(flags);
	struct cute_shm *shm;

	ck_ok(load_with(&opt, &shm));
	return shm;
}

static void
ck_load_fails(unsigned flags, int err, const char *text)
{
	struct cute_shm_hdf5_options opt = h5_options(flags);
	struct cute_shm *shm = NULL;

	ck_err(load_with(&opt, &shm), err);
	ck_errmsg_has(text);
	ck_assert_ptr_null(shm);
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
}

/* A file with the number and a list; another file's number is behind a link. */
static void
make_episode(const char *name, int32_t value, const char *next)
{
	static const hsize_t two[] = { 2 };
	const int32_t list[] = { value, -value };
	hid_t file = h5_create(h5_path(name));

	h5_group(file, "obs");
	h5_put(file, "obs/list", H5T_STD_I32LE, 1, two, list);
	h5_int(file, "value", value);
	h5_attr(file, "number", H5T_STD_I32LE, 0, NULL, &value);
	if (next)
		external_link(file, next, "/value", "next");
	ck_h5(H5Fclose(file));
}

static void
ck_source(const struct cute_shm *shm, const char *group, const char *file)
{
	struct stat st;
	uint64_t size, mtime;
	char *path = realpath(h5_path(file), NULL);

	ck_assert_int_eq(stat(path, &st), 0);
	size = (uint64_t)st.st_size;
	mtime = (uint64_t)st.st_mtim.tv_sec * 1000000000 +
		(uint64_t)st.st_mtim.tv_nsec;
	ck_attr_texts(shm, group, "cute-shm:source", path);
	ck_attr(shm, group, "cute-shm:source-size", "<u8", 0, NULL, &size);
	ck_attr(shm, group, "cute-shm:source-mtime-ns", "<u8", 0, NULL, &mtime);
	free(path);
}

static void
damage(const char *file)
{
	ck_assert_int_eq(truncate(h5_path(file), 700), 0);
}

/* ------------------------------------------------------------------- groups */

START_TEST(each_file_is_a_group)
{
	const int32_t five = 5, six = 6;
	struct cute_shm *shm;

	make_episode("b.h5", 5, "a.x.hdf5");
	make_episode("a.x.hdf5", 6, "b.h5");
	give(NULL, "b.h5");
	give(NULL, "a.x.hdf5");
	shm = load(0);
	ck_assert_uint_eq(h5_told.result.files, 2);
	ck_assert_uint_eq(h5_told.result.arrays, 4);
	ck_assert_uint_eq(h5_told.result.groups, 5);
	ck_assert_uint_eq(h5_told.result.links, 2);
	ck_reserved_zero(h5_told.result);
	ck_children(shm, "", "b a.x");
	ck_attr_names(shm, "", "");
	ck_attr_names(shm, "b",
		      "numbercute-shm:sourcecute-shm:source-size"
		      "cute-shm:source-mtime-ns");
	ck_attr(shm, "b", "number", "<i4", 0, NULL, &five);
	ck_scalar(shm, "b/value", "<i4", &five);
	ck_scalar(shm, "a.x/value", "<i4", &six);
	ck_link(shm, "b/next", "a.x/value");
	ck_link(shm, "a.x/next", "b/value");
	ck_source(shm, "b", "b.h5");
	ck_source(shm, "a.x", "a.x.hdf5");
	ck_clean(shm);
}
END_TEST

/* Data in one call of libhdf5, or by the engine, from a file closed before. */
START_TEST(more_files_than_stay_open)
{
	static const hsize_t size[] = { 5000 }, chunk[] = { 700 };
	const struct rlimit few = { 48, 48 };
	int32_t data[5000];
	struct cute_shm *shm;
	char name[32];
	hid_t file, dcpl;

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "f%d.h5", i);
		file = h5_create(h5_path(name));
		for (int k = 0; k < 5000; k++)
			data[k] = i * k;
		dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
		ck_h5(H5Pset_chunk(dcpl, 1, chunk));
		h5_put_with(file, "chunks", H5T_STD_I32LE, 1, size, dcpl, data);
		h5_put(file, "plain", H5T_STD_I32BE, 1, size, NULL);
		h5_int(file, "value", i);
		ck_h5(H5Fclose(file));
		give(NULL, name);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	shm = load(0);
	ck_assert_uint_eq(h5_told.result.arrays, 300);
	for (int i = 0; i < 100; i++) {
		for (int k = 0; k < 5000; k++)
			data[k] = i * k;
		snprintf(name, sizeof(name), "f%d/chunks", i);
		ck_array(shm, name, "<i4", 1, (uint64_t[]){ 5000 }, data);
		snprintf(name, sizeof(name), "f%d/value", i);
		ck_scalar(shm, name, "<i4", &(int32_t){ i });
	}
	ck_clean(shm);
}
END_TEST

START_TEST(names_of_groups)
{
	struct cute_shm *shm;

	for (int i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d.h5", i);
		make_episode(name, i, NULL);
	}
	make_episode(".hidden", 5, NULL);
	make_episode("\xff.h5", 6, NULL);
	give("a/b", "0.h5");
	give("..", "1.h5");
	give("", "2.h5");
	give("x.h5", "3.h5");
	give(NULL, "4.h5");
	give(NULL, ".hidden");
	give(NULL, "\xff.h5");
	shm = load(0);
	ck_children(shm, "", "a%2Fb %2E%2E % x.h5 4 .hidden %FF");
	ck_clean(shm);
}
END_TEST

/* What the file has under such names does not hide what the load says. */
START_TEST(attributes_of_that_name)
{
	const int32_t one = 1;
	struct cute_shm *shm;
	hid_t file = h5_create(h5_path("a.h5"));

	h5_attr(file, "cute-shm:source", H5T_STD_I32LE, 0, NULL, &one);
	h5_attr(file, "cute-shm:selection", H5T_STD_I32LE, 0, NULL, &one);
	ck_h5(H5Fclose(file));
	give(NULL, "a.h5");
	shm = load(0);
	ck_source(shm, "a", "a.h5");
	ck_gone("a@cute-shm:source", "name clash");
	ck_attr(shm, "a", "%63ute-shm:selection", "<i4", 0, NULL, &one);
	ck_assert_uint_eq(h5_told.changed, 1);
	ck_clean(shm);
}
END_TEST

/* ------------------------------------------------------------------ folders */

START_TEST(a_folder_is_read_in_natural_order)
{
	struct cute_shm *shm;

	ck_assert_int_eq(mkdir(h5_path("d"), 0700), 0);
	ck_assert_int_eq(mkdir(h5_path("d/sub"), 0700), 0);
	ck_assert_int_eq(mkdir(h5_path("d/.git"), 0700), 0);
	ck_assert_int_eq(mkdir(h5_path("d/e.h5"), 0700), 0);
	make_episode("d/e10.h5", 10, "e9.HDF5");
	make_episode("d/e9.HDF5", 9, NULL);
	make_episode("d/e1.h5", 1, NULL);
	make_episode("d/sub/deep.h5", 2, NULL);
	make_episode("d/.e3.h5", 3, NULL);
	make_episode("d/.git/e4.h5", 4, NULL);
	make_episode("d/other.txt", 5, NULL);
	make_episode("linked", 6, NULL);
	ck_assert_int_eq(symlink("../linked", h5_path("d/link.h5")), 0);
	ck_assert_int_eq(symlink("nothing", h5_path("d/none.h5")), 0);
	ck_assert_int_eq(symlink("sub", h5_path("d/again")), 0);
	ck_assert_int_eq(mkfifo(h5_path("d/pipe.h5"), 0600), 0);
	give(NULL, "d");
	shm = load(0);
	ck_children(shm, "", "e1 e9 e10 link deep");
	ck_link(shm, "e10/next", "e9/value");
	ck_source(shm, "deep", "d/sub/deep.h5");
	ck_source(shm, "link", "linked");
	ck_clean(shm);
}
END_TEST

START_TEST(what_cannot_be_a_list)
{
	make_episode("a.h5", 1, NULL);
	ck_assert_int_eq(mkdir(h5_path("d"), 0700), 0);
	ck_load_fails(0, CUTE_SHM_ERR_INVALID, "no file");
	give(NULL, "d");
	ck_load_fails(0, CUTE_SHM_ERR_SOURCE, "has no HDF5 files");
	sources[0].name = "d";
	ck_load_fails(0, CUTE_SHM_ERR_SOURCE, "is a directory");
	source_count = 0;
	give(NULL, "a.h5");
	give(NULL, "gone.h5");
	ck_load_fails(0, CUTE_SHM_ERR_SOURCE, "gone.h5: No such file");
	source_count = 1;
	give("b", "a.h5");
	ck_load_fails(0, CUTE_SHM_ERR_INVALID, "a.h5 is given twice");
	source_count = 1;
	ck_assert_int_eq(link(h5_path("a.h5"), h5_path("d/c.h5")), 0);
	give(NULL, "d");
	ck_load_fails(0, CUTE_SHM_ERR_INVALID, "are the same file");
	make_episode("d/a.hdf5", 2, NULL);
	ck_assert_int_eq(unlink(h5_path("d/c.h5")), 0);
	ck_load_fails(0, CUTE_SHM_ERR_INVALID, "would both be group a");
	ck_errmsg_has("/a.h5 and ");
	ck_errmsg_has("/d/a.hdf5 ");
	sources[0].file = NULL;
	ck_load_fails(0, CUTE_SHM_ERR_INVALID, "without a path");
}
END_TEST

/* ------------------------------------------------------------------- damage */

START_TEST(one_damaged_file_fails_the_load)
{
	struct cute_shm *shm;

	make_episode("a.h5", 1, NULL);
	make_episode("b.h5", 2, NULL);
	make_episode("c.h5", 3, "b.h5");
	put_text("d.h5", "this is no HDF5 file");
	damage("b.h5");
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	give(NULL, "c.h5");
	give(NULL, "d.h5");
	ck_load_fails(0, CUTE_SHM_ERR_SOURCE, "/b.h5: cannot open: ");
	shm = load(CUTE_SHM_HDF5_KEEP_GOING);
	ck_children(shm, "", "a c");
	ck_gone("b", "cannot open: ");
	ck_gone("d", "d.h5 is not an HDF5 file");
	ck_gone("c/next", "b.h5");
	ck_assert_uint_eq(h5_told.result.files, 4);
	ck_assert_uint_eq(h5_told.result.failed, 3);
	ck_clean(shm);
}
END_TEST

/* One chunk cannot be decoded: the message names the file, too. */
START_TEST(a_damaged_object_is_named_with_its_file)
{
	static const hsize_t size[] = { 1000 }, zero[] = { 0 };
	static const int32_t data[1000];
	struct cute_shm *shm;
	hid_t file, set, dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));

	make_episode("a.h5", 1, NULL);
	file = h5_create(h5_path("b.h5"));
	ck_h5(H5Pset_chunk(dcpl, 1, size));
	ck_h5(H5Pset_fletcher32(dcpl));
	h5_put_with(file, "bad", H5T_NATIVE_INT32, 1, size, dcpl, data);
	set = ck_h5(H5Dopen2(file, "bad", H5P_DEFAULT));
	ck_h5(H5Dwrite_chunk(set, H5P_DEFAULT, 0, zero, 4000, data));
	ck_h5(H5Dclose(set));
	h5_int(file, "good", 7);
	ck_h5(H5Fclose(file));
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	ck_load_fails(0, CUTE_SHM_ERR_SOURCE, "/b.h5: cannot read /b/bad: ");
	shm = load(CUTE_SHM_HDF5_KEEP_GOING);
	ck_children(shm, "b", "good");
	ck_assert_uint_eq(h5_told.result.failed, 1);
	ck_clean(shm);
}
END_TEST

/* ---------------------------------------------------------------- selection */

START_TEST(a_selection_begins_with_the_group)
{
	const char *select[] = { "b/obs[1:]", "c*", NULL };
	const char *exclude[] = { "*/value", NULL };
	const char *nothing[] = { "d", NULL };
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm *shm;

	make_episode("a.h5", 1, NULL);
	make_episode("b.h5", 2, NULL);
	make_episode("c.h5", 3, NULL);
	/* It is not wanted, and so not opened. */
	damage("a.h5");
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	give(NULL, "c.h5");
	opt.select = select;
	opt.exclude = exclude;
	ck_ok(load_with(&opt, &shm));
	ck_children(shm, "", "b c");
	ck_children(shm, "b", "obs");
	ck_children(shm, "c", "obs");
	ck_array(shm, "b/obs/list", "<i4", 1, (uint64_t[]){ 1 },
		 (int32_t[]){ -2 });
	ck_attr_texts(shm, "", "cute-shm:selection",
		      "exclude=*/value|select=b/obs[1:]|select=c*");
	ck_clean(shm);
	opt.select = nothing;
	ck_err(load_with(&opt, &shm), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("no /d to select");
}
END_TEST

START_TEST(a_plan_is_as_the_load)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm_hdf5_result plan;
	struct cute_shm *shm;

	make_episode("a.h5", 1, NULL);
	make_episode("b.h5", 2, "a.h5");
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	ck_ok(cute_shm_hdf5_plan_files(sources, source_count, &opt, &plan));
	ck_assert_uint_eq(h5_told.arrays, 4);
	shm = load(0);
	ck_assert_uint_eq(plan.files, 2);
	ck_assert_uint_eq(plan.arrays, h5_told.result.arrays);
	ck_assert_uint_eq(plan.groups, h5_told.result.groups);
	ck_assert_uint_eq(plan.links, h5_told.result.links);
	ck_assert_uint_eq(plan.bytes, h5_told.result.bytes);
	ck_clean(shm);
}
END_TEST

START_TEST(no_external_reads_the_given_files_only)
{
	struct cute_shm *shm;

	make_episode("a.h5", 1, "b.h5");
	make_episode("b.h5", 2, "other.h5");
	make_episode("other.h5", 3, NULL);
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	shm = load(CUTE_SHM_HDF5_NO_EXTERNAL);
	ck_children(shm, "a", "obs value");
	ck_gone("a/next", "external link");
	ck_gone("b/next", "external link");
	ck_clean(shm);
	shm = load(0);
	ck_link(shm, "a/next", "b/value");
	ck_scalar(shm, "b/next", "<i4", &(int32_t){ 3 });
	ck_clean(shm);
}
END_TEST

/* ------------------------------------------------------------------- change */

struct change {
	void (*act)(const char *path);
	const char *file;
	unsigned arrays;
};

/* After the first array of the first file: the second was not read yet. */
static void
on_array(const struct cute_shm_hdf5_array *array, void *arg)
{
	struct change *c = arg;

	(void)array;
	if (c->arrays++ == 0 && c->act)
		c->act(c->file);
}

static void
append(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}

static void
touch(const char *path)
{
	ck_assert_int_eq(utimensat(AT_FDCWD, path, NULL, 0), 0);
}

static void
take_away(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
}

static void
replace(const char *path)
{
	take_away(path);
	make_episode("b.h5", 77, NULL);
}

static void (*const acts[])(const char *) = { append, touch, take_away,
					      replace };

START_TEST(a_change_is_an_error)
{
	struct change c = { acts[_i], NULL, 0 };
	struct cute_shm_hdf5_options opt = {
		.size = sizeof(opt),
		.array = on_array,
		.arg = &c,
	};
	struct cute_shm *shm;

	make_episode("a.h5", 1, NULL);
	make_episode("b.h5", 2, NULL);
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	c.file = sources[1].file;
	ck_err(load_with(&opt, &shm), CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("b.h5 changed while it was read");
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
	/* With ENSURE the load begins again. */
	if (acts[_i] == take_away)
		make_episode("b.h5", 2, NULL);
	if (acts[_i] == append)
		return; /* such a file is one of another length now */
	c.arrays = 0;
	opt.flags = CUTE_SHM_HDF5_ENSURE;
	if (acts[_i] == take_away) {
		ck_err(load_with(&opt, &shm), CUTE_SHM_ERR_SOURCE);
		ck_errmsg_has("b.h5: No such file");
		return;
	}
	ck_ok(load_with(&opt, &shm));
	ck_assert_uint_gt(c.arrays, 4);
	ck_source(shm, "b", "b.h5");
	ck_clean(shm);
}
END_TEST

/* ------------------------------------------------------------------- ensure */

static void
ck_ensured(bool current)
{
	struct cute_shm *shm = load(CUTE_SHM_HDF5_ENSURE);

	ck_assert_uint_eq(h5_told.result.current, current);
	cute_shm_close(shm);
}

START_TEST(ensure_knows_each_file)
{
	struct cute_shm *shm;

	ck_assert_int_eq(mkdir(h5_path("d"), 0700), 0);
	make_episode("d/a.h5", 1, NULL);
	make_episode("d/b.h5", 2, NULL);
	give(NULL, "d");
	ck_ensured(false);
	ck_ensured(true);
	ck_assert_uint_eq(h5_told.result.files, 2);
	ck_assert_uint_eq(h5_told.result.arrays, 4);
	touch(h5_path("d/a.h5"));
	ck_ensured(false);
	ck_ensured(true);
	make_episode("d/c.h5", 3, NULL);
	ck_ensured(false);
	ck_assert_uint_eq(h5_told.result.files, 3);
	ck_ensured(true);
	take_away(h5_path("d/a.h5"));
	ck_ensured(false);
	ck_ensured(true);
	/* The same files, but not all of a folder; then in another order. */
	source_count = 0;
	give(NULL, "d/b.h5");
	give(NULL, "d/c.h5");
	ck_ensured(false);
	ck_ensured(true);
	source_count = 0;
	give(NULL, "d/c.h5");
	give(NULL, "d/b.h5");
	ck_ensured(false);
	sources[0].name = "x";
	ck_ensured(false);
	ck_ensured(true);
	source_count = 1;
	ck_ensured(false);
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_children(shm, "", "x");
	ck_clean(shm);
}
END_TEST

/* ------------------------------------------------------------------ changes */

static enum cute_shm_source
state_of(const struct cute_shm *shm)
{
	struct cute_shm_info info;
	uint64_t modified;

	ck_ok(cute_shm_info(shm, &info));
	return cute_shm_source_state(&info, &modified);
}

/* Give it a time that it had not. */
static void
make_older(const char *name)
{
	const struct timespec times[] = { { 1000, 0 }, { 1000, 0 } };

	ck_assert_int_eq(utimensat(AT_FDCWD, h5_path(name), times, 0), 0);
}

/* After the load, also where the clock of files has a coarse grain. */
static void
make_later(const char *name)
{
	struct timespec nap = { .tv_nsec = 50000000 };

	nanosleep(&nap, NULL);
	make_episode(name, 9, NULL);
}

static void
make_folder(void)
{
	ck_assert_int_eq(mkdir(h5_path("d"), 0700), 0);
	make_episode("d/a.h5", 1, NULL);
	make_episode("d/b.h5", 2, NULL);
}

START_TEST(a_change_of_one_is_a_change)
{
	struct cute_shm *shm;
	struct stat st;

	make_folder();
	give(NULL, "d/a.h5");
	give(NULL, "d/b.h5");
	shm = load(0);
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
	/* It was not given. */
	make_later("d/c.h5");
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
	ck_assert_int_eq(stat(h5_path("d/a.h5"), &st), 0);
	make_older("d/a.h5");
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CHANGED);
	ck_assert_int_eq(
		utimensat(AT_FDCWD, h5_path("d/a.h5"),
			  (struct timespec[]){ st.st_mtim, st.st_mtim }, 0),
		0);
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
	append(h5_path("d/b.h5"));
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CHANGED);
	take_away(h5_path("d/b.h5"));
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CHANGED);
	take_away(h5_path("d/a.h5"));
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_GONE);
	ck_clean(shm);
}
END_TEST

/* What a segment of another user says of files is not followed. */
START_TEST(another_user_is_not_believed)
{
	struct cute_shm_info info;
	struct cute_shm *shm;

	make_folder();
	give(NULL, "d");
	shm = load(0);
	ck_ok(cute_shm_info(shm, &info));
	if (test_is_root()) {
		ck_assert_int_eq(chown(info.path, 65533, 65533), 0);
		ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_UNKNOWN);
		ck_assert_int_eq(chown(info.path, 0, 0), 0);
	}
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
	ck_clean(shm);
}
END_TEST

START_TEST(a_new_file_in_the_folder_is_a_change)
{
	const char *select[] = { "a", NULL };
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm *shm;
	int i;

	make_folder();
	give(NULL, "d");
	opt.select = select;
	for (i = 0; i < 2; i++) {
		/* Nothing of b.h5 was selected, but it was there. */
		ck_ok(load_with(&opt, &shm));
		ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
		make_later(i ? "d/b.h5" : "d/c.h5");
		ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CHANGED);
		ck_clean(shm);
	}
}
END_TEST

START_TEST(a_folder_that_is_gone)
{
	struct cute_shm *shm;

	make_folder();
	give(NULL, "d");
	shm = load(0);
	ck_assert_int_eq(rename(h5_path("d"), h5_path("e")), 0);
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_GONE);
	ck_assert_int_eq(rename(h5_path("e"), h5_path("d")), 0);
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
	ck_clean(shm);
}
END_TEST

static void
begin(void)
{
	source_count = 0;
	h5_folder();
}

int
main(void)
{
	Suite *s = suite_create("hdf5 files");
	TCase *t = tcase_create("files");

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, begin, NULL);
	tcase_add_test(t, each_file_is_a_group);
	tcase_add_test(t, more_files_than_stay_open);
	tcase_add_test(t, names_of_groups);
	tcase_add_test(t, attributes_of_that_name);
	tcase_add_test(t, a_folder_is_read_in_natural_order);
	tcase_add_test(t, what_cannot_be_a_list);
	tcase_add_test(t, one_damaged_file_fails_the_load);
	tcase_add_test(t, a_damaged_object_is_named_with_its_file);
	tcase_add_test(t, a_selection_begins_with_the_group);
	tcase_add_test(t, a_plan_is_as_the_load);
	tcase_add_test(t, no_external_reads_the_given_files_only);
	tcase_add_loop_test(t, a_change_is_an_error, 0, ELEMENTS(acts));
	tcase_add_test(t, ensure_knows_each_file);
	tcase_add_test(t, a_change_of_one_is_a_change);
	tcase_add_test(t, a_new_file_in_the_folder_is_a_change);
	tcase_add_test(t, another_user_is_not_believed);
	tcase_add_test(t, a_folder_that_is_gone);
	suite_add_tcase(s, t);
	return test_run(s);
}
