/* SPDX-License-Identifier: MIT */
/*
 * A robot's state, updated in place until Ctrl-C:
 *
 *	demo_server [UPDATES_PER_SECOND]
 *
 * Any number of demo_client show it.  The project is ephemeral: it ends with
 * this program, however that ends.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cute_shm.h>

/* What the array "state" holds; one snapshot has all of it. */
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
	fprintf(stderr, "demo_server: %s\n", cute_shm_errmsg());
	exit(EXIT_FAILURE); /* which ends the project, too */
}

/* The handle that owns the project. */
static struct cute_shm *
publish(void)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .flags = CUTE_SHM_EPHEMERAL,
					      .creator = "demo_server" };
	const uint64_t shape[] = { STATE_SIZE };
	const double state[STATE_SIZE] = { [RUNNING] = 1 };
	struct cute_shm_builder *b;
	struct cute_shm *owner;

	must(cute_shm_builder_new("demo", &opt, &b));
	must(cute_shm_builder_array(b, "state", "<f8", 1, shape, state));
	must(cute_shm_builder_attr_text(b, "state", "meaning",
					"s, m, m, running"));
	must(cute_shm_builder_publish(b, &owner));
	cute_shm_builder_free(b);
	return owner;
}

/* Once around the circle in ten seconds. */
static void
move(double state[STATE_SIZE], double seconds)
{
	state[TIME] += seconds;
	state[X] = cos(state[TIME] * 0.6283185307);
	state[Y] = sin(state[TIME] * 0.6283185307);
}

int
main(int argc, char **argv)
{
	struct cute_shm_open_options writing = { .size = sizeof(writing),
						 .flags = CUTE_SHM_WRITE };
	double rate = argc > 1 ? atof(argv[1]) : 50;
	double state[STATE_SIZE] = { [RUNNING] = 1 };
	unsigned long long updates = 0;
	struct cute_shm *owner, *shm;
	struct cute_shm_array array;
	struct timespec period;
	sigset_t ends;

	if (!(rate >= 1 && rate <= 10000)) {
		fprintf(stderr, "usage: demo_server [1..10000 per second]\n");
		return EXIT_FAILURE;
	}
	period.tv_sec = rate > 1 ? 0 : 1;
	period.tv_nsec = rate > 1 ? (long)(1e9 / rate) : 0;

	/* These end the loop below, instead of the program. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);

	owner = publish();
	must(cute_shm_open("demo", &writing, &shm));
	must(cute_shm_get(shm, "state", &array));
	printf("serving \"demo\", Ctrl-C ends it\n");
	fflush(stdout);
	while (sigtimedwait(&ends, NULL, &period) < 0) {
		move(state, 1 / rate);
		must(cute_shm_update(&array, 0, state, sizeof(state),
				     CUTE_SHM_FOREVER));
		updates++;
	}
	/* So that clients need not find out. */
	state[RUNNING] = 0;
	must(cute_shm_update(&array, 0, state, sizeof(state),
			     CUTE_SHM_FOREVER));
	cute_shm_close(shm);
	cute_shm_close(owner);
	printf("served %llu updates\n", updates);
	return EXIT_SUCCESS;
}
