/* SPDX-License-Identifier: MIT */
/*
 * demo_project PROJECT [FRAMES]: what demo_file writes, as a project, without
 * HDF5; with so many frames for each camera, 1 to 300.
 */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cute_shm.h>

#define STEPS  20000
#define JOINTS 14
#define FRAMES 300
#define HEIGHT 240
#define WIDTH  320
#define DEMOS  3

static double joints[DEMOS][STEPS][JOINTS];
static uint8_t images[DEMOS][FRAMES][HEIGHT][WIDTH][3];

static void
must(int err)
{
	if (err == 0)
		return;
	fprintf(stderr, "demo_project: %s\n", cute_shm_errmsg());
	exit(EXIT_FAILURE);
}

static void
trajectory(struct cute_shm_builder *b, unsigned demo)
{
	static const uint64_t shape[] = { STEPS, JOINTS };
	double *p = joints[demo][0];
	char path[32];
	size_t i;

	for (i = 0; i < (size_t)STEPS * JOINTS; i++)
		p[i] = sin((double)(i + demo) * 1e-4);
	snprintf(path, sizeof(path), "demo_%u/joints", demo);
	must(cute_shm_builder_array(b, path, "<f8", 2, shape, p));
}

static void
camera(struct cute_shm_builder *b, unsigned demo, uint64_t frames)
{
	const uint64_t shape[] = { frames, HEIGHT, WIDTH, 3 };
	uint8_t *p = images[demo][0][0][0];
	char path[32];
	size_t i;

	for (i = 0; i < sizeof(images[demo]); i++)
		p[i] = (uint8_t)((i / 3 % WIDTH) ^ (i >> 17) ^ demo);
	snprintf(path, sizeof(path), "demo_%u/camera", demo);
	must(cute_shm_builder_array(b, path, "|u1", 4, shape, p));
}

int
main(int argc, char **argv)
{
	int frames = argc > 2 ? atoi(argv[2]) : FRAMES;
	struct cute_shm_builder *b;
	unsigned demo;

	if (argc < 2 || argc > 3 || frames < 1 || frames > FRAMES)
		return 64;
	must(cute_shm_builder_new(argv[1], NULL, &b));
	for (demo = 0; demo < DEMOS; demo++) {
		trajectory(b, demo);
		camera(b, demo, (uint64_t)frames);
	}
	must(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	return EXIT_SUCCESS;
}
