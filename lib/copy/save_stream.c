/* SPDX-License-Identifier: MIT */
/*
 * Save a segment to a stream.  The live slots precede the data in the stream
 * and hold their digests, so arrays that were updated must be copied before the
 * first byte is written.  Without updates the slots are empty: the segment is
 * written directly.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "copy/copy.h"

/* While the reader is slow, the progress callback is called this often. */
#define TICK_MS 100

struct stream {
	struct save save;
	int out;
	bool waits;  /* a pipe or socket: write() may block */
	bool nowait; /* try RWF_NOWAIT */
	uint64_t at; /* bytes written */
};

static int
await_reader(const struct stream *s)
{
	struct pollfd p = { .fd = s->out, .events = POLLOUT };
	int err = 0, n = 0;

	while (s->waits && err == 0 && n <= 0) {
		n = poll(&p, 1, TICK_MS);
		if (n < 0 && errno != EINTR)
			err = fail_errno("%s", s->save.name);
		else if (n <= 0)
			err = save_tell(&s->save, s->at);
	}
	return err;
}

/*
 * Write as much as possible without blocking, since the caller can cancel only
 * while poll() waits.  When poll() reports a pipe as writable, it has room for
 * PIPE_BUF bytes.
 */
static ssize_t
write_some(struct stream *s, const uint8_t *data, size_t size)
{
	struct iovec v = { (void *)(uintptr_t)data, size };
	ssize_t n;

	if (!s->waits)
		return write(s->out, data, size);
	if (s->nowait) {
		n = pwritev2(s->out, &v, 1, -1, RWF_NOWAIT);
		if (n >= 0 ||
		    (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
			return n;
		s->nowait = false;
	}
	return write(s->out, data, size < PIPE_BUF ? size : PIPE_BUF);
}

static int
put(struct stream *s, const uint8_t *data, size_t size)
{
	ssize_t n;
	int err = 0;

	while (size > 0 && err == 0) {
		err = await_reader(s);
		if (err != 0)
			break;
		n = write_some(s, data, size);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return fail_errno("%s", s->save.name);
		data += n;
		size -= (size_t)n;
		s->at += (uint64_t)n;
	}
	return err;
}

/* Fail if an update came meanwhile: the slots, written earlier, are empty. */
static int
check_unchanged(const struct stream *s)
{
	struct cute_shm_update_summary updates;
	int err = cute_shm_update_summary(s->save.shm, &updates);

	if (err == 0 && updates.updated > 0)
		err = cute_shm_fail(CUTE_SHM_ERR_BUSY,
				    "%s: an array was "
				    "updated for the first time while the "
				    "segment went out, so what came out is "
				    "cut, and will not load: run it again",
				    s->save.name);
	return err;
}

/*
 * Write all of 'from'.  'direct' means that it is the segment itself: an update
 * may come, so check before the last piece, without which it is not valid.
 */
static int
send_all(struct stream *s, int from, bool direct)
{
	uint64_t end = s->save.shm->header.segment_size, at;
	uint8_t *buffer = s->save.buffer;
	struct format_second second;
	struct format_header h;
	bool changed;
	size_t n;
	int err;

	err = save_header(&s->save, &h, &second, &changed);
	for (at = 0; at < end && err == 0; at += n) {
		n = end - at < SAVE_PIECE ? (size_t)(end - at) : SAVE_PIECE;
		err = read_all(from, buffer, n, at);
		if (err == 0 && at == 0) {
			memcpy(buffer, &h, sizeof(h));
			memcpy(buffer + sizeof(h), &second, sizeof(second));
		}
		if (err == 0 && direct && at + n == end)
			err = check_unchanged(s);
		if (err == 0)
			err = put(s, buffer, n);
		if (err == 0)
			err = save_tell(&s->save, at + n);
	}
	return err;
}

/* Open a file without a name; *where is its folder, static or environment. */
static int
open_unnamed(const char **where)
{
	const char *const folders[] = { secure_getenv("TMPDIR"), "/var/tmp",
					"/tmp" };
	size_t i;
	int fd = -1;

	for (i = 0; i < sizeof(folders) / sizeof(*folders) && fd < 0; i++) {
		if (!folders[i] || !*folders[i])
			continue;
		*where = folders[i];
		fd = fd_above_stdio(
			open(*where, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC,
			     0600));
	}
	return fd;
}

/* Make a copy first, so that writers do not wait for a slow reader. */
static int
send_copy(struct stream *s)
{
	const char *where = "";
	int err, fd = open_unnamed(&where);

	if (fd < 0)
		return fail_errno("%s: cannot make a file in %s for a copy of "
				  "arrays that are updated; another folder may "
				  "be named in TMPDIR",
				  s->save.name, where);
	s->save.fd = fd;
	s->save.passes = 2;
	err = save_whole(&s->save);
	if (err == CUTE_SHM_ERR_NO_SPACE)
		err = cute_shm_fail(err,
				    "%s: the copy in %s, since arrays are "
				    "updated: %s; another folder may be named "
				    "in TMPDIR",
				    s->save.name, where, cute_shm_errmsg());
	s->save.before = s->save.shm->header.segment_size;
	if (err == 0)
		err = send_all(s, fd, false);
	close(fd);
	return err;
}

static int
send_segment(struct stream *s)
{
	struct cute_shm_update_summary updates;
	int err = cute_shm_update_summary(s->save.shm, &updates);

	if (err == 0 && updates.updated == 0) {
		err = send_all(s, s->save.shm->fd, true);
		if (err != CUTE_SHM_ERR_BUSY || s->at > 0)
			return err;
		err = 0;
	}
	return err == 0 ? send_copy(s) : err;
}

int
cute_shm_export_fd(const struct cute_shm *shm, int fd,
		   const struct cute_shm_export_options *opt)
{
	struct stream s = {
		.save = { .opt = { .size = sizeof(s.save.opt) },
			  .shm = shm,
			  .name = "the stream of the segment" },
		.out = fd,
		.nowait = true,
	};
	double since = clock_now();
	struct stat st;
	int err = save_begin(&s.save, opt);

	if (err == 0 && fstat(fd, &st) != 0)
		err = fail_errno("%s: descriptor %d", s.save.name, fd);
	if (err == 0)
		s.waits = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	if (err == 0 && S_ISREG(st.st_mode))
		err = space_file_limit("what is written to", "the stream",
				       shm->header.segment_size);
	if (err == 0)
		err = send_segment(&s);
	if (err == 0)
		log_copied(shm->path, "a descriptor", s.at, since);
	save_end(&s.save);
	return err;
}
