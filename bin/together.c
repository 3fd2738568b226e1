/* SPDX-License-Identifier: MIT */
#include "together.h"

#include <stdio.h>

#include "cli.h"
#include "interrupt.h"
#include "progress.h"

int
together_waiting(const struct cute_shm_load_info *other, void *arg)
{
	char name[64] = "another process loads it";

	(void)arg;
	if (other->known)
		snprintf(name, sizeof(name), "process %ld, which loads it",
			 (long)other->pid);
	progress_update(&(struct progress){
		.bytes_done = other->bytes_done,
		.bytes_total = other->bytes_total,
		.name = name,
	});
	return interrupt_pending();
}

int
together_status(int err)
{
	switch (err) {
	case CUTE_SHM_ERR_NO_SPACE: return CLI_NO_SPACE;
	case CUTE_SHM_ERR_LIMIT: return CLI_LIMIT;
	case CUTE_SHM_ERR_BUSY:
	case CUTE_SHM_ERR_TIMEOUT: return CLI_LOADING;
	default: return CLI_FAILED;
	}
}
