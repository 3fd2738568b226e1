/* SPDX-License-Identifier: MIT */
/*
 * What was chosen of a file, or of several, as a text whose digest the segment
 * stores.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/channel/channel.h"

/* Sizes before the texts, so that no text can look like another line. */
static void
put_list(FILE *out, const char *name, const char *const *list)
{
	for (; list && *list; list++)
		fprintf(out, "%s %zu %s\n", name, strlen(*list), *list);
}

/*
 * All that decides, beside the file itself, what the segment holds.  A new
 * option of that kind adds a line here, unless it has its default: then old
 * segments stay current.
 */
static void
put_choice(FILE *out, const struct cute_shm_hdf5_options *opt,
	   const struct listed *l, uint32_t count)
{
	uint32_t i;

	fputs("cute-shm-hdf5 1\n", out);
	put_list(out, "select", opt->select);
	put_list(out, "exclude", opt->exclude);
	if (opt->flags & CUTE_SHM_HDF5_NO_EXTERNAL)
		fputs("no-external\n", out);
	if (opt->flags & CUTE_SHM_HDF5_KEEP_GOING)
		fputs("keep-going\n", out);
	if (opt->shares > 0)
		fprintf(out, "share %u %u\n", opt->share, opt->shares);
	for (i = 0; i < count; i++, l++)
		fprintf(out, "file %" PRIu64 " %" PRIu64 " %zu %s %zu %s\n",
			(uint64_t)l->before.st_size, mtime_ns(&l->before),
			strlen(l->name), l->name, strlen(l->real), l->real);
}

int
choice_text(const struct cute_shm_hdf5_options *opt,
	    const struct listed *listed, uint32_t count, char **ret)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return fail_memory("for the options of a load");
	put_choice(out, opt, listed, count);
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed) {
		free(text);
		return fail_memory("for the options of a load");
	}
	*ret = text;
	return 0;
}
