/* SPDX-License-Identifier: MIT */
/* What the tests of the libraries share. */
#ifndef CUTE_SHM_TESTS_UTIL_H
#define CUTE_SHM_TESTS_UTIL_H

#include <check.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "cute_shm.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* Whether memory takes more of the address space than a program asks for. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* The call succeeds, or the test fails with its sentence. */
#define ck_ok(call) \
	do { \
		int ck_ok_err = (call); \
		ck_assert_msg(ck_ok_err == 0, "%s: %s: %s", #call, \
			      cute_shm_strerror(ck_ok_err), \
			      cute_shm_errmsg()); \
	} while (0)

/* The call fails with that error. */
#define ck_err(call, err) \
	do { \
		int ck_err_is = (call); \
		ck_assert_msg(ck_err_is == (err), "%s: %s, not %s: %s", #call, \
			      cute_shm_strerror(ck_err_is), \
			      cute_shm_strerror(err), cute_shm_errmsg()); \
	} while (0)

/* Fill a result with bytes that the library must overwrite. */
#define ck_poison(result) memset(&(result), 0xa5, sizeof(result))

/* The reserved members of a result are zero. */
#define ck_reserved_zero(result) \
	do { \
		for (size_t ck_i = 0; ck_i < ELEMENTS((result).reserved); \
		     ck_i++) \
			ck_assert_uint_eq((result).reserved[ck_i], 0); \
	} while (0)

/* The last failure's sentence has 'text' in it. */
void ck_errmsg_has(const char *text);

/*
 * Run the suite below a new folder, in memory where that is possible, that is
 * removed at the end.  What main() shall return.
 */
int test_run(Suite *suite);

/* Write the path of 'name' in the folder of all tests. */
void test_file_name(char *ret, size_t size, const char *name);

/* An empty root of this test's own; $CUTE_SHM_ROOT names it from now on. */
const char *test_root(void);

/* Entries in a folder, "." and ".." left out. */
unsigned test_count(const char *folder);

/* Mount a tmpfs of this test's own there; false where that is not permitted. */
bool test_mount(const char *root, const char *options);

/*
 * fork() for a child that will be killed: it must not assert, since libcheck's
 * messages are one file, and half a message in it ends the whole program.
 */
pid_t test_fork(void);

/*
 * Whether this process may give files away and become other users, as root may
 * unless it is in a container or a namespace that forbids it.
 */
bool test_is_root(void);

/* "ROOT/NAME", valid for seven more calls. */
const char *test_path(const char *root, const char *name);

/* Open descriptors of this process. */
unsigned test_descriptors(void);

/*
 * Locks on a file of that inode, or else the requests that wait for one, in the
 * kernel's list; -1: nobody tells.  The list comes in pieces, and while other
 * programs lock and unlock, a line may be in two of them or in none: whoever
 * compares asks more than once.
 */
int test_locks(const struct stat *st, bool waiting);

#endif
