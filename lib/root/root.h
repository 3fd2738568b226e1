/* SPDX-License-Identifier: MIT */
/*
 * The root, which is the folder of segments: their names, owners, users and
 * removal, the limits of its file system, and the memory that is free.  Uses
 * base, file, format and lock.
 */
#ifndef LIB_ROOT_ROOT_H
#define LIB_ROOT_ROOT_H

#include <string.h>

#include "file/file.h"
#include "format/format.h"
#include "lock/lock.h"

/* project.c: names */

#define PROJECT_PREFIX	 "cute-shm."
#define TEMPORARY_PREFIX ".cute-shm."
#define LOADING_PREFIX	 ".cute-shm-loading."
#define DEFAULT_ROOT	 "/dev/shm"

/* The root to use: 'root', else $CUTE_SHM_ROOT, else DEFAULT_ROOT. */
const char *root_or_default(const char *root);

/* True if the entry's name begins so, and goes on. */
static inline bool
has_rest(const struct dirent *entry, const char *prefix)
{
	size_t size = strlen(prefix);

	return strncmp(entry->d_name, prefix, size) == 0 &&
	       entry->d_name[size] != '\0';
}

/*
 * Call 'each' for each wanted entry of the root, sorted by its bytes, until one
 * returns an error, which is the result.
 */
typedef int root_list_fn(const char *root, const char *name, void *arg);
int root_list(const char *root, int (*wanted)(const struct dirent *),
	      root_list_fn *each, void *arg) must_check;

/*
 * "ROOT/cute-shm.PROJECT", absolute, for free(); CUTE_SHM_ERR_INVALID for bad
 * names.
 */
int project_path(const char *root, const char *project, char **ret) must_check;

/* Fill *info except for its texts, 'err' and 'project'. */
void info_fill(struct cute_shm_info *info, const struct stat *st,
	       const struct format_header *h, int fd);

/* users.c: cute_shm_usage_users() for the file of *st */
int usage_users(const struct cute_shm_usage *u, const struct stat *st,
		cute_shm_user_fn *each, void *arg) must_check;

/* unlink.c */

/* Remove the project at 'path' if it is an orphan. */
void collect_orphan(const char *path);

/* space.c */

/*
 * Check that 'need' bytes fit into the root.  *spare, unless 'spare' is NULL,
 * is the number of bytes that would be left.  CUTE_SHM_ERR_NO_SPACE, with
 * numbers and a remedy in the message, if they do not fit.
 */
int space_check(const char *root, uint64_t need, uint64_t *spare) must_check;

/* CUTE_SHM_ERR_NO_SPACE if this process may not make so large a file. */
int space_file_limit(const char *kind, const char *name,
		     uint64_t need) must_check;

/* Return CUTE_SHM_ERR_NO_SPACE: the root gave only 'given' of 'need' bytes. */
int space_ran_out(const char *root, uint64_t need, uint64_t given);

/* cgroup.c */

/*
 * The bytes that the memory limits of this process's control groups and of
 * their parent groups leave; UINT64_MAX without limits.  The arguments are
 * /proc/self/cgroup and /proc/self/mountinfo, or files of a test.
 */
uint64_t cgroup_available(const char *cgroup, const char *mountinfo);

/* temporary.c: files that have no project's name yet */

/* Where builders make them; 'root' must stay valid.  The claim is not set. */
struct appear_place temporary_place(const char *root);

/* appear_begin() in the root, with a message. */
int temporary_new(const char *root, unsigned flags, int *fd,
		  char **name) must_check;

/* Remove the files that dead builders and loaders have left in 'root'. */
void temporary_sweep(const char *root);

/* Flags for temporary_new(), for tests without O_TMPFILE. */
extern unsigned temporary_flags;

/* logind.c: users whose /dev/shm is emptied when they log out */

/*
 * True if logind removes the user's files from /dev/shm at logout.  'system' is
 * put before all paths that are read: "", or a folder of a test.
 */
bool logind_removes(const char *system, uid_t uid, const char *user);

/* owner.c */

/*
 * Become the owner of the file; the descriptor must be writable.
 * CUTE_SHM_ERR_SYSTEM if the file system has no locks.
 */
int owner_lock(int fd) must_check;

