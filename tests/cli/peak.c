/* SPDX-License-Identifier: MIT */
/*
 * peak KIB COMMAND...: run it; status 99 if it had more than KIB of memory at
 * some moment, shared pages that it touched included.  Of the processes that it
 * starts and waits for, the largest counts, not their sum; make bench measures
 * that for loads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 3)
		return 64;
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	if (usage.ru_maxrss > atol(argv[1])) {
		fprintf(stderr, "%s: %ld KiB\n", argv[2], usage.ru_maxrss);
		return 99;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
