/* SPDX-License-Identifier: MIT */
/*
 * Shows the state that demo_server keeps updating, as it changes:
 *
 *	demo_client [UPDATES]
 *
 * ends after so many, or with the server.  It sleeps until there is something
 * new; it needs no permission to write, and cannot disturb the server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cute_shm.h>

enum {
	TIME,
	X,
	Y,
	RUNNING,
	STATE_SIZE
};

static void
must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "demo_client: %s\n", cute_shm_errmsg());
	exit(EXIT_FAILURE);
}

/* One line, written over and over on a terminal. */
static void
show(const double state[STATE_SIZE], uint32_t sequence)
{
	int bar = (int)((state[X] + 1) * 20 + 0.5);

	printf("%s%10.3f s  x %+.3f  y %+.3f  update %u  [%*s%*s]%s",
	       isatty(STDOUT_FILENO) ? "\r" : "", state[TIME], state[X],
	       state[Y], sequence / 2, bar + 1, "o", 40 - bar, "",
	       isatty(STDOUT_FILENO) ? "" : "\n");
	fflush(stdout);
}

/* Until the next update; false when there will be none. */
static int
next(const struct cute_shm *shm, const struct cute_shm_array *array,
     uint32_t *sequence)
{
	int err;

	do {
		err = cute_shm_wait(array, *sequence, 1000000000, sequence);
		/* A server that was killed says nothing. */
		if (err && !cute_shm_is_current(shm))
			return 0;
	} while (err == CUTE_SHM_ERR_TIMEOUT);
	must(err);
	return 1;
}

int
main(int argc, char **argv)
{
	long left = argc > 1 ? atol(argv[1]) : -1;
	struct cute_shm_array array;
	double state[STATE_SIZE];
	uint32_t sequence = 0;
	struct cute_shm *shm;

	must(cute_shm_open("demo", NULL, &shm));
	must(cute_shm_get(shm, "state", &array));
	if (array.data_size != sizeof(state)) {
		fprintf(stderr, "demo_client: \"demo\" is another one's\n");
		return EXIT_FAILURE;
	}
	while (left-- != 0 && next(shm, &array, &sequence)) {
		must(cute_shm_snapshot(&array, 0, state, sizeof(state),
				       CUTE_SHM_FOREVER, &sequence));
		if (state[RUNNING] == 0)
			break;
		show(state, sequence);
	}
	if (isatty(STDOUT_FILENO))
		putchar('\n');
	cute_shm_close(shm);
	return EXIT_SUCCESS;
}
