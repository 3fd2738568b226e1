/* SPDX-License-Identifier: MIT */
/*
 * The shared lock on byte LOCK_READER that shows a process as a user of a
 * segment.  One handle holds it for all handles of the process, because the
 * kernel walks through all locks of a file whenever a lock changes or a
 * descriptor is closed: with one lock per handle, the cost of a fork would grow
 * with the square of their number.
 */

#include <search.h>
#include <stdlib.h>

#include "lock/lock.h"

/* The handles of this process that have the same file open. */
struct presence {
	dev_t dev;
	ino_t ino;
	struct lock_table *tables;
	struct lock_table *holder; /* the one that has the lock */
};

static void *presences; /* tree of tsearch(); under fork_hold() */

static int
compare(const void *a, const void *b)
{
	const struct presence *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return x->dev < y->dev ? -1 : x->dev > y->dev;
}

/* Find or add the entry of a file; NULL if there is no memory. */
static struct presence *
presence_of(const struct stat *st)
{
	struct presence *p = calloc(1, sizeof(*p)), **found;

	if (!p)
		return NULL;
	p->dev = st->st_dev;
	p->ino = st->st_ino;
	found = tsearch(p, &presences, compare);
	if (!found || *found != p)
		free(p);
	return found ? *found : NULL;
}

static void
hold(struct lock_table *table)
{
	/* On a file system without locks no process can look for this one. */
	range_try(*table->fd, LOCK_READER, LOCK_READER + 1, false);
	table->presence->holder = table;
}

int
presence_begin(struct lock_table *table, const struct stat *st)
{
	struct presence *p;

	fork_hold();
	p = presence_of(st);
	if (p) {
		table->presence = p;
		table->next_present = p->tables;
		table->at_present = &p->tables;
		if (p->tables)
			p->tables->at_present = &table->next_present;
		p->tables = table;
		if (!p->holder)
			hold(table);
	}
	fork_release();
	if (!p)
		return fail_memory("for a handle");
	return 0;
}

void
presence_end(struct lock_table *table)
{
	struct presence *p = table->presence;
	struct lock_table *next;

	if (!p)
		return;
	fork_hold();
	*table->at_present = table->next_present;
	if (table->next_present)
		table->next_present->at_present = table->at_present;
	table->presence = NULL;
	if (!p->tables) {
		tdelete(p, &presences, compare);
		free(p);
	} else if (p->holder == table) {
		p->holder = NULL;
		for (next = p->tables; next && *next->fd < 0;)
			next = next->next_present;
		if (next)
			hold(next);
	}
	fork_release();
}

bool
presence_shared(struct lock_table *table)
{
	bool shared;

	fork_hold();
	shared = table->presence && table->presence->tables->next_present;
	fork_release();
	return shared;
}

void
presence_forget(struct lock_table *table)
{
	if (table->presence)
		table->presence->holder = NULL;
}

void
presence_forked(struct lock_table *table)
{
	if (table->presence && !table->presence->holder)
		hold(table);
}
