/* SPDX-License-Identifier: MIT */
/* The views of cute-shm-list: one table of calls each. */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>

#include <cute_shm.h>

#include "loads.h"
#include "units.h"

struct list_user {
	pid_t pid;
	uid_t uid;
	char *command;
};

/* What has become of the file that a project is from. */
struct list_source {
	enum cute_shm_source state;
	uint64_t modified_ns; /* now; 0: not known */
};

struct list_project {
	const struct cute_shm_info *info;
	struct list_source source;
	const struct cute_shm *shm; /* NULL: listed only, see err */
	int err;		    /* why it could not be opened */
	const char *message;	    /* the sentence for it */
	struct cute_shm_update_summary updates;
	struct list_user *users; /* other processes that have it open */
	size_t user_count;	 /* as far as they can be seen */
};

/* What was shown, in all. */
struct list_total {
	const struct loads *loads;
	uint64_t projects;
	uint64_t arrays;
	uint64_t bytes;
	bool whole; /* all that there is: the root's figures, too */
	uint64_t root_size, root_free; /* of its file system; 0: no bound */
};

struct list_view {
	void (*begin)(void);
	void (*project)(const struct list_project *p);
	void (*end)(const struct list_total *total);
};

extern const struct list_view list_full, list_short, list_json;
extern bool list_with_nodes;  /* JSON: arrays too */
extern bool list_exact_bytes; /* sizes as plain numbers */
extern bool list_as_tree;     /* names below their groups */

/* Columns of list_short by name, as an option has them; or misuse. */
void list_set_columns(const char *names);

/* Whether the node is to be shown, by --path. */
bool list_wanted(const struct cute_shm_node *node);
bool list_filtered(void);

/* The user's name, else the number. */
struct units list_owner(const struct cute_shm_info *info);
struct units list_size(uint64_t bytes);

/* "in use, ephemeral, 2 torn", for free(); "" when there is nothing to say. */
char *list_state(const struct list_project *p);

/* The line that ends a listing of several projects, or of some arrays. */
void list_put_total(const struct list_total *total);

/* Header and metadata digests; the message lasts as errmsg does. */
int list_integrity(const struct list_project *p, const char **message);

/* list_sources.c: examine the files that projects are from, ret[count] */
void list_sources_find(const struct cute_shm_info *infos, size_t count,
		       struct list_source *ret);

/* "source changed 3 min ago", "source gone" or "", for free(). */
char *list_source_change(const struct list_source *source);

struct units list_load_owner(const struct cute_shm_load_info *info);

/* list_shares.c: bytes of data in the groups of a tree */
struct list_shares;
struct list_shares *list_shares_new(const struct cute_shm *shm);
uint64_t list_shares_bytes(const struct list_shares *shares,
			   const struct cute_shm_node *group);

/* " 53% #####", for free(). */
char *list_shares_bar(const struct list_shares *shares, uint64_t bytes);
void list_shares_free(struct list_shares *shares);

#endif
