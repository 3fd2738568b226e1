/* SPDX-License-Identifier: MIT */
/* Opening, looking up, verifying. */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "bench.h"

#define OPENINGS 200
#define LOOKUPS	 200000

void
lookup_path(unsigned i, char *path, size_t size)
{
	snprintf(path, size, "group_%u/array_%u", i / 1000, i % 1000);
}

void
lookup_project(const struct bench *b, unsigned count)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .root = b->root };
	struct cute_shm_builder *builder;
	uint64_t shape = 1;
	double value = 1;
	char path[64];

	if (cute_shm_builder_new("lookup", &opt, &builder) != 0)
		die("%s", cute_shm_errmsg());
	for (unsigned i = 0; i < count; i++) {
		lookup_path(i, path, sizeof(path));
		if (cute_shm_builder_array(builder, path, "<f8", 1, &shape,
					   &value) != 0)
			die("%s", cute_shm_errmsg());
	}
	if (cute_shm_builder_publish(builder, NULL) != 0)
		die("%s", cute_shm_errmsg());
	cute_shm_builder_free(builder);
}

void
lookup_unlink(const struct bench *b)
{
	struct cute_shm_unlink_options gone = { .size = sizeof(gone),
						.root = b->root };

	cute_shm_unlink("lookup", &gone, NULL);
}

static uint32_t
roll(uint32_t most)
{
	static uint64_t state = 88172645463325252u;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % most;
}

/* Median time of an opening with one lookup of some array. */
static double
time_open(const struct cute_shm_open_options *opt, unsigned count)
{
	double times[OPENINGS];

	for (unsigned i = 0; i < OPENINGS; i++) {
		struct cute_shm_array array;
		struct cute_shm *shm;
		char path[64];
		double begin;

		lookup_path(roll(count), path, sizeof(path));
		begin = clock_now();
		if (cute_shm_open("lookup", opt, &shm) != 0 ||
		    cute_shm_get(shm, path, &array) != 0)
			die("%s", cute_shm_errmsg());
		times[i] = clock_now() - begin;
		cute_shm_close(shm);
	}
	return median(times, OPENINGS);
}

/* Mean time of one of many lookups, of arrays in random order. */
static double
time_lookups(const struct cute_shm_open_options *opt, unsigned count)
{
	char(*paths)[32] = malloc(LOOKUPS * sizeof(*paths));
	struct cute_shm_array array;
	struct cute_shm *shm;
	double begin, end;

	if (!paths || cute_shm_open("lookup", opt, &shm) != 0)
		die("%s", paths ? cute_shm_errmsg() : "no memory");
	for (unsigned i = 0; i < LOOKUPS; i++)
		lookup_path(roll(count), paths[i], sizeof(paths[i]));
	/* Once before, as page faults are no part of a further lookup. */
	for (int pass = 0; pass < 2; pass++) {
		begin = clock_now();
		for (unsigned i = 0; i < LOOKUPS; i++)
			if (cute_shm_get(shm, paths[i], &array) != 0)
				die("%s", cute_shm_errmsg());
		end = clock_now();
	}
	cute_shm_close(shm);
	free(paths);
	return (end - begin) / LOOKUPS;
}

void
bench_lookups(struct bench *b)
{
	static const unsigned counts[] = { 1, 1000, 100000, 1000000 };
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = b->root };

	if (!b->json)
		printf("\n%-13s %18s %18s\n", "arrays", "open + lookup, us",
		       "further lookup, us");
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		double first, further;

		lookup_project(b, counts[i]);
		first = time_open(&opt, counts[i]);
		further = time_lookups(&opt, counts[i]);
		lookup_unlink(b);
		if (!b->json)
			printf("%-13u %18.2f %18.3f\n", counts[i], first * 1e6,
			       further * 1e6);
		else
			printf("%s\n  {\"arrays\": %u, \"open_and_lookup\": "
			       "%.9f, \"lookup\": %.9f}",
			       b->first ? "" : ",", counts[i], first, further);
		b->first = false;
	}
}

/* ------------------------------------------------------------ verification */

struct share {
	const uint8_t *data;
	size_t size;
	uint64_t sum;
};

static void *
hash_share(void *arg)
{
	struct share *s = arg;
	size_t block = 1 << 20;

	for (size_t i = 0; i < s->size; i += block)
		s->sum ^=
			XXH3_64bits(s->data + i,
				    s->size - i < block ? s->size - i : block);
	return NULL;
}

/* XXH3 alone over the data of the segment, in blocks, with our threads. */
static void
hash_all(const struct bench *b, const struct cute_shm_array *array)
{
	pthread_t threads[256];
	struct share shares[256];
	unsigned n = b->jobs < 256 ? b->jobs : 256;
	const uint8_t *data = array->data;
	size_t each = (array->data_size / n + 1048575) & ~(size_t)1048575;

	for (unsigned i = 0; i < n; i++) {
		size_t at = i * each < array->data_size ? i * each
							: array->data_size;
		size_t left = array->data_size - at;

		shares[i] = (struct share){ data + at,
					    left < each ? left : each, 0 };
		if (pthread_create(&threads[i], NULL, hash_share, &shares[i]))
			die("cannot start a thread");
	}
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

/* Either way on a mapping of its own, so that both take its page faults. */
static double
time_verify(const struct bench *b, bool ours)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = b->root };
	struct cute_shm_verify_options how = { .size = sizeof(how),
					       .jobs = b->jobs };
	struct cute_shm_array array;
	struct cute_shm *shm;
	double begin, end;

	if (cute_shm_open("verify", &opt, &shm) != 0 ||
	    cute_shm_get(shm, "data", &array) != 0)
		die("%s", cute_shm_errmsg());
	begin = clock_now();
	if (!ours)
		hash_all(b, &array);
	else if (cute_shm_verify(shm, &how, NULL) != 0)
		die("%s", cute_shm_errmsg());
	end = clock_now();
	cute_shm_close(shm);
	return end - begin;
}

void
bench_verify(struct bench *b)
{
	struct cute_shm_unlink_options gone = { .size = sizeof(gone),
						.root = b->root };
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .root = b->root };
	double ours[MOST_ROUNDS], alone[MOST_ROUNDS], size = (double)b->size;
	struct cute_shm_builder *builder;
	uint64_t shape = b->size;
	uint8_t *data = malloc(b->size);

	if (!data)
		die("no memory");
	memset(data, 42, b->size);
	if (cute_shm_builder_new("verify", &opt, &builder) != 0 ||
	    cute_shm_builder_array(builder, "data", "|u1", 1, &shape, data) !=
		    0 ||
	    cute_shm_builder_publish(builder, NULL) != 0)
		die("%s", cute_shm_errmsg());
	cute_shm_builder_free(builder);
	free(data);
	for (unsigned i = 0; i < b->rounds; i++) {
		ours[i] = time_verify(b, true);
		alone[i] = time_verify(b, false);
	}
	cute_shm_unlink("verify", &gone, NULL);
	if (!b->json)
		printf("\nverifying: %.2f GB/s; XXH3 alone: %.2f GB/s; ratio "
		       "%.2f\n",
		       size / 1e9 / median(ours, b->rounds),
		       size / 1e9 / median(alone, b->rounds),
		       median(alone, b->rounds) / median(ours, b->rounds));
	else
		printf("%s\n  {\"bytes\": %.0f, \"verify\": %.6f, "
		       "\"xxh3_alone\": %.6f}",
		       b->first ? "" : ",", size, median(ours, b->rounds),
		       median(alone, b->rounds));
	b->first = false;
}
