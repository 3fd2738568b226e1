/* SPDX-License-Identifier: MIT */
/* Make a project from a saved segment that comes from a file or a stream. */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy/copy.h"

/* Small enough to stay in the cache between read() and pwrite(). */
#define PIECE ((size_t)1 << 20)

/* While no input comes, the progress callback is called this often. */
#define TICK_MS 100

/* Arrays that a warning names; the rest are counted. */
#define NAMED_UNSEALED 3

struct restore {
	struct cute_shm_load_options opt;
	struct cute_shm_builder *b;
	struct cute_shm_loading *loading;
	int fd;
	uint64_t at;	 /* bytes read so far */
	uint8_t *buffer; /* PIECE bytes */
	struct deadline deadline;
};

static int
tell(const struct restore *r)
{
	uint64_t total = r->b ? r->b->header.segment_size : 0;
	char state[2 * SIZE_TEXT + 32], has[SIZE_TEXT], of[SIZE_TEXT];

	cute_shm_load_progress(r->loading, r->at, total);
	if (r->opt.progress && r->opt.progress(r->at, total, r->opt.arg) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
				     "the restoring was cancelled");
	if (!deadline_over(&r->deadline))
		return 0;
	snprintf(state, sizeof(state), "%s%s%s had come", size_text(r->at, has),
		 total ? " of " : "", total ? size_text(total, of) : "");
	return deadline_fail(&r->deadline, "the saved segment", state);
}

/* Wait for input; the progress callback may cancel meanwhile. */
static int
wait_for_more(const struct restore *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	int err = 0, n;

	while (err == 0) {
		n = poll(&p, 1, TICK_MS);
		if (n > 0)
			return 0;
		err = n == 0 || errno == EINTR
			      ? tell(r)
			      : fail_errno("cannot wait for the saved segment");
	}
	return err;
}

/* Read 'size' bytes, or fewer at the end of the input; *got is the number. */
static int
take(struct restore *r, void *data, size_t size, size_t *got)
{
	uint8_t *p = data;
	ssize_t n = 1;
	int err;

	*got = 0;
	while (*got < size && n != 0) {
		err = wait_for_more(r);
		if (err != 0)
			return err;
		n = read(r->fd, p + *got, size - *got);
		if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
			n = 1;
			continue;
		}
		if (n < 0)
			return fail_errno("cannot read the saved segment");
		*got += (size_t)n;
	}
	r->at += *got;
	return 0;
}

static int
fail_cut(const struct restore *r, uint64_t need)
{
	char has[SIZE_TEXT], of[SIZE_TEXT];

	return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
			     "the saved segment ends "
			     "after %s, it has %s: its copy is not complete",
			     size_text(r->at, has), size_text(need, of));
}

/* If the input is a file, compare its size before anything is reserved. */
static int
check_size(const struct restore *r, uint64_t size)
{
	struct restore cut = *r;
	struct stat st;
	off_t at = lseek(r->fd, 0, SEEK_CUR);

	if (at < 0 || fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	cut.at += (uint64_t)(st.st_size - at);
	return st.st_size < at || cut.at < size ? fail_cut(&cut, size) : 0;
}

/* Read and check the header: no size in it can be trusted before that. */
static int
take_header(struct restore *r, struct format_header *ret)
{
	struct format_header raw;
	size_t got;
	int err;

	err = take(r, &raw, sizeof(raw), &got);
	if (err != 0)
		return err;
	err = check_header(&raw, got < sizeof(raw) ? got : raw.segment_size,
			   ret);
	if (err != 0)
		return cute_shm_fail(err, "the saved segment: %s",
				     cute_shm_errmsg());
	return check_size(r, ret->segment_size);
}

/* Copy up to byte 'end'; add the bytes to 'digest' unless it is NULL. */
static int
copy(struct restore *r, uint64_t end, struct digest_stream *digest)
{
	uint64_t from;
	size_t n, got;
	int err;

	while (r->at < end) {
		n = end - r->at < PIECE ? (size_t)(end - r->at) : PIECE;
		from = r->at;
		err = take(r, r->buffer, n, &got);
		if (err == 0 && got < n)
			err = fail_cut(r, r->b->header.segment_size);
		if (err == 0 && digest)
			digest_stream_add(digest, r->buffer, n);
		if (err == 0)
			err = reserve_wait(r->b, from, r->at);
		if (err == 0)
			err = segment_put(r->b, r->buffer, n, from);
		if (err == 0)
			err = tell(r);
		if (err != 0)
			return err;
	}
	return 0;
}

/* Copy the metadata and check their digest; restore_header() comes last. */
static int
copy_metadata(struct restore *r, const struct format_header *h)
{
	struct digest_stream *digest = digest_stream_new();
	uint64_t found;
	int err;

	if (!digest)
		return CUTE_SHM_ERR_NOMEM;
	err = copy(r, h->header_size, NULL);
	if (err == 0)
		err = copy(r, h->metadata_size, digest);
	found = digest_stream_end(digest);
	digest_stream_free(digest);
	if (err == 0 && found != h->metadata_digest)
		err = cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				    "the saved segment: "
				    "the digest of the metadata is %016" PRIx64
				    ", not %016" PRIx64,
				    found, h->metadata_digest);
	return err;
}

