/* SPDX-License-Identifier: MIT */
/*
 * Take over a segment that another process has sealed.  That process may have
 * read a hostile file, so nothing that it wrote is trusted: the header is
 * written anew, and the metadata are checked when nobody can write any more.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "handover/handover.h"

#define CHECK_SIZE    ((size_t)1 << 18)
#define LEASE_SECONDS 1.0

/* Read the header that another process wrote through the same descriptor. */
static int
read_sealed(const struct cute_shm_builder *b, struct format_header *h)
{
	struct format_header raw;
	struct stat st;
	int err;

	if (fstat(b->fd, &st) != 0)
		return fail_errno("project %s: cannot examine it", b->project);
	if (st.st_size < (off_t)sizeof(raw))
		return cute_shm_fail(CUTE_SHM_ERR_STATE,
				     "project %s: nobody has sealed it",
				     b->project);
	err = read_all(b->fd, &raw, sizeof(raw), 0);
	if (err != 0)
		return err;
	/* The header is written last: without it, the rest is incomplete. */
	if (memcmp(raw.magic, FORMAT_MAGIC, sizeof(raw.magic)) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_STATE,
				     "project %s: nobody has sealed it",
				     b->project);
	return check_header(&raw, (uint64_t)st.st_size, h);
}

/* Keep the identity that the builder began with: only the layout is new. */
static void
keep_identity(const struct format_header *own, struct format_header *h)
{
	/* A view that is there is not trusted: it is made anew. */
	h->view_offset = h->view_size = 0;
	h->compatible = own->compatible;
	h->incompatible = own->incompatible;
	h->source_size = own->source_size;
	h->source_mtime_ns = own->source_mtime_ns;
	memcpy(h->creator, own->creator, sizeof(h->creator));
	memcpy(h->source, own->source, sizeof(h->source));
}

/* Open the file once more, in another mode; false without /proc. */
static bool
open_again(struct cute_shm_builder *b, int flags)
{
	char self[64];
	int fd;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", b->fd);
	fork_hold();
	fd = fd_above_stdio(open(self, flags | O_CLOEXEC));
	if (fd >= 0) {
		close(b->fd);
		b->fd = fd;
	}
	fork_release();
	return fd >= 0;
}

/*
 * A child that was forked just now has the descriptor until it has run its fork
 * handlers, or calls exec.
 */
static int
take_lease(int fd)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	double until = clock_now() + LEASE_SECONDS;

	while (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) {
		if (errno != EAGAIN || clock_now() > until)
			return -1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/*
 * Reopen the file for reading only; a lease shows that nobody has it open for
 * writing, or mapped so.  The kernel grants none on some file systems, and
 * without /proc there is no way to reopen: then *leased stays false.
 */
static int
reopen(struct cute_shm_builder *b, bool *leased)
{
	int fd;

	if (!open_again(b, O_RDONLY))
		return 0;
	fd = b->fd;
	if (take_lease(fd) == 0) {
		*leased = true;
		/* Who opens it for writing would get a signal. */
		if (fcntl(fd, F_SETLEASE, F_UNLCK) != 0)
			return fail_errno("project %s: cannot end the lease",
					  b->project);
	} else if (errno == EAGAIN) {
		return cute_shm_fail(CUTE_SHM_ERR_STATE,
				     "project %s: another process still has it "
				     "open for writing",
				     b->project);
	}
	return 0;
}

/* An ephemeral project's owner needs locks, and these a writable descriptor. */
static int
own_again(struct cute_shm_builder *b)
{
	if (!(b->flags & CUTE_SHM_EPHEMERAL))
		return 0;
	if (!open_again(b, O_RDWR))
		return fail_errno("project %s: cannot reopen it", b->project);
	return owner_lock(b->fd);
}

/* Compare header and metadata with the digests of the header just written. */
static int
check_metadata(const struct cute_shm_builder *b)
{
	uint64_t at = b->header.header_size, end = b->header.metadata_size;
	struct digest_stream *stream = digest_stream_new();
	uint8_t *buffer = malloc(CHECK_SIZE);
	struct format_header now;
	int err = 0;
	size_t n;

	if (!stream || !buffer)
		err = cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				    "project %s: no memory to check it",
				    b->project);
	for (; err == 0 && at < end; at += n) {
		n = end - at < CHECK_SIZE ? (size_t)(end - at) : CHECK_SIZE;
		err = read_all(b->fd, buffer, n, at);
		if (err == 0)
			digest_stream_add(stream, buffer, n);
	}
	if (err == 0)
		err = read_all(b->fd, &now, sizeof(now), 0);
	if (err == 0 &&
	    (memcmp(&now, &b->header, sizeof(now)) != 0 ||
	     digest_stream_end(stream) != b->header.metadata_digest))
		err = cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				    "project %s: the process that made it has "
				    "damaged it",
				    b->project);
	digest_stream_free(stream);
	free(buffer);
	return err;
}

/* Append the view, for which a descriptor must be writable again. */
static int
add_view(struct cute_shm_builder *b)
{
	if (!builder_view(b))
		return 0;
	if (!b->temporary && !open_again(b, O_RDWR))
		return fail_errno("project %s: cannot reopen it", b->project);
	return builder_header(b, true);
}

int
cute_shm_builder_adopt(struct cute_shm_builder *b)
{
	struct format_header h;
	bool leased = false;
	int err = 0;

	if (b->state != BUILD_DESCRIBE)
		err = expect_state(b, BUILD_WRITE, "adoption");
	if (err == 0)
		err = read_sealed(b, &h);
	if (err != 0)
		return err;
	keep_identity(&b->header, &h);
	b->header = h;
	err = builder_header(b, false);
	/* A file with a name must keep its lock, which shows that we live. */
	if (err == 0 && !b->temporary)
		err = reopen(b, &leased);
	if (err == 0)
		err = check_metadata(b);
	if (err == 0)
		err = add_view(b);
	if (err == 0 && !b->temporary)
		err = own_again(b);
	if (err != 0)
		return err;
	if (!leased)
		cute_shm_log(CUTE_SHM_LOG_DEBUG,
			     "project %s: the system cannot show that nobody "
			     "writes to it any more",
			     b->project);
	b->state = BUILD_SEALED;
	return 0;
}
