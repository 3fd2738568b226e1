/* SPDX-License-Identifier: MIT */
/* Several files as the links of a root above them. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/scan/scan.h"

static int
set_link(struct link *link, const struct listed *listed, uint32_t number,
	 bool above)
{
	*link = (struct link){
		.name = strdup(listed->name),
		.path = strdup(listed->name),
		.kind = LINK_NONE, /* until it is opened */
		.type = LINK_TYPE_LISTED,
		.above = above,
		.address = number,
		.object = NO_OBJECT,
	};
	return link->name && link->path ? 0
					: fail_memory("for the files' tree");
}

int
listed_links(struct loader *l, struct link **ret, uint32_t *count)
{
	enum wanted wanted;
	uint32_t i;
	int err = 0;

	*count = 0;
	*ret = calloc(l->listed_count, sizeof(**ret));
	if (!*ret)
		return fail_memory("for the files' tree");
	for (i = 0; err == 0 && i < l->listed_count; i++) {
		wanted = path_wanted(l, l->listed[i].name);
		if (wanted != WANTED_NOT)
			err = set_link(&(*ret)[(*count)++], &l->listed[i],
				       i + 1, wanted == WANTED_ABOVE);
	}
	return err;
}

/* Open the file's root group; *file is for H5Fclose() in any case. */
static int
open_root(const struct listed *listed, hid_t *file, hid_t *ret)
{
	char cause[200];
	int err = source_open(listed->file, &listed->before, file);

	if (err != 0)
		return err;
	*ret = H5Oopen(*file, "/", H5P_DEFAULT);
	if (*ret >= 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "%s: cannot read the root group: %s", listed->file,
			     hdf5_cause(cause, sizeof(cause)));
}

int
listed_open(struct loader *l, const struct link *link, hid_t *ret)
{
	hid_t file = H5I_INVALID_HID;
	int err;

	*ret = H5I_INVALID_HID;
	err = open_root(&l->listed[link->address - 1], &file, ret);
	/* The root group keeps it open. */
	if (file >= 0)
		H5Fclose(file);
	if (err != CUTE_SHM_ERR_SOURCE ||
	    !(l->opt->flags & CUTE_SHM_HDF5_KEEP_GOING))
		return err;
	return send_failed(l, link->path, "%s", cute_shm_errmsg());
}
