/* SPDX-License-Identifier: MIT */
/* Arrays to shared memory and back. */
#include <stdio.h>
#include <stdlib.h>

#include <cute_shm.h>

static void
must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "demo_arrays: %s\n", cute_shm_errmsg());
	exit(EXIT_FAILURE);
}

static struct cute_shm *
arrays_to_shm(void)
{
	static const double a[] = { 0, 0.5, 1, 1.5 };
	static const int32_t b1[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
	const uint64_t four[] = { 4 }, two_three[] = { 2, 3 };
	struct cute_shm_builder *b;
	struct cute_shm *shm;

	must(cute_shm_builder_new("demo-arrays", NULL, &b));
	must(cute_shm_builder_array(b, "a", "<f8", 1, four, a));
	must(cute_shm_builder_array(b, "b/b1", "<i4", 2, two_three, b1));
	must(cute_shm_builder_attr_text(b, "a", "unit", "rad"));
	must(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	return shm;
}

int
main(void)
{
	struct cute_shm *shm = arrays_to_shm();
	struct cute_shm_array a, b1;
	const double *x;
	const int32_t *y;
	uint64_t n;

	/* From here on any process may open it; no bytes are copied. */
	must(cute_shm_get(shm, "a", &a));
	x = cute_shm_f64(&a, &n);
	if (x && n > 0)
		printf("a: %g to %g, in %s\n", x[0], x[n - 1], a.dtype);

	must(cute_shm_get(shm, "b/b1", &b1));
	y = cute_shm_i32(&b1, &n);
	if (y && n == 6)
		printf("b/b1: %d at [1][2]\n", y[1 * b1.shape[1] + 2]);

	cute_shm_close(shm);
	must(cute_shm_unlink("demo-arrays", NULL, NULL));
	return EXIT_SUCCESS;
}
