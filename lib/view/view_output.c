/* SPDX-License-Identifier: MIT */
/* Where the bytes of a view go, and what is wrong with it. */

#include "view/view.h"

void
view_damaged(struct view *v, const char *path, const char *what)
{
	if (v->err == 0)
		v->err = cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				       "%s: no HDF5 view: /%s: %s",
				       v->shm->path, path, what);
}

void
view_check_size(struct view *v, uint64_t more)
{
	uint64_t end = v->at + v->heap.at;

	if (v->pass == VIEW_MEASURE &&
	    (end > v->limit || more > v->limit - end))
		view_damaged(v, "", "it needs more room than there is");
}

void
view_align(struct view *v, uint64_t to)
{
	view_put(v, NULL, align_up(v->at, to) - v->at);
}
