/* SPDX-License-Identifier: MIT */
/* What was selected of a project's source, as its attribute tells. */
#ifndef SELECTION_H
#define SELECTION_H

#include <stddef.h>

#include <cute_shm.h>

/* Lists for struct cute_shm_hdf5_options; NULL if nothing was selected. */
struct selection {
	char **select, **exclude; /* end with NULL */
	size_t select_count, exclude_count;
};

void selection_get(const struct cute_shm *shm, struct selection *ret);
void selection_free(struct selection *s);

#endif
