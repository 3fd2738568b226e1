/* SPDX-License-Identifier: MIT */
/* Loads that are under way, which are no projects yet. */
#ifndef LOADS_H
#define LOADS_H

#include <stdbool.h>
#include <stddef.h>

#include <cute_shm.h>

/* Its texts are its own. */
struct load {
	struct cute_shm_load_info info;
};

struct loads {
	bool (*wanted)(const char *project, void *arg);
	void *arg;
	struct load *items;
	size_t count;
};

/* Find the wanted ones in the root; free them. */
void loads_find(struct loads *loads, const char *root);
void loads_free(struct loads *loads);

/* "loading 43 %", for free(). */
char *load_state(const struct cute_shm_load_info *info);

#endif
