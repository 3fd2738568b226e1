/* SPDX-License-Identifier: MIT */
/* The views of cute-shm-list: one table of calls each. */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>

#include <cute_shm.h>

#include "units.h"

struct list_user {
	pid_t pid;
	uid_t uid;
	char *command;
};

struct list_project {
	const struct cute_shm_info *info;
	const struct cute_shm *shm;	/* NULL: listed only, see err */
	int err;			/* why it could not be opened */
	const char *message;		/* the sentence for it */
	struct list_user *users;	/* other processes that have it open */
	size_t user_count;		/* as far as they can be seen */
};

struct list_view {
	void (*begin)(void);
	void (*project)(const struct list_project *p);
	void (*end)(void);
};

extern const struct list_view list_full, list_short, list_json;
extern bool list_with_tree;		/* JSON: arrays too */
extern bool list_exact_bytes;		/* sizes as plain numbers */

/* The user's name, else the number. */
struct units list_owner(const struct cute_shm_info *info);
struct units list_size(uint64_t bytes);

/* "sound", "damaged", "foreign", ...: what an error makes of a segment. */
const char *list_status(int err);

/* Header and metadata digests; the message lasts as errmsg does. */
int list_integrity(const struct list_project *p, const char **message);

#endif
