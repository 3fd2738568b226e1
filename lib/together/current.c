/* SPDX-License-Identifier: MIT */
/* Whether a project holds its source as that is now. */

#include <fcntl.h>
#include <unistd.h>

#include "together/together.h"

static bool
is_same(int fd, const struct format_header *h, const struct wanted *wanted)
{
	struct format_second second;

	/* Format 1.0 stores neither digest. */
	return !header_is_first(h) && second_read(fd, &second) == 0 &&
	       wanted->options_digest != 0 &&
	       second.options_digest == wanted->options_digest &&
	       second.source_digest == wanted->source_digest &&
	       h->source_size == wanted->source_size &&
	       h->source_mtime_ns == wanted->source_mtime_ns;
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

bool
is_current(const char *path, const struct wanted *wanted)
{
	struct format_header h;
	struct stat st;
	bool ret;
	int fd;

	fd = fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
					       O_NOCTTY | O_NOFOLLOW));
	if (fd < 0)
		return false;
	ret = fstat(fd, &st) == 0 && is_trusted(&st) &&
	      read_header(fd, (uint64_t)st.st_size, &h) == 0 &&
	      is_same(fd, &h, wanted) && lasts(fd, &h, wanted);
	close(fd);
	return ret;
}
