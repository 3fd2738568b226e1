/* SPDX-License-Identifier: MIT */
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox_util.h"

unsigned sandbox_holds;

int
sandbox_run(const struct sandbox *box, int (*act)(void))
{
	char text[SANDBOX_TEXT];
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		sandbox_holds = sandbox_enter(box, text, sizeof(text));
		_exit(act());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
holds(void)
{
	return (int)sandbox_holds;
}

unsigned
sandbox_here(void)
{
	static const char *const nothing[] = { NULL };
	struct sandbox box = { .readable = nothing };

	return (unsigned)sandbox_run(&box, holds);
}
