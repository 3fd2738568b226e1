/* SPDX-License-Identifier: MIT */
/* The root's files that have no project's name yet. */

#include <errno.h>

#include "root/root.h"

unsigned temporary_flags;

struct appear_place
temporary_place(const char *root)
{
	struct appear_place at = {
		.folder = root,
		.prefix = TEMPORARY_PREFIX,
		.own_prefix = true,
		.writer = "builder",
	};

	return at;
}

int
temporary_new(const char *root, unsigned flags, int *fd, char **name)
{
	struct appear_place at = temporary_place(root);

	if (appear_begin(&at, flags, fd, name) == 0)
		return 0;
	if (errno == EAGAIN)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "cannot keep a new file in %s: others "
				     "remove it",
				     root);
	return root_fail_new(root);
}

void
temporary_sweep(const char *root)
{
	struct appear_place at = temporary_place(root);

	appear_sweep(&at);
	/* The pages of loads: a running one locks its page. */
	at.prefix = LOADING_PREFIX;
	at.writer = "load";
	appear_sweep(&at);
}
