/* SPDX-License-Identifier: MIT */
/*
 * The first of three programs: demo_transfer makes a project and ends.  Then
 * demo_read finds it, as often as you like, until demo_clean removes it.
 */
#include <stdio.h>
#include <stdlib.h>

#include <cute_shm.h>

#define SAMPLES 1000u

static void
must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "demo_transfer: %s\n", cute_shm_errmsg());
	exit(EXIT_FAILURE);
}

int
main(void)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .flags = CUTE_SHM_OVERWRITE,
					      .creator = "demo_transfer" };
	const uint64_t shape[] = { SAMPLES, 2 };
	const double rate = 100;
	struct cute_shm_builder *b;
	float pair[2];
	unsigned i;

	must(cute_shm_builder_new("demo", &opt, &b));

	/* Without data: they come later, in pieces, from any thread. */
	must(cute_shm_builder_array(b, "signal/wave", "<f4", 2, shape, NULL));
	must(cute_shm_builder_attr(b, "signal/wave", "rate", "<f8", 0, NULL,
				   &rate));
	must(cute_shm_builder_reserve(b));

	for (i = 0; i < SAMPLES; i++) {
		pair[0] = (float)(i % 100) / 100;
		pair[1] = pair[0] * pair[0];
		must(cute_shm_builder_write(b, "signal/wave", i * sizeof(pair),
					    pair, sizeof(pair)));
	}
	must(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	printf("transferred: %u samples\n", SAMPLES);
	return EXIT_SUCCESS;
}
