/* SPDX-License-Identifier: MIT */
/* Open, map and close: one descriptor and one mapping per handle. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "read/read.h"

/* Check that it is a regular file of the caller or root, with a header. */
static int
check_file(const struct cute_shm *shm, unsigned flags)
{
	char user[USER_TEXT];

	if (!S_ISREG(shm->stat.st_mode))
		return cute_shm_fail(CUTE_SHM_ERR_FORMAT,
				     "%s is not a regular file", shm->path);
	if (!(flags & CUTE_SHM_ANY_OWNER) && user_unmapped(shm->stat.st_uid))
		return cute_shm_fail(CUTE_SHM_ERR_OWNER,
				     "%s belongs to a user "
				     "that this user namespace does not map "
				     "(shown as %u), perhaps root outside of "
				     "the container; open it with "
				     "CUTE_SHM_ANY_OWNER if that one is "
				     "trusted",
				     shm->path, (unsigned)shm->stat.st_uid);
	if (!(flags & CUTE_SHM_ANY_OWNER) && !user_trusted(shm->stat.st_uid))
		return cute_shm_fail(CUTE_SHM_ERR_OWNER,
				     "%s belongs to %s; "
				     "open it with CUTE_SHM_ANY_OWNER if that "
				     "user is trusted",
				     shm->path,
				     user_text(shm->stat.st_uid, user));
	/* A name that we give is the only one; a copy may have several. */
	if (!(flags & CUTE_SHM_ANY_OWNER) && shm->project[0] &&
	    shm->stat.st_nlink > 1)
		return cute_shm_fail(CUTE_SHM_ERR_OWNER,
				     "%s has %ju names "
				     "(hard links), so others may have given "
				     "it this one: remove one, or open it with "
				     "CUTE_SHM_ANY_OWNER",
				     shm->path, (uintmax_t)shm->stat.st_nlink);
	if (shm->stat.st_size < (off_t)sizeof(struct format_header))
		return cute_shm_fail(CUTE_SHM_ERR_FORMAT,
				     "%s: %jd bytes hold "
				     "no header of a segment",
				     shm->path, (intmax_t)shm->stat.st_size);
	return 0;
}

/* mmap() fails with EAGAIN if the process locks all its memory. */
static int
fail_map(const struct cute_shm *shm)
{
	struct rlimit limit;

	if (errno != EAGAIN || getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
		return fail_errno("cannot map %s", shm->path);
	return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
			     "cannot map the %zu bytes of "
			     "%s: the process locks its memory (mlockall) and "
			     "may lock %ju bytes; raise that limit (ulimit "
			     "-l), or lock only what is needed (mlock)",
			     shm->size, shm->path, (uintmax_t)limit.rlim_cur);
}

/* Check the header, and map the file of the descriptor. */
static int
map(struct cute_shm *shm)
{
	size_t end;
	int rc;

	if ((uintmax_t)shm->stat.st_size > SIZE_MAX)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "%s: %jd bytes do not "
				     "fit into the address space",
				     shm->path, (intmax_t)shm->stat.st_size);
	shm->size = (size_t)shm->stat.st_size;
	rc = read_header(shm->fd, shm->size, &shm->header);
	if (rc != 0)
		return cute_shm_fail(rc, "%s: %s", shm->path,
				     cute_shm_errmsg());
	if (shm->writable &&
	    (shm->header.compatible & ~FORMAT_COMPATIBLE_KNOWN))
		return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED,
				     "%s: unknown "
				     "feature bits %#x: may be read, not "
				     "written",
				     shm->path, shm->header.compatible);
	if (map_new(shm->fd, shm->size, PROT_READ, &shm->map) != 0)
		return fail_map(shm);
	shm->base = shm->map.base;
	end = (size_t)header_data_end(&shm->header);
	/* The rest stays read-only: writers change live slots and data. */
	if (shm->writable && end > shm->header.live_offset &&
	    mprotect(shm->map.base + shm->header.live_offset,
		     end - shm->header.live_offset,
		     PROT_READ | PROT_WRITE) != 0)
		return fail_errno("cannot map %s for writing", shm->path);
	if (shm->private && end > shm->header.data_offset &&
	    map_private(shm->fd, shm->header.data_offset,
			end - (size_t)shm->header.data_offset, &shm->own) != 0)
		return fail_map(shm);
	memcpy(shm->version, shm->header.version, sizeof(shm->version) - 1);
	memcpy(shm->creator, shm->header.creator, sizeof(shm->creator) - 1);
	memcpy(shm->source, shm->header.source, sizeof(shm->source) - 1);
	return 0;
}

