/* SPDX-License-Identifier: MIT */
/*
 * Whether the files that projects are from have changed.  A file system that is
 * gone can hold up whoever looks at it, so a child looks, which may be left
 * behind.
 */
#include "list.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text.h"

#define PATIENCE_MS 1000 /* for one file */
#define MOST_LATE   3	 /* then the others are not looked at */

/* In the child: never returns. */
static _Noreturn void
look(const struct cute_shm_info *infos, size_t count, int out)
{
	struct list_source source;
	size_t i;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	/* Who reads our output must not wait for it. */
	for (i = 0; i < 3; i++)
		if ((int)i != out)
			close((int)i);
	for (i = 0; i < count; i++) {
		memset(&source, 0, sizeof(source));
		source.state =
			cute_shm_source_state(&infos[i], &source.modified_ns);
		if (write(out, &source, sizeof(source)) !=
		    (ssize_t)sizeof(source))
			_exit(1);
	}
	_exit(0);
}

/* Whether there is something to read in time. */
static bool
in_time(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, PATIENCE_MS) == 1;
}

/* What one child finds out; returns the number that it came to. */
static size_t
ask(const struct cute_shm_info *infos, size_t count, struct list_source *ret)
{
	struct list_source source;
	size_t done = 0;
	int ends[2];
	pid_t pid;

	if (pipe(ends) != 0)
		return 0;
	pid = fork();
	if (pid == 0)
		look(infos, count, ends[1]);
	close(ends[1]);
	while (pid > 0 && done < count && in_time(ends[0]) &&
	       read(ends[0], &source, sizeof(source)) ==
		       (ssize_t)sizeof(source))
		ret[done++] = source;
	close(ends[0]);
	/* One that hangs in the kernel does not end: it is not waited for. */
	if (pid > 0 && done < count)
		kill(pid, SIGKILL);
	if (pid > 0)
		waitpid(pid, NULL, done < count ? WNOHANG : 0);
	return done;
}

void
list_sources_find(const struct cute_shm_info *infos, size_t count,
		  struct list_source *ret)
{
	size_t done = 0;
	unsigned late = 0;

	for (size_t i = 0; i < count; i++)
		ret[i] = (struct list_source){
			.state = *infos[i].source ? CUTE_SHM_SOURCE_UNKNOWN
						  : CUTE_SHM_SOURCE_NONE,
		};
	while (late++ < MOST_LATE) {
		while (done < count && !*infos[done].source)
			done++;
		if (done == count)
			return;
		done += ask(infos + done, count - done, ret + done);
		done += done < count; /* leave out the one that hangs */
	}
}

char *
list_source_change(const struct list_source *source)
{
	switch (source->state) {
	case CUTE_SHM_SOURCE_CHANGED:
		return text_format("source changed %s ago",
				   units_age(source->modified_ns).text);
	case CUTE_SHM_SOURCE_GONE: return text_format("source gone");
	default: return text_format("%s", "");
	}
}
