/* SPDX-License-Identifier: MIT */
/* Several processes that restore the same project take turns. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy/copy.h"

/* For the page: which file it is, and how it looks. */
static int
file_digest(const char *file, const struct stat *st, uint64_t *ret)
{
	char *path, *text;
	int err = source_path(file, &path), n;

	if (err != 0)
		return err;
	n = asprintf(&text, "cute-shm-load 1\n%s\n%jd %jd %ld\n", path,
		     (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec,
		     st->st_mtim.tv_nsec);
	free(path);
	if (n < 0)
		return fail_memory("to restore a segment");
	*ret = digest(text, (size_t)n);
	free(text);
	return 0;
}

/* The project must be a copy of the file; *h is the place for its header. */
static int
wanted_of(int fd, const char *file, struct format_header *h, struct wanted *ret)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail_errno("cannot examine the saved segment");
	/* A stream, or no segment, which its reading will report. */
	if (!S_ISREG(st.st_mode) ||
	    read_header(fd, (uint64_t)st.st_size, h) != 0)
		return 0;
	ret->saved = h;
	ret->saved_fd = fd;
	return file_digest(file, &st, &ret->options_digest);
}

/* A wait shows the progress of the process that loads. */
static int
on_waiting(const struct cute_shm_load_info *other, void *arg)
{
	const struct cute_shm_load_options *opt = arg;

	if (opt->waiting)
		return opt->waiting(other, opt->arg);
	return opt->progress(other->bytes_done, other->bytes_total, opt->arg);
}

int
restore_turn(const char *project, int fd,
	     const struct cute_shm_load_options *opt,
	     struct cute_shm_loading **ret)
{
	struct cute_shm_loading_options o = {
		.size = sizeof(o),
		.root = opt->root,
		.flags = opt->loading | (opt->flags & CUTE_SHM_EPHEMERAL
						 ? CUTE_SHM_LOADING_EPHEMERAL
						 : 0u),
		.mode = opt->mode,
		.source = opt->file,
		.timeout = opt->timeout,
		.waiting = opt->waiting || opt->progress ? on_waiting : NULL,
		.arg = (void *)(uintptr_t)opt,
	};
	struct wanted wanted = { .options_digest = 0 };
	struct format_header h;
	int err = 0;

	if ((opt->loading & CUTE_SHM_LOADING_ENSURE) && !opt->file)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s: without the name of the file "
				     "nothing tells whether it is current",
				     project);
	if (opt->file)
		err = wanted_of(fd, opt->file, &h, &wanted);
	return err == 0 ? loading_begin(project, &o, &wanted, ret) : err;
}
