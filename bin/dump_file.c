/* SPDX-License-Identifier: MIT */
/* What goes to standard output into a file instead, all of it or nothing. */
#include "dump.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <cute_shm.h>

#include "cli.h"
#include "file/file.h"

static struct outfile out;

int
dump_file_begin(const char *path, const struct cute_shm *shm, bool overwrite)
{
	struct cute_shm_info info;
	int err = outfile_begin(&out, path, overwrite ? OUTFILE_OVERWRITE : 0);

	if (err == CUTE_SHM_ERR_EXISTS) {
		cli_message("%s; --overwrite replaces it", cute_shm_errmsg());
		return CLI_FAILED;
	}
	if (err != 0)
		return cli_fail();
	if (cute_shm_info(shm, &info) == 0)
		outfile_permit(&out, &info);
	if (dup2(out.fd, STDOUT_FILENO) >= 0)
		return CLI_OK;
	cli_message("cannot write %s: %s", path, strerror(errno));
	outfile_end(&out);
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
	if (status == CLI_OK && outfile_commit(&out) != 0)
		return cli_fail();
	outfile_end(&out);
	return status;
}
