/* SPDX-License-Identifier: MIT */
/*
 * Large pages on a root that gives them on advice.  One mounted with
 * huge=always gives them by itself; one with huge=advise gives them to mappings
 * that ask, which then takes a fifth of the time.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "builder.h"

bool
huge_on_advice(const char *root, const char *mountinfo)
{
	char device[32], *line = NULL;
	size_t room = 0;
	bool found = false;
	struct stat st;
	FILE *f;

	if (stat(root, &st) != 0)
		return false;
	f = fopen(mountinfo, "re");
	if (!f)
		return false;
	snprintf(device, sizeof(device), " %u:%u ", major(st.st_dev),
		 minor(st.st_dev));
	/* Options of the file system stand after " - ", see proc(5). */
	while (!found && getline(&line, &room, f) >= 0) {
		const char *options = strstr(line, " - tmpfs ");

		found = options && strstr(line, device) &&
			strstr(line, device) < options &&
			strstr(options, "huge=advise");
	}
	free(line);
	fclose(f);
	return found;
}

void
huge_take(int fd, uint64_t at, uint64_t size)
{
#ifdef MADV_POPULATE_WRITE
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 (off_t)at);

	if (map == MAP_FAILED)
		return;
	/* Where there is no memory the second is an error, not a signal. */
	if (madvise(map, size, MADV_HUGEPAGE) == 0)
		madvise(map, size, MADV_POPULATE_WRITE);
	munmap(map, size);
#else
	(void)fd, (void)at, (void)size;
#endif
}
