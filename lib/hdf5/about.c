/* SPDX-License-Identifier: MIT */
/* Ask a reader process what it can read. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/load.h"

struct about {
	cute_shm_hdf5_fact_fn *fact;
	void *arg;
	struct message *end;
};

/* Takes over 'm'. */
static int
on_message(void *arg, struct message *m)
{
	struct about *a = arg;
	struct cute_shm_hdf5_fact fact = {
		.kind = message_text(m, 0),
		.name = message_text(m, 1),
		.value = message_text(m, 2),
		.package = message_text(m, 3),
	};

	if (m->kind == MESSAGE_DONE || m->kind == MESSAGE_ERROR) {
		free(a->end);
		a->end = m;
		return 0;
	}
	if (m->kind == MESSAGE_FACT)
		a->fact(&fact, a->arg);
	free(m);
	return 0;
}

static int
on_tick(void *arg)
{
	(void)arg;
	return 0;
}

static int
run(struct process *p, struct about *a)
{
	const struct listener listener = { .message = on_message,
					   .tick = on_tick,
					   .arg = a };
	const struct request r = {
		.work = WORK_ABOUT,
		.jobs = 1,
		.max_memory = UINT64_MAX,
	};
	int err = process_start(p);

	if (err == 0)
		err = process_greet(p);
	if (err == 0)
		err = request_send(p->socket, &r, &p->board_fd, 1);
	if (err == 0)
		err = process_listen(p, &listener);
	process_end(p, err != 0 || !a->end);
	process_free(p);
	if (err != 0)
		return err;
	if (!a->end)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "the program that reads HDF5 files ended "
				     "without an answer");
	if (a->end->kind == MESSAGE_ERROR)
		err = process_error(a->end);
	return err;
}

int
cute_shm_hdf5_about(cute_shm_hdf5_fact_fn *fact, void *arg)
{
	struct process p = { .socket = -1, .pidfd = -1 };
	struct about a = { .fact = fact, .arg = arg };
	int err;

	p.board_fd = board_new(&p.board);
	if (p.board_fd < 0)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory to start the program that "
				     "reads HDF5 files");
	err = run(&p, &a);
	free(a.end);
	board_free(p.board);
	close(p.board_fd);
	return err;
}
