/* SPDX-License-Identifier: MIT */
/*
 * All tables of the process, and what a forked child does with them.
 *
 * fork() makes parent and child share each open file description, and with it
 * the locks: each would release the other's locks, and the lock of a killed
 * writer would stay for as long as its child lives.  So a child first reopens
 * its segments under the same descriptors.  It then holds no lock but that of a
 * reader.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lock/lock.h"

static struct lock_table *tables; /* under fork_hold() */

/*
 * Give the descriptor an open file description of its own.  If that fails, as
 * without /proc or a free descriptor, close the one shared with the parent: the
 * child can then read through the mapping, but cannot lock.
 */
static void
in_child(struct lock_table *table)
{
	int fd = *table->fd, again;

	lock_table_forked(table);
	if (fd < 0)
		return;
	again = fd_reopen(fd);
	if (again >= 0 && dup3(again, fd, O_CLOEXEC) == fd) {
		close(again);
		presence_forked(table);
		return;
	}
	if (again >= 0)
		close(again);
	close(fd);
	*table->fd = -1;
}

/* Async-signal-safe. */
static void
all_in_child(void)
{
	struct lock_table *table;

	for (table = tables; table; table = table->next)
		presence_forget(table);
	for (table = tables; table; table = table->next)
		in_child(table);
}

int
lock_table_new(int *fd, struct lock_table **ret)
{
	static const struct fork_hooks hooks = {
		lock_tables_hold,
		lock_tables_release,
		all_in_child,
	};
	struct lock_table *table;
	int err = fork_hook(FORK_LOCKS, &hooks);

	if (err != 0)
		return err;
	table = calloc(1, sizeof(*table));
	if (!table)
		return fail_memory("for locks");
	table->fd = fd;
	fork_hold();
	table->next = tables;
	table->at = &tables;
	if (tables)
		tables->at = &table->next;
	tables = table;
	fork_release();
	*ret = table;
	return 0;
}

void
lock_table_free(struct lock_table *table)
{
	if (!table)
		return;
	presence_end(table);
	fork_hold();
	*table->at = table->next;
	if (table->next)
		table->next->at = table->at;
	fork_release();
	lock_table_clear(table);
	free(table);
}
