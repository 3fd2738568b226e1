/* SPDX-License-Identifier: MIT */
/* Tables of locks, and what the tests ask of them. */

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lock_util.h"

int fd[2];
struct lock_table *table[2];

void
lock_setup(void)
{
	char path[] = "/tmp/test_lock.XXXXXX";
	int i;

	fd[0] = mkostemp(path, O_CLOEXEC);
	ck_assert_int_ge(fd[0], 0);
	fd[1] = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd[1], 0);
	unlink(path);
	ck_assert_int_eq(ftruncate(fd[0], 4096), 0);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(lock_table_new(&fd[i], &table[i]), 0);
}

void
lock_teardown(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		lock_table_free(table[i]);
		close(fd[i]);
	}
}

bool
free_now(int i, uint64_t start, uint64_t end, bool exclusive)
{
	struct cute_shm_lock *lock;
	int rc = lock_range(table[i], start, end, exclusive, 0, &lock);

	if (rc == 0)
		cute_shm_unlock(lock);
	else
		ck_assert_int_eq(rc, CUTE_SHM_ERR_TIMEOUT);
	return rc == 0;
}