/* Refuse input after the end of the segment: it would be lost silently. */
static int
check_end(struct restore *r)
{
	size_t got;
	int err = take(r, r->buffer, 1, &got);

	if (err == 0 && got > 0)
		err = cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				    "the saved segment "
				    "goes on after its %" PRIu64 " bytes",
				    r->b->header.segment_size);
	return err;
}

struct first_damage {
	const struct restore *r;
	int err;
	char *message;
	int stopped; /* the error of tell(), or 0 */
};

/* One damage is enough to refuse the segment: end the verification. */
static int
on_damage(const struct cute_shm_damage *damage, void *arg)
{
	struct first_damage *first = arg;

	first->err = damage->err;
	first->message = strdup(damage->message);
	return 1;
}

/* The progress callback may cancel during the verification, too. */
static int
on_verify(uint64_t done, uint64_t total, void *arg)
{
	struct first_damage *first = arg;

	(void)done;
	(void)total;
	first->stopped = tell(first->r);
	if (first->stopped == 0)
		return 0;
	free(first->message);
	first->message = strdup(cute_shm_errmsg());
	return 1;
}

/* True if the array was updated and has no digest of its present data. */
static bool
is_unsealed(const struct cute_shm_node *node)
{
	struct cute_shm_state state;
	struct cute_shm_array a;

	return node->kind == CUTE_SHM_ARRAY &&
	       cute_shm_node_array(node, &a) == 0 && a.data_size > 0 &&
	       cute_shm_state(&a, &state) == 0 && state.sequence != 0 &&
	       !state.sealed;
}

/*
 * Name the first few unsealed arrays in one warning.  cute_shm_export() seals
 * all arrays, so this is a copy made by other means, perhaps during an update.
 */
static void
warn_unsealed(const struct cute_shm *shm, const char *project, uint64_t count)
{
	struct cute_shm_node top, node;
	char names[512] = "";
	size_t used = 0;
	unsigned named = 0;
	int err = cute_shm_find(shm, "", &top);

	for (node = top;
	     err == 0 && named < NAMED_UNSEALED && used < sizeof(names);
	     err = cute_shm_next(&top, &node, &node)) {
		if (!is_unsealed(&node))
			continue;
		used += (size_t)snprintf(names + used, sizeof(names) - used,
					 "%s/%s", named ? ", " : "", node.path);
		named++;
	}
	if (count > named)
		snprintf(names + strlen(names), sizeof(names) - strlen(names),
			 " and %" PRIu64 " more", count - named);
	cute_shm_log(CUTE_SHM_LOG_WARNING,
		     "project %s: arrays that were "
		     "updated and are not sealed may mix two updates, if a "
		     "writer was at work while they were copied ("
		     "'cute-shm-export --segment PROJECT -' copies them "
		     "whole): %s",
		     project, names);
}

static int
fail_damaged(const struct first_damage *first)
{
	return cute_shm_fail(
		first->err, "the saved segment: %s%s",
		first->message ? first->message : "damaged",
		first->err == CUTE_SHM_ERR_TORN
			? "; or it was copied in the middle of an update: "
			  "'cute-shm-export --segment PROJECT -' copies it "
			  "whole"
			: "");
}

