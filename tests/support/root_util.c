/* SPDX-License-Identifier: MIT */
#include "root_util.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lock/lock.h"

int
root_build(const char *project, unsigned flags, struct cute_shm **ret)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags,
		.mode = 0644,
	};
	static const double value = 42;
	struct cute_shm_builder *b = NULL;
	int err;

	err = cute_shm_builder_new(project, &opt, &b);
	if (err == 0)
		err = cute_shm_builder_array(b, "a", "<f8", 0, NULL, &value);
	if (err == 0)
		err = cute_shm_builder_publish(b, ret);
	cute_shm_builder_free(b);
	return err;
}

struct cute_shm *
root_publish(const char *project, unsigned flags)
{
	struct cute_shm *shm = NULL;

	ck_ok(root_build(project, flags, &shm));
	return shm;
}

pid_t
child_start(void (*act)(const char *path), const char *path)
{
	int ready[2];
	char c = 0;
	pid_t pid;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		act(path);
		if (write(ready[1], &c, 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	ck_assert_int_eq((int)read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

void
child_finish(pid_t pid)
{
	int status;

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

void
child_own(const char *path)
{
	(void)path;
	root_publish("p", CUTE_SHM_EPHEMERAL);
}

void
child_lock(const char *path, int mode, uint64_t begin, uint64_t end)
{
	int fd = open(path, mode | O_CLOEXEC);

	if (fd < 0 || range_try(fd, begin, end, mode == O_RDWR) != 0)
		_exit(1);
}
