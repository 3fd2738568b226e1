/* SPDX-License-Identifier: MIT */
/*
 * hold_projects COUNT: make the projects p0, p1, ... and keep a handle of each
 * until the end of standard input; says "ready" when all are there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cute_shm.h"

static void
must(int err)
{
	if (err == 0)
		return;
	fprintf(stderr, "%s\n", cute_shm_errmsg());
	exit(1);
}

static void
make(const char *name)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_OVERWRITE,
	};
	const uint64_t count = 2;
	struct cute_shm_builder *b;
	struct cute_shm *shm;

	must(cute_shm_builder_new(name, &opt, &b));
	must(cute_shm_builder_array(b, "a", "<u8", 1, &count, NULL));
	must(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
}

int
main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0, i;
	char name[32];

	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		make(name);
	}
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
