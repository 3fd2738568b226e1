/* SPDX-License-Identifier: MIT */
/* cute-shm-top: projects, readers, updates and loads, as they change. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cute_shm.h>

#include "cli.h"
#include "interrupt.h"
#include "root_dir.h"
#include "text.h"
#include "top.h"

static bool opt_once, opt_json;
static const char *opt_root;
static double opt_every = 2;

static const struct cli_option options[] = {
	{ 'e', CLI_TIME, "every", "TIME",
	  "look that often, as 0.5s or 1m; default 2s", &opt_every },
	{ '1', CLI_FLAG, "once", NULL,
	  "look twice, that far apart, print, and end", &opt_once },
	{ 0, CLI_FLAG, "json", NULL, "a JSON object for each look", &opt_json },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm", &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-top",
	.operands = "[PROJECT...]",
	.summary = "Show projects as they change: users, updates, loads under "
		   "way, memory; all of\nthem, or those that are named or "
		   "match, as 'run-*'.  The key q ends it.",
	.statuses = "  0   shown, until it was ended\n"
		    "  1   failed\n"
		    "  64  misuse of the command line\n",
	.max_operands = -1,
	.options = options,
};

static void
nap(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds };

	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	nanosleep(&t, NULL);
}

/* Look again, and forget the look before. */
static int
look_again(struct top_request *request, struct top_sample *sample)
{
	struct top_sample next;
	int err = top_look(request, sample, &next);

	top_free(sample);
	*sample = next;
	return err;
}

static bool
show(const struct top_sample *sample)
{
	size_t rows, columns, count, i;
	char **lines;
	bool ret;

	top_screen_size(&rows, &columns);
	lines = top_lines(sample, root_dir(opt_root), rows, columns, &count);
	ret = top_screen_show(lines, count);
	for (i = 0; i < count; i++)
		free(lines[i]);
	free(lines);
	return ret;
}

static int
print(const struct top_sample *sample)
{
	size_t count, i;
	char **lines;

	if (opt_json) {
		top_json(sample, root_dir(opt_root));
	} else {
		lines = top_lines(sample, root_dir(opt_root), 0,
				  text_columns(stdout), &count);
		for (i = 0; i < count; i++) {
			puts(lines[i]);
			free(lines[i]);
		}
		free(lines);
	}
	return fflush(stdout) == 0 ? 0 : -1;
}

/* Text once, or JSON once or until somebody ends it. */
static int
run_printing(struct top_request *request, struct top_sample *sample)
{
	int err = 0;

	do {
		nap(opt_every);
		if (interrupt_pending())
			break;
		err = look_again(request, sample);
		if (err == 0 && print(sample) != 0)
			break;
	} while (err == 0 && !opt_once);
	return err;
}

static int
run_screen(struct top_request *request, struct top_sample *sample)
{
	int err = 0;

	while (err == 0 && show(sample) && top_screen_wait(opt_every))
		err = look_again(request, sample);
	return err;
}

int
main(int argc, char **argv)
{
	struct top_request request = { .names = argv };
	struct top_sample sample;
	int err, status = CLI_OK;

	request.count = cli_begin(&program, argc, argv);
	request.root = opt_root;
	interrupt_begin();
	err = top_look(&request, NULL, &sample);
	if (err == 0 && (opt_once || opt_json)) {
		err = run_printing(&request, &sample);
	} else if (err == 0) {
		if (!top_screen_begin()) {
			top_free(&sample);
			return cli_end(CLI_FAILED);
		}
		err = run_screen(&request, &sample);
		top_screen_end();
	}
	if (err != 0)
		status = cli_fail();
	top_free(&sample);
	status = cli_end(status);
	interrupt_end();
	return status;
}
