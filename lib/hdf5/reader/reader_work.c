/* SPDX-License-Identifier: MIT */
/* What the request asks for: a load, a plan, or an export. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/describe/describe.h"
#include "hdf5/reader/reader.h"
#include "hdf5/source/source.h"

/* Only tells that the caller wants to hear of arrays; never called. */
static void
wants_arrays(const struct cute_shm_hdf5_array *array, void *arg)
{
	(void)array, (void)arg;
}

/* ------------------------------------------------------------------- memory */

/* Ask the caller's process, which keeps the builder; see cute_shm_lender. */
static int
ask(void *arg, enum cute_shm_ask what, uint64_t bytes, uint64_t given,
    uint64_t *ret)
{
	static const enum message_kind kinds[] = {
		[CUTE_SHM_ASK_ROOM] = MESSAGE_ROOM,
		[CUTE_SHM_ASK_LOOK] = MESSAGE_LOOK,
		[CUTE_SHM_ASK_FULL] = MESSAGE_RAN_OUT,
	};
	struct message *m;
	int err;

	if (!send_question(arg, kinds[what], bytes, given, "", &m, NULL))
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "the caller does not answer");
	*ret = m->bytes;
	err = m->err;
	if (err != 0)
		err = cute_shm_fail(err, "%s", message_text(m, 0));
	free(m);
	return err;
}

/* Fewer bytes are not worth a message: they go with the rest. */
#define LEAST_FINAL 4096

static void
final(void *arg, uint64_t offset, uint64_t size)
{
	if (size >= LEAST_FINAL)
		send_final(arg, offset, size);
}

static int
borrow(struct loader *l, const struct request *r, int fd)
{
	const struct cute_shm_lender lender = {
		.ask = ask, .arg = l, .final = r->parts ? final : NULL
	};

	return cute_shm_builder_borrow(r->loan, r->loan_size, fd, &lender,
				       &l->builder);
}

/* ------------------------------------------------------------- the request */

static void
end(struct loader *l, int err, enum message_kind success)
{
	if (err != 0)
		err = reader_error(l, err);
	if (err != 0)
		send_end(l, MESSAGE_ERROR, err, cute_shm_errmsg());
	else
		send_end(l, success, 0, "");
}

static void
run_load(struct loader *l, const struct request *r, int segment, int old)
{
	int err = 0;

	if (r->work == WORK_LOAD) {
		err = borrow(l, r, segment);
		page_cache_begin();
	}
	if (err == 0)
		err = load_file(l, r->reuse ? old : -1);
	page_cache_end();
	end(l, err, l->retry ? MESSAGE_RETRY : MESSAGE_DONE);
}

void
reader_work(int socket, const struct message *request,
	    const int fds[MESSAGE_FDS], host_open_hook **hook)
{
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt) };
	struct loader l = { .socket = socket, .opt = &opt };
	struct request r;

	if (!request_read(request, &r))
		_exit(1);
	opt.flags = r.flags;
	opt.jobs = r.jobs;
	opt.share = r.share;
	opt.shares = r.shares;
	/* As the caller has it where there is no list. */
	opt.select = r.select[0] ? r.select : NULL;
	opt.exclude = r.exclude[0] ? r.exclude : NULL;
	opt.array = r.arrays ? wants_arrays : NULL;
	l.file = r.file;
	l.before = &r.before;
	l.listed = r.listed;
	l.listed_count = r.listed_count;
	l.failures = &r.failures;
	l.jobs = r.jobs;
	l.max_memory = r.max_memory;
	l.locks_matter = writer_locks_matter();
	l.board = board_map(fds[REQUEST_BOARD]);
	if (!l.board)
		_exit(1);
	remote_host_begin(&l);
	*hook = host_open_served;
	reader_begin(&l, (enum cute_shm_log_level)r.log_level,
		     r.work == WORK_EXPORT || r.work == WORK_ABOUT,
		     r.work == WORK_EXPORT);
	if (r.work == WORK_EXPORT)
		end(&l,
		    export_file(&l, &r, fds[REQUEST_SEGMENT],
				fds[REQUEST_FILE]),
		    MESSAGE_DONE);
	else if (r.work == WORK_ABOUT)
		end(&l, about(&l), MESSAGE_DONE);
	else
		run_load(&l, &r, fds[REQUEST_SEGMENT], fds[REQUEST_OLD]);
	_exit(0);
}
