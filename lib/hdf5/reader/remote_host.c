/* SPDX-License-Identifier: MIT */
/* Files by the caller's process: this one may not open any. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/reader/reader.h"
#include "hdf5/report/report.h"

/* Copy the status in an answer; false if it has none. */
static bool
take_status(const struct message *m, struct stat *st)
{
	const void *tail = message_tail(m, sizeof(*st));

	if (tail)
		memcpy(st, tail, sizeof(*st));
	return tail != NULL;
}

static int
ask_open(void *arg, const char *path, struct stat *st)
{
	struct message *m;
	int fd, err;

	if (!send_question(arg, MESSAGE_OPEN, 0, 0, path, &m, &fd))
		return -EIO;
	err = m->err;
	/* The descriptor can be lost if this process may have no more. */
	if (err == 0 && fd < 0)
		err = -EMFILE;
	if (err == 0 && !take_status(m, st))
		err = -EIO;
	free(m);
	if (err == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

static int
ask_stat(void *arg, const char *path, struct stat *st)
{
	struct message *m;
	int err;

	if (!send_question(arg, MESSAGE_STAT, 0, 0, path, &m, NULL))
		return -EIO;
	err = m->err;
	if (err == 0 && !take_status(m, st))
		err = -EIO;
	free(m);
	return err;
}

static int
ask_real_path(void *arg, const char *path, char ret[PATH_MAX])
{
	struct message *m;
	int err;

	if (!send_question(arg, MESSAGE_REAL_PATH, 0, 0, path, &m, NULL))
		return -EIO;
	err = m->err;
	if (err == 0)
		snprintf(ret, PATH_MAX, "%s", message_text(m, 0));
	free(m);
	return err;
}

void
remote_host_begin(struct loader *l)
{
	static struct host host;

	host = (struct host){ ask_open, ask_stat, ask_real_path, l };
	host_set(&host);
}
