/* SPDX-License-Identifier: MIT */
/* What goes to standard output into a file instead, all of it or nothing. */
#include "dump.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <cute_shm.h>

#include "cli.h"

static struct cute_shm_file *out;

int
dump_file_begin(const char *path, const struct cute_shm *shm, bool overwrite)
{
	int err = cute_shm_file_new(shm, path,
				    overwrite ? CUTE_SHM_OVERWRITE : 0, &out);

	if (err == CUTE_SHM_ERR_EXISTS) {
		cli_message("%s; --overwrite replaces it", cute_shm_errmsg());
		return CLI_FAILED;
	}
	if (err != 0)
		return cli_fail();
	if (dup2(cute_shm_file_fd(out), STDOUT_FILENO) >= 0)
		return CLI_OK;
	cli_message("cannot write %s: %s", path, strerror(errno));
	cute_shm_file_free(out);
	return CLI_FAILED;
}

int
dump_file_end(const char *path, int status)
{
	errno = 0;
	if (status == CLI_OK && (fflush(stdout) != 0 || ferror(stdout))) {
		cli_message("cannot write %s: %s", path,
			    errno ? strerror(errno) : "output was lost");
		status = CLI_FAILED;
		/* Said once: cli_end() is not to try again. */
		if (!freopen("/dev/null", "w", stdout))
			clearerr(stdout);
	}
	if (status == CLI_OK && cute_shm_file_publish(out) != 0)
		status = cli_fail();
	cute_shm_file_free(out);
	return status;
}
