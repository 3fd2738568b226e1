/* SPDX-License-Identifier: MIT */
/* show_progress: what a load of some seconds shows, without the load. */
#include <stdio.h>
#include <time.h>

#include "../../bin/progress.h"
#include "../../bin/text.h"

static void
step(uint64_t done, uint64_t total, uint64_t objects)
{
	static const struct timespec period = { 0, 60000000 };
	struct progress p = {
		.bytes_done = done,
		.bytes_total = total,
		.objects = objects,
		.path = "\033[2Jsession/electrode_array/channel_0001/voltage",
	};

	progress_update(&p);
	nanosleep(&period, NULL);
}

int
main(void)
{
	uint64_t i;

	text_begin();
	progress_begin(true, false);
	for (i = 0; i < 15; i++)
		step(0, 0, i * 1000 + 1);
	for (i = 0; i < 10; i++)
		step(i * 300000000, 3000000000, 15000);
	for (i = 0; i < 3; i++)
		step(3000000000, 3000000000, 15000);
	progress_clear();
	puts("done");
	return 0;
}
