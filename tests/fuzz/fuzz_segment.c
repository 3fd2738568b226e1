/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: any bytes as a segment; open, read all, verify.  Built by "make
 * fuzz" with clang, and FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION, under which
 * the digest of the header is not checked.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fit.h"
#include "read/read.h"
#include "read_all.h"
#include "seed.h"
#include "view/view.h"

unsigned fuzz_reached;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
count(const struct cute_shm_damage *damage, void *arg)
{
	unsigned *left = arg;

	if (strlen(damage->message) == 0 || damage->err == 0)
		abort();
	return --*left == 0;
}

static void
verify(const struct cute_shm *shm)
{
	unsigned left = 10000;
	struct cute_shm_verify_options opt = {
		.size = sizeof(opt), .jobs = 1, .report = count, .arg = &left
	};
	struct cute_shm_verify_result result;

	if (cute_shm_verify(shm, &opt, &result) == 0 && result.damaged != 0)
		abort();
}

static int
drop(void *arg, const void *data, size_t size)
{
	uint64_t *left = arg;

	(void)data;
	if (size > *left)
		abort();
	*left -= size;
	return 0;
}

/* Verification encodes the view of sound records only. */
static void
encode(const struct cute_shm *shm)
{
	struct view *view;
	uint64_t left;
	int err;

	if (view_measure(shm, shm->size + (1 << 20), &view) != 0)
		return;
	left = view->end - view->begin;
	err = view_emit(view, drop, &left);
	if (err == 0 && left != 0)
		abort();
	view_free(view);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cute_shm_array array;
	struct cute_shm *shm;
	char path[64];
	uint8_t *bytes;
	int fd;

	bytes = malloc(size + 1);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (!bytes || fd < 0)
		abort();
	memcpy(bytes, data, size);
	fit_header(bytes, size);
	if (write(fd, bytes, size) != (ssize_t)size)
		abort();
	free(bytes);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (cute_shm_open_file(path, NULL, &shm) == 0) {
		fuzz_reached++;
		segment_read_all(shm);
		if (cute_shm_get(shm, "l/l/a/b/x", &array) == 0)
			fuzz_reached++;
		verify(shm);
		encode(shm);
		cute_shm_close(shm);
	}
	close(fd);
	return 0;
}
