/* SPDX-License-Identifier: MIT */
/*
 * update_project make NAME COUNT  a project with one array, "a", of zeros
 * update_project once NAME        update it if that can be done at once
 * update_project seal NAME        the same, and seal it
 * update_project on NAME          update it, all elements to one number after
 *                                 the other, until it is killed or removed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
make(const char *name, uint64_t count)
{
	struct cute_shm_builder *b;

	must(cute_shm_builder_new(name, NULL, &b));
	must(cute_shm_builder_array(b, "a", "<u8", 1, &count, NULL));
	must(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
}

static void
update(const struct cute_shm_array *a, uint64_t number, int64_t timeout_ns)
{
	struct cute_shm_update u;
	uint64_t i;

	must(cute_shm_update_begin(a, timeout_ns, &u));
	for (i = 0; i < a->element_count; i++)
		((uint64_t *)u.data)[i] = number;
	cute_shm_update_end(&u);
}

int
main(int argc, char **argv)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_WRITE,
	};
	struct cute_shm_array a;
	struct cute_shm *shm;
	uint64_t number = 0;

	if (argc < 3)
		return 64;
	if (argc == 4) {
		make(argv[2], strtoull(argv[3], NULL, 10));
		return 0;
	}
	must(cute_shm_open(argv[2], &opt, &shm));
	must(cute_shm_get(shm, "a", &a));
	do
		update(&a, ++number,
		       strcmp(argv[1], "on") == 0 ? CUTE_SHM_FOREVER : 0);
	while (strcmp(argv[1], "on") == 0 && cute_shm_is_current(shm));
	if (strcmp(argv[1], "seal") == 0)
		must(cute_shm_seal(&a, 0));
	cute_shm_close(shm);
	return 0;
}