static int
verify(const struct restore *r)
{
	struct first_damage first = { .r = r };
	struct cute_shm_verify_options opt = { .size = sizeof(opt),
					       .jobs = r->opt.jobs,
					       .report = on_damage,
					       .progress = on_verify,
					       .arg = &first };
	struct cute_shm_verify_result result;
	struct cute_shm *shm;
	int err;

	err = builder_attach(r->b, &shm);
	if (err != 0)
		return err;
	err = cute_shm_verify(shm, &opt, &result);
	/* Replace its message: it names a path that does not exist yet. */
	if (first.stopped != 0)
		err = cute_shm_fail(first.stopped, "%s",
				    first.message ? first.message
						  : "the restoring ended");
	else if (first.err != 0)
		err = fail_damaged(&first);
	else if (err == 0 && result.unsealed > 0)
		warn_unsealed(shm, r->b->project, result.unsealed);
	free(first.message);
	cute_shm_close(shm);
	return err;
}

static int
fill(struct restore *r, const struct format_header *h)
{
	int err;

	r->b->header.segment_size = h->segment_size;
	err = reserve_segment(r->b);
	if (err == 0)
		err = copy_metadata(r, h);
	if (err == 0)
		err = copy(r, h->segment_size, NULL);
	if (err == 0)
		err = check_end(r);
	if (err == 0)
		err = reserve_wait(r->b, 0, h->segment_size);
	reserve_end(r->b);
	huge_end(r->b);
	if (err == 0)
		err = restore_header(r->b, h);
	if (err == 0)
		err = verify(r);
	if (err == 0)
		err = restore_view(r->b);
	if (err == 0)
		r->b->state = BUILD_SEALED;
	return err;
}

static int
restore(struct restore *r, const char *project, struct cute_shm **ret)
{
	struct cute_shm_build_options build = {
		.size = sizeof(build),
		.root = r->opt.root,
		.flags = r->opt.flags | CUTE_SHM_RESERVE_AHEAD,
		.mode = r->opt.mode,
		.group = r->opt.group,
		.max_size = r->opt.max_size,
		.loading = r->loading,
	};
	struct format_header h;
	int err;

	/* Report errors of the options before waiting for input. */
	err = cute_shm_builder_new(project, &build, &r->b);
	if (err == 0)
		err = take_header(r, &h);
	if (err == 0)
		err = fill(r, &h);
	if (err == 0)
		log_copied("a saved segment", r->b->path, r->at, r->b->begun);
	return err == 0 ? cute_shm_builder_publish(r->b, ret) : err;
}

/* The project is current: only a handle of it is missing. */
static int
use_current(const struct restore *r, const char *project, struct cute_shm **ret)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.root = r->opt.root,
		.flags = r->opt.flags & CUTE_SHM_EPHEMERAL ? CUTE_SHM_JOIN : 0u,
	};

	return ret ? cute_shm_open(project, &opt, ret) : 0;
}

/* Load the project, unless it is current; again if that ends just then. */
static int
load(struct restore *r, const char *project, struct cute_shm **ret)
{
	bool current;
	int err;

	do {
		err = restore_turn(project, r->fd, &r->opt, &r->loading);
		current = err == 0 && !r->loading;
		if (current)
			err = use_current(r, project, ret);
	} while (current && err == CUTE_SHM_ERR_NOT_FOUND);
	if (err == 0 && r->opt.current)
		*r->opt.current = current;
	if (err != 0 || current)
		return err;
	err = deadline_begin(&r->deadline, r->opt.max_seconds);
	if (err == 0)
		err = restore(r, project, ret);
	cute_shm_builder_free(r->b);
	cute_shm_load_end(r->loading, err);
	return err;
}

int
cute_shm_load(const char *project, int fd,
	      const struct cute_shm_load_options *opt, struct cute_shm **ret)
{
	struct restore r = { .opt = { .size = sizeof(r.opt) }, .fd = fd };
	int err;

	err = options_copy(&r.opt, sizeof(r.opt), opt);
	if (err == 0)
		err = deadline_begin(&r.deadline, r.opt.max_seconds);
	if (err != 0)
		return err;
	if (r.opt.loading & CUTE_SHM_LOADING_ENSURE)
		r.opt.flags |= CUTE_SHM_OVERWRITE;
	if ((r.opt.flags & CUTE_SHM_EPHEMERAL) && !ret)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s is "
				     "ephemeral: it needs a handle to own it",
				     project);
	/* poll() ignores a negative descriptor, and would wait for ever. */
	if (fd < 0)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%d is no file descriptor", fd);
	r.buffer = malloc(PIECE);
	if (!r.buffer)
		return fail_memory("to restore a segment");
	err = load(&r, project, ret);
	free(r.buffer);
	return err;
}