/* Open the segment by its path or, if 'from' is not negative, as that one. */
static int
open_descriptor(struct cute_shm *shm, int follow, int from)
{
	int mode = shm->writable ? O_RDWR : O_RDONLY;
	int number;

	/*
	 * A child that is forked just now must find the descriptor in the
	 * handle, to reopen it; else it would share it with its parent.
	 * O_NONBLOCK: the name may lead to a FIFO, which must not block.
	 */
	fork_hold();
	if (from < 0)
		shm->fd = fd_above_stdio(
			open(shm->path, O_CLOEXEC | O_NONBLOCK | mode |
						O_NOCTTY | follow));
	else
		shm->fd = fd_reopen_for(from, mode);
	number = errno;
	fork_release();
	errno = number;
	if (shm->fd >= 0) {
		if (fstat(shm->fd, &shm->stat) == 0)
			return 0;
		return fail_errno("cannot stat %s", shm->path);
	}
	if (from >= 0)
		return fail_errno("cannot open %s again, by /proc/self/fd",
				  shm->path);
	if (errno == ENOENT && shm->project[0])
		return fail_missing(CUTE_SHM_MISSING_PROJECT,
				    "no project \"%s\""
				    " (%s does not exist)",
				    shm->project, shm->path);
	/* Only projects are opened with O_NOFOLLOW. */
	if (errno == ELOOP && shm->project[0])
		return cute_shm_fail(CUTE_SHM_ERR_FORMAT,
				     "%s is a symbolic link", shm->path);
	if (errno == ENXIO)
		return cute_shm_fail(CUTE_SHM_ERR_FORMAT,
				     "%s is not a regular file", shm->path);
	return fail_errno("cannot open %s", shm->path);
}

static int
check_flags(unsigned flags)
{
	if (flags & ~(unsigned)(CUTE_SHM_ANY_OWNER | CUTE_SHM_WRITE |
				CUTE_SHM_PRIVATE | CUTE_SHM_JOIN))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "unknown flags %#x to open with", flags);
	if ((flags & CUTE_SHM_WRITE) && (flags & CUTE_SHM_PRIVATE))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "CUTE_SHM_WRITE and CUTE_SHM_PRIVATE "
				     "exclude each other");
	return 0;
}

/* Copy *opt, or the defaults, to *o, and check the flags. */
static int
open_options(struct cute_shm_open_options *o,
	     const struct cute_shm_open_options *opt)
{
	int rc;

	*o = (struct cute_shm_open_options){ .size = sizeof(*o) };
	rc = options_copy(o, sizeof(*o), opt);
	return rc == 0 ? check_flags(o->flags) : rc;
}

/* An orphan counts as removed, even if no process has removed it yet. */
static int
check_owner(const struct cute_shm *shm)
{
	if (owner_gone(shm->fd, &shm->header))
		return fail_missing(CUTE_SHM_MISSING_PROJECT,
				    "no project \"%s\""
				    " any more: the owner of %s has ended",
				    shm->project, shm->path);
	return 0;
}

/* A project that lasts needs no owner. */
static int
join(struct cute_shm *shm)
{
	int fd, err;

	if (owner_of(shm->fd, &shm->header) == OWNER_NONE)
		return 0;
	err = owner_join(shm->path, &shm->stat, &fd);
	if (err == 0)
		owner_begin(&shm->owner, fd, shm->path, &shm->stat);
	return err;
}

/*
 * Make the path absolute, because the program may change its working directory
 * while the handle is open.  This comes last, so that messages of a failed open
 * show the path as the caller gave it.
 */
static void
make_absolute(struct cute_shm *shm)
{
	char *cwd, *path;

	if (shm->path[0] == '/')
		return;
	cwd = getcwd(NULL, 0);
	if (cwd && asprintf(&path, "%s/%s", cwd, shm->path) >= 0) {
		free(shm->path);
		shm->path = path;
	}
	free(cwd);
}

static void
log_opened(const struct cute_shm *shm)
{
	uint64_t held = (uint64_t)shm->stat.st_blocks * 512;
	char size[SIZE_TEXT], has[SIZE_TEXT];

	if (!log_debug())
		return;
	cute_shm_log(CUTE_SHM_LOG_DEBUG, "opened and mapped %s for %s, %s%s%s",
		     shm->path, shm->writable ? "writing" : "reading",
		     size_text(shm->size, size),
		     held < shm->size ? ", of which its file system holds "
				      : "",
		     held < shm->size ? size_text(held, has) : "");
}

/* A handle without a file yet; takes ownership of 'path'. */
static int
handle_new(const char *project, char *path, unsigned flags,
	   struct cute_shm **ret)
{
	struct cute_shm *shm = calloc(1, sizeof(*shm));
	int rc;

