/* SPDX-License-Identifier: MIT */
/*
 * What the reader process has of the program that starts it, which is nothing;
 * programs that are not the reader; and what many loads leave behind.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hdf5/load.h"
#include "load_one.h"
#include "test_reader.h"

/* ----------------------------------------------------- what the reader has */

struct seen {
	pid_t reader;
	unsigned count;	      /* of descriptors */
	bool leaked;	      /* one of them is the program's */
	unsigned long memory; /* VmSize, in KiB */
	unsigned times;
};

static void
note_reader(enum cute_shm_log_level level, const char *message, void *arg)
{
	const char *at = strstr(message, "process ");
	struct seen *look = arg;

	(void)level;
	if (at && strstr(message, "reads it"))
		look->reader = (pid_t)strtol(at + 8, NULL, 10);
}

static void
look_at_descriptors(struct seen *look)
{
	char path[64], target[4096];
	ssize_t size;
	int i;

	look->count = 0;
	for (i = 0; i < 1024; i++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d",
			 (int)look->reader, i);
		size = readlink(path, target, sizeof(target) - 1);
		if (size < 0)
			continue;
		target[size] = '\0';
		look->count++;
		look->leaked |= strstr(target, "leaked") != NULL;
	}
}

static int
look_at_reader(const struct cute_shm_hdf5_progress *p, void *arg)
{
	struct seen *look = arg;
	char line[256];
	FILE *f;

	(void)p;
	snprintf(line, sizeof(line), "/proc/%d/status", (int)look->reader);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmSize: %lu", &look->memory);
	if (f)
		fclose(f);
	look_at_descriptors(look);
	return ++look->times == 2;
}

/* In the middle of a load that comes to no end. */
static struct seen
seen_by_progress(void)
{
	struct seen ret = { .reader = 0 };
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt),
					     .progress = look_at_reader,
					     .arg = &ret };
	hid_t f = h5_create(one_file);

	h5_int(f, "asleep", 1);
	ck_h5(H5Fclose(f));
	test_reader("reader_bounds");
	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, note_reader, &ret);
	ck_err(cute_shm_hdf5_load("t", one_file, &opt, NULL),
	       CUTE_SHM_ERR_CANCELLED);
	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, NULL, NULL);
	ck_assert_int_gt(ret.reader, 0);
	ck_assert_int_eq(kill(ret.reader, 0), -1);
	ck_assert_uint_eq(test_count(one_root), 0);
	return ret;
}

START_TEST(leaked_descriptors)
{
	int fd = open(h5_path("leaked"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct seen seen;

	ck_assert_int_ge(fd, 0);
	for (int i = 0; i < 300; i++)
		ck_assert_int_ge(fcntl(fd, F_DUPFD, 100), 0);
	seen = seen_by_progress();
	ck_assert(!seen.leaked);
	ck_assert_uint_ge(seen.count, 4);
	ck_assert_uint_le(seen.count, 12);
}
END_TEST

#define GIB ((size_t)1 << 30)

START_TEST(huge_mapping)
{
	uint8_t *map;
	struct seen seen;

	if (SANITIZED)
		return;
	map = mmap(NULL, 50 * GIB, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mprotect(map, GIB / 4, PROT_READ | PROT_WRITE), 0);
	memset(map, 1, GIB / 4);
	seen = seen_by_progress();
	ck_assert_uint_gt(seen.memory, 0);
	ck_assert_uint_lt(seen.memory, 8 * GIB / 1024);
	munmap(map, 50 * GIB);
}
END_TEST

/* ------------------------------------------------------------ other readers */

static const struct {
	const char *reader; /* without '/': beside this test, or a new file */
	const char *script; /* if it is a new file */
	unsigned mode;
	const char *said;
} readers[] = {
	{ "/nonexistent/reader", NULL, 0, "is missing (/nonexistent/reader)" },
	{ "reader", "", 0600, "Permission denied" },
	{ "/", NULL, 0, "Permission denied" },
	{ "reader", "no program", 0700, "Exec format error" },
	{ "reader", "#!/nonexistent\n", 0700, "is missing" },
	{ "/bin/true", NULL, 0, "is another one" },
	{ "/bin/cat", NULL, 0, "is another one" },
	{ "reader", "#!/bin/sh\nexec sleep 100\n", 0700, "does not answer" },
	{ "reader", "#!/bin/sh\ncat /dev/zero >&0\n", 0700, "is another one" },
	{ "hostile_reader", NULL, 0, "is of version 9.9.9, not" },
};

static void
choose(unsigned i)
{
	const char *reader = readers[i].reader;
	FILE *f;

	if (readers[i].script) {
		reader = h5_path(reader);
		f = fopen(reader, "we");
		ck_assert_ptr_nonnull(f);
		ck_assert_int_ge(fputs(readers[i].script, f), 0);
		ck_assert_int_eq(fclose(f), 0);
		ck_assert_int_eq(chmod(reader, readers[i].mode), 0);
	}
	if (strchr(reader, '/'))
		setenv("CUTE_SHM_READER", reader, 1);
	else
		test_reader(reader);
	setenv("CUTE_SHM_TEST_HOSTILE", "version", 1);
}

START_TEST(other_readers)
{
	unsigned before = test_descriptors();
	struct cute_shm_hdf5_options opt = h5_options(0);

	start_seconds = 0.5;
	choose((unsigned)_i);
	ck_err(load_one("t"), CUTE_SHM_ERR_SYSTEM);
	ck_errmsg_has(readers[_i].said);
	ck_assert_ptr_null(strchr(cute_shm_errmsg(), '\n'));
	ck_err(cute_shm_hdf5_plan(one_file, &opt, NULL), CUTE_SHM_ERR_SYSTEM);
	ck_errmsg_has(readers[_i].said);
	ck_assert_uint_eq(test_descriptors(), before);
	ck_assert_uint_eq(test_count(one_root), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

/* -------------------------------------------------------------------- often */

/* Resident pages of this process, without those of files and shared ones. */
static unsigned long
private_memory(void)
{
	unsigned long size = 0, resident = 0, shared = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%lu %lu %lu", &size, &resident, &shared),
			 3);
	fclose(f);
	return resident - shared;
}

START_TEST(often)
{
	unsigned long memory = 0;
	unsigned before = test_descriptors();

	for (int i = 0; i < 200; i++) {
		ck_ok(load_one("t"));
		ck_ok(cute_shm_unlink("t", NULL, NULL));
		if (i == 20)
			memory = private_memory();
	}
	ck_assert_uint_eq(test_descriptors(), before);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_uint_eq(test_count(one_root), 0);
	/* Less than a page for each load. */
	if (!SANITIZED)
		ck_assert_uint_lt(private_memory(), memory + 100);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 reader start");
	TCase *t = tcase_create("start");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, load_one_setup, NULL);
	tcase_add_test(t, leaked_descriptors);
	tcase_add_test(t, huge_mapping);
	tcase_add_loop_test(t, other_readers, 0, (int)ELEMENTS(readers));
	tcase_add_test(t, often);
	suite_add_tcase(s, t);
	return test_run(s);
}
