/* SPDX-License-Identifier: MIT */
/*
 * The folder of segments: names, owners, users, removal, what its file system
 * can do, and how much memory is free.  Uses base, file, format and lock.
 */
#ifndef LIB_ROOT_ROOT_H
#define LIB_ROOT_ROOT_H

#include "file/file.h"
#include "format/format.h"
#include "lock/lock.h"

/* project.c: names */

#define PROJECT_PREFIX	"cute-shm."
#define TEMPORARY_PREFIX ".cute-shm."
#define DEFAULT_ROOT	"/dev/shm"

/* The root to use: 'root', else $CUTE_SHM_ROOT, else DEFAULT_ROOT. */
const char *root_or_default(const char *root);

/*
 * "ROOT/cute-shm.PROJECT", absolute, for free(); CUTE_SHM_ERR_INVALID for bad
 * names.
 */
int project_path(const char *root, const char *project, char **ret) must_check;

/* Fill the members of *info but for its texts, err, and project. */
void info_fill(struct cute_shm_info *info, const struct stat *st,
	       const struct format_header *h, int fd);

/* users.c: cute_shm_usage_users() for the file of *st */
int usage_users(const struct cute_shm_usage *u, const struct stat *st,
		cute_shm_user_fn *each, void *arg) must_check;

bool same_file(const struct stat *a, const struct stat *b);

/* unlink.c */

/* Remove the project at 'path' if it is an orphan. */
void collect_orphan(const char *path);

/* temporary.c */

/* Remove what builders that died have left in 'root'. */
void temporary_sweep(const char *root);

/* space.c */

/*
 * CUTE_SHM_ERR_NO_SPACE, with numbers and remedy, when 'need' does not fit;
 * else what would be left goes to *spare, unless that is NULL.
 */
int space_check(const char *root, uint64_t need, uint64_t *spare) must_check;

/* CUTE_SHM_ERR_NO_SPACE if this process may not make so large a file. */
int space_file_limit(const char *kind, const char *name,
		     uint64_t need) must_check;

/* space.c */

/* CUTE_SHM_ERR_NO_SPACE: the root gave 'given' of the 'need' it has. */
int space_ran_out(const char *root, uint64_t need, uint64_t given);

/* cgroup.c */

/*
 * What the memory limits of this process's control groups, and of all above
 * them, leave; UINT64_MAX when there are none.  The arguments are what
 * /proc/self/cgroup and /proc/self/mountinfo are in real life.
 */
uint64_t cgroup_available(const char *cgroup, const char *mountinfo);

/* temporary.c: files that have no lasting name */

enum {
	TEMPORARY_NAMED = 1	/* do as if there were no O_TMPFILE */
};

/*
 * A new file in 'root', mode 0600.  *name is NULL if it has no name; else its
 * path, for free(), and the file is locked against temporary_sweep().
 */
int temporary_new(const char *root, unsigned flags, int *fd, char **name)
	must_check;

/* A path in 'root' that nobody uses yet, for free(). */
int temporary_name(const char *root, char **ret) must_check;

/*
 * Make and lock the file that keeps other builders of the project away for a
 * moment, in *fd, and its name, for free(): remove it, then close *fd.  That of
 * a builder that died is taken over, or swept as any temporary file.
 */
int temporary_claim(const char *root, const char *project, int *fd,
		    char **name) must_check;

/* Hold byte 0, so that nobody takes the file for a leftover. */
int temporary_lock(int fd) must_check;
void temporary_unlock(int fd);

/* logind.c: users whose /dev/shm is emptied when they log out */

/* 'system' stands before all paths: "", or a folder of a test. */
bool logind_removes(const char *system, uid_t uid, const char *user);

/* For tests of roots without O_TMPFILE: flags for temporary_new(). */
extern unsigned temporary_flags;

/*
 * Become the owner of the file; the descriptor must be writable.
 * CUTE_SHM_ERR_SYSTEM where the file system has no locks.
 */
int owner_lock(int fd) must_check;

/* How a segment ends. */
enum owner {
	OWNER_NONE,	/* it is lasting, or a copy of an ephemeral one */
	OWNER_LIVES,
	OWNER_GONE
};

/* *h is the header of the file; any open mode will do. */
enum owner owner_of(int fd, const struct format_header *h);

static inline bool
owner_gone(int fd, const struct format_header *h)
{
	return owner_of(fd, h) == OWNER_GONE;
}

/* That a process owns a project; fd is -1 if it does not. */
struct ownership {
	int fd;			/* holds the owner's lock */
	pid_t pid;		/* whose project it is */
	const char *path;	/* of the segment, and its stat: of the handle */
	const struct stat *stat;
	struct ownership *next;
};

/*
 * This process owns the project at 'path' from now on, and 'fd', which holds
 * the lock.  'path' and 'st' last until owner_end().
 */
void owner_begin(struct ownership *o, int fd, const char *path,
		 const struct stat *st);

/* End the project if this process owns it. */
void owner_end(struct ownership *o);

/* home.c */

/* Whether the segment is of format 1.0. */
bool header_is_first(const struct format_header *h);

/* Make version and view_digest of *h fit the second superblock. */
void second_seal(struct format_header *h, const struct format_second *second);

/*
 * Set the home in *second to the file of the descriptor if the header says
 * that the segment is ephemeral, else to zero, and seal.
 */
int home_set(int fd, struct format_header *h,
	     struct format_second *second) must_check;

/* The same for the second superblock that the file has, in *second. */
int home_renew(int fd, struct format_header *h,
	       struct format_second *second) must_check;

/* Whether an ephemeral segment is in the file that it was made in. */
bool home_is(int fd, const struct format_header *h);

/* name_lock.c */

/*
 * Keep others from changing where 'path' leads while this process does that.
 * A process that dies holds nothing up.
 *
 * Wait until the file that 'path' leads to is locked.  *fd is its descriptor,
 * to be closed; or -1 if nothing is there, or nothing that can be opened and
 * locked, which nobody else locks either.  *st is the file that was found;
 * st_nlink is 0 if there was none.  CUTE_SHM_ERR_BUSY: another process has had
 * it for too long.
 */
int name_lock(const char *path, int *fd, struct stat *st) must_check;

/*
 * Remove the name if it leads to the file of *st; *removed is whether that was
 * done.  Neither that it leads elsewhere, nor that there is no such name, is an
 * error.  Unless 'wait', nor is that another process has its lock just now.
 */
int remove_name(const char *path, const struct stat *st, bool wait,
		bool *removed) must_check;

/* The same for a segment that has no owner, without waiting. */
int remove_orphan(const char *path, const struct stat *st, bool *removed)
	must_check;

/* "ada (uid 1000)" in 'text', which is returned. */
#define USER_TEXT 96
const char *user_text(uid_t uid, char text[USER_TEXT]);

/*
 * 0 unless it is known that this process may not replace or remove what is at
 * 'path' in the folder 'root', which is sticky: CUTE_SHM_ERR_PERMISSION.
 */
int replace_permitted(const char *root, const char *path) must_check;

/*
 * CUTE_SHM_ERR_SYSTEM for a root that no project can be built in.
 * *flags: those for temporary_new() are added.
 */
int root_check(const char *root, unsigned *flags) must_check;

/*
 * CUTE_SHM_ERR_PERMISSION where the arrays of the segment at 'path' cannot be
 * updated safely.  Before it is opened for writing, which an overlay may take
 * as a reason to copy it.
 */
int root_check_updates(const char *path) must_check;

/* No file could be made in 'root', for the reason in errno. */
int root_fail_new(const char *root);

#endif
