/* SPDX-License-Identifier: MIT */
/* Whether a project holds its source as that is now. */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "read/read.h"
#include "together/together.h"

static bool
is_same(int fd, const struct format_header *h, const struct wanted *wanted,
	bool *partial)
{
	struct format_second second;

	/* Format 1.0 stores neither digest. */
	if (header_is_first(h) || second_read(fd, &second) != 0 ||
	    wanted->options_digest == 0)
		return false;
	*partial = wanted->partial_digest != 0 &&
		   second.options_digest == wanted->partial_digest;
	return (*partial || second.options_digest == wanted->options_digest) &&
	       second.source_digest == wanted->source_digest &&
	       h->source_size == wanted->source_size &&
	       h->source_mtime_ns == wanted->source_mtime_ns;
}

#define SLOTS 64

/* No array was updated in one of the two only. */
static bool
same_updates(int a, int b, const struct format_header *h)
{
	struct format_live x[SLOTS], y[SLOTS];
	uint64_t i, k, n, at;
	ssize_t size;

	for (i = 0; i < h->array_count; i += n) {
		n = h->array_count - i < SLOTS ? h->array_count - i : SLOTS;
		size = (ssize_t)(n * sizeof(*x));
		at = h->live_offset + i * sizeof(*x);
		if (pread(a, x, (size_t)size, (off_t)at) != size ||
		    pread(b, y, (size_t)size, (off_t)at) != size)
			return false;
		for (k = 0; k < n; k++)
			if (x[k].sequence != y[k].sequence)
				return false;
	}
	return true;
}

/* Each build has a uuid of its own, which a copy keeps. */
static bool
is_copy(int fd, const struct format_header *h, const struct wanted *wanted)
{
	const struct format_header *saved = wanted->saved;

	return memcmp(h->uuid, saved->uuid, sizeof(h->uuid)) == 0 &&
	       h->metadata_digest == saved->metadata_digest &&
	       h->segment_size == saved->segment_size &&
	       h->array_count == saved->array_count &&
	       h->live_offset == saved->live_offset &&
	       same_updates(fd, wanted->saved_fd, h);
}

/* A lasting project is wanted, or one that has an owner will do. */
static bool
lasts(int fd, const struct format_header *h, const struct wanted *wanted)
{
	enum owner owner = owner_of(fd, h);

	return owner == OWNER_NONE ||
	       (owner == OWNER_LIVES && wanted->ephemeral);
}

/* As cute_shm_open() trusts it. */
static bool
is_trusted(const struct stat *st)
{
	return S_ISREG(st->st_mode) && !user_unmapped(st->st_uid) &&
	       user_trusted(st->st_uid) && st->st_nlink == 1;
}

/* Other files that took part are as they were. */
static bool
same_parts(int fd, const char *path, const struct wanted *wanted)
{
	struct parts_state parts = { .changed = false };
	struct cute_shm *shm;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3), err;

	if (copy < 0)
		return false;
	err = handle_received(copy, path, &shm);
	if (err != 0) {
		close(copy);
		return false;
	}
	err = source_parts_all(shm, wanted->several, &parts);
	cute_shm_close(shm);
	return err == 0 && !parts.changed && !parts.unknown;
}

bool
is_current(const char *path, const struct wanted *wanted, bool *partial)
{
	struct format_header h;
	struct stat st;
	bool ret;
	int fd;

	*partial = false;
	fd = fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
					       O_NOCTTY | O_NOFOLLOW));
	if (fd < 0)
		return false;
	ret = fstat(fd, &st) == 0 && is_trusted(&st) &&
	      read_header(fd, (uint64_t)st.st_size, &h) == 0 &&
	      (wanted->saved ? is_copy(fd, &h, wanted)
			     : is_same(fd, &h, wanted, partial)) &&
	      lasts(fd, &h, wanted) &&
	      (wanted->saved || same_parts(fd, path, wanted));
	close(fd);
	return ret;
}
