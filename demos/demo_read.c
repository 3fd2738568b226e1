/* SPDX-License-Identifier: MIT */
/* The second of three programs: see demo_transfer.c. */
#include <stdio.h>
#include <stdlib.h>

#include <cute_shm.h>

static void
must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "demo_read: %s\n", cute_shm_errmsg());
	exit(EXIT_FAILURE);
}

int
main(void)
{
	struct cute_shm_node node;
	struct cute_shm_array wave;
	struct cute_shm_attr rate;
	struct cute_shm *shm;
	const double *hertz;
	const float *p;
	double sum = 0;
	uint64_t i, n;

	must(cute_shm_open("demo", NULL, &shm));
	must(cute_shm_find(shm, "signal/wave", &node));
	must(cute_shm_node_array(&node, &wave));
	must(cute_shm_attr(&node, "rate", &rate));

	/* NULL, not garbage, when the dtype is another one. */
	p = cute_shm_f32(&wave, &n);
	hertz = cute_shm_f64(&rate.value, NULL);
	if (!p || !hertz || wave.ndim != 2) {
		fprintf(stderr, "demo_read: %s is no wave\n", wave.dtype);
		return EXIT_FAILURE;
	}
	for (i = 0; i < n; i++)
		sum += (double)p[i];
	printf("read: %llu x %llu at %g Hz, mean %.4f\n",
	       (unsigned long long)wave.shape[0],
	       (unsigned long long)wave.shape[1], *hertz, sum / (double)n);
	cute_shm_close(shm);
	return EXIT_SUCCESS;
}
