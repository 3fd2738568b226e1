/* SPDX-License-Identifier: MIT */
/*
 * Compare the native index of each file with libhdf5, and print how much of the
 * files it describes.  One process for each file, because libhdf5 crashes on
 * some.  Exit status 1 if anything differs.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "native_compare.h"

/* No file takes libhdf5 so long, in seconds. */
#define LONGEST 300

static bool
compare_one(const char *path, struct native_report *report)
{
	const char *slash = strrchr(path, '/');
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(LONGEST);
		H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
		report->out = stdout;
		report->file = slash ? slash + 1 : path;
		native_compare(path, report);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	if (status != 0)
		printf("%s: crash, status %#x\n", path, (unsigned)status);
	return status == 0;
}

static double
share(unsigned part, unsigned whole)
{
	return whole == 0 ? 100 : 100.0 * part / whole;
}

int
main(int argc, char **argv)
{
	struct native_report *r;
	unsigned crashes = 0;
	int i;

	r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED)
		return 99;
	for (i = 1; i < argc; i++)
		crashes += !compare_one(argv[i], r);
	printf("files: %d, crashes: %u, groups: %u, types: %u\n", argc - 1,
	       crashes, r->groups, r->types);
	printf("datasets: %u of %u native (%.2f %%)\n", r->native_datasets,
	       r->datasets, share(r->native_datasets, r->datasets));
	printf("attributes: %u of %u native (%.2f %%)\n", r->native_attributes,
	       r->attributes, share(r->native_attributes, r->attributes));
	printf("values compared: %u, chunks: %u\n", r->values, r->chunks);
	printf("differences: %u\n", r->differences);
	return r->differences > 0 || crashes > 0;
}
