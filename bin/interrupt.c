/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>

static volatile sig_atomic_t pending;

static void
on_signal(int number)
{
	pending = number;
}

void
interrupt_begin(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal }, old;
	size_t i;

	action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		/* nohup(1) and shells have some ignored: leave them so. */
		if (sigaction(numbers[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
}

int
interrupt_pending(void)
{
	return pending;
}

void
interrupt_by(int number)
{
	pending = number;
}

void
interrupt_end(void)
{
	sigset_t set;

	if (!pending)
		return;
	/* What crashed has its core already. */
	prctl(PR_SET_DUMPABLE, 0);
	signal(pending, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, pending);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(pending);
}
