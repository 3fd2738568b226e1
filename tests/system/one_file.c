/* SPDX-License-Identifier: MIT */
/*
 * one_file [no-updates | ephemeral-updates]: whoever opens a project by name
 * has the very file that its publisher has, in which all see the same data and
 * the same locks.  The root is $CUTE_SHM_ROOT; the argument says that no arrays
 * can be updated there, or those of ephemeral projects alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cute_shm.h"

#define COUNT 20000

static const uint64_t shape[] = { COUNT };
static uint64_t data[COUNT];

static void
must(int err, const char *what)
{
	if (err == 0)
		return;
	fprintf(stderr, "one_file: %s: %s\n", what, cute_shm_errmsg());
	exit(1);
}

static void
need(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "one_file: %s\n", what);
	exit(1);
}

static struct cute_shm *
publish(unsigned flags)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};
	struct cute_shm *shm = NULL;
	struct cute_shm_builder *b;

	must(cute_shm_builder_new("one", &opt, &b), "begin");
	must(cute_shm_builder_array(b, "a", "<u8", 1, shape, data), "describe");
	must(cute_shm_builder_publish(b, &shm), "publish");
	cute_shm_builder_free(b);
	return shm;
}

/* In another process, by name: 0, or the call's error. */
static int
update(uint64_t value)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_WRITE,
	};
	struct cute_shm *shm;
	struct cute_shm_array a;
	int status, err;
	pid_t pid = fork();

	if (pid == 0) {
		err = cute_shm_open("one", &opt, &shm);
		if (err != 0 && err != CUTE_SHM_ERR_PERMISSION)
			must(err, "open for writing");
		if (err != 0)
			_exit(-err);
		must(cute_shm_get(shm, "a", &a), "get");
		must(cute_shm_update(&a, 8, &value, sizeof(value), 0),
		     "update");
		cute_shm_close(shm);
		_exit(0);
	}
	need(waitpid(pid, &status, 0) == pid && WIFEXITED(status),
	     "the writer died");
	return -WEXITSTATUS(status);
}

static uint64_t
second(const struct cute_shm *shm)
{
	struct cute_shm_array a;
	uint64_t value;

	must(cute_shm_get(shm, "a", &a), "get");
	must(cute_shm_snapshot(&a, 8, &value, sizeof(value), 0, NULL),
	     "snapshot");
	return value;
}

/* Which projects can be updated. */
enum updates {
	ALL,
	EPHEMERAL,
	NONE
};

/* Publisher, a reader by name, and a writer by name. */
static void
try_one(unsigned flags, enum updates updates)
{
	struct cute_shm *shm = publish(flags), *reader;
	struct cute_shm_info info;
	uint64_t count;
	int err;

	must(cute_shm_collect(NULL, &count, NULL), "collect");
	need(count == 0 && cute_shm_is_current(shm), "it was collected");
	must(cute_shm_open("one", NULL, &reader), "open");
	must(cute_shm_info(shm, &info), "info");
	need(info.in_use, "the reader's lock is not seen");
	need(!info.orphan, "the owner's lock is not seen");
	err = update(17);
	if (updates == ALL ||
	    (updates == EPHEMERAL && (flags & CUTE_SHM_EPHEMERAL))) {
		need(err == 0, "no update");
		need(second(shm) == 17, "the publisher sees other data");
		need(second(reader) == 17, "the reader sees other data");
	} else {
		need(err == CUTE_SHM_ERR_PERMISSION, "updated");
	}
	must(cute_shm_verify(reader, NULL, NULL), "verify");
	cute_shm_close(reader);
	cute_shm_close(shm);
}

int
main(int argc, char **argv)
{
	struct cute_shm_unlink_options idle = {
		.size = sizeof(idle),
		.flags = CUTE_SHM_UNLINK_IDLE,
	};
	enum updates updates = argc < 2				    ? ALL
			       : strcmp(argv[1], "no-updates") == 0 ? NONE
								    : EPHEMERAL;

	try_one(0, updates);
	try_one(CUTE_SHM_OVERWRITE, updates);
	must(cute_shm_unlink("one", &idle, NULL), "unlink");
	try_one(CUTE_SHM_EPHEMERAL, updates);
	try_one(CUTE_SHM_EPHEMERAL | CUTE_SHM_OVERWRITE, updates);
	return 0;
}
