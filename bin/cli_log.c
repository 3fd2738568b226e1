/* SPDX-License-Identifier: MIT */
/* What the library logs, as messages of the tool. */
#include "cli.h"

#include <cute_shm.h>

static void
on_log(enum cute_shm_log_level level, const char *message, void *arg)
{
	(void)arg;
	cli_message("%s%s", level == CUTE_SHM_LOG_WARNING ? "warning: " : "",
		    message);
}

void
cli_log(unsigned verbose)
{
	cute_shm_set_log(verbose > 1   ? CUTE_SHM_LOG_DEBUG
			 : verbose > 0 ? CUTE_SHM_LOG_INFO
				       : CUTE_SHM_LOG_WARNING,
			 on_log, NULL);
}