/*
 * Become another owner of the ephemeral segment at 'path', which is the file of
 * *st; *ret is the descriptor for owner_begin().  CUTE_SHM_ERR_NOT_FOUND: its
 * last owner has ended, or another file has the name.
 */
int owner_join(const char *path, const struct stat *st, int *ret) must_check;

/* The state of a segment's owner. */
enum owner {
	OWNER_NONE, /* lasting, or a copy of an ephemeral segment */
	OWNER_LIVES,
	OWNER_GONE /* dead: the segment is an orphan */
};

/* Find the owner by its lock on 'fd', in any open mode; *h is its header. */
enum owner owner_of(int fd, const struct format_header *h);

static inline bool
owner_gone(int fd, const struct format_header *h)
{
	return owner_of(fd, h) == OWNER_GONE;
}

/* A project that this process owns; fd is -1 if it owns none. */
struct ownership {
	int fd;		  /* holds the owner's lock */
	pid_t pid;	  /* of the owner */
	const char *path; /* of the segment; both are in the handle */
	const struct stat *stat;
	struct ownership *next;
};

/*
 * From now on this process owns the project at 'path', and *o owns 'fd', which
 * holds the lock.  'path' and 'st' must stay valid until owner_end().
 */
void owner_begin(struct ownership *o, int fd, const char *path,
		 const struct stat *st);

/* End the project if this process owns it. */
void owner_end(struct ownership *o);

/* home.c */

/*
 * Set version and view_digest of *h to fit the second superblock, and the HDF5
 * view, which is read from the file if the header says that there is one.
 */
int second_seal(int fd, struct format_header *h,
		const struct format_second *second) must_check;

/*
 * Set the home in *second: if the header says that the segment is ephemeral, to
 * the device and inode of 'fd', else to zero.  It calls second_seal(), too.
 */
int home_set(int fd, struct format_header *h,
	     struct format_second *second) must_check;

/* Read the second superblock. */
int second_read(int fd, struct format_second *ret) must_check;

/* True if an ephemeral segment is in the file that it was made in. */
bool home_is(int fd, const struct format_header *h);

/* name_lock.c */

/* True if both are the same file: device and inode are equal. */
bool same_file(const struct stat *a, const struct stat *b);

/* True if the name leads to that file now. */
bool leads_to(const char *path, const struct stat *st);

/*
 * Lock the name 'path', so that no other process removes or replaces it while
 * this process does.  The lock ends when its process dies.
 *
 * Wait until the file that 'path' leads to is locked; *fd is its descriptor,
 * and closing that unlocks it.  *fd is -1, and nothing is locked, if there is
 * no file or none that this process can open.  *st is the stat of the file;
 * st_nlink is 0 if there is none.  CUTE_SHM_ERR_BUSY: another process has held
 * the lock for too long.
 */
int name_lock(const char *path, int *fd, struct stat *st) must_check;

/*
 * Remove the name if it leads to the file of *st; *removed is true if that was
 * done.  It is no error if the name leads elsewhere or does not exist.  If
 * another process has the lock, wait for it; or if 'wait' is false, do nothing,
 * which is no error, either.
 */
int remove_name(const char *path, const struct stat *st, bool wait,
		bool *removed) must_check;

/* The same if the segment has no owner; it never waits. */
int remove_orphan(const char *path, const struct stat *st,
		  bool *removed) must_check;

/* replace_permit.c */

/* Write "ada (uid 1000)" to 'text', and return it. */
#define USER_TEXT 96
const char *user_text(uid_t uid, char text[USER_TEXT]);

/*
 * CUTE_SHM_ERR_PERMISSION if the sticky bit of the folder 'root' surely forbids
 * this process to replace or remove 'path'; else 0.
 */
int replace_permitted(const char *root, const char *path) must_check;

/* file_system.c */

/*
 * CUTE_SHM_ERR_SYSTEM if no project can be built in this root.  Adds to *flags
 * those that appear_begin() needs there.
 */
int root_check(const char *root, unsigned *flags) must_check;

/*
 * CUTE_SHM_ERR_PERMISSION if the arrays of the segment at 'path' cannot be
 * updated safely.  Call it before the segment is opened for writing, because an
 * overlay may copy the file then.
 */
int root_check_updates(const char *path) must_check;

/* Return the error of a file that could not be made in 'root', from errno. */
int root_fail_new(const char *root);

#endif
