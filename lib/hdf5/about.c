/* SPDX-License-Identifier: MIT */
/* Ask a reader process what it can read. */

#include <stdlib.h>

#include "hdf5/load.h"

struct about {
	cute_shm_hdf5_fact_fn *fact;
	void *arg;
};

/* Takes over 'm'. */
static int
on_message(void *arg, struct message *m)
{
	const struct about *a = arg;
	const struct cute_shm_hdf5_fact fact = {
		.kind = message_text(m, 0),
		.name = message_text(m, 1),
		.value = message_text(m, 2),
		.package = message_text(m, 3),
	};

	if (m->kind == MESSAGE_FACT)
		a->fact(&fact, a->arg);
	free(m);
	return 0;
}

static int
run(struct process *p, struct about *a)
{
	const struct listener listener = { .message = on_message, .arg = a };
	const struct request r = {
		.work = WORK_ABOUT,
		.jobs = 1,
		.max_memory = UINT64_MAX,
	};
	int err = process_begin(p);

	if (err == 0)
		err = request_send(p->socket, &r, &p->board_fd, 1);
	err = process_finish(p, err, &listener);
	if (err != 0)
		return err;
	if (!p->end)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "the program that reads HDF5 files ended "
				     "without an answer");
	return p->end->kind == MESSAGE_DONE ? 0 : process_error(p);
}

int
cute_shm_hdf5_about(cute_shm_hdf5_fact_fn *fact, void *arg)
{
	struct about a = { .fact = fact, .arg = arg };
	struct process p;
	int err;

	if (!process_new(&p))
		return CUTE_SHM_ERR_NOMEM;
	err = run(&p, &a);
	process_free(&p);
	return err;
}
