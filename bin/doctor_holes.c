/* SPDX-License-Identifier: MIT */
/*
 * Segments with holes: cp and rsync leave them where there are zeros.  On a
 * tmpfs a hole that is read through a map takes memory, and is SIGBUS when
 * there is none; everywhere else it is read as zeros.
 */
#include <linux/magic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cute_shm.h>

#include "doctor.h"
#include "text.h"
#include "units.h"

struct holes {
	uint64_t projects, bytes;
	char *name; /* of the first */
};

static int
each(const struct cute_shm_info *info, void *arg)
{
	struct holes *h = arg;
	struct stat st;
	uint64_t held;

	if (info->err != 0 || stat(info->path, &st) != 0)
		return 0;
	held = (uint64_t)st.st_blocks * 512;
	if (held >= (uint64_t)st.st_size)
		return 0;
	h->projects++;
	h->bytes += (uint64_t)st.st_size - held;
	if (!h->name)
		h->name = text_format("%s", info->project);
	return 0;
}

void
doctor_holes(const char *root)
{
	struct holes h = { 0 };
	struct statfs fs;

	if (statfs(root, &fs) != 0 || fs.f_type != TMPFS_MAGIC ||
	    cute_shm_list(root, each, &h) != 0 || h.projects == 0)
		return;
	doctor_add(DOCTOR_NOTE, "holes",
		   "load them with cute-shm-load, or "
		   "copy them with cp --sparse=never: a hole is a bus error if "
		   "memory is full",
		   "%s holes, such as %s: %s are not in "
		   "memory",
		   h.projects == 1 ? "a project has" : "projects have", h.name,
		   units_size(h.bytes).text);
	free(h.name);
}