	if (!shm) {
		free(path);
		return fail_memory("for a handle");
	}
	shm->fd = -1;
	shm->owner.fd = -1;
	shm->writable = flags & CUTE_SHM_WRITE;
	shm->private = flags & CUTE_SHM_PRIVATE;
	shm->path = path;
	shm->project = strdup(project);
	if (!shm->project)
		rc = fail_memory("for a handle");
	else
		rc = lock_table_new(&shm->fd, &shm->locks);
	if (rc != 0) {
		cute_shm_close(shm);
		return rc;
	}
	*ret = shm;
	return 0;
}

/*
 * Takes ownership of 'path'.  'from' is the descriptor of a handle that has the
 * segment, or -1.
 */
static int
attach(const char *project, char *path, unsigned flags, int from,
       struct cute_shm **ret)
{
	struct cute_shm *shm = NULL;
	int rc = handle_new(project, path, flags, &shm);

	if (rc != 0)
		return rc;
	if (shm->writable)
		rc = root_check_updates(shm->path);
	if (rc == 0)
		rc = open_descriptor(shm, project[0] ? O_NOFOLLOW : 0, from);
	if (rc == 0)
		rc = check_file(shm, flags);
	if (rc == 0)
		rc = map(shm);
	if (rc == 0 && project[0] && from < 0)
		rc = check_owner(shm);
	if (rc == 0)
		rc = presence_begin(shm->locks, &shm->stat);
	/* A path of a project is absolute. */
	if (rc == 0 && project[0] && (flags & CUTE_SHM_JOIN))
		rc = join(shm);
	if (rc != 0) {
		cute_shm_close(shm);
		return rc;
	}
	make_absolute(shm);
	log_opened(shm);
	*ret = shm;
	return 0;
}

int
handle_received(int fd, const char *path, struct cute_shm **ret)
{
	char *copy = strdup(path);
	struct cute_shm *shm = NULL;
	int err;

	if (!copy)
		return fail_memory("for a path");
	err = handle_new("", copy, 0, &shm);
	if (err != 0)
		return err;
	shm->fd = fd;
	if (fstat(fd, &shm->stat) != 0)
		err = fail_errno("cannot stat %s", path);
	if (err == 0)
		err = map(shm);
	if (err != 0) {
		shm->fd = -1;
		cute_shm_close(shm);
		return err;
	}
	*ret = shm;
	return 0;
}

int
cute_shm_open(const char *project, const struct cute_shm_open_options *opt,
	      struct cute_shm **ret)
{
	struct cute_shm_open_options o;
	char *path;
	int rc;

	if (!ret)
		return no_result("cute_shm_open");
	rc = open_options(&o, opt);
	if (rc == 0)
		rc = project_path(o.root, project, &path);
	return rc ? rc : attach(project, path, o.flags, -1, ret);
}

int
cute_shm_open_file(const char *path, const struct cute_shm_open_options *opt,
		   struct cute_shm **ret)
{
	struct cute_shm_open_options o;
	char *copy;
	int rc;

	if (!ret)
		return no_result("cute_shm_open_file");
	rc = open_options(&o, opt);
	if (rc != 0)
		return rc;
	copy = path ? strdup(path) : NULL;
	if (!copy)
		return path ? fail_memory("for a path")
			    : cute_shm_fail(CUTE_SHM_ERR_INVALID,
					    "no path given");
	return attach("", copy, o.flags, -1, ret);
}

int
cute_shm_reopen(const struct cute_shm *shm, unsigned flags,
		struct cute_shm **ret)
{
	char *path;
	int err;

	if (!ret)
		return no_result("cute_shm_reopen");
	err = check_flags(flags);
	if (err != 0)
		return err;
	if (shm->fd < 0)
		return cute_shm_fail(CUTE_SHM_ERR_STATE,
				     "%s: this process was forked and could "
				     "not open it",
				     shm->path);
	path = strdup(shm->path);
	if (!path)
		return fail_memory("for a path");
	return attach(shm->project, path, flags, shm->fd, ret);
}

int
cute_shm_fd(const struct cute_shm *shm)
{
	return shm->fd;
}

static void
log_closed(const struct cute_shm *shm)
{
	if (shm->base && log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "unmapped and closed %s",
			     shm->path);
}

void
cute_shm_close(struct cute_shm *shm)
{
	if (!shm)
		return;
	log_closed(shm);
	owner_end(&shm->owner);
	map_free(&shm->own);
	map_free(&shm->map);
	lock_table_free(shm->locks);
	if (shm->fd >= 0)
		close(shm->fd);
	free(shm->project);
	free(shm->path);
	free(shm);
}

void
cute_shm_close_at(struct cute_shm **shm)
{
	cute_shm_close(*shm);
}
