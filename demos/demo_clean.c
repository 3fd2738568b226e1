/* SPDX-License-Identifier: MIT */
/* The last of three programs: see demo_transfer.c. */
#include <stdio.h>
#include <stdlib.h>

#include <cute_shm.h>

int
main(void)
{
	uint64_t freed;

	if (cute_shm_unlink("demo", NULL, &freed) != 0) {
		fprintf(stderr, "demo_clean: %s\n", cute_shm_errmsg());
		return EXIT_FAILURE;
	}
	printf("cleaned: %llu KiB\n", (unsigned long long)freed / 1024);
	return EXIT_SUCCESS;
}
