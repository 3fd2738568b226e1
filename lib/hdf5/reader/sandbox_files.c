/* SPDX-License-Identifier: MIT */
/*
 * Landlock: which files the process may open.  What is already open stays as it
 * is.  Numbers and structs are the kernel's, since Landlock is younger than the
 * headers of some systems; see Documentation/userspace-api/landlock.rst there.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"
#include "hdf5/reader/sandbox.h"

/* The same on all processors but alpha. */
#define CREATE_RULESET 444
#define ADD_RULE       445
#define RESTRICT_SELF  446

#define RULESET_VERSION	  1u	    /* a flag of CREATE_RULESET */
#define RULE_PATH_BENEATH 1	    /* a type of rule */
#define RESTRICT_TSYNC	  (1u << 3) /* since ABI 8 */

#define READ_FILE (UINT64_C(1) << 2)
#define READ_DIR  (UINT64_C(1) << 3)

/* The last right to files of an ABI; all up to it are rights, too. */
#define MAKE_SYM  (UINT64_C(1) << 12) /* of ABI 1 */
#define REFER	  (UINT64_C(1) << 13) /* of ABI 2 */
#define TRUNCATE  (UINT64_C(1) << 14) /* of ABI 3 */
#define IOCTL_DEV (UINT64_C(1) << 15) /* of ABI 5 */

#define NET_TCP UINT64_C(3) /* to bind and to connect; since ABI 4 */
#define SCOPES	UINT64_C(3) /* abstract sockets and signals; since ABI 6 */

struct ruleset {
	uint64_t handled_fs;
	uint64_t handled_net;
	uint64_t scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

/* What syscall() has returned, or -errno. */
static int
result(long n)
{
	return n < 0 ? -errno : (int)n;
}

int
landlock_abi(void)
{
	int abi = result(syscall(CREATE_RULESET, NULL, 0, RULESET_VERSION));

	return abi == 0 ? -ENOSYS : abi;
}

static uint64_t
last_right(int abi)
{
	if (abi >= 5)
		return IOCTL_DEV;
	if (abi >= 3)
		return TRUNCATE;
	return abi == 2 ? REFER : MAKE_SYM;
}

/* Handle all rights that this ABI has: what no rule allows is refused. */
static int
ruleset_new(int abi)
{
	struct ruleset set = {
		.handled_fs = 2 * last_right(abi) - 1,
		.handled_net = abi >= 4 ? NET_TCP : 0,
		.scoped = abi >= 6 ? SCOPES : 0,
	};

	/* An older kernel accepts a longer struct whose rest is zero. */
	return result(syscall(CREATE_RULESET, &set, sizeof(set), 0));
}

/*
 * Libraries are mapped with the right to read; the one to execute is for
 * programs.  A rule that the kernel does not take leaves the path unreadable.
 */
static void
allow_reading(int ruleset, const char *path)
{
	struct path_beneath rule = { .allowed = READ_FILE };
	struct stat st;
	int fd = fd_above_stdio(open(path, O_PATH | O_CLOEXEC));

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		rule.allowed |= READ_DIR;
	rule.parent = fd;
	syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
	close(fd);
}

/*
 * The kernel refuses to take a thread out of a process that has others, and
 * does nothing to a process of one thread.  Some containers forbid the call;
 * there, rely on the caller.
 */
static bool
has_threads(void)
{
	return unshare(CLONE_THREAD) != 0 && errno == EINVAL;
}

static int
restrict_self(int abi, int ruleset)
{
	int err = -EINVAL;

	if (abi >= 8)
		err = result(syscall(RESTRICT_SELF, ruleset, RESTRICT_TSYNC));
	if (err != -EINVAL)
		return err;
	err = result(syscall(RESTRICT_SELF, ruleset, 0));
	return err == 0 && has_threads() ? 1 : err;
}

int
landlock_enter(int abi, const char *const *readable)
{
	int ruleset = ruleset_new(abi), err;

	if (ruleset < 0)
		return ruleset;
	for (; *readable; readable++)
		allow_reading(ruleset, *readable);
	err = restrict_self(abi, ruleset);
	close(ruleset);
	return err;
}
